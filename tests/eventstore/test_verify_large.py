"""A log of more than 65,536 events, which has a full tile of level 1 and partial ones above it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from eventstore.verify.checkpoints import Policy
from eventstore.verify.data_folder import verify_folder
from eventstore.verify.published import FolderSource, verify_static
from service.audit.log_export import export
from service.machine.layout import Layout
from tests.eventstore.made_log import SIGNER, made_log, sign_log
from tests.eventstore.mutations import alone, flip, silent

EVENTS = 66_000


@pytest.fixture(scope="module")
def unsigned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large") / "data"
    made_log(folder, EVENTS, sign=False)
    return folder


@pytest.mark.slow
def test_only_tiles_that_a_checkpoint_covers_are_told_as_missing(unsigned: Path, tmp_path: Path) -> None:
    """Above rows that are not signed yet, nobody asks for one, on any level."""
    data = Path(shutil.copytree(unsigned, tmp_path / "data"))
    sign_log(data, size=300)
    assert verify_folder(data, Policy(), silent).notes == ()
    (data / "log" / "tile" / "0" / "000").unlink()
    assert verify_folder(data, Policy(), silent).notes[0].startswith("1 full tiles are not there")


@pytest.mark.slow
def test_a_corrupt_tile_is_found_on_every_level(unsigned: Path, tmp_path: Path) -> None:
    sign_log(Path(shutil.copytree(unsigned, tmp_path / "data")))
    export(Layout(tmp_path / "data"), tmp_path / "published", silent)
    assert sorted(path.name for path in (tmp_path / "published" / "tile").iterdir()) == ["0", "1", "2", "entries"]
    policy = Policy(key=SIGNER.verifier)
    paths = ("tile/0/100", "tile/1/000", "tile/1/001.p/1", "tile/2/000.p/1")
    for folder in (tmp_path / "data" / "log", tmp_path / "published"):
        for path in paths:
            if (folder / path).exists():
                (folder / path).write_bytes(flip(0)((folder / path).read_bytes()))
    inside = verify_folder(tmp_path / "data", policy, silent)
    assert [each.where for each in inside.findings] == ["tile/0/100", "tile/1/000"]
    outside = verify_static("it", FolderSource(tmp_path / "published"), SIGNER.verifier, policy, silent, alone)
    assert {each.where: each.position for each in outside.findings} == {
        "tile/0/100": 25_601,
        "tile/1/000": 1,
        "tile/1/001.p/1": 65_537,
        "tile/2/000.p/1": 1,
    }
