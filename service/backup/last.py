"""When this folder was last backed up: told by who does it, read by `doctor`. For people: losing it loses nothing."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import msgspec

from service.house.log_key import read_file
from service.machine.layout import Layout, replace_file


class LastBackup(msgspec.Struct, frozen=True):
    name: str
    finished_at_us: int
    log_size: int
    folder: str
    faults: int
    keyrings: str = ""


def tell(layout: Layout, backup: LastBackup) -> None:
    """Never raises for a full disk: the backup itself is complete."""
    with suppress(OSError):
        replace_file(_path(layout), msgspec.json.encode(backup))


def last_backup(layout: Layout) -> LastBackup | None:
    """None where none was taken, or nobody can tell any more."""
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(read_file(_path(layout)) or b"", type=LastBackup)
    return None


def _path(layout: Layout) -> Path:
    return layout.data / "last-backup"
