"""Very many proofs at once are those that are made one by one, and each tile is read for all of them together."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from eventstore.merkle import inclusion_proof, leaf_hash, tree_root, verify_inclusion
from eventstore.pyramids import Pyramids
from eventstore.tiles import Tile, TileFolder, Tree

LEAVES = [leaf_hash(b"%d" % at) for at in range(66_000)]


def leaves(first: int, count: int) -> bytes:
    return b"".join(LEAVES[first : first + count])


@pytest.mark.parametrize("size", [1, 2, 3, 255, 256, 257, 700, 4_096, 66_000])
def test_proofs_are_the_same_and_lead_to_the_root(tmp_path: Path, size: int) -> None:
    tree = Tree(TileFolder(tmp_path), leaves)
    node, root = Pyramids(tree, size).node, tree_root(size, tree.node)
    for index in {0, 1, size // 3, size // 2, size - size % 256, size - 2, size - 1} & set(range(size)):
        proof = inclusion_proof(index, size, node)
        assert proof == inclusion_proof(index, size, tree.node)
        verify_inclusion(LEAVES[index], index, size, proof, root)


def test_each_tile_is_read_once_for_all_proofs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = Tree(TileFolder(tmp_path), leaves)
    read: Counter[tuple[int, int]] = Counter()
    tile = tree.tile

    def counted(wanted: Tile) -> bytes:
        read[wanted.level, wanted.index] += 1
        return tile(wanted)

    monkeypatch.setattr(tree, "tile", counted)
    node = Pyramids(tree, 2_000).node
    for index in range(2_000):
        inclusion_proof(index, 2_000, node)
    assert set(read.values()) == {1}
    assert len(read) == 9  # Eight of leaves, and the one above them.
