"""Copies from before an upgrade hold keys: they stay a week, or as long as receipts allow, and then they go."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from service.house.house import House
from service.machine.units import DAY_US
from service.upkeep.older_schemas import drop_older_schemas
from service.upkeep.sweep import first_sweep
from tests import builders

NOW_US = 1_800_000_000_000_000


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., House]:
    def make(**changes: object) -> House:
        return House(builders.settings(tmp_path / "data", **changes), lambda: NOW_US)

    return make


def kept(house: House, name: str, days: float) -> Path:
    path = house.layout.data / name
    path.write_bytes(b"keys")
    made_s = NOW_US / 1e6 - days * 86_400
    os.utime(path, (made_s, made_s))
    return path


def test_a_copy_stays_a_week(opened: Callable[..., House]) -> None:
    house = opened()
    old, young = kept(house, "keyring.db.schema-4", 7.1), kept(house, "keyring.db.schema-5", 6.9)
    half = kept(house, "uploads.db.schema-1.draft", 8)
    first_sweep(house)
    assert not old.exists()
    assert not half.exists()
    assert young.exists()
    house.close()


def test_no_copy_outlives_what_receipts_say(opened: Callable[..., House]) -> None:
    house = opened(backup_horizon_days=2)
    copy = kept(house, "keyring.db.schema-5", 2.1)
    assert drop_older_schemas(house) == 1
    assert not copy.exists()
    house.close()


def test_nothing_else_goes(opened: Callable[..., House]) -> None:
    house = opened()
    kept(house, "keyring.db-old", 400)
    assert drop_older_schemas(house) == 0
    assert house.layout.keyring.exists()
    assert DAY_US == 24 * 3_600 * 10**6
    house.close()
