"""Which moment an `as_of` is held to, by a clock that stands still."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import falcon.testing
import pytest

from eventstore.record import Append, NewRecord
from projections.errors import ProjectionFull
from service.desk import folds
from service.desk.desk import Desk
from service.house.house import House
from service.house.principal import encode_token
from service.reading.views import rfc3339
from tests.api.asking import Clock, conducted, problem, project
from tests.builders import Person, person, started_chat
from tests.service.desks import at_desk


def ask(house: House, path: str, person: Person, etag: str = "") -> falcon.testing.Result:
    async def story(desk: Desk) -> falcon.testing.Result:
        async with conducted(desk) as conductor:
            return await conductor.simulate_get(f"/api/v1{path}", headers=signed_in(person) | {"If-None-Match": etag})
        raise AssertionError("the app's shutdown swallowed the answer")

    return at_desk(house, story)


def signed_in(person: Person) -> dict[str, str]:
    return {"Authorization": f"Bearer {encode_token(person.token)}"}


def titles(result: falcon.testing.Result) -> list[str]:
    assert result.status_code == 200, result.text
    return [chat["title"] for chat in result.json["chats"]]


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_by_time_stay_with_the_moment_of_the_first(house: House, ada: Person, clock: Clock, order: str) -> None:
    """What becomes durable in the same microsecond comes too late for them."""
    for title in ("one", "two", "three"):
        started_chat(house, ada, title)
    query = f"/user/data?as_of={rfc3339(clock.now_us)}&limit=2&order={order}"
    first = ask(house, query, ada)
    started_chat(house, ada, "four")
    following = ask(house, f"{query}&cursor={first.json['next_cursor']}", ada)
    told = titles(first) + titles(following)
    assert told == (["one", "two", "three"] if order == "asc" else ["three", "two", "one"])
    assert first.json["position"] == following.json["position"] == house.log.head() - 1
    assert following.json["next_cursor"] is None
    assert ask(house, query, ada).json["position"] == house.log.head()


def test_the_tag_of_a_time_is_that_of_the_position_it_means(house: House, ada: Person, clock: Clock) -> None:
    project(house)
    query = f"/user/data?as_of={rfc3339(clock.now_us)}"
    etag = ask(house, query, ada).headers["etag"]
    assert ask(house, query, ada, etag).status_code == 304
    person(house, "ben")  # In the same microsecond: for ada nothing changes but the position that it means.
    project(house)
    assert ask(house, query, ada, etag).json["position"] == house.log.head()


def test_what_has_not_changed_is_not_folded(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    project(house)
    query = f"/user/data?as_of={house.log.head()}"
    etag = ask(house, query, ada).headers["etag"]

    def refuse(*_: object) -> object:
        raise AssertionError("folded")

    monkeypatch.setattr(folds.Fold, "step", refuse)
    assert ask(house, query, ada, etag).status_code == 304


def test_too_much_history_is_told_as_a_moment_that_is_too_late(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folds, "EVENTS_MAX", 1)
    refused = problem(ask(house, f"/user/data?as_of={house.log.head()}", ada), 422, "validation_failed")
    assert [error["field"] for error in refused["errors"]] == ["as_of"]
    assert ask(house, "/user/data?as_of=1", ada).status_code == 200


def test_what_a_newer_strongroom_wrote_is_told_as_a_moment_that_is_too_late(house: House, ada: Person) -> None:
    record = NewRecord(
        stream="message-from-the-future", version=1, type="MessagePinned", schema=1, user=ada.user, public={},
        key_id="", sealed=b"", request=None,
    )  # fmt: skip
    position = house.writer.append(Append((record,))).first
    refused = problem(ask(house, f"/user/data?as_of={position}", ada), 422, "validation_failed")
    ((field, message),) = [(error["field"], error["message"]) for error in refused["errors"]]
    assert field == "as_of"
    assert f"before position {position}" in message
    assert ask(house, f"/user/data?as_of={position - 1}", ada).json["user"]["id"] == ada.user


def test_a_full_disk_is_told_and_every_place_is_given_back(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = folds.Fold.step

    def refuse(*_: object) -> object:
        raise ProjectionFull("no room")

    async def story(desk: Desk) -> list[int]:
        async with conducted(desk) as conductor:
            headers = signed_in(ada)
            query: dict[str, Any] = {"headers": headers, "params": {"as_of": "1"}}
            monkeypatch.setattr(folds.Fold, "step", refuse)
            refused = [await conductor.simulate_get("/api/v1/user/data", **query) for _ in range(folds.LOOKS_AT_ONCE)]
            monkeypatch.setattr(folds.Fold, "step", step)
            served = [await conductor.simulate_get("/api/v1/user/data", **query) for _ in range(folds.LOOKS_AT_ONCE)]
            assert {answer.headers["retry-after"] for answer in refused} == {"1"}
            assert [kept.looking for kept in desk.folds._kept.values()] == [0]
            return [answer.status_code for answer in refused + served]
        raise AssertionError("the app's shutdown swallowed the answers")

    assert at_desk(house, story) == [503] * folds.LOOKS_AT_ONCE + [200] * folds.LOOKS_AT_ONCE


def test_when_all_look_back_the_next_is_told_to_come_again(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folds, "LOOKS_AT_ONCE", 2)

    async def story(desk: Desk) -> None:
        async with conducted(desk) as conductor:
            headers = signed_in(ada)
            with closing(await desk.folds.look(ada.user, 1)):
                full = await conductor.simulate_get("/api/v1/user/data?as_of=1", headers=headers)
                assert problem(full, 503, "busy")["detail"].startswith("Too many look into the past")
                assert full.headers["retry-after"] == "1"
                today = await conductor.simulate_get("/api/v1/user/data", headers=headers)
                assert today.status_code == 200
            again = await conductor.simulate_get("/api/v1/user/data?as_of=1", headers=headers)
            assert again.status_code == 200

    at_desk(house, story)
