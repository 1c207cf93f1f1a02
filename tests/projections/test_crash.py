"""Processes on one file: side by side, and killed at moments nobody chose. Rows and cursor are of one
moment."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from projections.compare import differences
from projections.draft import Draft
from projections.queries import Reader
from projections.runner import Projector
from tests.projections.endless import LENGTH, SEED
from tests.projections.history import random_history

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30.0


def start(path: Path, mode: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.projections.endless", str(path), mode],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def kill(process: subprocess.Popen[str]) -> None:
    assert process.poll() is None, "it ended before it could be killed"
    process.kill()
    process.wait(PATIENCE_S)
    assert process.stdout is not None
    process.stdout.close()


def test_killed_while_applying_the_rows_are_those_of_the_cursor(path: Path, tmp_path: Path) -> None:
    facts = random_history(SEED, LENGTH).facts
    reader = Reader(path)
    for reached in (1, 400, 1500):
        process = start(path, "apply")
        deadline = time.monotonic() + PATIENCE_S
        while reader.position() < reached:
            assert time.monotonic() < deadline
        kill(process)
        with Projector(path) as projector, Projector(tmp_path / f"until-{reached}.db") as expected:
            assert not projector.was_reset
            assert reached <= projector.position() < LENGTH
            expected.apply(facts[: projector.position()])
        assert list(differences(path, tmp_path / f"until-{reached}.db")) == []
    reader.close()


@pytest.mark.parametrize("reached", [100, 800])
def test_killed_while_rebuilding_the_old_tables_are_still_there(path: Path, tmp_path: Path, reached: int) -> None:
    facts = random_history(SEED, LENGTH).facts[:2000]
    for file in (path, tmp_path / "expected.db"):
        with Projector(file) as projector:
            projector.apply(facts)
    process = start(path, "rebuild")
    assert process.stdout is not None
    while int(process.stdout.readline()) < reached:
        pass
    kill(process)
    with Projector(path) as projector:
        assert not projector.was_reset
        # The program may have come to the end between its word and its death.
        if projector.position() == 1500:
            with Draft(tmp_path / "expected.db") as expected:
                expected.apply(facts[:1500])
                expected.take_place()
        else:
            assert projector.position() == 2000
        assert {file.name for file in path.parent.iterdir() if "expected" not in file.name} == {
            path.name, path.resolve().name,
            *(path.resolve().name + side for side in ("-wal", "-shm")),
            f"{path.name}.lock", f"{path.name}.building",
        }  # fmt: skip
    assert list(differences(path, tmp_path / "expected.db")) == []


def test_processes_side_by_side_apply_each_fact_once(path: Path, tmp_path: Path) -> None:
    both = [start(path, "apply"), start(path, "apply")]
    for process in both:
        process.communicate(timeout=PATIENCE_S)
    assert [process.returncode for process in both] == [0, 0]
    with Projector(tmp_path / "expected.db") as expected:
        expected.apply(random_history(SEED, LENGTH).facts)
    assert list(differences(path, tmp_path / "expected.db")) == []
