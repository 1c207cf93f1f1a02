"""A house in an empty folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.house import House
from tests import builders
from tests.builders import Person


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(builders.settings(tmp_path / "data"))
    yield house
    house.close()


@pytest.fixture
def ada(house: House) -> Person:
    return builders.person(house, "ada")
