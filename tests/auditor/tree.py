"""The Merkle tree of RFC 6962 §2.1, cut into tiles of height 8 as C2SP tlog-tiles does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256

WIDTH = 256
HASH_BYTES = 32
NOTHING = sha256(b"").digest()
"""The root of an empty tree."""


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class Edge:
    """The right edge of a tree that grows: per level, the hashes of the tile that is not full yet.

    That is all that the future of a log depends on: 255 hashes per level, and 8 levels reach past 2⁶³ entries.
    """

    __slots__ = ("levels",)

    def __init__(self, levels: Sequence[Sequence[bytes]] = ()) -> None:
        self.levels = [list(level) for level in levels] or [[]]

    def add(self, level: int, hashes: Sequence[bytes]) -> Iterator[tuple[int, list[bytes]]]:
        """Yields (level, 256 hashes) for each tile that this fills, lowest first. `hashes` may not overfill one."""
        if level == len(self.levels):
            self.levels.append([])
        row = self.levels[level]
        row += hashes
        assert len(row) <= WIDTH
        if len(row) == WIDTH:
            self.levels[level] = []
            yield level, row
            yield from self.add(level + 1, [_tile_root(row)])

    def root(self) -> bytes:
        """MTH of all entries."""
        perfect: list[tuple[int, bytes]] = []  # Height and hash of perfect trees side by side, the largest first.
        for level in reversed(range(len(self.levels))):
            for each in self.levels[level]:
                height, joined = 8 * level, each
                while perfect and perfect[-1][0] == height:
                    joined = node_hash(perfect.pop()[1], joined)
                    height += 1
                perfect.append((height, joined))
        if not perfect:
            return NOTHING
        _, root = perfect.pop()
        while perfect:
            root = node_hash(perfect.pop()[1], root)
        return root


def root_by_path(path: Sequence[bytes], leaf: bytes, index: int, size: int) -> bytes | None:
    """The root that an inclusion path leads to; None when it has the wrong length. RFC 6962 §2.1.1, read backwards."""
    if size == 1:
        return None if path else leaf
    if not path:
        return None
    left_size = 1 << (size - 1).bit_length() - 1  # The largest power of two below `size`.
    if index < left_size:
        left = root_by_path(path[:-1], leaf, index, left_size)
        return None if left is None else node_hash(left, path[-1])
    right = root_by_path(path[:-1], leaf, index - left_size, size - left_size)
    return None if right is None else node_hash(path[-1], right)


def _tile_root(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]
