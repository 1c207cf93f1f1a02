"""Facts into one file, in order, each exactly once. Rows and cursor commit together, so a crash repeats
nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import apsw

from domain.fact import Fact
from projections import database, user_data
from projections.errors import (
    ProjectionBusy,
    ProjectionContradicted,
    ProjectionCorrupt,
    ProjectionGap,
    ProjectionStopped,
)

NOT_THE_EVENTS_FAULT = (
    apsw.FullError,
    apsw.IOError,
    apsw.BusyError,
    apsw.LockedError,
    apsw.CorruptError,
    apsw.NotADBError,
    apsw.CantOpenError,
    apsw.ReadOnlyError,
    apsw.NoMemError,
    apsw.InterruptError,
    MemoryError,
)


class Projector:
    """The writing side of one projection file. Several processes may hold one: they take turns, batch by
    batch.

    The file may be deleted or replaced at any time, by anyone: it is begun again and the next `apply` raises
    ProjectionGap, after which the caller reads the log on from `position()`. `was_reset` tells that this
    projector has thrown a damaged or outdated file away, at opening or later.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        opened = database.open_writer(path)
        self._connection = opened.connection
        self._identity = opened.identity
        self.was_reset = opened.was_reset

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def position(self) -> int:
        """The last position applied; 0: none yet."""
        self._follow_path()
        with self._guarded():
            return position_of(self._connection.cursor())

    def begin_again(self) -> None:
        """At zero, in place of what stands there: it was made from another log."""
        self._follow_path()
        try:
            self._connection.close()
            self._adopt(database.reset(self._path, self._identity))
        except apsw.Error as error:
            raise database.translate(error) from error

    def apply(self, facts: Sequence[Fact]) -> int:
        """Apply what is new of `facts`, in one transaction, and return the position then.

        ProjectionGap, ProjectionStopped, ProjectionBusy, ProjectionFull: nothing of the batch was
        applied. ProjectionCorrupt: the file was damaged and stands at zero again.
        """
        for _ in range(database.PLACE_TRIES):
            self._follow_path()
            with self._guarded(), self._transaction() as cursor:
                # Whoever puts another file in place holds the old one's write lock: from here on it has its place.
                if database.identity(self._path) == self._identity:
                    return advance(cursor, position_of(cursor), facts)
        raise ProjectionBusy(database.REPLACED_AGAIN)

    def _follow_path(self) -> None:
        """Rows written into a file that is deleted or replaced would be seen by nobody."""
        if database.identity(self._path) != self._identity:
            self._connection.close()
            self._adopt(database.open_writer(self._path))

    def _adopt(self, opened: database.Opened) -> None:
        self._connection = opened.connection
        self._identity = opened.identity
        self.was_reset = self.was_reset or opened.was_reset

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[apsw.Cursor]:
        cursor = self._connection.cursor()
        # IMMEDIATE: a deferred one that reads the cursor and then writes fails at once when another wrote
        # between.
        cursor.execute("BEGIN IMMEDIATE")
        try:
            yield cursor
            cursor.execute("COMMIT")
        except BaseException:
            # On a full disk SQLite may have rolled back by itself.
            if self._connection.in_transaction:
                cursor.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (apsw.CorruptError, apsw.NotADBError) as error:
            # Damage inside the file does not show at opening: left in place, it would stop every attempt to
            # come.
            self._connection.close()
            self._adopt(database.reset(self._path, self._identity))
            raise ProjectionCorrupt(str(error)) from error
        except apsw.Error as error:
            raise database.translate(error) from error


def position_of(cursor: apsw.Cursor) -> int:
    """The last position applied; apsw.CorruptError when the tables do not say."""
    for (position,) in cursor.execute("SELECT position FROM cursor WHERE id = 1"):
        return int(position)
    raise apsw.CorruptError("the cursor is missing")


def advance(cursor: apsw.Cursor, position: int, facts: Sequence[Fact]) -> int:
    """Apply those after `position`, and move the cursor to the last of them; the position then. ProjectionGap,
    ProjectionStopped: the transaction is to be rolled back."""
    start = position
    for fact in facts:
        if fact.position <= position:
            continue  # Delivered again, or applied by another process meanwhile.
        if fact.position != position + 1:
            raise ProjectionGap(position + 1, fact.position)
        try:
            user_data.apply(cursor, fact)
        except apsw.ConstraintError as error:
            raise ProjectionContradicted(fact.position, type(fact.event).__name__, str(error)) from error
        except NOT_THE_EVENTS_FAULT:
            raise
        except Exception as error:
            raise ProjectionStopped(fact.position, type(fact.event).__name__, type(error).__name__) from error
        position = fact.position
    if position != start:
        cursor.execute("UPDATE cursor SET position = ? WHERE id = 1", (position,))
    return position
