"""Looking back: a person's rows as they stood at a position, folded from the log on a thread, and kept for a moment so
that the next page need not be folded again.

Bounded throughout: what is folded lies in the page cache of its database and, past that, in a file without a name; so
many look back at once, half of them one person at most, and each person has one fold under way; all folds together take
half of the interpreter's time at most, taking turns in small batches, so that a short history never waits for a long
one. So many folds are kept, none longer than a minute after it was last looked at. What is kept is one person's at one
position and holds sealed rows only: a key that is destroyed meanwhile opens nothing in it. An erased person cannot ask
for it any more, and it goes within that minute.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from domain.events import UnknownEvent
from domain.fact import Fact
from eventstore.log import Log
from eventstore.record import Record
from projections.errors import ProjectionFull, ProjectionStopped
from projections.past import Folding, Past
from service.house.facts import to_fact
from service.house.house import House
from service.house.room import require_reserve
from service.machine.errors import Busy, StorageFull
from service.machine.paced import PacedThread
from service.machine.slots import Slots

LOOKS_AT_ONCE: Final = 16
KEPT_MOST: Final = 4  # Beyond those that are being looked at.
KEPT_S: Final = 60.0
EVENTS_MAX: Final = 1_000_000  # About a minute and a half, at half of the interpreter's time.
BATCH: Final = 50  # Events: about two milliseconds.
BATCH_BYTES: Final = 256 * 1024

Key = tuple[str, int]
"""(user, position)"""


class TooMuchHistory(Exception):
    """More of one person's events than are folded for a question."""


@dataclass(slots=True)
class _Kept:
    past: Past
    looking: int
    looked_at_s: float


@dataclass(slots=True)
class _Turn:
    """The one fold that a person has under way, and how many wait for that very one."""

    position: int
    waiting: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Look:
    """The rows, for the length of one answer. Close it whatever happens."""

    __slots__ = ("close", "past")

    def __init__(self, past: Past, close: Callable[[], None]) -> None:
        self.past = past
        self.close = close
        """Idempotent."""


class Folds:
    """One per process; belongs to one event loop."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._slots = Slots(LOOKS_AT_ONCE, "Too many look into the past at once. Try again.")
        self._thread = PacedThread("folds")
        self._turns: dict[str, _Turn] = {}
        self._kept: dict[Key, _Kept] = {}  # The one looked at last is the last.
        self._open: set[Fold | Past] = set()  # All that is to be closed.
        self._tidying: asyncio.TimerHandle | None = None

    async def look(self, user: str, position: int) -> Look:
        """The rows of what the log has of this user up to `position`.

        Busy: too many at once, or this person has another fold under way. TooMuchHistory. ProjectionStopped: an event
        that cannot be read or applied. StorageFull, LogError and ProjectionError as they come."""
        with ExitStack() as stack:
            stack.enter_context(self._slots.one(user))
            kept = self._take(user, position) or await self._fold_in_turn(user, position)
            stack.callback(self._leave, kept)
            return Look(kept.past, stack.pop_all().close)
        raise AssertionError("a stack lets nothing pass")

    def close(self) -> None:
        """Waits for the batch that a fold is at."""
        if self._tidying is not None:
            self._tidying.cancel()
        self._thread.close()
        self._kept.clear()
        while self._open:
            self._open.pop().close()

    def _take(self, user: str, position: int) -> _Kept | None:
        """One that is there already. From here on it is looked at."""
        kept = self._kept.pop((user, position), None)
        if kept is not None:
            self._kept[user, position] = kept
            kept.looking += 1
        return kept

    async def _fold_in_turn(self, user: str, position: int) -> _Kept:
        with self._turn(user, position) as turn:
            async with turn.lock:  # Several that ask for the same share it.
                kept = self._take(user, position)
                if kept is None:
                    kept = self._kept[user, position] = _Kept(await self._folded(user, position), 1, 0.0)
                return kept
        raise AssertionError("a turn lets nothing pass")

    @contextmanager
    def _turn(self, user: str, position: int) -> Iterator[_Turn]:
        turn = self._turns.setdefault(user, _Turn(position))
        if turn.position != position:
            raise Busy("You are looking into the past already. Try again when that is answered.")
        turn.waiting += 1
        try:
            yield turn
        finally:
            turn.waiting -= 1
            if not turn.waiting:
                del self._turns[user]

    async def _folded(self, user: str, position: int) -> Past:
        fold = Fold(self._house, user, position)
        self._open.add(fold)
        try:
            while (past := await asyncio.wrap_future(self._thread.submit(fold.step))) is None:
                pass
        except BaseException:
            self._let_go(fold)  # Who asked may have left in the middle of a batch: it is closed after that.
            raise
        self._open.discard(fold)
        self._open.add(past)
        return past

    def _let_go(self, thing: Fold | Past) -> None:
        """Aside: giving back the room of a large file takes its time."""
        with suppress(RuntimeError):  # All is being closed.
            self._thread.submit(lambda: self._close(thing))

    def _close(self, thing: Fold | Past) -> None:
        thing.close()
        self._open.discard(thing)

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
                self._let_go(self._kept.pop(key).past)
        if self._tidying is not None:
            self._tidying.cancel()
        self._tidying = loop.call_later(KEPT_S, self._tidy) if self._kept else None


class Fold:
    """One fold, a batch at a time, with a log of its own. On the thread alone, `close` apart when nothing else runs."""

    def __init__(self, house: House, user: str, position: int) -> None:
        self._house = house
        self._user = user
        self._position = position
        self._opened: tuple[Log, Folding] | None = None
        self._after = 0
        self._count = 0

    def step(self) -> Past | None:
        """None: there is more to do. TooMuchHistory, ProjectionStopped, StorageFull, LogError, ProjectionError."""
        require_reserve(self._house)  # A fold is as large as what it is folded from.
        try:
            return self._go_on()
        except ProjectionFull as error:
            raise StorageFull("The disk is full.") from error

    def _go_on(self) -> Past | None:
        log, folding = self._here()
        records = log.read_user(self._user, self._after, BATCH, BATCH_BYTES)
        own = [record for record in records if record.position <= self._position]
        self._count += len(own)
        if self._count > EVENTS_MAX:
            raise TooMuchHistory
        folding.add([_fact(record) for record in own])
        if not records or records[-1].position >= self._position:
            log.close()
            return folding.finish()
        self._after = records[-1].position
        return None

    def close(self) -> None:
        """Nothing of it stays: also what `step` gave back, if nobody was there to take it."""
        if self._opened is not None:
            log, folding = self._opened
            log.close()
            folding.close()

    def _here(self) -> tuple[Log, Folding]:
        if self._opened is None:
            log = self._house.open_log()
            try:
                self._opened = log, Folding(self._house.layout.run / "past")
            except BaseException:
                log.close()
                raise
        return self._opened


def _fact(record: Record) -> Fact:
    try:
        return to_fact(record)
    except UnknownEvent as error:
        raise ProjectionStopped(record.position, record.envelope.type, type(error).__name__) from error
