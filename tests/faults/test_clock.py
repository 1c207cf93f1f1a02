"""A clock that jumps back by an hour: people go on as before, and the history keeps its order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from service.house.house import House
from service.house.principal import encode_token
from tests import builders
from tests.api.asking import Clock, ask, project
from tests.builders import Person

HOUR_US: Final = 3_600_000_000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(tmp_path: Path, clock: Clock) -> Iterator[House]:
    house = House(builders.settings(tmp_path / "data", read_wait_ms=0), clock)
    yield house
    house.close()


@pytest.fixture
def ada(house: House) -> Person:
    return builders.person(house, "ada")


def post(house: House, person: Person, path: str, document: dict[str, object], status: int) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"}
    answer = ask(house, path, person, method="POST", headers=headers, body=json.dumps(document).encode())
    assert answer.status_code == status, answer.text
    said: dict[str, Any] = answer.json
    return said


def test_what_is_said_after_it_stands_after_what_was_said_before(house: House, ada: Person, clock: Clock) -> None:
    first = post(house, ada, "/messages", {"content": "before"}, 201)
    clock.now_us -= HOUR_US
    second = post(house, ada, "/messages", {"content": "after"}, 201)
    project(house)
    rows = ask(house, "/user/data", ada).json["messages"]
    assert [row["message_id"] for row in rows] == [first["message_id"], second["message_id"]]
    assert [row["content"] for row in rows] == ["before", "after"]
    times = [envelope.at_us for envelope in house.log.read_envelopes(0, 100)]
    assert times == sorted(times)


def test_nobody_is_signed_out_or_kept_out_by_it(house: House, ada: Person, clock: Clock) -> None:
    clock.now_us -= HOUR_US
    project(house)
    assert ask(house, "/user/data", ada).status_code == 200
    asked = json.dumps({"username": ada.username, "password": ada.password}).encode()
    headers = {"Content-Type": "application/json"}
    entered = ask(house, "/auth/login", method="POST", headers=headers, body=asked)
    assert entered.status_code == 200, entered.text
    bearer = {"Authorization": f"Bearer {entered.json['token']}"}
    project(house)
    assert ask(house, "/user/data", headers=bearer).status_code == 200
    assert entered.json["token"] != encode_token(ada.token)
    clock.now_us += HOUR_US  # And when it is set right again, too.
    assert ask(house, "/user/data", headers=bearer).status_code == 200
