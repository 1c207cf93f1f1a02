"""Nodes of a tree for very many proofs: each tile is read and hashed through once, for all its proofs together."""

from __future__ import annotations

import functools
from typing import Final

from eventstore.merkle import node_hash
from eventstore.tiles import HEIGHT, WIDTH, Tile, Tree, cut, hashes_at

TILES_KEPT: Final = 64  # 511 hashes each: about 3 MB.


class Pyramids:
    """`node` answers as that of the tree does, for a tree of `size` leaves. One thread at a time."""

    def __init__(self, tree: Tree, size: int) -> None:
        self._tree = tree
        self._size = size
        self._levels = functools.lru_cache(TILES_KEPT)(self._levels_of)

    def node(self, level: int, index: int) -> bytes:
        """The hash of a perfect subtree within the first `size` leaves. ValueError when the log has fewer."""
        at, above = divmod(level, HEIGHT)
        tile, offset = divmod(index << above, WIDTH)
        return self._levels(at, tile)[above][offset >> above]

    def _levels_of(self, level: int, index: int) -> list[list[bytes]]:
        """The tile's hashes, and above them those of ever larger subtrees, as far as they are perfect."""
        width = hashes_at(level, index, self._size)
        below = cut(self._tree.tile(Tile(level, index, width)))
        levels = [below]
        while len(below) > 1:
            pairs = iter(below)
            below = [
                node_hash(left, right) for left, right in zip(pairs, pairs, strict=False)
            ]  # An odd one is in none.
            levels.append(below)
        return levels
