"""`strongroom blobs check`: what it prints, and how it ends."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from service.house.house import House
from service.processing.storing import store
from tests import builders
from tests.cli.running import started, strongroom


@pytest.fixture
def blob(tmp_path: Path) -> Path:
    """The only blob of a data folder in order."""
    house = House(builders.settings(tmp_path / "data"))
    file_id = builders.uploaded_file(house, builders.person(house, "ada"), b"Dear diary")
    store(house, house.log, file_id)
    house.close()
    return house.layout.blob_file(file_id)


def data(blob: Path) -> str:
    return str(blob.parents[2])


def test_bytes_in_order_are_told_so(blob: Path) -> None:
    outcome = started("blobs", "check", "--data", data(blob))
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert "1 stored files, 0 of them forgotten since; 0 faults" in outcome.stdout
    assert "owner's key" in outcome.stdout


def test_a_missing_blob_is_told_and_ends_in_1(blob: Path) -> None:
    blob.unlink()
    outcome = strongroom("blobs", "check", "--data", data(blob))
    assert outcome.returncode == 1
    assert f"fault  blobs/{blob.parent.name}/{blob.name} is not there (file {blob.stem})" in outcome.stdout


def test_leftovers_are_told_and_swept_when_asked(blob: Path) -> None:
    left = blob.with_name(f".{blob.name}.0.part")
    left.write_bytes(b"half")
    os.utime(left, (0, time.time() - 10_000))
    found = strongroom("blobs", "check", "--data", data(blob))
    assert (found.returncode, left.exists()) == (1, True)
    assert f"orphan blobs/{blob.parent.name}/{left.name} is a write that was cut off\n" in found.stdout
    swept = strongroom("blobs", "check", "--sweep", "--data", data(blob))
    assert (swept.returncode, left.exists()) == (1, False)
    assert "removed" in swept.stdout
    assert strongroom("blobs", "check", "--data", data(blob)).returncode == 0


def test_wrong_usage_ends_in_2(tmp_path: Path) -> None:
    assert strongroom("blobs", "check", "--nonsense").returncode == 2
    assert strongroom("blobs", "check", STRONGROOM_ORPHAN_SECONDS="soon").returncode == 2


def test_it_makes_no_folder(tmp_path: Path) -> None:
    outcome = strongroom("blobs", "check", "--data", str(tmp_path / "nowhere"))
    assert outcome.returncode == 1
    assert not (tmp_path / "nowhere").exists()
