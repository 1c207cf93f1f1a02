"""Whether the log's indexes lead to every row, and nowhere else: most questions are answered through them, and an index
that leaves out an event hides it from whoever asks by stream, by user or by request.

Every row is searched for in each index, and the entries of each are counted. A search that finds every row goes by an
order that holds throughout; as many entries as rows then leave none over. The same searches show that the versions of
every stream are 1, 2, 3 … in the order of their positions, so no stream has to be remembered.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final, NamedTuple

import apsw

from eventstore.verify.database import DatabaseRefused, reading
from eventstore.verify.verdict import MAX_FINDINGS, Finding, Findings, at


class Index(NamedTuple):
    """`name`: how it is told. `all_of_it`: true of each entry that a row can have, and told from the index alone."""

    name: str
    sql_name: str
    all_of_it: str


BY_STREAM: Final = Index("the index by stream", "events_by_stream", "stream >= ''")
BY_USER: Final = Index("the index by user", "events_by_user", "user >= ''")
BY_REQUEST: Final = Index("the index by request", "events_by_request", "request_key >= x''")
INDEXES: Final = (BY_STREAM, BY_USER, BY_REQUEST)

# S608, here and below: only names and conditions of this module are put together, never a value.
# S608: of these and the next, all parts are constants of this module.
_IN_STREAM: Final = f"SELECT position FROM events INDEXED BY {BY_STREAM.sql_name} WHERE stream = row.stream"  # noqa: S608  (constants only)
_IN_USER: Final = f"SELECT position FROM events INDEXED BY {BY_USER.sql_name} WHERE user = row.user"  # noqa: S608  (constants only)
_IN_REQUESTS: Final = f"SELECT position FROM events INDEXED BY {BY_REQUEST.sql_name}"  # noqa: S608  (constants only)
_FAULTS: Final = {
    BY_STREAM: f"({_IN_STREAM} AND version = row.version) IS NOT row.position",
    BY_USER: f"({_IN_USER} AND position = row.position) IS NOT row.position",
    BY_REQUEST: "row.request_key IS NOT NULL"
    f" AND ({_IN_REQUESTS} WHERE request_key = row.request_key) IS NOT row.position",
}
_BEFORE: Final = f"({_IN_STREAM} AND version = row.version - 1)"
_STRAYS: Final = f"row.version IS NOT 1 AND ifnull({_BEFORE} >= row.position, TRUE)"
_WRONG: Final = f"""
    SELECT position, version, {_BEFORE}, {_STRAYS}, {", ".join(_FAULTS.values())}
    FROM events AS row NOT INDEXED
    WHERE position > ? AND position <= ? AND ({_STRAYS} OR {" OR ".join(_FAULTS.values())})
    ORDER BY position LIMIT {MAX_FINDINGS}
"""  # noqa: S608  (all: constants only)


def misled(connection: apsw.Connection, after: int, last: int) -> Iterator[Finding]:
    """Rows to which an index does not lead, or that are out of their stream's order, of the positions `after` + 1 to
    `last`. A short statement: one that lasts would keep a living log's write-ahead log from being emptied."""
    with closing(connection.cursor()) as cursor:
        for row in cursor.execute(_WRONG, (after, last)):
            yield from _told(*row)


def _told(position: int, version: Any, before: Any, strays: Any, *faults: Any) -> Iterator[Finding]:
    if strays and before is None:
        yield at(position, f"version {version} of its stream does not follow the one before")
    elif strays:
        yield at(position, f"version {version} of its stream stands before the one it follows")
    yield from (
        at(position, f"{index.name} does not lead to it") for index, fault in zip(_FAULTS, faults, strict=True) if fault
    )


def count_entries(path: Path, index: Index, last: int, findings: Findings) -> int | None:
    """Of the rows up to position `last`; None, and a finding, when they cannot be counted."""
    # S608: of the constants above.
    # S608: names and conditions are constants of this module.
    sql = f"SELECT count(*) FROM events INDEXED BY {index.sql_name} WHERE {index.all_of_it} AND position <= ?"  # noqa: S608  (constants only)
    try:
        with reading(path) as connection:
            counted: list[Any] = connection.execute(sql, (last,)).fetchall()
            return int(counted[0][0])
    except (DatabaseRefused, apsw.Error) as error:
        findings.add(Finding(index.name, f"cannot be read: {error}"))
        return None
