"""Planning one transaction: what each waiting append meets is decided here, in memory, before a row is written.

Everything the log must be asked comes in two queries and everything it must be told in a few multi-row inserts,
whatever the number of appends: each call into SQLite lets go of the interpreter lock, and taking it back from a busy
event loop costs more than the call. Nothing changes between the queries and the commit, because the writer holds
both the flock and the write transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import apsw
import msgspec

from eventstore.errors import DuplicateRequest, LogError, VersionConflict
from eventstore.merkle import leaf_hash
from eventstore.record import Append, Appended, NewRecord, encode_envelope

Row = tuple[int, str, int, str, str, int, bytes, bytes, bytes, bytes | None, bytes | None]
ROWS_AT_ONCE = (64, 16, 4, 1)  # Few different statements, so that all stay prepared.
_PLACES = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT = {
    count: "INSERT INTO events VALUES " + ", ".join([_PLACES] * count)  # noqa: S608  (question marks only)
    for count in ROWS_AT_ONCE
}
_HEAD = "SELECT position, at_us FROM events ORDER BY position DESC LIMIT 1"
_VERSIONS = """
    SELECT json_group_object(stream, version) FROM (
        SELECT stream, max(version) AS version FROM events
        WHERE stream IN (SELECT value FROM json_each(?)) GROUP BY stream)
"""
_REQUESTS = """
    SELECT json_group_object(lower(hex(request_key)), position) FROM events
    WHERE request_key IN (SELECT unhex(value) FROM json_each(?))
"""


class Batch:
    """Appends that go into one transaction. `plan` them one after the other, then `write` all that were accepted."""

    def __init__(self, connection: apsw.Connection, appends: Sequence[Append], now_us: int) -> None:
        """Inside BEGIN IMMEDIATE."""
        self._connection = connection
        self._position: int
        latest_us: int
        self._position, latest_us = connection.execute(_HEAD).fetchone() or (0, 0)
        self._at_us = max(latest_us, now_us)  # Time never runs backwards in the log, whatever the clock does.
        self._versions = self._ask(_VERSIONS, _streams(appends))
        self._requests = self._ask(_REQUESTS, {key.hex() for append in appends for key in _request_keys(append)})
        self._rows: list[Row] = []

    def plan(self, append: Append) -> Appended | Exception:
        """What the append will get once the transaction is committed. One that is refused leaves no trace."""
        try:
            self._check(append)
            rows = [
                self._row(record, position) for position, record in enumerate(append.records, start=self._position + 1)
            ]
        except LogError as error:
            return error.with_traceback(None)  # An answer and no fault: it must not keep the whole batch in memory.
        except (ValueError, TypeError) as error:
            return error
        first, self._position = self._position + 1, self._position + len(rows)
        self._rows += rows
        for record, row in zip(append.records, rows, strict=True):
            self._versions[record.stream] = record.version
            if record.request is not None:
                self._requests[record.request.key.hex()] = row[0]
        return Appended(first=first, last=self._position, at_us=self._at_us)

    def write(self) -> None:
        """Inserts the planned rows; the caller commits."""
        at = 0
        for count in ROWS_AT_ONCE:
            while len(self._rows) - at >= count:
                values = [value for row in self._rows[at : at + count] for value in row]
                self._connection.execute(_INSERT[count], values)
                at += count

    def _check(self, append: Append) -> None:
        """Requests before versions: one that lost to its own copy was carried out, and is not in conflict."""
        keys = [key.hex() for key in _request_keys(append)]
        if len(set(keys)) != len(keys):
            raise ValueError("a request tag marks one record only")
        for key in keys:
            if key in self._requests:
                raise DuplicateRequest(self._requests[key])
        for stream, version in append.guards:
            self._expect(stream, version)
        reached: dict[str, int] = {}
        for record in append.records:
            if record.stream not in reached:
                self._expect(record.stream, record.version - 1)
            elif record.version != reached[record.stream] + 1:
                raise ValueError("versions within an append must follow each other")
            reached[record.stream] = record.version

    def _expect(self, stream: str, version: int) -> None:
        actual = self._versions.get(stream, 0)
        if actual != version:
            raise VersionConflict(stream, version, actual)

    def _row(self, record: NewRecord, position: int) -> Row:
        envelope = encode_envelope(record, position, self._at_us)
        request = record.request
        return (
            position,
            record.stream,
            record.version,
            record.type,
            record.user,
            self._at_us,
            envelope,
            record.sealed,
            leaf_hash(envelope),
            None if request is None else request.key,
            None if request is None else request.body,
        )

    def _ask(self, sql: str, names: Iterable[str]) -> dict[str, int]:
        """One row of JSON: {name: number} for the names that the log has."""
        wanted = list(names)
        if not wanted:
            return {}
        row = self._connection.execute(sql, (msgspec.json.encode(wanted).decode(),)).fetchone()
        return {} if row is None else msgspec.json.decode(str(row[0]), type=dict[str, int])


def _streams(appends: Sequence[Append]) -> set[str]:
    return {stream for append in appends for stream in _named(append)}


def _named(append: Append) -> Iterator[str]:
    for stream, _ in append.guards:
        yield stream
    for record in append.records:
        yield record.stream


def _request_keys(append: Append) -> Iterator[bytes]:
    return (record.request.key for record in append.records if record.request is not None)
