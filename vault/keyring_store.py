"""How `keyring.db` is opened, read and written: one writer at a time, and every write on the disk when it returns.

Each transaction that changes something counts the keyring's generation up, and the newest is remembered outside it: who
puts an older copy back brings destroyed keys back with it, and is told (vault/keyring_mark.py).
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from vault.errors import KeyringFull, KeyringOlder
from vault.keyring_mark import raise_mark, read_mark
from vault.keyring_schema import open_database


class KeyringStore:
    """Reads run on the calling thread and wait about as long as the commit that they meet; writes are serialised by a
    lock here and an flock between processes."""

    def __init__(
        self,
        path: Path,
        lock_path: Path,
        key_check: bytes | None = None,
        mark: Path | None = None,
        *,
        older: bool = False,
    ) -> None:
        """`mark`: where the newest generation is remembered. KeyringOlder when this is an older one, unless `older`."""
        self._path = path
        self._mark_path = mark
        self._counts = not older  # Or what brings it up to the log would lift it to the mark before the end of that.
        # The mark before the keyring: it never runs ahead, so whoever commits in between raises no alarm.
        newest = 0 if mark is None else read_mark(mark)
        if newest and not older and not path.exists():
            raise KeyringOlder(0, newest)  # Nor is an empty one made in its place.
        self._writer = open_database(path, key_check, create=True, keep_older=True)
        if (found := _generation(self._writer)) < newest and not older:
            self._writer.close()
            raise KeyringOlder(found, newest)
        self._mutex = threading.Lock()
        self._readers = threading.local()
        self._open_readers: list[apsw.Connection] = []
        self._lock = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def close(self) -> None:
        with self._mutex:
            for connection in (*self._open_readers, self._writer):
                connection.close()
        os.close(self._lock)

    def generation(self) -> int:
        """How often anything was changed here; 0 for a keyring that belongs to no server."""
        return _generation(self._reader)

    def is_newest(self) -> bool:
        """Whether the mark says so. False where it says nothing, or lags behind: then only the log can tell. Under the
        lock of those who write, who raise the mark after the commit."""
        if self._mark_path is None:
            return False
        with self._alone():
            newest = read_mark(self._mark_path)
            return newest > 0 and newest == _generation(self._writer)

    def confirm_newest(self) -> None:
        """By who has compared it with the log: from here on the mark tells."""
        if self._mark_path is not None:
            with self._alone():
                raise_mark(self._mark_path, _generation(self._writer))

    def accept_older(self) -> int:
        """From here on this keyring is the newest that there was; its generation. By who brought it up to the log."""
        newest = 0 if self._mark_path is None else read_mark(self._mark_path)
        self._counts = True
        with self._transaction() as write:
            write.execute("UPDATE server SET generation = max(generation, ?)", (newest,))
        return self.generation()

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
    def _alone(self) -> Iterator[None]:
        """Nobody writes meanwhile, in this process or another."""
        with self._mutex:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._lock, fcntl.LOCK_UN)

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
                before = self._writer.total_changes()
                try:
                    yield self._writer
                    changed = self._counts and self._writer.total_changes() != before
                    if changed:
                        self._writer.execute("UPDATE server SET generation = generation + 1")
                    generation = _generation(self._writer) if changed else 0
                    self._writer.execute("COMMIT")
                except BaseException:
                    if self._writer.in_transaction:  # A full disk may have rolled it back already.
                        self._writer.execute("ROLLBACK")
                    raise
                if self._mark_path is not None and generation:
                    raise_mark(self._mark_path, generation)  # After the commit: it is on the disk.
            except (apsw.FullError, apsw.IOError, apsw.CantOpenError) as error:
                raise KeyringFull(str(error)) from error
            finally:
                if not cascade:
                    self._writer.execute("PRAGMA foreign_keys = ON")
                fcntl.flock(self._lock, fcntl.LOCK_UN)


def _generation(connection: apsw.Connection) -> int:
    row = connection.execute("SELECT generation FROM server").fetchone()
    return 0 if row is None else int(row[0])
