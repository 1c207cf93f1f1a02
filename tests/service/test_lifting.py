"""An older schema is lifted by the first who is alone with it, and never under somebody who works with it."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from service.house.house import House
from service.house.lifting import Older, lift_alone
from service.machine import locks
from service.machine.layout import Layout
from tests import builders
from tests.upgrades.test_folders import unpack
from vault.keyring_tables import SCHEMA_VERSION


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A folder as the oldest version left it."""
    data, _ = unpack("0.1.0.dev1", tmp_path)
    made = Layout(data)
    made.create()
    return made


def version(layout: Layout) -> object:
    with closing(apsw.Connection(str(layout.keyring))) as keyring:
        return keyring.pragma("user_version")


def test_under_somebody_who_works_with_it_nothing_is_lifted(layout: Layout) -> None:
    with locks.share(layout.run / "house.lock"), pytest.raises(Older, match="stop Strongroom"):
        lift_alone(layout, wait_s=0.0)
    assert version(layout) == 3
    assert not layout.keyring.with_name("keyring.db.schema-3").exists()


def test_it_waits_for_who_is_about_to_end(layout: Layout) -> None:
    other = locks.share(layout.run / "house.lock")
    waiting = threading.Thread(target=lift_alone, args=(layout,))
    waiting.start()
    assert version(layout) == 3
    other.release()
    waiting.join(20)
    assert version(layout) == SCHEMA_VERSION


def test_processes_that_start_together_all_begin(layout: Layout) -> None:
    failed: list[BaseException] = []
    together = threading.Barrier(4)

    def start() -> None:
        together.wait(10)
        try:
            House(builders.settings(layout.data)).close()
        except BaseException as error:  # noqa: BLE001  # A thread's failure is the test's.
            failed.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failed == []
    assert version(layout) == SCHEMA_VERSION
