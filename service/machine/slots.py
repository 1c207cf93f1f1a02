"""A bound on what may be under way at once in one process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from service.machine.errors import Busy


class Slots:
    """So many, only a share of them for one owner, and nobody waits for one: who waits holds a connection. Belongs to
    one event loop."""

    def __init__(
        self, slots: int, full: str, share: int | None = None, tell: Callable[[int], None] = lambda _: None
    ) -> None:
        """`share`: of one owner; half of all, if not told. `tell` hears 1 for one that is taken and -1 for one that is
        given back."""
        self._tell = tell
        self._free = slots
        self._share = max(1, slots // 2) if share is None else share
        self._full = full
        self._taken: Counter[str] = Counter()

    @contextmanager
    def one(self, owner: str) -> Iterator[None]:
        """Busy, with the sentence in `full`, when all are taken, or all that this owner may have."""
        if self._free == 0 or self._taken[owner] >= self._share:
            raise Busy(self._full)
        self._free -= 1
        self._taken[owner] += 1
        self._tell(1)
        try:
            yield
        finally:
            self._tell(-1)
            self._free += 1
            self._taken[owner] -= 1
            if not self._taken[owner]:
                del self._taken[owner]
