"""An address at its limit: strangers wait, and who is known there does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import falcon.testing
import msgspec
import pytest

from service.desk.desk import Desk
from service.house.house import House
from service.house.principal import encode_token
from tests import builders
from tests.api.asking import conducted
from tests.api.test_enumeration import device_of, told
from tests.builders import Person
from tests.service.desks import at_desk

RATE = 3
WRONG = "not this one at all"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Every guess has room; only the address has not."""
    house = House(builders.settings(tmp_path / "data", credential_rate=RATE))
    yield house
    house.close()


@pytest.fixture
def ada(house: House) -> Person:
    return builders.person(house, "ada")


async def post(
    conductor: falcon.testing.ASGIConductor, path: str, fields: Mapping[str, object], headers: Mapping[str, str]
) -> falcon.testing.Result:
    sent = {"Content-Type": "application/json", **headers}
    return await conductor.simulate_post(f"/api/v1{path}", headers=sent, body=msgspec.json.encode(fields))


async def crowd(conductor: falcon.testing.ASGIConductor) -> None:
    """A neighbour uses up what the address may ask for."""
    form = {"username": "whoever", "password": WRONG}
    answers = [await post(conductor, "/auth/login", form, {}) for _ in range(RATE + 1)]
    assert answers[-1].status_code == 429


def test_a_device_that_is_known_signs_in_beside_a_busy_neighbour(house: House, ada: Person) -> None:
    known, form = device_of(house, ada), {"username": "ada", "password": ada.password}

    async def story(desk: Desk) -> list[int]:
        async with conducted(desk) as conductor:
            await crowd(conductor)
            stranger = await post(conductor, "/auth/login", form, {})
            owner = [await post(conductor, "/auth/login", form, known) for _ in range(RATE + 1)]
            return [stranger.status_code, *(each.status_code for each in owner)]
        raise AssertionError("the app's shutdown swallowed the answer")

    assert at_desk(house, story) == [429, *[200] * RATE, 429]  # It has a limit of its own, and no more than that.


def test_so_it_gets_to_the_recovery(house: House, ada: Person) -> None:
    form = {"username": "ada", "recovery_code": "AAAA", "new_password": "a wholly other staple"}

    async def story(desk: Desk) -> list[int]:
        async with conducted(desk) as conductor:
            await crowd(conductor)
            found = [await post(conductor, "/auth/recover", form, mine) for mine in ({}, device_of(house, ada))]
            return [each.status_code for each in found]
        raise AssertionError("the app's shutdown swallowed the answer")

    assert at_desk(house, story) == [429, 401]


def test_a_session_is_not_held_up_by_its_neighbours(house: House, ada: Person) -> None:
    form = {"current_password": WRONG, "new_password": "a wholly other staple of horses"}
    bearer = {"Authorization": f"Bearer {encode_token(ada.token)}"}

    async def story(desk: Desk) -> list[int]:
        async with conducted(desk) as conductor:
            await crowd(conductor)
            return [(await post(conductor, "/auth/password", form, bearer)).status_code for _ in range(RATE + 1)]
        raise AssertionError("the app's shutdown swallowed the answer")

    *within, past = at_desk(house, story)
    assert 429 not in within
    assert past == 429


def test_a_device_of_another_account_is_told_what_a_stranger_is_whether_there_is_such_a_name_or_not(
    house: House, ada: Person
) -> None:
    bobs = device_of(house, builders.person(house, "bob"))

    async def story(desk: Desk) -> list[tuple[object, ...]]:
        async with conducted(desk) as conductor:
            await crowd(conductor)
            forms = [{"username": name, "password": WRONG} for name in ("ada", "ben")]
            return [told(await post(conductor, "/auth/login", form, bobs)) for form in forms]
        raise AssertionError("the app's shutdown swallowed the answer")

    known, unknown = at_desk(house, story)
    assert known[0] == 429
    assert known == unknown
    assert ada.user
