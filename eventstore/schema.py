"""The schema of `events.db` at a glance, and how a connection to it is opened."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from eventstore.errors import LogCorrupt, LogUnreadable

OLDEST_SQLITE = 3_051_003  # Before 3.51.3 two connections can corrupt a WAL at reset.
APPLICATION_ID = 0x53524C47  # "SRLG"
SCHEMA_VERSION = 1
BUSY_TIMEOUT_MS = 10_000
SWITCH_AGAIN_S = 0.005

SCHEMA = """
CREATE TABLE events (
    position     INTEGER PRIMARY KEY,                      -- gap-free: max + 1 inside BEGIN IMMEDIATE
    stream       TEXT    NOT NULL,
    version      INTEGER NOT NULL,
    type         TEXT    NOT NULL,
    user         TEXT    NOT NULL,
    at_us        INTEGER NOT NULL,
    envelope     BLOB    NOT NULL,                         -- canonical JSON, hashed into the tree
    sealed       BLOB    NOT NULL,                         -- opened only with the person's key
    leaf_hash    BLOB    NOT NULL CHECK (length(leaf_hash) = 32),
    request_key  BLOB             CHECK (length(request_key) = 16),
    request_body BLOB             CHECK (length(request_body) = 16)
) STRICT;
CREATE UNIQUE INDEX events_by_stream  ON events (stream, version);
CREATE        INDEX events_by_user    ON events (user, position);
CREATE UNIQUE INDEX events_by_request ON events (request_key) WHERE request_key IS NOT NULL;
CREATE TRIGGER events_are_only_added BEFORE INSERT ON events  -- also by REPLACE, which deletes past the triggers
    WHEN NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM events)
        OR EXISTS (SELECT 1 FROM events WHERE stream = NEW.stream AND version = NEW.version)
        OR EXISTS (SELECT 1 FROM events WHERE request_key = NEW.request_key)
    BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
"""


def require_sqlite() -> None:
    """RuntimeError on an SQLite that can lose a WAL."""
    if apsw.SQLITE_VERSION_NUMBER < OLDEST_SQLITE:
        raise RuntimeError(f"SQLite {apsw.sqlite_lib_version()} is too old: 3.51.3 or newer is needed")


def open_database(path: Path, *, read_only: bool) -> apsw.Connection:
    """A connection to the log; creates and migrates an empty file. LogCorrupt if it is something else; LogUnreadable
    where it cannot be opened at all, whatever it holds."""
    require_sqlite()
    connection = _open(path, read_only=read_only)
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    try:
        _create(connection)  # First: a file that is not ours is refused as it lies, its journal mode untouched.
        _turn_on_write_ahead_log(connection)
        connection.execute("PRAGMA synchronous = FULL")
    except apsw.NotADBError as error:
        connection.close()
        raise LogCorrupt(f"{path.name} is not a database") from error
    except (apsw.CorruptError, apsw.SQLError) as error:
        connection.close()
        raise LogCorrupt(f"{path.name} is damaged: {error}") from error
    except (apsw.FullError, apsw.IOError, apsw.CantOpenError, apsw.ReadOnlyError) as error:
        connection.close()
        raise LogUnreadable(_obstacle(path) or f"the disk refuses {path}{_left(path)}: {error}") from error
    except BaseException:
        connection.close()
        raise
    if read_only:
        connection.execute("PRAGMA query_only = ON")
    return connection


def _open(path: Path, *, read_only: bool) -> apsw.Connection:
    """LogUnreadable with the file, the cause and the way out. Looked for by name alone: to open and close the file here
    would take away the locks that other connections of this process have on it."""
    try:
        connection = apsw.Connection(str(path))
    except apsw.Error as error:
        raise LogUnreadable(_obstacle(path) or f"{path}: {error}") from error
    # SQLite opens such a file all the same, to be read, and one with such an index (-shm), too.
    if not read_only and ((found := _obstacle(path)) or connection.readonly("main")):
        connection.close()
        raise LogUnreadable(found or f"{path}: it cannot be written")
    return connection


def _obstacle(path: Path) -> str:
    """What lies in the place of the log, or of a file that SQLite keeps beside it, and cannot be used."""
    for suffix in ("", "-journal", "-wal", "-shm"):
        each = path.with_name(path.name + suffix)
        if each.is_dir():
            what = "a file beside this database" if suffix else "this database"
            return f"{each}: a folder lies where {what} belongs: move it away"
        if _refused(each):
            return f"{each}: Permission denied: give it to the user that Strongroom runs as, with mode 0600"
    return ""


def _refused(path: Path) -> bool:
    """Whether it is there and not ours to read and write. Files beside a database come and go as others open and close
    it: one that is not there any more, or anew, is no obstacle."""
    try:
        there = path.stat().st_ino
        return not os.access(path, os.R_OK | os.W_OK) and path.stat().st_ino == there
    except FileNotFoundError:
        return False


def _left(path: Path) -> str:
    """KiB on its disk, if that can be asked: SQLite tells some of a full one as an I/O error."""
    try:
        found = os.statvfs(path.parent)
    except OSError:
        return ""
    return f", where {found.f_bavail * found.f_frsize >> 10} KiB are left"


def _turn_on_write_ahead_log(connection: apsw.Connection) -> None:
    """Also when several processes begin the log in the same moment: for this switch SQLite does not wait its busy
    timeout where two could wait for each other, but says "locked" at once."""
    until_s = time.monotonic() + BUSY_TIMEOUT_MS / 1_000
    while connection.pragma("journal_mode") != "wal":
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except apsw.BusyError:
            if time.monotonic() > until_s:
                raise
            time.sleep(SWITCH_AGAIN_S)


@contextmanager
def reading_plainly() -> Iterator[None]:
    """SQLite's errors as this room's, so that nobody above needs to know apsw: LogCorrupt for a damaged file,
    LogUnreadable for what may pass."""
    try:
        yield
    except (apsw.CorruptError, apsw.NotADBError, apsw.SQLError, UnicodeDecodeError) as error:
        raise LogCorrupt(f"the log is damaged: {error}") from error
    except apsw.Error as error:
        raise LogUnreadable(f"the log cannot be read: {error}") from error


def _create(connection: apsw.Connection) -> None:
    application_id = connection.pragma("application_id")
    version = connection.pragma("user_version")
    if application_id == APPLICATION_ID and version == SCHEMA_VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        if connection.pragma("user_version") == 0 and not connection.execute("SELECT 1 FROM sqlite_schema").fetchall():
            connection.execute(SCHEMA)
            connection.pragma("application_id", APPLICATION_ID)
            connection.pragma("user_version", SCHEMA_VERSION)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # A full disk may have rolled it back already.
            connection.execute("ROLLBACK")
        raise
    if connection.pragma("application_id") != APPLICATION_ID:
        raise LogCorrupt("the database is not a Strongroom log")
    if connection.pragma("user_version") != SCHEMA_VERSION:
        found = connection.pragma("user_version")
        raise LogCorrupt(f"the log has schema version {found}, and this program knows {SCHEMA_VERSION}: {_by(found)}")


def _by(version: object) -> str:
    newer = isinstance(version, int) and version > SCHEMA_VERSION
    return "it was written by a newer Strongroom" if newer else "it was never released"
