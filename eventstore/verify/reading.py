"""Reading a log as an auditor does: envelopes and sizes, never what is sealed, from a file that need not be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import apsw

from eventstore.record import MAX_ENVELOPE_BYTES
from eventstore.verify.database import DatabaseRefused, reading

PAGE: Final = 500  # An envelope has at most 64 KiB.


class Wanted(NamedTuple):
    """Which events; None asks for all. `until_us` as `until`: that one is still among them."""

    until: int | None = None
    until_us: int | None = None
    type: str | None = None
    stream: str | None = None
    user: str | None = None


class Seen(NamedTuple):
    position: int
    envelope: bytes
    sealed_bytes: int


class AuditReader:
    """DatabaseRefused, also later, when the file proves unreadable."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def head(self) -> tuple[int, int]:
        """The newest position and its time (µs UTC); zeroes for an empty log."""
        return self._numbers("SELECT position, at_us FROM events ORDER BY position DESC LIMIT 1") or (0, 0)

    def data_version(self) -> int:
        """Changes whenever another connection has committed."""
        return (self._numbers("SELECT data_version, 0 FROM pragma_data_version") or (0, 0))[0]

    def events(self, after: int, wanted: Wanted, limit: int = PAGE) -> list[Seen]:
        """The next ones with position > `after`, in order; fewer than `limit` are the end."""
        conditions = {
            "position > ?": after,
            "position <= ?": wanted.until,
            "at_us <= ?": wanted.until_us,
            "type = ?": wanted.type,
            "stream = ?": wanted.stream,
            "user = ?": wanted.user,
        }
        asked = {condition: value for condition, value in conditions.items() if value is not None}
        columns = (
            f"position, substr(envelope, 1, {MAX_ENVELOPE_BYTES + 1}), length(sealed)"  # Enough to see it is too long.
        )
        sql = f"SELECT {columns} FROM events WHERE {' AND '.join(asked)} ORDER BY position LIMIT ?"  # noqa: S608  (those)
        try:
            return [_seen(*row) for row in self._connection.execute(sql, (*asked.values(), limit))]
        except (apsw.Error, UnicodeDecodeError) as error:
            raise DatabaseRefused(f"the rows after position {after} cannot be read: {error}") from None

    def envelopes(self, first: int, count: int) -> list[bytes]:
        """Of at most `count` entries from index `first` (position - 1) on."""
        wanted = Wanted(until=first + count)
        return [each.envelope for each in self.events(first, wanted, count)]

    def _numbers(self, sql: str) -> tuple[int, int] | None:
        try:
            row = self._connection.execute(sql).fetchone()
        except apsw.Error as error:
            raise DatabaseRefused(f"the log cannot be read: {error}") from None
        if row is None:
            return None
        first, second = row
        if not isinstance(first, int) or not isinstance(second, int):
            raise DatabaseRefused("the newest row has a column of the wrong type")
        return first, second


def _seen(position: int, envelope: apsw.SQLiteValue, sealed_bytes: int | None) -> Seen:
    """A row that holds no bytes where they belong has none: it cannot be opened, and is told to be so."""
    return Seen(position, envelope if isinstance(envelope, bytes) else b"", sealed_bytes or 0)


@contextmanager
def audit_reader(path: Path) -> Iterator[AuditReader]:
    """DatabaseRefused unless it is a log, to the letter of its schema."""
    with reading(path) as connection:
        yield AuditReader(connection)
