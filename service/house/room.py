"""What the disk of the data folder has left, and the reserve that uploads leave alone."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Final

import structlog

from service.house.house import House
from service.machine.errors import Busy, StorageFull

# A disk that the kernel took the writing from, or that fails; more files open than the system lets us have.
_PASSING: Final = frozenset({errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE})
_log = structlog.get_logger("service.house.room")


def free_bytes(house: House) -> int:
    """What the disk of the data folder has left for us."""
    disk = os.statvfs(house.layout.data)
    return disk.f_bavail * disk.f_frsize


def require_reserve(house: House, coming_bytes: int = 0) -> None:
    """StorageFull when the disk has, or would have after `coming_bytes`, less left than the reserve."""
    if free_bytes(house) - coming_bytes < house.settings.reserve_bytes:
        raise StorageFull("The disk is full.")


def storage_full(error: OSError) -> Exception:
    """What the system refused, by the name that a caller is told: StorageFull if the disk is full, Busy if it does not
    work just now; else the error."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull("The disk is full.")
    if error.errno in _PASSING or folder_away(error):
        _log.warning("the storage refuses", error=errno.errorcode.get(error.errno or 0, "?"))
        return Busy("What is sent cannot be stored at this moment. Try again.")
    return error


def folder_away(error: Exception) -> bool:
    """Whether the folder of a file that was not found is not there either: what lay in it may come back, as a disk that
    is mounted again, so nothing is given up for that."""
    return (
        isinstance(error, FileNotFoundError)
        and isinstance(error.filename, str)
        and not Path(error.filename).parent.is_dir()
    )


def counted_twice(house: House, user: str) -> int:
    """Bytes of uploads under way that the keyring counts as files by now: their keys come before their event."""
    return sum(
        size_bytes
        for upload_id, size_bytes in house.pending.full(user)
        if house.keyring.stream_key(f"file-{upload_id}", user) is not None
    )


def claimed_bytes(house: House, user: str) -> int:
    """What the user's resumable uploads have claimed of the quota, beyond what the keyring counts."""
    return house.pending.claimed_bytes(user) - counted_twice(house, user)
