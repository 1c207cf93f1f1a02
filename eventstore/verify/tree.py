"""The tree an audit computes: fed from the left with the roots of level-0 tiles, it gives the roots of earlier sizes
and every tile above, and remembers 8 KiB for each level."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Final

from eventstore.merkle import HASH_BYTES, Frontier, perfect_root
from eventstore.tiles import FULL_BYTES, HEIGHT, WIDTH, Tile, cut
from eventstore.verify.verdict import Finding

SHOWN: Final = 8  # Bytes of a hash in a finding.


class Growth:
    """`made` gets each tile of level 1 and above once it is full."""

    def __init__(self, made: Callable[[Tile, bytes], None]) -> None:
        self._made = made
        self._frontier = Frontier()
        self._levels: list[bytearray] = []  # What the open tile of level 1, 2, … has so far.
        self._counts: list[int] = []  # How many tiles of that level are full.
        self.roots: dict[int, bytes] = {}
        """Of the sizes asked for by `cuts`."""

    @property
    def size(self) -> int:
        return self._frontier.size

    def add(self, tile_roots: bytes, tail: bytes, cuts: Mapping[int, bytes]) -> None:
        """Full level-0 tiles by their roots, then the leaf hashes of a partial one, after which nothing can be added.
        `cuts`: for each size asked for, the leaf hashes between the tile border before it and itself."""
        for root in cut(tile_roots):
            self._at_border(cuts)
            self._frontier.add_node(HEIGHT, root)
            self._push(1, root)
        self._at_border(cuts)
        for leaf in cut(tail):
            self._frontier.add(leaf)

    def root(self) -> bytes:
        return self._frontier.root()

    def open_tiles(self) -> list[tuple[Tile, bytes]]:
        """The partial tiles of level 1 and above."""
        return [
            (Tile(level, self._counts[level - 1], len(hashes) // HASH_BYTES), bytes(hashes))
            for level, hashes in enumerate(self._levels, start=1)
            if hashes
        ]

    def _at_border(self, cuts: Mapping[int, bytes]) -> None:
        for size, leaves in cuts.items():
            if size - size % WIDTH == self._frontier.size and size not in self.roots:
                before = copy.deepcopy(self._frontier)
                for leaf in cut(leaves):
                    before.add(leaf)
                self.roots[size] = before.root()

    def _push(self, level: int, hash_: bytes) -> None:
        if level > len(self._levels):
            self._levels.append(bytearray())
            self._counts.append(0)
        hashes = self._levels[level - 1]
        hashes += hash_
        if len(hashes) < FULL_BYTES:
            return
        whole = bytes(hashes)
        hashes.clear()
        self._made(Tile(level, self._counts[level - 1]), whole)
        self._counts[level - 1] += 1
        self._push(level + 1, perfect_root(cut(whole)))


def compare_tile(tile: Tile, stored: bytes, made: bytes) -> Finding | None:
    """What is wrong with a stored tile, and the first position that it concerns."""
    if stored == made:
        return None
    covers = 1 << HEIGHT * tile.level
    pairs = zip(cut(stored), cut(made), strict=False)
    which = next((n for n, pair in enumerate(pairs) if pair[0] != pair[1]), min(len(stored), len(made)) // HASH_BYTES)
    first = tile.start + min(which, tile.width - 1) * covers + 1
    if len(stored) != len(made):
        what = f"has {len(stored)} bytes, not {len(made)}"
    else:
        where = f"position {first}" if covers == 1 else f"positions {first} to {first + covers - 1}"
        what = f"hash {which} ({where}) is not that of the entries"
    return Finding(tile.path, what, first, covers)
