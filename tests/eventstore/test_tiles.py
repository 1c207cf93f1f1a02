"""Tiles by the tlog-tiles format, and the tree over them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from eventstore.merkle import Frontier, inclusion_proof, leaf_hash, tree_root, verify_inclusion
from eventstore.tiles import FULL_BYTES, MAX_LEVEL, Tile, TileFolder, Tree, hashes_at, index_path, parse_tile

SIZE = 70_000  # The format's own example: 273 full tiles and 112 hashes, one full tile and 17 hashes, one hash.
LEAVES = [leaf_hash(str(number).encode()) for number in range(SIZE)]


def leaves(first: int, count: int) -> bytes:
    return b"".join(LEAVES[first : first + count])


def no_leaves(first: int, count: int) -> bytes:
    raise AssertionError(f"leaves {first} to {first + count} were asked for")


@pytest.fixture(scope="module")
def roots() -> dict[int, bytes]:
    """By size: some, and those around the edges."""
    frontier, found = Frontier(), {}
    for leaf in LEAVES:
        frontier.add(leaf)
        if frontier.size % 4_999 == 0 or frontier.size in (1, 255, 256, 257, 65_535, 65_536, 65_537, SIZE):
            found[frontier.size] = frontier.root()
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> TileFolder:
    """All full tiles of SIZE leaves, in two steps."""
    tiles = TileFolder(tmp_path_factory.mktemp("log"))
    tree = Tree(tiles, leaves)
    assert tree.materialise(0, 1_000) == 3
    assert tree.materialise(1_000, SIZE) == 270 + 1
    return tiles


@pytest.mark.parametrize(
    ("index", "path"), [(0, "000"), (5, "005"), (999, "999"), (1_000, "x001/000"), (1_234_067, "x001/x234/067")]
)
def test_an_index_is_written_in_groups_of_three(index: int, path: str) -> None:
    assert index_path(index) == path
    assert parse_tile(0, path) == Tile(0, index)
    assert parse_tile(3, f"{path}.p/17") == Tile(3, index, 17)
    assert Tile(3, index, 17).path == f"tile/3/{path}.p/17"
    assert Tile(0, index).entries_path == f"tile/entries/{path}"


@pytest.mark.parametrize(
    "tail",
    ["", "1", "01", "0001", "001/", "x001/001x", "x000/001", "x001", "001.p/0", "001.p/256", "001.p/07", "001.p/",
     "001.p", "001.P/1", "../001", "-01", "+01", "00a", "\u0661\u0661\u0661", "001\n", " 001", "x999/" * 12 + "999"],
)  # fmt: skip
def test_what_is_not_written_so_is_no_tile(tail: str) -> None:
    assert parse_tile(0, tail) is None


def test_levels_have_bounds() -> None:
    assert parse_tile(MAX_LEVEL, "000") == Tile(MAX_LEVEL, 0)
    assert parse_tile(MAX_LEVEL + 1, "000") is None
    assert parse_tile(-1, "000") is None


def test_how_many_hashes_a_tile_has() -> None:
    assert [hashes_at(0, 272, SIZE), hashes_at(0, 273, SIZE), hashes_at(0, 274, SIZE)] == [256, 112, 0]
    assert [hashes_at(1, 0, SIZE), hashes_at(1, 1, SIZE), hashes_at(1, 2, SIZE)] == [256, 17, 0]
    assert [hashes_at(2, 0, SIZE), hashes_at(3, 0, SIZE)] == [1, 0]
    assert [hashes_at(0, 0, 256), hashes_at(1, 0, 256)] == [256, 1]


def test_a_tile_holds_the_roots_of_what_is_below(folder: TileFolder, roots: dict[int, bytes]) -> None:
    tree = Tree(folder, leaves)
    assert tree.tile(Tile(0, 1)) == leaves(256, 256)
    assert tree.tile(Tile(0, 273, 112)) == leaves(273 * 256, 112)
    assert tree.tile(Tile(1, 0, 1)) == roots[256]
    assert tree.tile(Tile(2, 0, 1)) == roots[65_536]
    assert len(tree.tile(Tile(1, 0))) == FULL_BYTES
    assert len(tree.tile(Tile(1, 1, 17))) == 17 * 32


def test_the_tree_is_the_same_with_tiles_and_without(
    folder: TileFolder, roots: dict[int, bytes], tmp_path: Path
) -> None:
    for tiles in (folder, TileFolder(tmp_path)):
        tree = Tree(tiles, leaves)
        assert {size: tree_root(size, tree.node) for size in roots} == roots
    tree = Tree(folder, leaves)
    for index in (0, 1, 255, 256, 65_535, 65_536, SIZE - 1):
        verify_inclusion(LEAVES[index], index, SIZE, inclusion_proof(index, SIZE, tree.node), roots[SIZE])


def test_full_tiles_ask_nothing_of_the_log(folder: TileFolder, roots: dict[int, bytes]) -> None:
    assert tree_root(65_536, Tree(folder, no_leaves).node) == roots[65_536]


@pytest.mark.parametrize("torn", [b"", b"\x00" * 100, b"\x00" * (FULL_BYTES + 1)])
def test_a_torn_tile_is_made_again_from_the_log(tmp_path: Path, torn: bytes) -> None:
    folder = TileFolder(tmp_path)
    Tree(folder, leaves).materialise(0, 512)
    (tmp_path / Tile(0, 0).path).write_bytes(torn)
    assert folder.read(0, 0) is None
    assert Tree(folder, leaves).tile(Tile(0, 0)) == leaves(0, 256)


@pytest.mark.parametrize("kind", ["folder", "pipe", "loop"])
def test_what_is_no_file_is_no_tile_and_gives_way_to_one(tmp_path: Path, kind: str) -> None:
    folder = TileFolder(tmp_path)
    Tree(folder, leaves).materialise(0, 256)
    path = tmp_path / Tile(0, 0).path
    path.unlink()
    match kind:
        case "folder":
            path.mkdir()
            (path / "somebody's").touch()
        case "pipe":
            os.mkfifo(path)
        case _:
            path.symlink_to(path)
    assert folder.read(0, 0) is None
    assert Tree(folder, leaves).tile(Tile(0, 0)) == leaves(0, 256)
    folder.write(0, 0, leaves(0, 256))
    assert folder.read(0, 0) == leaves(0, 256)


def test_a_short_log_is_not_made_up_for(tmp_path: Path) -> None:
    tree = Tree(TileFolder(tmp_path), leaves)
    with pytest.raises(ValueError, match="no 256 leaves"):
        tree.tile(Tile(0, 273))
    with pytest.raises(ValueError, match="leaves"):
        tree.node(0, SIZE)


def test_a_tile_appears_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    folder = TileFolder(tmp_path)
    with pytest.raises(ValueError, match="full tile"):
        folder.write(0, 0, b"short")
    folder.write(0, 1_234_067, b"x" * FULL_BYTES)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["067"]
