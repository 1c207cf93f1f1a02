"""Facts into one file, in order, each exactly once. Rows and cursor commit together, so a crash repeats
nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import apsw

from domain.fact import Fact
from projections import database, user_data
from projections.errors import ProjectionContradicted, ProjectionCorrupt, ProjectionGap


class Projector:
    """The writing side of one projection file. Several processes may hold one: they take turns, batch by
    batch.

    The file may be deleted at any time, by anyone: it is begun again and the next `apply` raises
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
            return _position(self._connection.cursor())

    def apply(self, facts: Sequence[Fact]) -> int:
        """Apply what is new of `facts`, in one transaction, and return the position then.

        ProjectionGap, ProjectionContradicted, ProjectionBusy, ProjectionFull: nothing of the batch was
        applied. ProjectionCorrupt: the file was damaged and stands at zero again.
        """
        self._follow_path()
        with self._guarded(), self._transaction() as cursor:
            return _advance(cursor, _position(cursor), facts)

    def rebuild(self, batches: Iterable[Sequence[Fact]], progress: Callable[[int], None] | None = None) -> int:
        """Empty the tables and apply all facts from position 1, in one transaction; the position then.

        Readers keep what they had until it commits; an error, a crash or a raising `batches` leaves it in
        place. The other projectors wait, and meet ProjectionBusy when it takes long. `progress` is told the
        position per batch.
        """
        self._follow_path()
        with self._guarded():
            with self._transaction() as cursor:
                position = _empty(cursor)
                for facts in batches:
                    position = _advance(cursor, position, facts)
                    if progress is not None:
                        progress(position)
            # The WAL is now as large as the tables. A reader in its way only puts this off until a later
            # commit.
            with contextlib.suppress(apsw.BusyError):
                self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            return position

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
            self._adopt(database.reset(self._path))
            raise ProjectionCorrupt(str(error)) from error
        except apsw.Error as error:
            raise database.translate(error) from error


def _position(cursor: apsw.Cursor) -> int:
    for (position,) in cursor.execute("SELECT position FROM cursor WHERE id = 1"):
        return int(position)
    raise apsw.CorruptError("the cursor is missing")


def _advance(cursor: apsw.Cursor, position: int, facts: Sequence[Fact]) -> int:
    """Apply those after `position`, and move the cursor to the last of them."""
    start = position
    for fact in facts:
        if fact.position <= position:
            continue  # Delivered again, or applied by another process meanwhile.
        if fact.position != position + 1:
            raise ProjectionGap(position + 1, fact.position)
        try:
            user_data.apply(cursor, fact)
        except apsw.ConstraintError as error:
            raise ProjectionContradicted(fact.position, str(error)) from error
        position = fact.position
    if position != start:
        cursor.execute("UPDATE cursor SET position = ? WHERE id = 1", (position,))
    return position


def _empty(cursor: apsw.Cursor) -> int:
    cursor.execute("DELETE FROM user")
    cursor.execute("DELETE FROM session")
    cursor.execute("DELETE FROM chat")
    cursor.execute("DELETE FROM message")
    cursor.execute("DELETE FROM file")
    cursor.execute("DELETE FROM transcript")
    cursor.execute("DELETE FROM erasure")
    cursor.execute("UPDATE cursor SET position = 0 WHERE id = 1")
    return 0
