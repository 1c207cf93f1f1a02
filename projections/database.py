"""Opening the file: for the one who writes (made, checked, or started again from zero) and for those who
read."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import apsw

from projections import places
from projections.errors import ProjectionBusy, ProjectionCorrupt, ProjectionError, ProjectionFull
from projections.places import Identity, identity
from projections.schema import APPLICATION_ID, SCHEMA, SCHEMA_VERSION

WRITER_BUSY_MS = 5_000
# A reader stands on an event loop: it meets a lock only while a crashed writer's WAL is being recovered.
READER_BUSY_MS = 250
PLACE_TRIES = 16
REPLACED_AGAIN = "the file is being replaced again and again"
CACHE_KIB = 16_384
DRAFT_CACHE_KIB = 65_536
WAL_CHECKPOINT_PAGES = 4_000
WAL_KEPT_BYTES = 64 * 1024 * 1024

__all__ = ["Identity", "identity"]  # Whoever opens by path asks for these, too.


class Opened(NamedTuple):
    connection: apsw.Connection
    identity: Identity
    was_reset: bool


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
    with places.opening(path):
        try:
            places.tidy(path)
            if identity(path) is None:
                return Opened(_begin(path), _identity_of(path), was_reset=False)
            try:
                return Opened(_open_checked(path), _identity_of(path), was_reset=False)
            except ProjectionCorrupt:
                return _begin_again(path)
        except apsw.Error as error:
            raise translate(error) from error


def reset(path: Path, damaged: Identity) -> Opened:
    """Start again from zero in place of the file that was found damaged while in use, unless somebody has."""
    with places.opening(path):
        try:
            if identity(path) in {None, damaged}:
                return _begin_again(path)
        except apsw.Error as error:
            raise translate(error) from error
    return open_writer(path)


def open_draft(file: Path) -> apsw.Connection:
    """A new file that nobody else opens, made to be filled fast: a crash loses it, an error leaves it unusable."""
    connection = _create(file)
    try:
        for pragma, value in (
            ("locking_mode", "EXCLUSIVE"),
            ("journal_mode", "OFF"),
            ("synchronous", "OFF"),
            ("cache_size", -DRAFT_CACHE_KIB),
        ):
            connection.pragma(pragma, value)
        _make(connection)
    except apsw.Error as error:
        connection.close()
        raise translate(error) from error
    return connection


def close_draft(connection: apsw.Connection) -> None:
    """All of it stands in the one file then, as everybody else opens it; not yet proof against a power cut."""
    connection.pragma("journal_mode", "WAL")
    connection.close()


@contextlib.contextmanager
def writing_held(path: Path) -> Iterator[None]:
    """Whoever is writing to the file finishes first; whoever comes later waits, and looks again whether it still has
    its place. ProjectionError when it belongs to some other program. One that is not there or damaged has no
    writers."""
    connection = _open_to_hold(path)
    try:
        yield
    finally:
        if connection is not None:
            connection.close()


def _open_to_hold(path: Path) -> apsw.Connection | None:
    if identity(path) is None:
        return None
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    except apsw.CantOpenError:
        return None
    try:
        connection.set_busy_timeout(WRITER_BUSY_MS)
        _is_new(connection)
        connection.execute("BEGIN IMMEDIATE")
    except (apsw.CorruptError, apsw.NotADBError, ProjectionCorrupt):
        pass
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path) -> apsw.Connection | None:
    """Read-only. None: not there, not finished, of another schema, or damaged; the projector will see to
    it. ProjectionBusy when another file takes the place again and again."""
    return open_current(path)[0]


def open_current(path: Path) -> tuple[apsw.Connection | None, Identity | None]:
    """`open_reader`, and which file it was that the path named."""
    for _ in range(PLACE_TRIES):
        before = identity(path)
        connection = None if before is None else _open_for_reading(path)
        # Another file has taken the place meanwhile: what was opened may be half of the old one, its `-wal` removed.
        if identity(path) == before:
            return connection, before
        if connection is not None:
            connection.close()
    raise ProjectionBusy(REPLACED_AGAIN)


def _open_for_reading(path: Path) -> apsw.Connection | None:
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    except apsw.CantOpenError:
        return None
    try:
        connection.set_busy_timeout(READER_BUSY_MS)
        connection.pragma("cache_size", -CACHE_KIB)
        if _marks(connection) == (APPLICATION_ID, SCHEMA_VERSION):
            return connection
    except (apsw.CorruptError, apsw.NotADBError, apsw.CantOpenError):
        pass
    except apsw.Error as error:
        connection.close()
        raise translate(error) from error
    connection.close()
    return None


def _begin(path: Path) -> apsw.Connection:
    """New tables, at zero, in place of whatever the path names."""
    file = places.new_name(path)
    try:
        connection = _create(file)
        try:
            _configure(connection)
            _make(connection)
            places.place(path, file)
        except BaseException:
            connection.close()
            raise
    except BaseException:
        places.discard(file)
        raise
    return connection


def _begin_again(path: Path) -> Opened:
    opened = Opened(_begin(path), _identity_of(path), was_reset=True)
    places.tidy(path)
    return opened


def _create(file: Path) -> apsw.Connection:
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    connection = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READWRITE)
    connection.set_busy_timeout(WRITER_BUSY_MS)
    return connection


def _open_checked(path: Path) -> apsw.Connection:
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
    connection.pragma("cache_size", -CACHE_KIB)
    # A reader that stands on an old state lets the WAL grow; afterwards it shrinks to this.
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


def _identity_of(path: Path) -> Identity:
    found = identity(path)
    if found is None:
        raise ProjectionBusy("the file was removed while it was being opened")
    return found
