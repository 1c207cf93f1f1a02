"""Opening the file: for the one who writes (made, checked, or started again from zero) and for those who
read."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import apsw

from projections.errors import ProjectionBusy, ProjectionCorrupt, ProjectionError, ProjectionFull
from projections.schema import APPLICATION_ID, SCHEMA, SCHEMA_VERSION

WRITER_BUSY_MS = 5_000
# A reader stands on an event loop: it meets a lock only while a crashed writer's WAL is being recovered.
READER_BUSY_MS = 250
CACHE_KIB = 16_384
WAL_CHECKPOINT_PAGES = 4_000
WAL_KEPT_BYTES = 64 * 1024 * 1024

Identity = tuple[int, int]
"""Device and inode: which file a path names just now."""


class Opened(NamedTuple):
    connection: apsw.Connection
    identity: Identity
    was_reset: bool


def identity(path: Path) -> Identity | None:
    """None when nothing is there. An inode held open is not given out again, so a new file never looks like
    the old."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def translate(error: apsw.Error) -> ProjectionError:
    """SQLite's error as one of this room's, so that nobody above needs to know apsw."""
    match error:
        case apsw.CorruptError() | apsw.NotADBError():
            return ProjectionCorrupt(str(error))
        case apsw.BusyError() | apsw.LockedError():
            return ProjectionBusy(str(error))
        case apsw.FullError() | apsw.IOError():
            return ProjectionFull(str(error))
        case _:
            return ProjectionError(str(error))


def open_writer(path: Path) -> Opened:
    """The file with today's schema: as it is, new, or (damaged, or of another schema version) started from
    zero.

    ProjectionError when it is a sound database of some other program: a wrong path must not delete the log.
    """
    with _opening(path):
        try:
            try:
                return Opened(_open_checked(path), _identity_of(path), was_reset=False)
            except ProjectionCorrupt:
                _delete(path)
                return Opened(_open_checked(path), _identity_of(path), was_reset=True)
        except apsw.Error as error:
            raise translate(error) from error


def reset(path: Path) -> Opened:
    """Delete the file, damaged as it was found to be while in use, and start again from zero."""
    with _opening(path):
        _delete(path)
        return Opened(_open_checked(path), _identity_of(path), was_reset=True)


def open_reader(path: Path) -> apsw.Connection | None:
    """Read-only. None: not there, not finished, of another schema, or damaged; the projector will see to
    it."""
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    except apsw.CantOpenError:
        return None
    try:
        connection.set_busy_timeout(READER_BUSY_MS)
        connection.pragma("cache_size", -CACHE_KIB)
        if _marks(connection) == (APPLICATION_ID, SCHEMA_VERSION):
            return connection
    except (apsw.CorruptError, apsw.NotADBError):
        pass
    except apsw.Error as error:
        connection.close()
        raise translate(error) from error
    connection.close()
    return None


@contextlib.contextmanager
def _opening(path: Path) -> Iterator[None]:
    """One process at a time opens: of two that find a damaged file, the second must not delete the first
    one's new one. The lock file stays: removing it would let two processes lock two different files."""
    lock = os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _open_checked(path: Path) -> apsw.Connection:
    if identity(path) is None:
        # A WAL left over by a crash amid `_delete` is harmless: SQLite throws away one beside an empty
        # database.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        connection.set_busy_timeout(WRITER_BUSY_MS)
        new = _is_new(connection)
        _configure(connection)
        if new:
            _make(connection)
    except (apsw.CorruptError, apsw.NotADBError) as error:
        connection.close()
        raise ProjectionCorrupt(str(error)) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _configure(connection: apsw.Connection) -> None:
    connection.pragma("journal_mode", "WAL")
    # NORMAL: a power cut may take back the last commits, whole: rows and cursor together. They are applied
    # again from the log, so an fsync per batch would buy nothing.
    connection.pragma("synchronous", "NORMAL")
    # Four times the default: facts of many chats touch the same few thousand pages again and again,
    # and each checkpoint writes every one of them.
    connection.pragma("wal_autocheckpoint", WAL_CHECKPOINT_PAGES)
    # No secure_delete: what a deleted row leaves behind is ciphertext whose key is gone (forgetting
    # destroys keys, in the keyring), and the envelope's public fields stay in the log for ever anyway. It
    # would not reach the WAL.
    connection.pragma("secure_delete", "OFF")
    # Dirty pages past this spill into the WAL, so that a rebuild in one transaction has bounded memory.
    connection.pragma("cache_size", -CACHE_KIB)
    # A rebuild's WAL is as large as the tables; afterwards it shrinks to this.
    connection.pragma("journal_size_limit", WAL_KEPT_BYTES)


def _is_new(connection: apsw.Connection) -> bool:
    """Whether the file is still empty; False: it holds today's tables. Changes nothing, whatever else it
    is."""
    match _marks(connection):
        case (0, 0) if not connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall():
            return True
        case (application_id, version) if application_id == APPLICATION_ID:
            if version != SCHEMA_VERSION:
                raise ProjectionCorrupt(f"schema version {version}, not {SCHEMA_VERSION}")
            try:
                held = connection.execute("SELECT position FROM cursor WHERE id = 1").fetchall()
            except apsw.SQLError as error:
                raise ProjectionCorrupt(str(error)) from error
            if not held:
                raise ProjectionCorrupt("the cursor is missing")
            return False
        case _:
            raise ProjectionError("this is the database of another program, not a projection: it stays as it is")


def _make(connection: apsw.Connection) -> None:
    # Tables and marks commit together: whoever sees the marks sees the tables. Not `with connection`: apsw then
    # commits while it holds the interpreter lock, and every thread would wait for the disk.
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(SCHEMA)
        connection.pragma("application_id", APPLICATION_ID)
        connection.pragma("user_version", SCHEMA_VERSION)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _marks(connection: apsw.Connection) -> tuple[int, int]:
    return int(connection.pragma("application_id")), int(connection.pragma("user_version"))


def _delete(path: Path) -> None:
    # The database first: without its WAL it would look sound and be a half-checkpointed mixture; a WAL
    # without its database is thrown away by SQLite when the next one begins.
    for name in (f"{path}", f"{path}-wal", f"{path}-shm"):
        Path(name).unlink(missing_ok=True)


def _identity_of(path: Path) -> Identity:
    found = identity(path)
    if found is None:
        raise ProjectionBusy("the file was removed while it was being opened")
    return found
