"""A span of the log's rows, from the bytes up: columns, envelope, sealed part, leaf hash, tile.

A page is compared in a few bulk operations; only one that does not compare is looked at row by row, to say which row
and what. The envelope is the measure: its bytes are hashed into the tree, so what else the row says must follow it.

How many bytes a page has is asked before it is loaded, of every column: a hostile file has megabytes wherever it can.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from operator import attrgetter, le
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec

from eventstore.merkle import leaf_hash, perfect_root
from eventstore.record import MAX_ENVELOPE_BYTES, Envelope
from eventstore.tiles import FULL_BYTES, HEIGHT, WIDTH, Tile
from eventstore.verify.crew import without_collector
from eventstore.verify.database import MAX_VALUE_BYTES, DatabaseRefused, reading
from eventstore.verify.envelopes import MAX_PAGE_BYTES, EnvelopeFault, leaf_hashes, open_envelope, open_page
from eventstore.verify.files import FileRefused, read_small
from eventstore.verify.indexes import misled
from eventstore.verify.tree import compare_tile
from eventstore.verify.verdict import Finding, Findings, at

SPAN: Final = 32 * WIDTH
PAGE_ROWS: Final = 2 * WIDTH  # A few hundred kilobytes: they stay in a core's own cache from one look to the next.
PAGE_BYTES: Final = 8 << 20
_LONG: Final = ("stream", "type", "user", "envelope", "sealed", "leaf_hash", "request_key", "request_body")
_MOST_BYTES: Final = {"envelope": 1 << 20, "sealed": MAX_VALUE_BYTES}  # Long enough to say of one that it is too long.

_SELECT: Final = "position, stream, version, type, user, at_us, envelope, sealed, leaf_hash, request_key, request_body"
# S608, here and below: only columns named in this module are put together, never a value.
# S608: of these and the next, all parts are constants of this module.
_PAGE: Final = f"SELECT {_SELECT} FROM events NOT INDEXED WHERE position > ? AND position <= ? ORDER BY position"  # noqa: S608  (constants only)
_WEIGHT: Final = (
    f"SELECT total({' + '.join(f'ifnull(octet_length({column}), 0)' for column in _LONG)}),"  # noqa: S608  (constants only)
    " total(octet_length(envelope) + 1) FROM events NOT INDEXED WHERE position > ? AND position <= ?"
)
_ROW_COLUMNS: Final = ", ".join(
    f"CASE WHEN octet_length({column}) <= {_MOST_BYTES.get(column, MAX_ENVELOPE_BYTES)} THEN {column} END"
    if column in _LONG
    else column
    for column in _SELECT.split(", ")
)
_ROW: Final = f"SELECT {_ROW_COLUMNS} FROM events NOT INDEXED WHERE position = ?"  # noqa: S608  (all: constants only)
_NAMES: Final = ("position", "stream", "version", "type", "user", "at_us")
_FIELDS: Final = attrgetter(*_NAMES)
_FIELD_OF: Final = tuple((attrgetter(name), str if name in _LONG else int) for name in _NAMES)
_Row = tuple[Any, ...]  # A hostile file may have any type in any column.


class Task(msgspec.Struct, frozen=True):
    """Positions `first` + 1 to `last`, `first` a tile border. Tiles (of the folder, if any) must be there up to `size`.
    `cuts`: tree sizes for which the leaf hashes after the last tile border are wanted."""

    path: Path
    folder: Path | None
    first: int
    last: int
    size: int
    cuts: tuple[int, ...]


class Walked(msgspec.Struct):
    """What a span came to. `count` leaves were found in a row from its start: a gap ends it; `requests` of them have a
    request tag."""

    count: int
    tile_roots: bytes
    tail: bytes
    cuts: dict[int, bytes]
    first_us: int
    last_us: int
    missing_tiles: int
    requests: int
    findings: tuple[Finding, ...]


def walk_rows(task: Task) -> Walked:
    """Never raises for what the file is like."""
    findings = Findings()
    walk = _Walk(task, findings)
    try:
        with reading(task.path) as connection, without_collector():
            walk.rows(connection)
            walk.indexes(connection)
    except DatabaseRefused as refused:
        findings.add(at(task.first + 1, str(refused)))
    return walk.result()


class _Walk:
    def __init__(self, task: Task, findings: Findings) -> None:
        self._task = task
        self._findings = findings
        self._leaves: list[bytes] = []
        self._first_us = 0
        self._last_us = 0
        self._requests = 0
        self._ended = False

    def rows(self, connection: apsw.Connection) -> None:
        """Pages until the span or the rows end."""
        after, count = self._task.first, PAGE_ROWS
        while after < self._task.last and not self._ended:
            last = min(after + count, self._task.last)
            try:
                page = _page(connection, after, last)
            except (apsw.Error, UnicodeDecodeError):
                page = []
            if page is None and last > after + 1:
                count = (last - after) // 2
                continue
            if not page or not self._whole(page, after):
                self._one_by_one(connection, after, after + len(page) if page else last, too_long=page is None)
            count = min(PAGE_ROWS, 2 * count)
            after = self._task.first + len(self._leaves)

    def indexes(self, connection: apsw.Connection) -> None:
        """Of the rows that were found."""
        for start in range(0, len(self._leaves), PAGE_ROWS):
            after = self._task.first + start
            last = min(after + PAGE_ROWS, self._task.first + len(self._leaves))
            try:
                self._findings.extend(misled(connection, after, last))
            except apsw.Error as error:
                what = f"an index that leads there cannot be read: {error}"
                self._findings.add(Finding(f"positions {after + 1} to {last}", what, after + 1, last - after))

    def result(self) -> Walked:
        task, leaves = self._task, self._leaves
        full = len(leaves) - len(leaves) % WIDTH
        roots, missing = [], 0
        for start in range(0, full, WIDTH):
            tile = leaves[start : start + WIDTH]
            roots.append(perfect_root(tile))
            if task.folder is not None:
                missing += self._compare(task.folder, Tile(0, (task.first + start) >> HEIGHT), b"".join(tile))
        cuts = {
            size: b"".join(leaves[size - size % WIDTH - task.first : size - task.first])
            for size in task.cuts
            if task.first <= size <= task.first + len(leaves)
        }
        return Walked(
            count=len(leaves),
            tile_roots=b"".join(roots),
            tail=b"".join(leaves[full:]),
            cuts=cuts,
            first_us=self._first_us,
            last_us=self._last_us,
            missing_tiles=missing,
            requests=self._requests,
            findings=self._findings.listed(),
        )

    def _whole(self, page: list[_Row], after: int) -> bool:
        """Adds the page if all of it is in order."""
        try:
            hashed = self._compared(page, after)
        except (TypeError, ValueError, AttributeError):  # Whatever it was, the rows are asked for it.
            return False
        if hashed is not None:
            self._requests += sum(row[9] is not None for row in page)
            self._took(hashed, [row[5] for row in page])
        return hashed is not None

    def _compared(self, page: list[_Row], after: int) -> list[bytes] | None:
        """The leaf hashes if all is in order."""
        columns = list(zip(*page, strict=True))
        times, envelopes, sealed, leaves, keys, bodies = columns[5:]
        if columns[0] != tuple(range(after + 1, after + 1 + len(page))):
            return None
        opened = open_page(envelopes)
        if opened is None:
            return None
        hashed = leaf_hashes(envelopes)
        sha256 = hashlib.sha256
        fine = (
            hashed == list(leaves)
            and all(
                set(map(type, column)) == {kind} and list(map(field, opened)) == list(column)
                for column, (field, kind) in zip(columns, _FIELD_OF, strict=False)
            )
            and [each.sealed_sha256 for each in opened] == [sha256(part).hexdigest() for part in sealed]
            and [each.request for each in opened] == list(map(_request, keys, bodies))
            and self._last_us <= times[0]
            and all(map(le, times, times[1:]))
        )
        return hashed if fine else None

    def _one_by_one(self, connection: apsw.Connection, after: int, last: int, *, too_long: bool) -> None:
        """`too_long`: why they were not looked at together, which need not be a fault."""
        known = len(self._findings)
        for position in range(after + 1, last + 1):
            try:
                rows = connection.execute(_ROW, (position,)).fetchall()
            except (apsw.Error, UnicodeDecodeError) as error:
                self._findings.add(at(position, f"the row cannot be read: {error}"))
                rows = None
            if not rows:
                if rows is not None:
                    self._findings.add(at(position, "the row is missing"))
                self._ended = True
                return
            self._judge(rows[0], position)
        if len(self._findings) == known and not too_long:
            where = f"positions {after + 1} to {last}"
            self._findings.add(Finding(where, "the rows read differently in order and one by one", after + 1))

    def _judge(self, row: _Row, position: int) -> None:
        """One row: what is wrong with it, and its leaf."""
        at_us, envelope, sealed, leaf = row[5:9]
        if not isinstance(envelope, bytes) or not isinstance(sealed, bytes):
            self._findings.add(at(position, "the row has a column of the wrong type, or one that is too long"))
            self._ended = True
            return
        say = [at(position, what) for what in _faults(row, position, envelope, sealed)]
        self._requests += row[9] is not None
        hashed = leaf_hash(envelope)
        if leaf != hashed:
            say.append(at(position, "the leaf hash is not that of the envelope"))
        if isinstance(at_us, int):
            if at_us < self._last_us:
                say.append(at(position, "its time is before that of the row before it"))
            self._took([hashed], (at_us,))
        else:
            self._leaves.append(hashed)
        self._findings.extend(say)

    def _took(self, leaves: list[bytes], times: Sequence[int]) -> None:
        if not self._leaves:
            self._first_us = times[0]
        self._leaves += leaves
        self._last_us = times[-1]

    def _compare(self, folder: Path, tile: Tile, made: bytes) -> int:
        """1 if the tile should be there and is not."""
        stored = stored_tile(folder, tile, self._findings)
        if stored is None:
            return tile.start + WIDTH <= self._task.size
        found = compare_tile(tile, stored, made)
        if found is not None:
            self._findings.add(found)
        return 0


def stored_tile(folder: Path, tile: Tile, findings: Findings) -> bytes | None:
    """None when it is not there; a file that cannot be one is found and counts as nothing."""
    try:
        return read_small(folder / tile.path, FULL_BYTES)
    except FileRefused as refused:
        findings.add(Finding(tile.path, str(refused), tile.start + 1))
        return b""


def _page(connection: apsw.Connection, after: int, last: int) -> list[_Row] | None:
    """None: too many bytes to be loaded together."""
    page: list[_Row] | None = None
    with connection:  # What is weighed is what is loaded.
        weights: list[Any] = connection.execute(_WEIGHT, (after, last)).fetchall()
        all_bytes, envelope_bytes = weights[0]
        if all_bytes <= PAGE_BYTES and envelope_bytes <= MAX_PAGE_BYTES:
            page = connection.execute(_PAGE, (after, last)).fetchall()
    return page


def _request(key: bytes | None, body: bytes | None) -> tuple[str, str] | None:
    return None if key is None and body is None else (key.hex(), body.hex())  # type: ignore[union-attr]  # half a tag: AttributeError, and the row is asked


def _faults(row: _Row, position: int, envelope: bytes, sealed: bytes) -> Iterator[str]:
    try:
        opened: Envelope = open_envelope(envelope)
    except EnvelopeFault as fault:
        yield str(fault)
        return
    if opened.position != position:
        yield f"the envelope is that of position {opened.position}"
    for name, column, field in zip(_NAMES[1:], row[1:6], _FIELDS(opened)[1:], strict=True):
        if column != field or type(column) is not type(field):
            yield f"the column {name} is not what the envelope says"
    if hashlib.sha256(sealed).hexdigest() != opened.sealed_sha256:
        yield "the sealed part is not the one that the envelope names"
    try:
        same = _request(row[9], row[10]) == opened.request
    except AttributeError:
        same = False
    if not same:
        yield "the request tag is not what the envelope says"
