"""A house whose tables are filled only when a test says so, by a clock that the test holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.house.house import House
from tests import builders
from tests.api.asking import Clock
from tests.builders import Person
from tests.service.stretching import stretched_little


@pytest.fixture(autouse=True)
def passwords_are_stretched_little() -> Iterator[None]:
    with stretched_little():
        yield


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(tmp_path: Path, clock: Clock) -> Iterator[House]:
    """Reads wait for nothing: what is not projected is stale at once."""
    house = House(builders.settings(tmp_path / "data", read_wait_ms=0, credential_rate=2), clock)
    yield house
    house.close()


@pytest.fixture
def ada(house: House) -> Person:
    return builders.person(house, "ada")
