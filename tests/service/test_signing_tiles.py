"""Tiles that a signer finds, makes, mends and never believes against the rows."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from eventstore.merkle import consistency_proof, verify_consistency
from eventstore.tiles import TileFolder
from service.house.house import House
from service.house.log_key import LogRefused
from service.machine.layout import replace_file
from service.signing import signer as signer_module
from service.signing.continuity import require_history
from service.signing.mending import mend_tiles
from tests.service.logs import files_of, grow, rows_root, sign, signer_of, spoil, verified

RESTORED = r"put the newer events\.db back .* `strongroom log begin-anew`"


# -- tiles ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [None, b"", b"\x00" * 100, b"\x00" * 8_192, b"\x00" * 9_000])
@pytest.mark.parametrize("tile", ["000", "001"])
def test_a_torn_tile_is_made_anew_from_the_rows(house: House, tile: str, data: bytes | None) -> None:
    size = grow(house, 600)
    sign(house)
    spoil(house.layout.log / "tile/0" / tile, data)
    grow(house, 10)
    require_history(house.layout, house.settings)
    assert sign(house).root == rows_root(house, size + 10)
    assert (house.layout.log / "tile/0" / tile).read_bytes() == house.log.read_leaves(int(tile) * 256, 256)


def test_tiles_that_lie_are_no_reason_to_refuse_rows_that_do_not(house: House) -> None:
    size = grow(house, 65_536 + 256)
    sign(house)
    tile = house.layout.log / "tile/1/000"
    whole = tile.read_bytes()
    tile.write_bytes(bytes(8_192))
    (house.layout.log / "tile/0/007").write_bytes(b"")
    grow(house, 1)
    require_history(house.layout, house.settings)
    assert sign(house).root == rows_root(house, size + 1)
    assert tile.read_bytes() == whole
    assert (house.layout.log / "tile/0/007").read_bytes() == house.log.read_leaves(7 * 256, 256)


@pytest.mark.parametrize("tile", ["0/000", "0/255", "1/000", "0/300"])
def test_a_wrong_tile_of_full_length_is_found_at_the_start_wherever_it_lies(
    house: House, many: tuple[int, dict[str, bytes]], tile: str
) -> None:
    size, before = many
    path = house.layout.log / "tile" / tile
    path.write_bytes(bytes(8_192))
    assert sign(house).root == rows_root(house, size)
    assert path.read_bytes() == before[f"tile/{tile}"]


@pytest.fixture
def many(house: House) -> tuple[int, dict[str, bytes]]:
    """More events than a tile of level 1 covers."""
    size = grow(house, 65_536 + 46 * 256)
    sign(house)
    return size, files_of(house.layout)


def test_a_tile_is_on_the_disk_before_it_has_its_name_and_its_name_before_it_is_signed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(house, 256)
    steps: list[str] = []
    sync, rename, sync_names, put = os.fdatasync, Path.replace, os.fsync, replace_file

    def told(name: str, act: Callable[..., object]) -> Callable[..., object]:
        def step(*given: object) -> object:
            steps.append(name)
            return act(*given)

        return step

    def put_down(path: Path, data: bytes) -> None:
        steps.append(path.name)
        put(path, data)

    with closing(signer_of(house)) as signer, monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", told("bytes", sync))
        patched.setattr(Path, "replace", told("name", rename))
        patched.setattr(os, "fsync", told("durable", sync_names))
        patched.setattr(signer_module, "replace_file", put_down)
        signer.sign_news()
    done = steps[: steps.index("signed")]
    assert done == ["bytes", "name", *["durable"] * 3]  # Its folder, and the two above, which are new.


def test_all_tiles_that_are_gone_come_again(house: House, many: tuple[int, dict[str, bytes]]) -> None:
    shutil.rmtree(house.layout.log / "tile")
    sign(house)
    assert files_of(house.layout) == many[1]


def test_a_sound_tree_is_left_as_it_is_and_asks_no_row_but_the_last(
    house: House, many: tuple[int, dict[str, bytes]]
) -> None:
    def no_rows(first: int, count: int) -> bytes:
        raise AssertionError(f"{count} rows from {first} on were read")

    rests: list[None] = []
    assert mend_tiles(TileFolder(house.layout.log), no_rows, verified(house.layout), lambda: rests.append(None)) == 0
    assert len(rests) >= 302 // 64
    assert files_of(house.layout) == many[1]


@pytest.mark.parametrize("data", [bytes(8_192), b"\xff" * 8_192])
def test_a_tile_that_goes_wrong_under_a_running_signer_never_leads_to_a_second_history(
    house: House, data: bytes
) -> None:
    grow(house, 600)
    tile = house.layout.log / "tile/0/000"
    with closing(signer_of(house)) as signer:
        first = signer.sign_news()
        tile.write_bytes(data)
        signer._tree._tile_root.cache_clear()  # What it has read is forgotten as the log grows.
        size = grow(house, 300)
        second = signer.sign_news()
        assert (second.size, second.root) == (size, rows_root(house, size))
        proof = consistency_proof(first.size, second.size, signer._tree.node)
        verify_consistency(first.size, first.root, second.size, second.root, proof)
    assert tile.read_bytes() == house.log.read_leaves(0, 256)


def test_nothing_is_signed_that_is_not_proven_to_continue_what_was(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(house, 600)
    with closing(signer_of(house)) as signer:
        first = signer.sign_news()
        grow(house, 300)
        monkeypatch.setattr(signer_module, "tree_root", lambda _size, _node: bytes(32))
        with pytest.raises(LogRefused, match="do not lead from the 600 events that were signed to 900"):
            signer.sign_news()
    assert verified(house.layout) == verified(house.layout, "signed") == first
