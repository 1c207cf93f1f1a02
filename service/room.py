"""What the disk of the data folder has left, and the reserve that uploads leave alone."""

from __future__ import annotations

import os

from service.errors import StorageFull
from service.house import House


def free_bytes(house: House) -> int:
    """What the disk of the data folder has left for us."""
    disk = os.statvfs(house.layout.data)
    return disk.f_bavail * disk.f_frsize


def require_reserve(house: House, coming_bytes: int = 0) -> None:
    """StorageFull when the disk has, or would have after `coming_bytes`, less left than the reserve."""
    if free_bytes(house) - coming_bytes < house.settings.reserve_bytes:
        raise StorageFull("The disk is full.")
