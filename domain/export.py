"""An export of everything: asked for once, and told."""

from __future__ import annotations

from typing import Literal

import msgspec

from domain.errors import Conflict
from domain.events import DataExported, ExportEvent


class ExportData(msgspec.Struct, frozen=True):
    by: Literal["session", "token", "command"]


class State(msgspec.Struct, frozen=True):
    exported: bool = False


def decide(command: ExportData, state: State) -> tuple[ExportEvent, ...]:
    if state.exported:
        raise Conflict("This export exists already.")
    return (DataExported(by=command.by),)


def evolve(state: State, event: ExportEvent) -> State:
    return State(exported=True)
