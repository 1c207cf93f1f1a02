"""Whether two projection files say the same, row by row: live and rebuilt must, to the byte."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import apsw

from projections import database
from projections.errors import ProjectionCorrupt
from projections.schema import TABLES

Row = tuple[int | float | str | bytes | None, ...]

# Every column of every table in the order of its key. `*` on purpose: a column added to the schema is
# compared without more ado. Beside it, how many columns, the first ones, make up the key.
_ALL_ROWS = {
    "user": ("SELECT * FROM user ORDER BY user_id", 1),
    "session": ("SELECT * FROM session ORDER BY user_id, position", 2),
    "token": ("SELECT * FROM token ORDER BY token_id", 1),
    "chat": ("SELECT * FROM chat ORDER BY user_id, position", 2),
    "message": ("SELECT * FROM message ORDER BY user_id, position", 2),
    "file": ("SELECT * FROM file ORDER BY user_id, position", 2),
    "transcript": ("SELECT * FROM transcript ORDER BY user_id, file_id", 2),
    "deletion": ("SELECT * FROM deletion ORDER BY position", 1),
    "erasure": ("SELECT * FROM erasure ORDER BY user_id", 1),
    "cursor": ("SELECT * FROM cursor ORDER BY id", 1),
}


def differences(live: Path, rebuilt: Path) -> Iterator[str]:
    """One line per difference, empty when equal: where it is, never what stands there. Constant memory.

    Each file is read as of one moment; a live one that has moved on since the other was built differs in
    its cursor. ProjectionCorrupt when either is not a sound projection of today's schema.
    """
    with comparing(live, rebuilt) as lines:
        yield from lines


@contextmanager
def comparing(live: Path, rebuilt: Path) -> Iterator[Iterator[str]]:
    """`differences` between the two as they stand on entering: both may go on while the lines are drawn."""
    with _reading(live) as left, _reading(rebuilt) as right:
        yield (line for table in TABLES for line in _table_differences(table, left, right))


def dump_hash(path: Path) -> str:
    """SHA-256, in hex, over all rows of all tables in key order, types included: equal for equal content
    only."""
    digest = hashlib.sha256()
    with _reading(path) as connection:
        for table in TABLES:
            digest.update(_unambiguous((table,)))
            for row in connection.execute(_ALL_ROWS[table][0]):
                digest.update(_unambiguous(row))
    return digest.hexdigest()


def _table_differences(table: str, left: apsw.Connection, right: apsw.Connection) -> Iterator[str]:
    statement, key_width = _ALL_ROWS[table]
    columns = [name for (name,) in left.execute("SELECT name FROM pragma_table_info(?)", (table,))]

    def key(found: tuple[Row, str]) -> tuple[Any, ...]:
        return found[0][:key_width]

    both = heapq.merge(
        ((row, "live") for row in left.execute(statement)),
        ((row, "rebuilt") for row in right.execute(statement)),
        key=key,
    )
    for row_key, group in groupby(both, key=key):
        found = list(group)
        where = f"{table} {' '.join(map(str, row_key))}"
        if len(found) == 1:
            yield f"{where}: only in the {found[0][1]} tables"
            continue
        (live, _), (rebuilt, _) = found
        for name, one, other in zip(columns, live, rebuilt, strict=True):
            if type(one) is not type(other) or one != other:
                yield f"{where}: {name} differs"


def _unambiguous(row: Row) -> bytes:
    """Each value as type, length in bytes, bytes: no two rows give the same."""
    parts = [b"%d;" % len(row)]
    for value in row:
        raw = value if isinstance(value, bytes) else str(value).encode()
        parts.append(b"%s:%d:%s" % (type(value).__name__.encode(), len(raw), raw))
    return b"".join(parts)


@contextmanager
def _reading(path: Path) -> Iterator[apsw.Connection]:
    connection = database.open_reader(path)
    if connection is None:
        raise ProjectionCorrupt(f"{path.name} is not a projection of today's schema")
    with closing(connection):
        try:
            connection.execute("BEGIN")
            connection.execute("SELECT position FROM cursor").fetchall()  # The state is that of the first reading.
            yield connection
        except apsw.Error as error:
            raise database.translate(error) from error
