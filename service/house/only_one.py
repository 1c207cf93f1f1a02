"""One of a kind at a time for one person, in whatever process: a lock whose file goes with it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from domain.errors import UnderWay
from service.house.house import House
from service.machine import locks
from service.machine.locks import FileLock

TRIES: Final = 5


class Only:
    """Held until `release`. The kernel drops it when its process dies; the empty file that is then left is taken over
    by the next one."""

    __slots__ = ("_lock", "_path")

    def __init__(self, house: House, kind: str, user: str) -> None:
        """UnderWay while somebody has it."""
        self._path = house.layout.run / f"{kind}-{user}.lock"
        lock = _take(self._path)
        if lock is None:
            raise UnderWay(f"An {kind} of yours is under way. Wait for its end, or break it off.")
        self._lock = lock

    def release(self) -> None:
        """Harmless when done twice."""
        if self._lock.fd >= 0:
            self._path.unlink(missing_ok=True)  # While it is held, so that who waits for it sees that it is gone.
        self._lock.release()


def _take(path: Path) -> FileLock | None:
    for _ in range(TRIES):
        lock = locks.take(path)
        if lock is None or os.fstat(lock.fd).st_nlink:
            return lock
        lock.release()  # Whoever had it let go between our opening and our locking it.
    return None
