"""A house in an empty folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.house.house import House
from tests import builders
from tests.builders import Person
from tests.service.stretching import stretched_little
from vault.kdf import PasswordParams


@pytest.fixture(autouse=True)
def passwords_are_stretched_little() -> Iterator[None]:
    with stretched_little():
        yield


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(builders.settings(tmp_path / "data"))
    yield house
    house.close()


@pytest.fixture
def ada(house: House) -> Person:
    return builders.person(house, "ada")


@pytest.fixture(autouse=True)
def people_stay_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is made at the floor of the password costs would be lifted to today's by signing in: test_upgrading."""
    monkeypatch.setattr(PasswordParams, "outdated", False)
