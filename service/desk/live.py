"""Waking those who wait for news: one look at the log for all open streams of a process, and one clock.

Nothing runs while no stream is open. While one is, `PRAGMA data_version` is asked every ten milliseconds, which costs
microseconds and sees the commits of every process on the folder; only after one are the new positions read, once for
all, and those whose user has news are woken. The queue is not needed. What each listener has had is its own business:
here is no queue of events that somebody slow could fill.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import structlog

from domain import file
from domain.events import FileEvent
from service.house.advance import being_told, share_done
from service.house.facts import fold, to_fact
from service.house.house import House
from service.machine.errors import Busy, TooManyStreams
from service.machine.metrics import STREAMS_OPEN

LOOK_EVERY_S: Final = 0.01
LOOK_AGAIN_S: Final = 1.0  # After a fault.
PAGE: Final = 1_000
CLOCK_EVERY_S: Final = 1.0
ADVANCE_EVERY_S: Final = 0.25
_log = structlog.get_logger("live")


class Listener(Protocol):
    """Each call returns at once."""

    @property
    def user(self) -> str: ...

    def news(self) -> None:
        """The log has something new of this user's."""

    def advanced(self) -> None:
        """The processing of a file of this user's has come further."""

    def clock(self, now_s: float, now_us: int) -> None:
        """About once a second: the loop's time, and the time of day."""

    def dismiss(self) -> None:
        """The process is ending."""


class Live:
    """Belongs to one event loop. `leaving` is asked whether the process has been told to end."""

    def __init__(self, house: House, leaving: Callable[[], bool]) -> None:
        self._house = house
        self._leaving = leaving
        self._loop = asyncio.get_running_loop()
        self._listeners: dict[str, set[Listener]] = {}
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None
        self._version = -1
        self._position = 0
        self._clock_at_s = 0.0
        self._advance_at_s = 0.0
        self._owners: dict[str, str] = {}  # Of the files that are being told of.
        self._shares: dict[str, dict[str, float]] = {}

    @property
    def count(self) -> int:
        """Streams open now."""
        return self._count

    @property
    def looking(self) -> bool:
        return self._timer is not None

    def join(self, listener: Listener) -> None:
        """From here on the listener hears of everything that is appended. TooManyStreams, Busy: it is not let in."""
        settings = self._house.settings
        if len(self._listeners.get(listener.user, ())) >= settings.streams_per_user:
            raise TooManyStreams
        if self._count >= settings.streams_at_once or self._leaving():
            raise Busy("Too many streams are open. Try again.")
        if self._timer is None:
            self._start()
        self._listeners.setdefault(listener.user, set()).add(listener)
        self._count += 1
        self._house.meter.add(STREAMS_OPEN)

    def leave(self, listener: Listener) -> None:
        """Idempotent."""
        listeners = self._listeners.get(listener.user, set())
        if listener in listeners:
            listeners.remove(listener)
            self._count -= 1
            self._house.meter.add(STREAMS_OPEN, -1)
            if not listeners:
                del self._listeners[listener.user]
        if not self._listeners:
            self.close()

    def shares(self, user: str) -> Mapping[str, float]:
        """File → how far its processing has come, of this user's files that are being told of."""
        return self._shares.get(user, {})

    def close(self) -> None:
        """Stops looking."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self) -> None:
        """News is what comes after this; whoever joins reads for themselves what was before."""
        self._version = self._house.log.data_version()
        self._position = self._house.log.head()
        self._shares = {}
        self._timer = self._loop.call_later(LOOK_EVERY_S, self._tick)

    def _tick(self) -> None:
        pause_s = LOOK_EVERY_S
        try:
            self._look_around()
        except Exception as error:  # noqa: BLE001  (whatever it is, nobody would ever be woken again)
            _log.error("looking for news failed", error=type(error).__name__)
            pause_s = LOOK_AGAIN_S
        if self._timer is not None:  # Else the last one has left meanwhile.
            self._timer = self._loop.call_later(pause_s, self._tick)

    def _look_around(self) -> None:
        now_s = self._loop.time()
        if self._leaving():
            self._tell_all(lambda listener: listener.dismiss())
        self._look_at_log()
        if now_s >= self._advance_at_s:
            self._advance_at_s = now_s + ADVANCE_EVERY_S
            self._look_at_advance()
        if now_s >= self._clock_at_s:
            self._clock_at_s = now_s + CLOCK_EVERY_S
            now_us = self._house.clock_us()
            self._tell_all(lambda listener: listener.clock(now_s, now_us))

    def _look_at_log(self) -> None:
        version = self._house.log.data_version()
        if version == self._version:
            return
        owners = self._house.log.read_owners(self._position, PAGE)
        if len(owners) < PAGE:  # Else there is more, to be looked for the next time.
            self._version = version
        if not owners:
            return
        self._position = owners[-1][0]
        for user in {user for _, user in owners} & self._listeners.keys():
            for listener in self._listeners[user]:
                listener.news()

    def _look_at_advance(self) -> None:
        """A handful of files at most: as many as workers process at this moment."""
        told = being_told(self._house.layout)
        if not told and not self._shares:
            return
        self._owners = {
            file_id: self._owners[file_id] if file_id in self._owners else self._owner(file_id) for file_id in told
        }
        shares: dict[str, dict[str, float]] = {}
        for file_id, user in self._owners.items():
            if user in self._listeners and (share := share_done(self._house.layout, file_id)) is not None:
                shares.setdefault(user, {})[file_id] = share
        earlier, self._shares = self._shares, shares
        for user, files in shares.items():
            if files != earlier.get(user):
                for listener in self._listeners[user]:
                    listener.advanced()

    def _owner(self, file_id: str) -> str:
        """ "" for a file that is not being processed: a worker that was killed told of it last."""
        facts = [to_fact(record) for record in self._house.log.read_stream(f"file-{file_id}")]
        state = fold(file.evolve, file.State(), FileEvent, (fact.event for fact in facts))
        return facts[0].user if state.status == "processing" else ""

    def _tell_all(self, tell: Callable[[Listener], None]) -> None:
        for listeners in list(self._listeners.values()):
            for listener in list(listeners):
                tell(listener)
