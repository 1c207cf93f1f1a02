"""What can go wrong with a projection. None of it loses anything: the log is the truth, these tables are
its shadow."""

from __future__ import annotations


class ProjectionError(Exception):
    """Base of everything this room raises."""


class ProjectionGap(ProjectionError):
    """Facts that do not continue where the tables stand: nothing was applied. Read on from `expected`."""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(f"the tables continue at position {expected}, not {actual}")
        self.expected = expected
        self.actual = actual


class ProjectionStopped(ProjectionError):
    """The event at `position` cannot be projected. `event_type` and `why` say nothing of what it holds."""

    def __init__(self, position: int, event_type: str, why: str) -> None:
        super().__init__(f"the event at position {position}, {event_type}, cannot be projected: {why}")
        self.position = position
        self.event_type = event_type
        self.why = why


class ProjectionContradicted(ProjectionStopped):
    """It cannot follow those before it (an id created twice): verify the log."""


class ProjectionCorrupt(ProjectionError):
    """The file is damaged or of another schema. A projector starts it again from zero; a reader waits for
    that."""


class ProjectionBusy(ProjectionError):
    """Another process holds the file (a rebuild, a recovery) for longer than the bound: try again later."""


class ProjectionBuilding(ProjectionError):
    """Another process is rebuilding these tables: one at a time."""


class ProjectionFull(ProjectionError):
    """The disk refused (full, or an I/O error): nothing of the batch was written."""
