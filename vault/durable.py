"""Files that survive: whole writes, early write-back, directory entries on disk, and locks that tell living
from dead.

A lock is an flock on the file itself. The kernel drops it when its process dies, however it dies, so a file
without a lock has no writer. Linux semantics are assumed throughout.
"""

import fcntl
import os
import time
from pathlib import Path
from typing import Final

_LOCK_TRIES: Final = 20
_LOCK_PAUSE_S: Final = 0.005
_START_BYTES: Final = 2 << 20
_SETTLE_BYTES: Final = 16 << 20
_ZEROS_BYTES: Final = 1 << 20


class WriteBehind:
    """Sends written pages to the disk every 2 MiB, and every 16 MiB waits for them and drops them.

    Without it a 1 GB file gathers as dirty pages, and its fsync stalls everything that shares the disk. Dropping
    them also keeps one upload from pushing the databases out of the page cache, and lets the kernel use the same few
    pages again: fresh ones cost more than sealing what goes into them (3 ms a MiB against 0.4, in a virtual machine).
    POSIX_FADV_DONTNEED is the only call in `os` that starts write-back without waiting for it; called again on pages
    that are clean by then, it drops them.
    """

    __slots__ = ("_fd", "_settled_bytes", "_started_bytes")

    def __init__(self, fd: int, start_bytes: int = 0) -> None:
        self._fd = fd
        self._settled_bytes = self._started_bytes = start_bytes

    def advance(self, end_bytes: int) -> None:
        """The file is written up to `end_bytes`. OSError as fdatasync gives it: the file is lost then."""
        if end_bytes - self._started_bytes < _START_BYTES:
            return
        self._started_bytes = end_bytes
        self._drop(end_bytes)
        if end_bytes - self._settled_bytes >= _SETTLE_BYTES:
            os.fdatasync(self._fd)
            self._drop(end_bytes)
            self._settled_bytes = end_bytes

    def _drop(self, end_bytes: int) -> None:
        os.posix_fadvise(self._fd, self._settled_bytes, end_bytes - self._settled_bytes, os.POSIX_FADV_DONTNEED)


class ReadOnce:
    """Drops the pages of a file that is read from its start to its end, once, as they have been read."""

    __slots__ = ("_dropped_bytes", "_fd")

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._dropped_bytes = 0

    def advance(self, end_bytes: int) -> None:
        """Nothing before `end_bytes` will be read again."""
        if end_bytes - self._dropped_bytes >= _START_BYTES:
            os.posix_fadvise(self._fd, self._dropped_bytes, end_bytes - self._dropped_bytes, os.POSIX_FADV_DONTNEED)
            self._dropped_bytes = end_bytes


def write_all(fd: int, data: memoryview, offset_bytes: int) -> None:
    """All of `data` at `offset_bytes`; a short write is continued.

    OSError (ENOSPC, EIO) as the system gives it.
    """
    while data:
        written = os.pwrite(fd, data, offset_bytes)
        data, offset_bytes = data[written:], offset_bytes + written


def overwrite(path: Path) -> None:
    """Zeros in the place of what it holds, on the disk: its bytes are not to be found where it lay."""
    descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        size_bytes, zeros = os.fstat(descriptor).st_size, memoryview(bytes(_ZEROS_BYTES))
        for at in range(0, size_bytes, _ZEROS_BYTES):
            write_all(descriptor, zeros[: size_bytes - at], at)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fsync_directory(path: Path) -> None:
    """Makes names in the directory durable: fsync of a file alone does not save its entry."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def create_locked(path: Path) -> int:
    """A new file, mode 0600, locked; its descriptor. FileExistsError if the name is taken."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    if not _lock(fd) or os.fstat(fd).st_nlink == 0:
        # A sweeper saw the file in the instant before its lock and removed it.
        os.close(fd)
        raise FileNotFoundError(f"{path.name} was swept while being created")
    return fd


def open_locked(path: Path) -> int | None:
    """The descriptor of an existing file, locked; None while another holds the lock.

    FileNotFoundError if gone.
    """
    fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    if not _lock(fd):
        os.close(fd)
        return None
    if os.fstat(fd).st_nlink == 0:
        os.close(fd)
        raise FileNotFoundError(f"{path.name} was removed")
    return fd


def is_abandoned(path: Path) -> bool:
    """True if the file exists and nobody writes it. It may still be wanted: complete, or waiting to be
    resumed.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        # Shared, so that two who only ask do not take each other for a writer.
        return _try_lock(fd, fcntl.LOCK_SH)
    finally:
        os.close(fd)


def remove_abandoned(path: Path) -> bool:
    """Removes the file unless somebody writes it; holds its lock meanwhile, so no writer can slip in
    between.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        if not _try_lock(fd, fcntl.LOCK_EX):
            return False
        path.unlink(missing_ok=True)
        return True
    finally:
        os.close(fd)


def _lock(fd: int) -> bool:
    # Tried again for a moment: `is_abandoned` holds a shared lock for some microseconds.
    for _ in range(_LOCK_TRIES):
        if _try_lock(fd, fcntl.LOCK_EX):
            return True
        time.sleep(_LOCK_PAUSE_S)
    return False


def _try_lock(fd: int, kind: int) -> bool:
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
