"""One person's rows as they stood at a position of the log: folded anew, in a database that nobody else can open.

It lies in a file that has lost its name as soon as it is open: what does not fit into the page cache is written there,
so memory has a bound whatever the history, and a process that is killed leaves nothing behind. Of a small history
nothing but the page cache of the system ever sees it, for nothing is synced. In it is what the tables of today hold,
too: private columns sealed, and nobody's key.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import apsw

from domain.fact import Fact
from projections import database, user_data
from projections.errors import ProjectionContradicted, ProjectionFull
from projections.queries import Queries
from projections.schema import SCHEMA

CACHE_KIB: Final = 8_192
ABANDONED_S: Final = 60.0  # A file has its name for less than a millisecond.


class Past(Queries):
    """Closed by whoever folded it, in whichever thread; asked by one thread at a time."""

    def __init__(self, connection: apsw.Connection) -> None:
        super().__init__(connection)

    def close(self) -> None:
        """The file is gone with it. A query after this fails: an answer that goes on must not look whole."""
        assert self._connection is not None
        self._connection.close()


class Folding:
    """Rows of a moment in the making: all that the log has of one person, in order, batch by batch. One call at a time,
    in whichever thread. What was begun is either finished or closed."""

    def __init__(self, folder: Path) -> None:
        """`folder`: where the file lies, made if it is missing. ProjectionFull."""
        self._connection = _connect(folder)
        self._position = 0
        with self._closed_if_it_fails():
            self._cursor = self._connection.cursor()
            self._cursor.execute("BEGIN EXCLUSIVE")
            self._cursor.execute(SCHEMA)

    def add(self, facts: Sequence[Fact]) -> None:
        """By the code that keeps the tables of today. Those hold everybody's, but what it makes of a fact depends on
        the facts of its person alone. ProjectionContradicted, ProjectionFull."""
        with self._closed_if_it_fails():
            for fact in facts:
                try:
                    user_data.apply(self._cursor, fact)
                except apsw.ConstraintError as error:
                    raise ProjectionContradicted(fact.position, type(fact.event).__name__, str(error)) from error
                self._position = fact.position

    def finish(self) -> Past:
        """The rows, which the caller closes from here on."""
        with self._closed_if_it_fails():
            self._cursor.execute("UPDATE cursor SET position = ? WHERE id = 1", (self._position,))
            self._cursor.execute("COMMIT")
            return Past(self._connection)
        raise AssertionError("what fails is raised")

    def close(self) -> None:
        """Nothing stays. Idempotent."""
        self._connection.close()

    @contextmanager
    def _closed_if_it_fails(self) -> Iterator[None]:
        try:
            yield
        except apsw.Error as error:
            self.close()
            raise database.translate(error) from error
        except BaseException:
            self.close()
            raise


def fold(folder: Path, batches: Iterable[Sequence[Fact]]) -> Past:
    """In one go. ProjectionContradicted, ProjectionFull, and whatever `batches` raises: nothing stays."""
    folding = Folding(folder)
    try:
        for facts in batches:
            folding.add(facts)
        return folding.finish()
    except BaseException:
        folding.close()
        raise


def _connect(folder: Path) -> apsw.Connection:
    """To an empty file without a name. ProjectionFull when it cannot be made."""
    path = folder / os.urandom(16).hex()
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        _sweep(folder)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise ProjectionFull(f"no file for rows of the past: {error.strerror}") from error
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    except apsw.Error as error:
        raise database.translate(error) from error
    finally:
        path.unlink(missing_ok=True)
    # No journal: its file would have a name. What a fault leaves half written is thrown away whole.
    connection.pragma("journal_mode", "OFF")
    connection.pragma("synchronous", "OFF")
    connection.pragma("locking_mode", "EXCLUSIVE")
    connection.pragma("cache_size", -CACHE_KIB)
    connection.pragma("temp_store", "MEMORY")  # Else it would be in a folder of the system's; nothing here sorts.
    return connection


def _sweep(folder: Path) -> None:
    """Empty files of processes that were killed between making one and taking its name away."""
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > ABANDONED_S:
                path.unlink()
