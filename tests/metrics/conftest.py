"""A house that is measured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from service.house.house import House
from service.machine.meter import FileMeter
from tests import builders
from tests.api.asking import Clock
from tests.builders import Person


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(tmp_path: Path, clock: Clock) -> Iterator[House]:
    """Measured as an API process is."""
    settings = builders.settings(tmp_path / "data", read_wait_ms=0, operator_token="o" * 40)
    folder = tmp_path / "data" / "run" / "metrics"
    folder.mkdir(parents=True)
    with closing(FileMeter(folder, "api")) as meter:
        house = House(settings, clock, meter=meter)
        yield house
        house.close()


@pytest.fixture
def ada(house: House) -> Person:
    return builders.person(house, "ada")
