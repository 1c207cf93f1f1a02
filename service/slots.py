"""A bound on what may be under way at once in one process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from service.errors import Busy


class Slots:
    """So many, and nobody waits for one: who waits holds a connection. Belongs to one event loop."""

    def __init__(self, slots: int, full: str) -> None:
        self._free = slots
        self._full = full

    @contextmanager
    def one(self) -> Iterator[None]:
        """Busy, with the sentence in `full`, when all are taken."""
        if self._free == 0:
            raise Busy(self._full)
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1
