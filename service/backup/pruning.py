"""Removing copies of the keyring that are past their end, without taking a backup.

A backup does it, too. But where backups stop, copies stay, and with them what opens everything that was deleted since:
the horizon is a promise of every receipt, and must not hang on a disk that is full or a log that is damaged. So this
needs the folder of the copies alone, neither the data folder nor a key.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from service.backup.errors import BackupRefused
from service.backup.manifest import complete
from service.backup.place import clear_cut_off
from service.backup.retention import prune_keyrings
from service.machine import locks


class Pruned(msgspec.Struct, frozen=True):
    """Names of the copies that went, and of those that are there still, the oldest first."""

    removed: tuple[str, ...]
    left: tuple[str, ...]


def prune(folder: Path, before_us: int, keep: int | None) -> Pruned:
    """Copies taken before that time go, and all but the newest `keep`; the newest stays in any case, since without it
    no backup can be put back. BackupRefused, OSError: some may be gone, again."""
    if not folder.is_dir():
        raise BackupRefused(f"there is no folder {folder}: name the one of the copies of the keyring with --keyring")
    path = folder / ".lock"
    if path.is_symlink():
        raise BackupRefused(f"{path} is a link")
    lock = locks.take(path)
    if lock is None:
        raise BackupRefused("a backup is being taken or put back: wait for its end")
    with lock:
        clear_cut_off(folder)
        removed = prune_keyrings(folder, before_us, keep)
        return Pruned(removed, tuple(each.name for each in complete(folder)))
