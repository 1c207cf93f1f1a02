"""A bound on how much all requests of one process remember together."""

from __future__ import annotations

from typing import Final

from service.machine.errors import Busy

FREE: Final = 5_000  # Of one request: however full it is, a small one finds room.


class Shelf:
    """So many things in all. Belongs to one event loop."""

    def __init__(self, room: int) -> None:
        self._free = room

    def place(self) -> Place:
        """For one request. Close it."""
        return Place(self)

    def take(self, count: int) -> bool:
        """Whether there was room for so many more; fewer, if negative."""
        if count > self._free:
            return False
        self._free -= count
        return True


class Place:
    """What one request has on it."""

    __slots__ = ("_shelf", "_taken")

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._taken = 0

    def hold(self, count: int) -> None:
        """So many from now on. Busy when others hold too much."""
        wanted = max(0, count - FREE)
        if not self._shelf.take(wanted - self._taken):
            raise Busy("Too much is being brought in at this moment. Try again.")
        self._taken = wanted

    def close(self) -> None:
        """Harmless when done twice."""
        self._shelf.take(-self._taken)
        self._taken = 0
