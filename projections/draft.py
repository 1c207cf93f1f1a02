"""The tables built anew beside the live ones, which go on meanwhile, and put in their place.

What a crash leaves, step by step:

    while building                    the live tables, and a draft that the next to open the tables removes
    synced, and named as a file       the same
    linked                            the new tables: their bytes and their name were durable before the link was
    what stood there before removed   the new tables
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import apsw

from domain.fact import Fact
from projections import database, places
from projections.places import DRAFT
from projections.runner import advance


class Draft:
    """ProjectionBuilding while another is being built for this path. After an error it is good for nothing but
    closing, which removes it; so does closing it before `take_place`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = places.new_name(path)
        self._draft = self._file.with_name(self._file.name + DRAFT)
        self._position = 0
        self._in_place = False
        with contextlib.ExitStack() as stack:
            stack.enter_context(places.building(path))
            stack.callback(self._remove)
            self._connection = database.open_draft(self._draft)
            stack.callback(self._connection.close)
            self._closing = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Idempotent."""
        self._closing.close()

    @property
    def position(self) -> int:
        """The last position applied; 0: none yet."""
        return self._position

    def apply(self, facts: Sequence[Fact]) -> int:
        """Those that come after `position`, which moves on to the last of them. ProjectionGap, ProjectionStopped,
        ProjectionFull."""
        with _translated():
            if not self._connection.in_transaction:
                self._connection.execute("BEGIN")
            self._position = advance(self._connection.cursor(), self._position, facts)
        return self._position

    def settle(self) -> None:
        """What was applied so far is on the disk: `take_place` has little left to wait for."""
        with _translated():
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")
            places.sync(self._draft)

    def take_place(self) -> None:
        """The path names these tables from now on, for everybody at once, and what stood there is removed. OSError,
        ProjectionError: it names what it named."""
        with _translated():
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")
            database.close_draft(self._connection)
            places.sync(self._draft)
            self._draft.rename(self._file)
            places.sync(self._file.parent)
            with places.opening(self._path), database.writing_held(self._path):
                places.place(self._path, self._file)
                self._in_place = True
                places.sync(self._path.parent)
                places.tidy(self._path)

    def _remove(self) -> None:
        if not self._in_place:
            places.discard(self._draft)
            places.discard(self._file)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        raise database.translate(error) from error
