"""Opening a log database that somebody else may have prepared, to read and never to run anything of it.

Nothing is created, migrated or repaired. The schema must be the log's, to the letter, before a row is read: a view, a
trigger or a generated column could otherwise put words into the log's mouth.
"""

from __future__ import annotations

import functools
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import apsw

from eventstore.schema import APPLICATION_ID, BUSY_TIMEOUT_MS, SCHEMA, SCHEMA_VERSION, require_sqlite

MAX_VALUE_BYTES: Final = 17 << 20  # A sealed part has at most 16 MiB.
MAX_HEAP_BYTES: Final = 256 << 20  # Of SQLite in this process: a schema of a million tables is refused, not loaded.
_CACHE_KIB: Final = 8 << 10
_TOLD: Final = ", ".join(
    f"CASE WHEN octet_length({column}) <= 4096 THEN {column} END" for column in ("type", "name", "tbl_name", "sql")
)
_OBJECTS: Final = f"SELECT {_TOLD} FROM sqlite_schema ORDER BY name LIMIT 50"  # noqa: S608  (constants only)


class DatabaseRefused(Exception):
    """Not a log that can be read: one line that says why."""


def bound_memory() -> None:
    """For a process that only audits: SQLite's whole memory gets a limit. Cannot be undone."""
    apsw.hard_heap_limit(MAX_HEAP_BYTES)


@contextmanager
def reading(path: Path) -> Iterator[apsw.Connection]:
    """A connection that only reads, to a file with exactly the log's schema. DatabaseRefused."""
    connection = _open(path)
    try:
        _require_log(connection)
        yield connection
    finally:
        connection.close()


def _open(path: Path) -> apsw.Connection:
    """Beside a living writer, through its write-ahead log; on a file system that cannot be written, as it lies."""
    require_sqlite()
    if not path.is_file():
        raise DatabaseRefused(f"there is no {path.name}")
    for beside in (path.with_name(f"{path.name}{end}") for end in ("-journal", "-wal", "-shm")):
        if beside.exists() and not beside.is_file():
            raise DatabaseRefused(f"{beside.name} is not a file")  # SQLite would wait for whoever opens a pipe.
    try:
        return _connect(path, "mode=ro")
    except (apsw.CantOpenError, apsw.ReadOnlyError) as error:
        wal = path.with_name(f"{path.name}-wal")
        if wal.exists() and wal.stat().st_size > 0:
            raise DatabaseRefused(
                f"{path.name} has a write-ahead log that cannot be read here ({error}): copy both to a folder that "
                "can be written"
            ) from None
        try:
            return _connect(path, "mode=ro&immutable=1")
        except apsw.Error as again:
            raise DatabaseRefused(f"{path.name} cannot be opened: {again}") from None
    except (apsw.Error, UnicodeDecodeError) as error:
        raise DatabaseRefused(f"{path.name} is not a database that can be read: {error}") from None


def _connect(path: Path, how: str) -> apsw.Connection:
    address = f"file:{urllib.parse.quote(str(path.absolute()))}?{how}"
    connection = apsw.Connection(address, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    try:
        connection.limit(apsw.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
        connection.limit(apsw.SQLITE_LIMIT_ATTACHED, 0)
        for setting, value in (
            (apsw.SQLITE_DBCONFIG_DEFENSIVE, 1),
            (apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0),
            (apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0),
            (apsw.SQLITE_DBCONFIG_ENABLE_VIEW, 0),
            (apsw.SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0),
        ):
            connection.config(setting, value)
        connection.set_busy_timeout(BUSY_TIMEOUT_MS)
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("PRAGMA mmap_size = 0")  # A file that shrinks under a mapping kills the process.
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()  # The first look at the file itself.
    except BaseException:
        connection.close()
        raise
    return connection


def _require_log(connection: apsw.Connection) -> None:
    try:
        marks = (connection.pragma("application_id"), connection.pragma("user_version"))
        encoding = connection.pragma("encoding")
        objects = connection.execute(_OBJECTS).fetchall()
    except (apsw.Error, UnicodeDecodeError) as error:
        raise DatabaseRefused(f"the schema of the database cannot be read: {error}") from None
    if marks[0] != APPLICATION_ID:
        raise DatabaseRefused("the database is not a Strongroom log")
    if marks[1] != SCHEMA_VERSION:
        raise DatabaseRefused(f"the log has schema version {marks[1]}; this code knows {SCHEMA_VERSION}")
    if encoding != "UTF-8":  # The order of its texts would not be that of their bytes.
        raise DatabaseRefused(f"the texts of the database are in {encoding}, not in UTF-8")
    if objects != _expected():
        ours = {row[1] for row in _expected()}
        other = next((str(row[1]) for row in objects if row not in _expected()), None)
        missing = next((str(name) for name in ours - {row[1] for row in objects}), None)
        what = f"{missing} is missing" if other is None else f"{other!r} is not as it must be"
        raise DatabaseRefused(f"the database has not the log's schema: {what}")


@functools.cache
def _expected() -> list[tuple[apsw.SQLiteValue, ...]]:
    """What a new log has."""
    connection = apsw.Connection(":memory:")
    try:
        connection.execute(SCHEMA)
        return connection.execute(_OBJECTS).fetchall()
    finally:
        connection.close()
