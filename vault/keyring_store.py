"""How `keyring.db` is opened, read and written: one writer at a time, and every write on the disk when it returns."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from vault.errors import KeyringFull
from vault.keyring_schema import open_database


class KeyringStore:
    """Reads run on the calling thread and wait about as long as the commit that they meet; writes are serialised by a
    lock here and an flock between processes."""

    def __init__(self, path: Path, lock_path: Path, key_check: bytes | None = None) -> None:
        self._path = path
        self._writer = open_database(path, key_check)
        self._mutex = threading.Lock()
        self._readers = threading.local()
        self._open_readers: list[apsw.Connection] = []
        self._lock = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def close(self) -> None:
        with self._mutex:
            for connection in (*self._open_readers, self._writer):
                connection.close()
        os.close(self._lock)

    @property
    def _reader(self) -> apsw.Connection:
        """A connection for each thread that reads."""
        connection: apsw.Connection | None = getattr(self._readers, "connection", None)
        if connection is None:
            connection = open_database(self._path)
            connection.execute("PRAGMA query_only = ON")
            self._readers.connection = connection
            with self._mutex:
                self._open_readers.append(connection)
        return connection

    @contextmanager
    def _transaction(self, *, cascade: bool = True) -> Iterator[apsw.Connection]:
        """KeyringFull when the disk refuses; whatever is raised inside leaves the keyring as it was.

        `cascade` False: an account's row goes without what hangs on it, which may be more than readers can wait for."""
        with self._mutex:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            try:
                if not cascade:
                    self._writer.execute("PRAGMA foreign_keys = OFF")
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
                raise KeyringFull(str(error)) from error
            finally:
                if not cascade:
                    self._writer.execute("PRAGMA foreign_keys = ON")
                fcntl.flock(self._lock, fcntl.LOCK_UN)
