"""Locks between processes: an flock on a small file in `run/`. The kernel drops it when its holder dies,
however it dies, so a lock that can be taken has no living holder."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

PAUSE_S = 0.0025


class FileLock:
    """A lock that is held. `fd` may carry a few bytes of its holder's; they outlive it."""

    __slots__ = ("fd",)

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def release(self) -> None:
        """Harmless when done twice."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def take(path: Path, wait_s: float = 0.0) -> FileLock | None:
    """None while another process holds it for longer than `wait_s`.

    The file stays when the lock goes: removing it would let two processes lock two different files.
    """
    fd = _open(path)
    until_s = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until_s:
                os.close(fd)
                return None
            time.sleep(PAUSE_S)
        else:
            return FileLock(fd)


def share(path: Path) -> FileLock:
    """A lock that several may hold at once; `is_held` sees it all the same."""
    fd = _open(path)
    fcntl.flock(fd, fcntl.LOCK_SH)
    return FileLock(fd)


def upgrade(lock: FileLock) -> bool:
    """A shared lock into the only one; False, and still shared, while others share it. Whoever wants to share it now
    waits for `downgrade`."""
    try:
        fcntl.flock(lock.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(lock.fd, fcntl.LOCK_SH)  # A failed conversion may have dropped it: flock(2).
        return False
    return True


def downgrade(lock: FileLock) -> None:
    """Back to sharing."""
    fcntl.flock(lock.fd, fcntl.LOCK_SH)


def is_held(path: Path) -> bool:
    """Whether anybody holds it. Takes it for some microseconds, so whoever wants it should wait a little."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)  # Of a disk that nothing can be written to it is asked, too.
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(fd)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
