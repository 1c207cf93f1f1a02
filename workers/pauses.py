"""Pauses between sendings of the same job, each twice as long as the one before: what failed for a minute may fail for
a day, and is not worth trying all day long."""

from __future__ import annotations

from typing import Final

FIRST_PAUSE_S: Final = 5.0
PAUSE_MAX_S: Final = 3_600.0
JOBS_MAX: Final = 20_000  # Past that, pauses begin anew: sooner sent than forgotten.

Name = tuple[str, str]
"""Actor and file."""


class Pauses:
    """In memory only: after a start everything is sent once more."""

    def __init__(self) -> None:
        self._next: dict[Name, tuple[float, float]] = {}  # When it may be sent again, and the pause after that.
        self._asked: set[Name] = set()

    def due(self, name: Name, now_s: float) -> bool:
        """True: to be sent now; the next pause has begun with that."""
        self._asked.add(name)
        next_s, pause_s = self._next.get(name, (now_s, FIRST_PAUSE_S))
        if now_s < next_s:
            return False
        if len(self._next) >= JOBS_MAX:
            self._next.clear()
        self._next[name] = (now_s + pause_s, min(2 * pause_s, PAUSE_MAX_S))
        return True

    def keep(self, name: Name) -> None:
        """It waits in the queue, or is being done: what is known of it stays."""
        self._asked.add(name)

    def end_round(self) -> None:
        """Everything that waits was asked for since the last time: what was not is done."""
        self._next = {name: when for name, when in self._next.items() if name in self._asked}
        self._asked.clear()
