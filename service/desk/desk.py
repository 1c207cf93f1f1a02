"""Where requests are served: the house, seen from an event loop."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from domain.errors import Conflict
from eventstore.errors import LogUnsettled, VersionConflict
from service.desk.folds import Folds
from service.desk.gate import PasswordGate
from service.desk.guesses import Guesses
from service.desk.live import Live
from service.desk.public_log import PublicLog
from service.desk.rendering import Renderings
from service.house.house import House
from service.house.operator import OperatorToken
from service.machine.appends import AsyncAppends
from service.machine.metrics import UPLOADS_IN_FLIGHT
from service.machine.request_ids import RequestIds
from service.machine.shelf import Shelf
from service.machine.slots import Slots
from vault.throttle import Limit, Standing, Throttle

Result = TypeVar("Result")
UNSETTLED = (TimeoutError, LogUnsettled)  # The outcome of an append is open.
MAX_TRIES = 5
APPEND_TIMEOUT_S = 20.0
LONG_WORK = 2  # Threads that may read or write whole files at the same time; the others are for what is quick.
LEAVING_S = 0.2  # How often what takes long looks whether the process has been told to end.
# One of a person. What they cost is bounded elsewhere: threads by LONG_WORK, memory by IDS_REMEMBERED, time by a least
# rate. So there are many, and whoever would keep them from others has to bring as many accounts, and keep all busy.
EXPORTS_AT_ONCE = 128
IMPORTS_AT_ONCE = 128
IDS_REMEMBERED = 2_000_000  # By all imports together: about 250 MB.


class Desk:
    """Made inside a running loop, one per process. What blocks for long (fsync of the keyring, password hashing)
    leaves the loop; reads of a few pages stay on it, where they cost less than a thread's hand-over."""

    def __init__(self, house: House, leaving: Callable[[], bool] = lambda: False) -> None:
        """`leaving`: whether the process has been told to end."""
        self.house = house
        self.leaving = leaving
        self.gate = PasswordGate(house.settings.password_threads, house.meter)
        self.throttle = Throttle(house.layout.limits)
        self.guesses = Guesses(house, self.throttle)
        self.operator = OperatorToken(house.layout, house.settings.operator_token)
        self.uploads = Slots(
            house.settings.uploads_at_once,
            "Too many uploads at once. Try again.",
            tell=lambda change: house.meter.add(UPLOADS_IN_FLIGHT, change),
        )
        self.exports = Slots(EXPORTS_AT_ONCE, "Many take their data out at this moment. Try again.", 1)
        self.import_ids = Shelf(IDS_REMEMBERED)
        self.imports = Slots(IMPORTS_AT_ONCE, "Many bring their data in at this moment. Try again.", 1)
        self.live = Live(house, leaving)
        self.renderings = Renderings(house)
        self.folds = Folds(house)
        self.public_log = PublicLog(house.layout)
        self.long_work = asyncio.Semaphore(LONG_WORK)
        self._request_ids = RequestIds(house.layout.run)
        self.append = AsyncAppends(house.writer, APPEND_TIMEOUT_S, self._request_ids.note).append

    async def aside(self, work: Callable[[], Result]) -> Result:
        """`work` on a thread, shielded: a caller who goes away does not leave a key half written. What it logs carries
        the request's id."""
        here = contextvars.copy_context()
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, here.run, work))

    async def leave_taken(self, last_s: float) -> None:
        """Returns `last_s` after the process has been told to end."""
        while not self.leaving():  # noqa: ASYNC110  # gunicorn tells it by an attribute, which nobody can wait for
            await asyncio.sleep(LEAVING_S)
        await asyncio.sleep(last_s)

    def count_call(self, caller: str, limit: Limit) -> Standing:
        """One call of a caller (an address, or an address and a name) against a limit."""
        house = self.house
        return self.throttle.check(house.index(f"throttle/{limit.name}", caller), limit, house.clock_us())

    def close(self) -> None:
        self.live.close()
        self.folds.close()
        self.public_log.close()
        self.gate.close()
        self.throttle.close()
        self._request_ids.close()


@asynccontextmanager
async def taking_back(undo: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    """Around an append whose keys are in place already: `undo` takes them back when it is refused.

    Not when its outcome is open (UNSETTLED, or the caller gone): the event may still become durable, and a key that is
    destroyed does not come back. What then turns out to have no event is swept."""
    try:
        yield
    except UNSETTLED:
        raise
    except Exception:
        await undo()
        raise


async def decided(attempt: Callable[[], Awaitable[Result]]) -> Result:
    """Load, decide, append; again from the start when somebody was quicker, a bounded number of times."""
    for _ in range(MAX_TRIES):
        try:
            return await attempt()
        except VersionConflict:
            continue
    raise Conflict("The same thing is being changed by others at this moment. Try again.")
