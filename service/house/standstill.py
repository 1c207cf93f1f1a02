"""What the read tables stand still at: told by the projector, read by whoever says how things are.

`run/projection.stopped` holds one event's position and type, and what went wrong by name: never what it holds. Losing
the file loses nothing: the projector comes to the same event again. Once the tables are past the event, whoever brought
them there, the file means nothing any more.
"""

from __future__ import annotations

from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import msgspec

from projections.errors import ProjectionError
from projections.queries import Reader
from service.machine.layout import Layout

MAX_BYTES: Final = 4_096


class Standstill(msgspec.Struct, frozen=True):
    """`position`: of the event that cannot be projected; everything before it is."""

    position: int
    event_type: str
    why: str

    def __str__(self) -> str:
        return f"stopped at position {self.position}, {self.event_type}: {self.why}"


def tell(layout: Layout, stands: Standstill) -> None:
    """Never raises for a full disk: standing still is bad enough."""
    path = _path(layout)
    new = path.with_suffix(".new")
    with suppress(OSError):
        new.write_bytes(msgspec.json.encode(stands))
        new.replace(path)


def forget(layout: Layout) -> None:
    """Idempotent."""
    _path(layout).unlink(missing_ok=True)


def standstill(layout: Layout) -> Standstill | None:
    """None when the tables move, or have moved on since. Costs one system call then."""
    try:
        with _path(layout).open("rb") as told:
            stands = msgspec.json.decode(told.read(MAX_BYTES), type=Standstill)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None
    with closing(Reader(layout.user_data)) as reader:
        try:
            return stands if reader.position() < stands.position else None
        except ProjectionError:
            return stands  # Nobody can say just now that they have moved on.


def _path(layout: Layout) -> Path:
    return layout.run / "projection.stopped"
