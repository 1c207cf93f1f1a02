"""What can go wrong with the log: a lost race (retry), a full disk (try later), corruption (stop, say where)."""

from __future__ import annotations


class LogError(Exception):
    """Base of everything the log raises."""


class VersionConflict(LogError):
    """A stream is not at the version the writer decided on: load again, decide again."""

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        super().__init__(f"{stream} is at version {actual}, not {expected}")
        self.stream = stream
        self.expected = expected
        self.actual = actual


class DuplicateRequest(LogError):
    """This request (by its key tag) is in the log already, at `position`: answer with what it did then."""

    def __init__(self, position: int) -> None:
        super().__init__(f"the request was carried out at position {position}")
        self.position = position


class RecordTooLarge(LogError):
    """An envelope past 65,535 bytes: it would not fit a tlog-tiles entry bundle."""


class LogBusy(LogError):
    """More appends are waiting than the queue may hold: nothing was written."""


class LogUnsettled(LogError):
    """The disk failed in the middle of a commit: nothing is confirmed, but the records may be there after a crash."""


class LogFull(LogError):
    """The disk refused the commit (full, or an I/O error): nothing of the batch was written."""


class LogClosed(LogError):
    """The writer is shut: nothing was written."""


class StreamTooLong(LogError):
    """A stream has more records than one reading may hold. Nothing is wrong with the log: its writers set no bound."""

    def __init__(self, stream: str, most: int) -> None:
        super().__init__(f"{stream} has more than {most} records")
        self.stream = stream


class LogCorrupt(LogError):
    """The file is not what this code wrote. Stop and verify it."""


class LogUnreadable(LogError):
    """The file cannot be read just now (locked for too long, an I/O error): nothing is known of what it holds."""
