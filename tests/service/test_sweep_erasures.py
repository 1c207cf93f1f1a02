"""Erasures that the sweeper finishes: bounded, in turn, last, and none in the way of another."""

from __future__ import annotations

from itertools import pairwise

import pytest

from domain.events import AccountErased, ErasureRequested, FileDeleted
from eventstore.log import Log
from eventstore.record import Append
from service.house.facts import to_records
from service.house.forgetting import FilesBusy
from service.house.house import House
from service.management import erasing
from service.upkeep import sweep
from service.upkeep.sweep import Sweeper
from tests import builders
from tests.builders import Person
from tests.service.keeping import kept
from tests.service.test_erasing import events_of, project, require_gone


@pytest.fixture
def crowd(house: House, ada: Person) -> list[Person]:
    """To be erased, in the order of their ids; their keys are gone, and the read tables know."""
    people = [ada, *(builders.person(house, name) for name in ("ben", "cyd", "dan", "eve"))]
    for person in people:
        request(house, person)
    project(house)
    return sorted(people, key=lambda person: person.user)


def request(house: House, person: Person) -> None:
    house.writer.append(Append(to_records(person.user, f"account-{person.user}", 2, (ErasureRequested(),))))
    erasing.shut(house, person.user)


def erased(house: House, people: list[Person]) -> list[bool]:
    return [AccountErased in events_of(house, person) for person in people]


def test_an_erasure_that_cannot_finish_stops_neither_the_others_nor_the_sweep(
    house: House, crowd: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = erasing.go_on

    def stuck(house: House, log: Log, user: str, after: int) -> int | None:
        if user == crowd[0].user:
            raise FilesBusy
        return go_on(house, log, user, after)

    part = house.layout.blobs / "00" / "abandoned.blob.part"
    part.parent.mkdir(exist_ok=True)
    part.write_bytes(b"of a writer that is dead")
    with monkeypatch.context() as patched:
        patched.setattr(sweep, "go_on", stuck)
        swept = Sweeper().sweep(house, house.log, 0)
    assert swept is not None
    assert swept.erased == 4
    assert erased(house, crowd) == [False, True, True, True, True]
    assert not part.exists()
    project(house)
    Sweeper().sweep(house, house.log, 0)
    assert all(erased(house, crowd))


def test_more_than_one_sweep_takes_come_in_turn(
    house: House, crowd: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "ERASURES_PER_SWEEP", 2)
    tried: list[str] = []

    def stuck(_house: House, _log: Log, user: str, _after: int) -> int | None:
        tried.append(user)
        raise FilesBusy

    monkeypatch.setattr(sweep, "go_on", stuck)
    sweeper = Sweeper()
    for _ in range(4):
        sweeper.sweep(house, house.log, 0)
    users = [person.user for person in crowd]
    assert tried == [*users, *users[:2]]


def test_a_long_erasure_goes_on_where_the_last_sweep_left_it(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "ERASING_S", 0.0)  # One piece at a time.
    monkeypatch.setattr(erasing, "PAGE", 4)
    files = tuple(kept(house, ada, b"file %d" % number) for number in range(5))
    request(house, ada)
    project(house)
    sweeper, deleted = Sweeper(), [0]
    for _ in range(40):
        sweeper.sweep(house, house.log, 0)
        deleted.append(events_of(house, ada).count(FileDeleted))
        if AccountErased in events_of(house, ada):
            break
    assert max(after - before for before, after in pairwise(deleted)) <= 4
    require_gone(house, ada, files)


def test_keys_of_an_account_that_is_gone_are_swept_though_the_log_says_that_all_is_done(
    house: House, ada: Person
) -> None:
    builders.started_chat(house, ada)
    row = house.keyring.account(ada.user)
    assert row is not None
    erasing.request_erasure(house.writer, house.log, ada.user)
    house.keyring.shut_account(ada.user)  # Out of an old backup; cut off here.
    assert house.keyring.stream_keys_before(house.clock_us() + 1, "", 10)
    swept = Sweeper().sweep(house, house.log, 0)
    assert swept is not None
    assert swept.keys == 1
    assert house.keyring.stream_keys_before(house.clock_us() + 1, "", 10) == []
