"""Full tiles that are what was signed: each is held against its parent's hash, the topmost against the signed root, and
what is missing or wrong is made anew from the rows.

The hashes of a sound tree cost about a second for each million events, without a look at the rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from eventstore.checkpoint import Checkpoint
from eventstore.errors import LogCorrupt
from eventstore.merkle import HASH_BYTES, Frontier, perfect_root
from eventstore.tiles import HEIGHT, MAX_LEVEL, WIDTH, Leaves, TileFolder

STRETCH: Final = 64  # Tiles between rests: some milliseconds.


def mend_tiles(folder: TileFolder, leaves: Leaves, signed: Checkpoint, rest: Callable[[], object]) -> int:
    """How many were made anew, durably. LogCorrupt when the rows are not what was signed either."""
    return _Mending(folder, leaves, rest).run(signed)


class _Mending:
    def __init__(self, folder: TileFolder, leaves: Leaves, rest: Callable[[], object]) -> None:
        self._folder = folder
        self._leaves = leaves
        self._rest = rest
        self._looked = 0
        self._made = 0

    def run(self, signed: Checkpoint) -> int:
        tops = _tops(signed.size)
        if self._root([self._kept_root(level, index) for level, index in tops], signed.size) != signed.root:
            # Which of them is wrong, only the rows can tell.
            if self._root([self._anew(level, index) for level, index in tops], signed.size) != signed.root:
                raise LogCorrupt(f"the first {signed.size} events are not those that were signed")
        else:
            for level, index in tops:
                self._check_below(level, index)
        self._folder.settle()
        return self._made

    def _root(self, roots: list[bytes | None], size: int) -> bytes | None:
        """Of the whole tree, over the roots of the topmost tiles and the leaves that fill none."""
        frontier = Frontier()
        for (level, _), root in zip(_tops(size), roots, strict=True):
            if root is None:
                return None
            frontier.add_node(HEIGHT * (level + 1), root)
        if rest := size % WIDTH:
            for leaf in _cut(self._rows(size - rest, rest)):
                frontier.add(leaf)
        return frontier.root()

    def _check_below(self, level: int, index: int) -> None:
        """The tiles under a sound one."""
        if level == 0:
            return
        hashes = _cut(self._folder.read(level, index) or b"")
        for child, expected in enumerate(hashes, index << HEIGHT):
            if self._kept_root(level - 1, child) == expected:
                self._check_below(level - 1, child)
            elif self._anew(level - 1, child) != expected:
                first, last = child * WIDTH**level + 1, (child + 1) * WIDTH**level
                raise LogCorrupt(f"the events {first} to {last} are not those that were signed")

    def _kept_root(self, level: int, index: int) -> bytes | None:
        """As it lies there; None when it is missing or torn."""
        self._pause()
        data = self._folder.read(level, index)
        return None if data is None else perfect_root(_cut(data))

    def _anew(self, level: int, index: int) -> bytes:
        """Its root by the rows; it and all below it are written where they were not so."""
        if level == 0:
            data = self._rows(index << HEIGHT, WIDTH)
        else:
            data = b"".join([self._anew(level - 1, (index << HEIGHT) + step) for step in range(WIDTH)])
        self._pause()
        if self._folder.read(level, index) != data:
            self._folder.write(level, index, data)
            self._made += 1
        return perfect_root(_cut(data))

    def _rows(self, first: int, count: int) -> bytes:
        data = self._leaves(first, count)
        if len(data) != count * HASH_BYTES:
            raise LogCorrupt(f"the log ends before position {first + count}")
        return data

    def _pause(self) -> None:
        self._looked += 1
        if self._looked % STRETCH == 0:
            self._rest()


def _tops(size: int) -> list[tuple[int, int]]:
    """(level, index) of the full tiles that are under no other full one, from the left: the higher ones first."""
    return [
        (level, index)
        for level in reversed(range(MAX_LEVEL + 1))
        for index in range(size >> HEIGHT * (level + 2) << HEIGHT, size >> HEIGHT * (level + 1))
    ]


def _cut(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
