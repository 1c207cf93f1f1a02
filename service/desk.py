"""Where requests are served: the house, seen from an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from domain.errors import Conflict
from eventstore.errors import LogUnsettled, VersionConflict
from service.appends import AsyncAppends
from service.gate import PasswordGate
from service.house import House
from vault.throttle import Limit, Standing, Throttle

Result = TypeVar("Result")
UNSETTLED = (TimeoutError, LogUnsettled)  # May still become durable: keys stay; the sweeper takes what has no event.
MAX_TRIES = 5
APPEND_TIMEOUT_S = 20.0


class Desk:
    """Made inside a running loop, one per process. What blocks for long (fsync of the keyring, password hashing)
    leaves the loop; reads of a few pages stay on it, where they cost less than a thread's hand-over."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.gate = PasswordGate(house.settings.password_threads)
        self.throttle = Throttle(house.layout.run / "limits.db")
        self.append = AsyncAppends(house.writer, APPEND_TIMEOUT_S).append

    async def aside(self, work: Callable[[], Result]) -> Result:
        """`work` on a thread, shielded: a caller who goes away does not leave a key half written."""
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, work))

    def count_call(self, caller: str, limit: Limit) -> Standing:
        """One call of a caller (an address, or an address and a name) against a limit."""
        house = self.house
        return self.throttle.check(house.index(f"throttle/{limit.name}", caller), limit, house.clock_us())

    def close(self) -> None:
        self.gate.close()
        self.throttle.close()


async def decided(attempt: Callable[[], Awaitable[Result]]) -> Result:
    """Load, decide, append; again from the start when somebody was quicker, a bounded number of times."""
    for _ in range(MAX_TRIES):
        try:
            return await attempt()
        except VersionConflict:
            continue
    raise Conflict("The same thing is being changed by others at this moment. Try again.")
