"""A small database kept with the keyring's care: what is deleted is gone, what is written is on the disk.

One writer at a time, by a lock here and an flock between processes; a connection of its own for each thread that reads.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import apsw
import msgspec

from vault.errors import PendingBroken, PendingFull
from vault.keyring_schema import CARE, PRAGMAS, Patience
from vault.migrating import Step, lift
from vault.opening import open_file, refusal


class Schema(msgspec.Struct, frozen=True):
    """What the file says it is, and its tables. `steps`: version → what makes the next one of it. `way_out`: what to do
    where the file is damaged, for a person."""

    application_id: int
    version: int
    sql: str
    steps: Mapping[int, Step] = {}
    way_out: str = ""


class Database:
    """Opens, or creates, the file. PendingBroken if it is something else, or of another version; PendingFull;
    Unopenable."""

    def __init__(self, path: Path, lock_path: Path, schema: Schema) -> None:
        self._path = path
        self._schema = schema
        self._writer = _open(path, schema)
        self._turn = threading.Lock()
        self._mutex = threading.Lock()  # Of the list of readers alone: one may be opened inside a transaction.
        self._readers = threading.local()
        self._open_readers: list[apsw.Connection] = []
        self._lock = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def close(self) -> None:
        with self._turn, self._mutex:
            for connection in (*self._open_readers, self._writer):
                connection.close()
        os.close(self._lock)

    @property
    def reader(self) -> apsw.Connection:
        """This thread's; it waits about as long as the commit that it meets."""
        connection: apsw.Connection | None = getattr(self._readers, "connection", None)
        if connection is None:
            connection = _open(self._path, self._schema)
            connection.execute("PRAGMA query_only = ON")
            self._readers.connection = connection
            with self._mutex:
                self._open_readers.append(connection)
        return connection

    @contextmanager
    def transaction(self) -> Iterator[apsw.Connection]:
        """Durable when the block has ended; PendingFull when the disk refuses. Whatever is raised inside leaves
        everything as it was."""
        with self._turn:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            try:
                # By statements: apsw's own `with connection` holds the interpreter lock over the commit, and with it
                # the reader in another thread that the commit waits for.
                self._writer.execute("BEGIN IMMEDIATE")
                try:
                    yield self._writer
                    self._writer.execute("COMMIT")
                except BaseException:
                    if self._writer.in_transaction:  # A full disk may have rolled it back already.
                        self._writer.execute("ROLLBACK")
                    raise
            except (apsw.FullError, apsw.IOError, apsw.CantOpenError) as error:
                raise PendingFull(str(error)) from error
            finally:
                fcntl.flock(self._lock, fcntl.LOCK_UN)


def _open(path: Path, schema: Schema) -> apsw.Connection:
    connection = open_file(path, apsw.Connection)
    connection.set_busy_handler(Patience())
    try:
        for pragma in CARE:
            connection.execute(f"PRAGMA {pragma}")
        if connection.pragma("user_version") == 0:
            _create(connection, schema)
        if connection.pragma("application_id") == schema.application_id:
            lift(connection, schema.steps, path)
        found = (connection.pragma("application_id"), connection.pragma("user_version"))
        if found != (schema.application_id, schema.version):
            raise PendingBroken(_why_not(path.name, found, schema))
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    except apsw.NotADBError as error:
        connection.close()
        raise PendingBroken(f"{path.name} is not a database{schema.way_out}") from error
    except apsw.CorruptError as error:
        connection.close()
        raise PendingBroken(f"{path.name} is damaged{schema.way_out}") from error
    except (apsw.FullError, apsw.IOError, apsw.CantOpenError) as error:
        connection.close()
        raise PendingFull(refusal(path, error)) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _create(connection: apsw.Connection, schema: Schema) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not connection.execute("SELECT 1 FROM sqlite_schema").fetchall():  # Else another process was quicker.
            connection.execute(schema.sql)
            connection.pragma("application_id", schema.application_id)
            connection.pragma("user_version", schema.version)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # A full disk may have rolled it back already.
            connection.execute("ROLLBACK")
        raise


def _why_not(name: str, found: tuple[object, object], schema: Schema) -> str:
    if found[0] != schema.application_id:
        return f"{name} is not the database that it should be"
    newer = isinstance(found[1], int) and found[1] > schema.version
    by = "it was written by a newer Strongroom" if newer else "it was never released"
    return f"{name} has schema version {found[1]}, and this program knows {schema.version}: {by}"
