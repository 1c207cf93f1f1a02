"""Opening a file of SQLite's: "unable to open database file" in words that name the file, the cause and the way out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, TypeVar

import apsw

from vault.errors import Unopenable

_CREATE: Final = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
_Kind = TypeVar("_Kind", bound=apsw.Connection)


def open_file(path: Path, kind: type[_Kind], flags: int = _CREATE) -> _Kind:
    """A connection that can write; what the file holds is not looked at. Unopenable."""
    try:
        connection = kind(str(path), flags=flags)
    except apsw.Error as error:
        raise Unopenable(path, _why_not(path) or str(error)) from error
    if connection.readonly("main"):  # What SQLite makes of a file that may only be read: it would fail at a write.
        connection.close()
        raise Unopenable(path, _why_not(path) or "it cannot be written")
    return connection


def refusal(path: Path, error: apsw.Error) -> str:
    """By the disk: of what there is left on it, because SQLite tells some of a full one as an I/O error."""
    found = os.statvfs(path.parent)
    return f"the disk refuses {path}, where {found.f_bavail * found.f_frsize >> 10} KiB are left: {error}"


def _why_not(path: Path) -> str:
    """Asked of its name alone: to open and close the file here would take away the locks that other connections of this
    process have on it."""
    if path.is_dir():
        return "a folder lies where this database belongs: move it away"
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        return "Permission denied: give it to the user that Strongroom runs as, with mode 0600"
    return ""
