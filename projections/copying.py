"""A copy of the read tables as they are at one moment, while the projector goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import apsw

from projections.database import open_reader, translate

PAGES: Final = 1_024


class Snapshot:
    """The tables as they were when this was made."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()  # From here on it is fixed.

    def copy_to(self, path: Path) -> None:
        """One file, complete, without a write-ahead log; not yet durable. ProjectionFull when the disk refuses."""
        try:
            with closing(apsw.Connection(str(path))) as copy:
                copy.execute("PRAGMA synchronous = OFF")
                with copy.backup("main", self._connection, "main") as backup:
                    while not backup.step(PAGES):
                        pass
                copy.execute("PRAGMA journal_mode = DELETE").fetchall()
        except apsw.Error as error:
            raise translate(error) from error


@contextmanager
def snapshot(path: Path) -> Iterator[Snapshot | None]:
    """None where there are no tables that could be read: they are made from the log. ProjectionError."""
    try:
        connection = open_reader(path)
    except apsw.Error as error:
        raise translate(error) from error
    if connection is None:
        yield None
        return
    with closing(connection):
        connection.execute("BEGIN")
        yield Snapshot(connection)
