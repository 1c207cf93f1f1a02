"""A copy of the log as it is at one moment, while others go on writing."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import apsw

from eventstore.errors import LogFull
from eventstore.schema import open_database, reading_plainly

PAGES: Final = 1_024  # Copied between two looks at who waits: 4 MiB.


class Snapshot:
    """The log as it was when this was made. Writers go on: what they add lies in the write-ahead log until the end."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        row = connection.execute("SELECT max(position) FROM events").fetchone()
        self.head: int = (row[0] or 0) if row else 0

    def copy_to(self, path: Path, show: Callable[[int, int], object] = lambda _done, _total: None) -> None:
        """One file, complete, without a write-ahead log; not yet durable. LogFull when the disk refuses."""
        try:
            with closing(apsw.Connection(str(path))) as copy:
                copy.execute("PRAGMA synchronous = OFF")  # Whoever asked makes it durable, at the end and at once.
                with copy.backup("main", self._connection, "main") as backup:
                    while not backup.step(PAGES):
                        show(backup.page_count - backup.remaining, backup.page_count)
                copy.execute("PRAGMA journal_mode = DELETE").fetchall()
        except (apsw.FullError, apsw.IOError, apsw.CantOpenError) as error:
            raise LogFull(f"the log cannot be copied: {error}") from error


@contextmanager
def snapshot(path: Path) -> Iterator[Snapshot]:
    """LogCorrupt, LogUnreadable."""
    with reading_plainly(), closing(open_database(path, read_only=True)) as connection:
        connection.execute("BEGIN")
        yield Snapshot(connection)


@contextmanager
def held_still(lock_path: Path) -> Iterator[None]:
    """Nobody appends inside: by the lock that writers order themselves with, behind those who wait for it already."""
    descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
