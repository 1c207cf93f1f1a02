"""Whether every stream's versions are 1, 2, 3 … in the order of their positions, in memory that does not grow.

The index by stream gives the order. It could lie, so each of its entries is held against the row it points to, and
their number against that of the rows: then there is one entry for each row, and what the walk sees is what is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec

from eventstore.verify import Finding, Findings, at
from eventstore.verify_database import DatabaseRefused, reading

PAGE: Final = 10_000
INDEX: Final = "the index by stream"
_WALK: Final = """
    SELECT entry.stream, entry.version, entry.position, row.stream IS entry.stream AND row.version IS entry.version
    FROM events AS entry INDEXED BY events_by_stream
    LEFT JOIN events AS row NOT INDEXED ON row.position = entry.position
    WHERE (entry.stream, entry.version) > (?, ?) ORDER BY entry.stream, entry.version LIMIT ?
"""


class StreamTask(msgspec.Struct, frozen=True):
    """Rows up to position `last`."""

    path: Path
    last: int


class Streams(msgspec.Struct, frozen=True):
    """How many entries the index has for those rows, and what is wrong."""

    entries: int
    findings: tuple[Finding, ...]


def walk_streams(task: StreamTask) -> Streams:
    """Never raises for what the file is like."""
    findings = Findings()
    entries = 0
    try:
        with reading(task.path) as connection:
            entries = _walk(connection, task.last, findings)
    except DatabaseRefused as refused:
        findings.add(Finding(INDEX, str(refused)))
    except (apsw.Error, UnicodeDecodeError) as error:
        findings.add(Finding(INDEX, f"cannot be read: {error}"))
    return Streams(entries, findings.listed())


def _walk(connection: apsw.Connection, last: int, findings: Findings) -> int:
    stream, version, before, entries = "", 0, 0, 0
    for page in _pages(connection):
        for name, number, position, true in page:
            if not true:
                findings.add(Finding(INDEX, f"has an entry that is not what row {position} says", _known(position)))
            if not isinstance(position, int) or position > last:
                continue  # Came while this runs.
            entries += 1
            if name != stream:
                stream, version, before = name, 0, 0
            if number != version + 1:
                findings.add(at(position, f"version {number} of its stream follows version {version}"))
            if position < before:
                findings.add(at(position, f"version {number} of its stream stands before version {version}"))
            version, before = number, position
        if findings.full:
            break
    return entries


def _pages(connection: apsw.Connection) -> Iterator[list[tuple[Any, ...]]]:
    """Short statements: one that lasts would keep a living log's write-ahead log from being emptied."""
    after: tuple[Any, Any] = ("", -1)
    while page := connection.execute(_WALK, (*after, PAGE)).fetchall():
        yield page
        reached = (page[-1][0], page[-1][1])
        if reached == after:  # A damaged index may lead in a circle.
            raise apsw.CorruptError("it leads in a circle")
        after = reached


def _known(position: object) -> int:
    return position if isinstance(position, int) and position > 0 else 0
