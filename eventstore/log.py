"""Reading the log: one stream, all of it in bounded pages, and where it ends. One `Log` for each thread."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from eventstore.errors import LogCorrupt, StreamTooLong
from eventstore.record import Envelope, Record, decode_envelope, decode_record
from eventstore.schema import open_database, reading_plainly

MAX_PAGE = 10_000
MAX_PAGE_BYTES = 8 << 20  # Envelopes and sealed parts of one page.
MAX_STREAM = 10_000  # Streams are short by design: whoever decides on one sets a bound far below this.
MAX_POSITION = 2**63 - 1
_ENTRIES = "SELECT envelope, length(sealed) FROM events WHERE user = ? "
_OLDEST_FIRST = _ENTRIES + "AND position > ? ORDER BY position LIMIT ?"
_NEWEST_FIRST = _ENTRIES + "AND position < ? ORDER BY position DESC LIMIT ?"


class Entry(msgspec.Struct, frozen=True, gc=False):
    """What everybody may see of a record: the opened envelope, its exact bytes, and how much is sealed beside it."""

    envelope: Envelope
    data: bytes
    sealed_bytes: int


class Log:
    """A read connection. Every call is one statement on its own snapshot: it sees all that was acknowledged before.

    Everything raises LogCorrupt when the file is damaged, and LogUnreadable when it cannot be read just now."""

    def __init__(self, path: Path) -> None:
        with reading_plainly():
            self._connection = open_database(path, read_only=True)

    def read_stream(self, stream: str) -> list[Record]:
        """All records of one stream in order of version; empty when there is none. StreamTooLong past 10,000."""
        rows = self._rows(
            "SELECT envelope, sealed, leaf_hash FROM events WHERE stream = ? ORDER BY version LIMIT ?",
            (stream, MAX_STREAM + 1),
        )
        records = [decode_record(*row) for row in rows]
        if len(records) > MAX_STREAM:
            raise StreamTooLong(stream, MAX_STREAM)
        return records

    def read_all(self, after: int, limit: int, most_bytes: int = MAX_PAGE_BYTES) -> list[Record]:
        """Records with position > `after`, in order: at most `limit` (≤ 10,000), and none after the one that
        reaches `most_bytes`. Only an empty page is the end of the log; a short one is not."""
        _require_page(limit)
        return self._page(
            "SELECT envelope, sealed, leaf_hash FROM events WHERE position > ? ORDER BY position LIMIT ?",
            (after, limit),
            most_bytes,
        )

    def read_envelopes(self, after: int, limit: int) -> list[Envelope]:
        """At most `limit` (≤ 10,000) envelopes with position > `after`, in order: fewer are the end of the log.
        What is sealed is not read; an envelope has at most 64 KiB, and mostly half of one."""
        _require_page(limit)
        rows = self._rows("SELECT envelope FROM events WHERE position > ? ORDER BY position LIMIT ?", (after, limit))
        return [decode_envelope(envelope) for (envelope,) in rows]

    def read_first(self, kind: str, after: str, limit: int) -> list[Envelope]:
        """The first envelope of at most `limit` (≤ 10,000) streams `kind-…` that follow the stream `after` ("" at
        first), in order of stream: fewer are all that there are. By the index of streams: it costs what those have, and
        not what the log has."""
        _require_page(limit)
        first, end = f"{kind}-", f"{kind}."  # The dot is the next after the dash.
        rows = self._rows(
            "SELECT envelope FROM events WHERE stream > ? AND stream < ? AND version = 1 ORDER BY stream LIMIT ?",
            (max(after, first), end, limit),
        )
        return [decode_envelope(envelope) for (envelope,) in rows]

    def read_leaves(self, first: int, count: int) -> bytes:
        """The leaf hashes of at most `count` (≤ 10,000) records from index `first` on (position - 1), 32 bytes each:
        fewer at the end of the log. LogCorrupt when one in between is missing."""
        _require_page(count)
        rows = self._rows(
            "SELECT position, leaf_hash FROM events WHERE position > ? ORDER BY position LIMIT ?", (first, count)
        )
        if rows and rows[-1][0] != first + len(rows):  # Positions rise, so this alone tells whether one is left out.
            missing = next(at for at, row in enumerate(rows, first + 1) if row[0] != at)
            raise LogCorrupt(f"the event at position {missing} is not there")
        try:
            return b"".join([leaf for _, leaf in rows])
        except TypeError as error:
            raise LogCorrupt(f"a leaf hash after position {first} is none") from error

    def read_entries(self, first: int, count: int) -> list[bytes]:
        """The envelopes' bytes of at most `count` (≤ 10,000) records from index `first` on: fewer at the end of the
        log."""
        _require_page(count)
        rows = self._rows("SELECT envelope FROM events WHERE position > ? ORDER BY position LIMIT ?", (first, count))
        return [entry for (entry,) in rows]

    def read_user(self, user: str, after: int, limit: int, most_bytes: int = MAX_PAGE_BYTES) -> list[Record]:
        """One user's records with position > `after`; bounds and order as in `read_all`."""
        _require_page(limit)
        return self._page(
            "SELECT envelope, sealed, leaf_hash FROM events WHERE user = ? AND position > ? ORDER BY position LIMIT ?",
            (user, after, limit),
            most_bytes,
        )

    def read_user_entries(
        self, user: str, after: int | None, limit: int, *, descending: bool = False, most_bytes: int = MAX_PAGE_BYTES
    ) -> list[Entry]:
        """One user's entries without what is sealed, as far as they follow `after` (None: from the first on, or from
        the last on); bounds as in `read_all`."""
        _require_page(limit)
        sql, start = (_NEWEST_FIRST, MAX_POSITION) if descending else (_OLDEST_FIRST, 0)
        entries: list[Entry] = []
        size_bytes = 0
        with reading_plainly(), closing(self._connection.cursor()) as cursor:  # As in `_page`.
            for envelope, sealed_bytes in cursor.execute(sql, (user, start if after is None else after, limit)):
                entries.append(Entry(envelope=decode_envelope(envelope), data=envelope, sealed_bytes=sealed_bytes))
                size_bytes += len(envelope)
                if size_bytes >= most_bytes:
                    break
        return entries

    def read_owners(self, after: int, limit: int) -> list[tuple[int, str]]:
        """(position, user) of at most `limit` (≤ 10,000) records with position > `after`, in order: whom the news
        concerns, and nothing of what it says. Fewer than `limit` are the end of the log."""
        _require_page(limit)
        rows = self._rows(
            "SELECT position, user FROM events WHERE position > ? ORDER BY position LIMIT ?", (after, limit)
        )
        return [(position, user) for position, user in rows]

    def head(self) -> int:
        """The newest position; 0 for an empty log."""
        return self._number("SELECT max(position) FROM events", ())

    def user_head(self, user: str) -> int:
        """The newest position that belongs to one user; 0 for none."""
        return self._number("SELECT max(position) FROM events WHERE user = ?", (user,))

    def count_user(self, user: str, until: int) -> tuple[int, int, int]:
        """How many records up to a position belong to one user, and the first and last of their positions; zeroes for
        none. From the index alone."""
        ((count, first, last),) = self._rows(
            "SELECT count(*), min(position), max(position) FROM events WHERE user = ? AND position <= ?", (user, until)
        )
        return count, first or 0, last or 0

    def find_request(self, key: bytes) -> tuple[int, bytes] | None:
        """Where the request with this key tag was carried out: (position, body tag); None if it never was."""
        for position, body in self._rows("SELECT position, request_body FROM events WHERE request_key = ?", (key,)):
            return position, body
        return None

    def data_version(self) -> int:
        """A number that changes whenever another connection has committed: cheap enough to poll."""
        return self._number("PRAGMA data_version", ())

    def close(self) -> None:
        self._connection.close()

    def _page(self, sql: str, bindings: tuple[str | int, ...], most_bytes: int) -> list[Record]:
        records: list[Record] = []
        size_bytes = 0
        # Closed whatever happens: a cursor left in the middle would hold its snapshot, and with it the WAL.
        with reading_plainly(), closing(self._connection.cursor()) as cursor:
            for envelope, sealed, leaf in cursor.execute(sql, bindings):
                records.append(decode_record(envelope, sealed, leaf))
                size_bytes += len(envelope) + len(sealed)
                if size_bytes >= most_bytes:
                    break
        return records

    def _number(self, sql: str, bindings: tuple[str, ...]) -> int:
        rows = self._rows(sql, bindings)
        return rows[0][0] or 0 if rows else 0

    def _rows(self, sql: str, bindings: tuple[str | int | bytes, ...]) -> list[tuple[Any, ...]]:
        """All at once: each statement has a bound of its own."""
        with reading_plainly():
            return self._connection.execute(sql, bindings).fetchall()


def _require_page(limit: int) -> None:
    if not 1 <= limit <= MAX_PAGE:
        raise ValueError(f"a page has 1 to {MAX_PAGE} records")
