"""Reading the log: one stream, all of it in bounded pages, and where it ends. One `Log` for each thread."""

from __future__ import annotations

from pathlib import Path

from eventstore.record import Record, decode_record
from eventstore.schema import open_database

MAX_PAGE = 10_000
MAX_STREAM = 10_000  # Streams are short by design; a longer one is a fault, not a page.


class Log:
    """A read connection. Every call is one statement on its own snapshot: it sees all that was acknowledged before."""

    def __init__(self, path: Path) -> None:
        self._connection = open_database(path, read_only=True)

    def read_stream(self, stream: str) -> list[Record]:
        """The records of one stream in order of version; empty when there is none."""
        rows = self._connection.execute(
            "SELECT envelope, sealed, leaf_hash FROM events WHERE stream = ? ORDER BY version LIMIT ?",
            (stream, MAX_STREAM),
        )
        return [decode_record(*row) for row in rows]

    def read_all(self, after: int, limit: int) -> list[Record]:
        """At most `limit` (≤ 10,000) records with position > `after`, in order."""
        if not 1 <= limit <= MAX_PAGE:
            raise ValueError(f"a page has 1 to {MAX_PAGE} records")
        rows = self._connection.execute(
            "SELECT envelope, sealed, leaf_hash FROM events WHERE position > ? ORDER BY position LIMIT ?",
            (after, limit),
        )
        return [decode_record(*row) for row in rows]

    def head(self) -> int:
        """The newest position; 0 for an empty log."""
        return self._number("SELECT max(position) FROM events", ())

    def user_head(self, user: str) -> int:
        """The newest position that belongs to one user; 0 for none."""
        return self._number("SELECT max(position) FROM events WHERE user = ?", (user,))

    def find_request(self, key: bytes) -> tuple[int, bytes] | None:
        """Where the request with this key tag was carried out: (position, body tag); None if it never was."""
        row = self._connection.execute(
            "SELECT position, request_body FROM events WHERE request_key = ?", (key,)
        ).fetchone()
        return None if row is None else (row[0], row[1])

    def data_version(self) -> int:
        """A number that changes whenever another connection has committed: cheap enough to poll."""
        return self._number("PRAGMA data_version", ())

    def close(self) -> None:
        self._connection.close()

    def _number(self, sql: str, bindings: tuple[str, ...]) -> int:
        row = self._connection.execute(sql, bindings).fetchone()
        return row[0] or 0 if row else 0
