"""A span of the log's rows, from the bytes up: columns, envelope, sealed part, leaf hash, tile.

A page is compared in a few bulk operations; only one that does not compare is looked at row by row, to say which row
and what. The envelope is the measure: its bytes are hashed into the tree, so what else the row says must follow it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from operator import attrgetter, le
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec

from eventstore.merkle import leaf_hash, perfect_root
from eventstore.record import Envelope
from eventstore.tiles import FULL_BYTES, HEIGHT, WIDTH, Tile
from eventstore.verify import Finding, Findings, at
from eventstore.verify_database import DatabaseRefused, reading
from eventstore.verify_envelopes import EnvelopeFault, leaf_hashes, open_envelope, open_page
from eventstore.verify_files import FileRefused, read_small
from eventstore.verify_tree import compare_tile

SPAN: Final = 32 * WIDTH
PAGE_ROWS: Final = 2_048
PAGE_BYTES: Final = 8 << 20  # And the row that passes it: 17 MiB at most.

_COLUMNS: Final = "position, stream, version, type, user, at_us, envelope, sealed, leaf_hash, request_key, request_body"
_SPAN: Final = f"SELECT {_COLUMNS} FROM events NOT INDEXED WHERE position > ? AND position <= ? ORDER BY position"  # noqa: S608
_ROW: Final = f"SELECT {_COLUMNS} FROM events NOT INDEXED WHERE position = ?"  # noqa: S608  (both: constants only)
_NAMES: Final = ("position", "stream", "version", "type", "user", "at_us")
_FIELDS: Final = attrgetter(*_NAMES)
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
    """What a span came to. `count` leaves were found in a row from its start: a gap ends it."""

    count: int
    tile_roots: bytes
    tail: bytes
    cuts: dict[int, bytes]
    first_us: int
    last_us: int
    missing_tiles: int
    findings: tuple[Finding, ...]


def walk_rows(task: Task) -> Walked:
    """Never raises for what the file is like."""
    findings = Findings()
    walk = _Walk(task, findings)
    try:
        with reading(task.path) as connection:
            walk.rows(connection)
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
        self._ended = False

    def rows(self, connection: apsw.Connection) -> None:
        """Pages until the span or the rows end."""
        after = self._task.first
        while after < self._task.last and not self._ended:
            try:
                page = _page(connection, after, self._task.last)
                fine = bool(page) and self._whole(page, after)
            except (apsw.Error, TypeError, ValueError, AttributeError):  # Whatever it was, the rows are asked for it.
                page, fine = [], False
            if not fine:
                count = len(page) or min(PAGE_ROWS, self._task.last - after)
                self._one_by_one(connection, after, after + count)
            after = self._task.first + len(self._leaves)

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
            findings=self._findings.listed(),
        )

    def _whole(self, page: list[_Row], after: int) -> bool:
        """Adds the page if all of it is in order."""
        *_, times, envelopes, sealed, leaves, keys, bodies = zip(*page, strict=True)
        if [row[0] for row in page] != list(range(after + 1, after + 1 + len(page))):
            return False
        opened = open_page(envelopes)
        if opened is None:
            return False
        hashed = leaf_hashes(envelopes)
        sha256 = hashlib.sha256
        fine = (
            hashed == list(leaves)
            and list(map(_FIELDS, opened)) == [row[:6] for row in page]
            and [each.sealed_sha256 for each in opened] == [sha256(part).hexdigest() for part in sealed]
            and [each.request for each in opened] == list(map(_request, keys, bodies))
            and self._last_us <= times[0]
            and all(map(le, times, times[1:]))
        )
        if fine:
            self._took(hashed, times)
        return fine

    def _one_by_one(self, connection: apsw.Connection, after: int, last: int) -> None:
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
        if len(self._findings) == known:
            where = f"positions {after + 1} to {last}"
            self._findings.add(Finding(where, "the rows read differently in order and one by one", after + 1))

    def _judge(self, row: _Row, position: int) -> None:
        """One row: what is wrong with it, and its leaf."""
        at_us, envelope, sealed, leaf = row[5:9]
        if not isinstance(envelope, bytes) or not isinstance(sealed, bytes):
            self._findings.add(at(position, "the row has a column of the wrong type"))
            self._ended = True
            return
        say = [at(position, what) for what in _faults(row, position, envelope, sealed)]
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


def _page(connection: apsw.Connection, after: int, last: int) -> list[_Row]:
    page: list[_Row] = []
    size_bytes = 0
    with closing(connection.cursor()) as cursor:
        for row in cursor.execute(_SPAN, (after, last)):
            page.append(row)
            size_bytes += len(row[6]) + len(row[7])
            if len(page) == PAGE_ROWS or size_bytes >= PAGE_BYTES:
                break
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
