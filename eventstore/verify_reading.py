"""Reading a log as an auditor does: envelopes and sizes, never what is sealed, from a file that need not be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import apsw

from eventstore.record import MAX_ENVELOPE_BYTES
from eventstore.verify_database import DatabaseRefused, reading

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

    def head(self) -> int:
        """The newest position; 0 for an empty log."""
        return self._number("SELECT max(position) FROM events")

    def data_version(self) -> int:
        """Changes whenever another connection has committed."""
        return self._number("PRAGMA data_version")

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
            return [Seen(*row) for row in self._connection.execute(sql, (*asked.values(), limit))]
        except (apsw.Error, UnicodeDecodeError) as error:
            raise DatabaseRefused(f"the rows after position {after} cannot be read: {error}") from None

    def envelopes(self, first: int, count: int) -> list[bytes]:
        """Of at most `count` entries from index `first` (position - 1) on."""
        wanted = Wanted(until=first + count)
        return [each.envelope for each in self.events(first, wanted, count)]

    def _number(self, sql: str) -> int:
        try:
            row = self._connection.execute(sql).fetchone()
        except apsw.Error as error:
            raise DatabaseRefused(f"the log cannot be read: {error}") from None
        return row[0] if row and isinstance(row[0], int) else 0


@contextmanager
def audit_reader(path: Path) -> Iterator[AuditReader]:
    """DatabaseRefused unless it is a log, to the letter of its schema."""
    with reading(path) as connection:
        yield AuditReader(connection)
