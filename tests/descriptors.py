"""What processes have open."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def open_files(pid: int | None = None) -> dict[int, str]:
    """What a process, or this one, has open: descriptor → name, proc(5). One that is closed meanwhile is left out."""
    found: dict[int, str] = {}
    for descriptor in Path(f"/proc/{'self' if pid is None else pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found[int(descriptor.name)] = str(descriptor.readlink())
    return found
