"""Where tables lie: the known path is a link to a file whose own name never comes again.

SQLite resolves the link and names the `-wal` after the file. So a file that takes another's place is never read with
the other's `-wal`, as it would be if it were renamed over it; and whoever still holds the old file has all of it.
A plain file at the known path is a file like any other; the first that takes its place leaves a link there.

    <path>                  link → <path>.<16 hex digits>
    <path>.<…>              tables, with -wal and -shm
    <path>.<…>.draft        tables being built, seen by nobody
    <path>.<…>.link         a link about to be renamed to <path>
    <path>.lock             held while opening to write, and while a file takes its place
    <path>.building         held while a draft is built
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from pathlib import Path

from projections.errors import ProjectionBuilding

TOKEN_BYTES = 8
DRAFT = ".draft"
LINK = ".link"
SIDES = ("-wal", "-shm", "-journal")

Identity = tuple[int, int]
"""Device and inode: which file a path names just now."""


def identity(path: Path) -> Identity | None:
    """None when nothing is there. An inode held open is not given out again, so a new file never looks like
    the old."""
    while True:
        try:
            found = path.stat()
        except FileNotFoundError:
            # A link that was followed just as another took its place leads to a file that is gone: that is not "nothing
            # there". Only a link that still leads nowhere is.
            target = _target(path)
            if target is None or (not _is_there(path.parent / target) and _target(path) == target):
                return None
        else:
            return found.st_dev, found.st_ino


def new_name(path: Path) -> Path:
    return path.with_name(f"{path.name}.{os.urandom(TOKEN_BYTES).hex()}")


def place(path: Path, file: Path) -> None:
    """From now on `path` is `file`, for everybody at once. The caller holds `opening`."""
    link = file.with_name(file.name + LINK)
    link.symlink_to(file.name)  # By name alone: the folder may be moved.
    link.rename(path)


@contextlib.contextmanager
def opening(path: Path) -> Iterator[None]:
    """One process at a time opens to write, or puts a file in its place: of two that find a damaged file, the second
    must not throw away the first one's new one. The lock file stays: removing it would let two processes lock two
    different files."""
    with _locked(path.with_name(f"{path.name}.lock"), fcntl.LOCK_EX):
        yield


@contextlib.contextmanager
def building(path: Path) -> Iterator[None]:
    """One process at a time builds; ProjectionBuilding for another."""
    with opening(path):  # `tidy` holds the lock for a moment, inside this one: that is nobody building.
        tidy(path)
        lock = _take(path.with_name(f"{path.name}.building"), fcntl.LOCK_EX | fcntl.LOCK_NB)
    if lock is None:
        raise ProjectionBuilding("the tables are being rebuilt by another process already")
    try:
        yield
    finally:
        os.close(lock)


def tidy(path: Path) -> None:
    """Removes what a crash left and what has lost its place; of a draft, only what nobody builds. Whoever has one of
    them open keeps it. The caller holds `opening`."""
    lock = _take(path.with_name(f"{path.name}.building"), fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        drafts = f"(?:{re.escape(DRAFT)})?" if lock is not None else ""
        ours = re.compile(rf"\.[0-9a-f]{{{2 * TOKEN_BYTES}}}{drafts}(?:{re.escape(LINK)}|{'|'.join(SIDES)})?")
        in_place = _target(path) or path.name
        kept = {in_place, *(in_place + side for side in SIDES)}
        for entry in list(path.parent.iterdir()):
            name = entry.name.removeprefix(path.name)
            if entry.name in kept or not entry.name.startswith(path.name):
                continue
            if ours.fullmatch(name) or name in SIDES:
                entry.unlink(missing_ok=True)
    finally:
        if lock is not None:
            os.close(lock)


def discard(file: Path) -> None:
    """A file by its own name, and what stands beside it."""
    # The database first: without its WAL it would look sound and be a half-checkpointed mixture.
    for name in (file.name, *(file.name + side for side in SIDES)):
        file.with_name(name).unlink(missing_ok=True)


def sync(path: Path) -> None:
    """A file's bytes, or a folder's names, outlive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _target(path: Path) -> str | None:
    """What the link says; None without a link."""
    try:
        return os.readlink(path)  # noqa: PTH115  (Path.readlink makes a path of what is compared as text)
    except OSError:
        return None


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except FileNotFoundError:
        return False
    return True


@contextlib.contextmanager
def _locked(path: Path, how: int) -> Iterator[None]:
    lock = _take(path, how)
    assert lock is not None  # It waits.
    try:
        yield
    finally:
        os.close(lock)


def _take(path: Path, how: int) -> int | None:
    lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, how)
    except BlockingIOError:
        os.close(lock)
        return None
    except BaseException:
        os.close(lock)
        raise
    return lock
