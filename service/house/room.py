"""What the disk of the data folder has left, and the reserve that uploads leave alone."""

from __future__ import annotations

import errno
import os

from service.house.house import House
from service.machine.errors import StorageFull


def free_bytes(house: House) -> int:
    """What the disk of the data folder has left for us."""
    disk = os.statvfs(house.layout.data)
    return disk.f_bavail * disk.f_frsize


def require_reserve(house: House, coming_bytes: int = 0) -> None:
    """StorageFull when the disk has, or would have after `coming_bytes`, less left than the reserve."""
    if free_bytes(house) - coming_bytes < house.settings.reserve_bytes:
        raise StorageFull("The disk is full.")


def storage_full(error: OSError) -> Exception:
    """What the system refused, by the name that a caller is told: StorageFull if the disk is full; else the error."""
    return StorageFull("The disk is full.") if error.errno in (errno.ENOSPC, errno.EDQUOT) else error


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
