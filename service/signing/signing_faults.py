"""What keeps checkpoints from being signed or cosigned: told by the process that signs, read by whoever says how things
are. One line or some in a file in `run/`, for people; losing it loses nothing."""

from __future__ import annotations

import contextlib
from pathlib import Path

from service.house.log_key import read_file
from service.machine.layout import replace_file


def tell(path: Path, text: str) -> None:
    """Never raises for a full disk: not being signed is bad enough."""
    with contextlib.suppress(OSError):
        replace_file(path, f"{text}\n".encode())


def forget(path: Path) -> None:
    """Idempotent."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def told(path: Path) -> str | None:
    """None when all is well."""
    data = read_file(path)
    return None if data is None else data.decode("utf-8", "replace").strip()
