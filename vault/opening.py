"""Opening a file of SQLite's: "unable to open database file" in words that name the file, the cause and the way out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, TypeVar

import apsw

from vault.errors import Unopenable

_CREATE: Final = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
_BESIDE: Final = ("-journal", "-wal", "-shm")
_Kind = TypeVar("_Kind", bound=apsw.Connection)


def open_file(path: Path, kind: type[_Kind], flags: int = _CREATE, *, writes: bool = True) -> _Kind:
    """A connection; what the file holds is not looked at. Unopenable, also for a file that may only be read, unless
    nothing is ever written to it (`writes`): a copy that an operator keeps on a disk that is mounted read-only, say."""
    try:
        connection = kind(str(path), flags=flags)
    except apsw.Error as error:
        raise obstacle(path, writes=writes) or Unopenable(path, str(error)) from error
    if writes and connection.readonly("main"):  # What SQLite makes of such a file: it would fail at a write.
        connection.close()
        raise obstacle(path) or Unopenable(path, "it cannot be written")
    return connection


def refusal(path: Path, error: apsw.Error) -> str:
    """What lies in the way; else the disk, with what there is left on it, because SQLite tells some of a full one as
    an I/O error."""
    if (found := obstacle(path)) is not None:
        return str(found)
    try:
        disk = os.statvfs(path.parent)
    except OSError:  # Gone with what lay on it: then SQLite's own word has to do.
        return f"the disk refuses {path}: {error}"
    return f"the disk refuses {path}, where {disk.f_bavail * disk.f_frsize >> 10} KiB are left: {error}"


def obstacle(path: Path, *, writes: bool = True) -> Unopenable | None:
    """What lies in the place of the database, or of a file that SQLite keeps beside it, and cannot be used.

    Asked of names alone: to open and close the file here would take away the locks that other connections of this
    process have on it."""
    rights = os.R_OK | (os.W_OK * writes)
    for suffix in ("", *_BESIDE):
        each = path.with_name(path.name + suffix)
        if each.is_dir():
            what = "a file beside this database" if suffix else "this database"
            return Unopenable(each, f"a folder lies where {what} belongs: move it away")
        if _refused(each, rights):
            return Unopenable(each, "Permission denied: give it to the user that Strongroom runs as, with mode 0600")
    return None


def _refused(path: Path, rights: int) -> bool:
    """Whether it is there and may not be used so. Files beside a database come and go as others open and close it: one
    that is not there any more, or anew, is no obstacle."""
    try:
        there = path.stat().st_ino
        return not os.access(path, rights) and path.stat().st_ino == there
    except FileNotFoundError:
        return False
