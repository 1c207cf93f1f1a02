"""Looking back: a person's rows as they stood at a position, folded from the log on a thread, and kept for a moment so
that the next page need not be folded again.

Bounded throughout: what is folded lies in the page cache of its database and, past that, in a file without a name; so
many look back at once, half of them one person at most; so many folds are kept, none longer than a minute after it was
last looked at. What is kept is one person's at one position and holds sealed rows only: a key that is destroyed
meanwhile opens nothing in it. An erased person cannot ask for it any more, and it goes within that minute.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Final
from weakref import WeakValueDictionary

from domain.fact import Fact
from eventstore.log import Log
from projections import past
from projections.past import Past
from service.facts import to_fact
from service.house import House
from service.room import require_reserve
from service.slots import Slots

LOOKS_AT_ONCE: Final = 16
FOLDS_AT_ONCE: Final = 2  # Threads; the others wait for one, within the looks at once.
KEPT_MOST: Final = 4  # Beyond those that are being looked at.
KEPT_S: Final = 60.0
EVENTS_MAX: Final = 1_000_000  # About half a minute of one thread.
PAGE: Final = 500

Key = tuple[str, int]
"""(user, position)"""


class TooMuchHistory(Exception):
    """More of one person's events than are folded for a question."""


class Left(Exception):
    """Whoever wanted it has gone."""


@dataclass(slots=True)
class _Kept:
    past: Past
    looking: int
    looked_at_s: float


class Look:
    """The rows, for the length of one answer. Close it whatever happens."""

    __slots__ = ("close", "past")

    def __init__(self, past: Past, close: Callable[[], None]) -> None:
        self.past = past
        self.close = close
        """Idempotent."""


class Pasts:
    """One per process; belongs to one event loop."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._slots = Slots(LOOKS_AT_ONCE, "Too many look into the past at once. Try again.")
        self._pool = ThreadPoolExecutor(FOLDS_AT_ONCE, thread_name_prefix="past")
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._kept: dict[Key, _Kept] = {}  # The one looked at last is the last.
        self._tidying: asyncio.TimerHandle | None = None
        self._closing = threading.Event()

    async def look(self, user: str, position: int) -> Look:
        """The rows of what the log has of this user up to `position`.

        Busy: too many at once. TooMuchHistory. StorageFull, LogError and ProjectionError as they come."""
        with ExitStack() as stack:
            stack.enter_context(self._slots.one(user))
            # One fold of a person's at a time: several that ask for the same share it.
            async with self._turns.setdefault(user, asyncio.Lock()):
                kept = self._kept.pop((user, position), None)
                if kept is None:
                    kept = _Kept(await self._folded(user, position), 0, 0.0)
                self._kept[user, position] = kept
                kept.looking += 1
            stack.callback(self._leave, kept)
            return Look(kept.past, stack.pop_all().close)
        raise AssertionError("a stack lets nothing pass")

    def close(self) -> None:
        """Waits for the page that a fold is at."""
        self._closing.set()
        if self._tidying is not None:
            self._tidying.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)
        while self._kept:
            self._kept.popitem()[1].past.close()

    async def _folded(self, user: str, position: int) -> Past:
        left = threading.Event()
        work = self._pool.submit(_fold, self._house, user, position, lambda: left.is_set() or self._closing.is_set())
        try:
            return await asyncio.wrap_future(work)
        except asyncio.CancelledError:
            left.set()
            work.add_done_callback(_drop)  # It may have come to its end in this instant.
            raise

    def _leave(self, kept: _Kept) -> None:
        kept.looking -= 1
        kept.looked_at_s = asyncio.get_running_loop().time()
        self._tidy()

    def _tidy(self) -> None:
        loop = asyncio.get_running_loop()
        idle = [key for key, kept in self._kept.items() if not kept.looking]
        spare = len(idle) - KEPT_MOST
        for at, key in enumerate(idle):
            if at < spare or loop.time() - self._kept[key].looked_at_s >= KEPT_S:
                # Aside: giving back the room of a large file takes its time.
                self._pool.submit(self._kept.pop(key).past.close)
        if self._tidying is not None:
            self._tidying.cancel()
        self._tidying = loop.call_later(KEPT_S, self._tidy) if self._kept else None


def _fold(house: House, user: str, position: int, gone: Callable[[], bool]) -> Past:
    """On a thread of its own, with a log of its own."""
    with closing(house.open_log()) as log:
        return past.fold(house.layout.run / "past", _facts(house, log, user, position, gone))


def _facts(house: House, log: Log, user: str, position: int, gone: Callable[[], bool]) -> Iterator[list[Fact]]:
    after, count = 0, 0
    while after < position:
        if gone():
            raise Left
        require_reserve(house)  # A fold is as large as what it is folded from.
        records = log.read_user(user, after, PAGE)
        if not records:
            return
        facts = [to_fact(record) for record in records if record.position <= position]
        count += len(facts)
        if count > EVENTS_MAX:
            raise TooMuchHistory
        yield facts
        after = records[-1].position


def _drop(work: Future[Past]) -> None:
    if not work.cancelled() and work.exception() is None:
        work.result().close()
