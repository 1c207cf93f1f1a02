"""Children that die, or cannot be started, are tried again; who looks after them goes on."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.machine.children import Child
from service.machine.process import READY_FD
from tests.waiting import wait_for

READY = f"import os, time; os.write(int(os.environ[{READY_FD!r}]), b'.'); time.sleep(60)"


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    program = tmp_path / "program"
    program.symlink_to(sys.executable)
    made = Child("one", [str(program), "-c", READY], environment={}, death_signal=signal.SIGKILL, ready_after=1)
    yield made
    made.kill()


def test_it_is_ready_once_it_says_so(child: Child) -> None:
    assert not child.ready
    child.start()
    wait_for(lambda: child.ready, "the child to begin", 20)


def test_another_of_its_kind_begins_by_itself(child: Child) -> None:
    child.start()
    wait_for(lambda: child.ready, "the child to begin", 20)
    twin = child.twin()
    assert not twin.ready
    assert not twin.running
    twin.kill()


def test_a_program_that_is_away_for_a_while_takes_nobody_down(child: Child, tmp_path: Path) -> None:
    """As while an installation is being replaced."""
    child.start()
    wait_for(lambda: child.ready, "the child to begin", 20)
    (tmp_path / "program").rename(tmp_path / "away")
    child.kill()
    wait_for(lambda: kept(child).deaths > 1, "another try", 20)
    assert not child.running
    (tmp_path / "away").rename(tmp_path / "program")
    wait_for(lambda: kept(child).running and child.ready, "the child to be back", 20)


def kept(child: Child) -> Child:
    child.keep_alive()
    return child
