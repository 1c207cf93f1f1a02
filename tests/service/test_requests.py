"""Idempotency: which requests are the same request."""

from __future__ import annotations

import pytest

from domain.errors import RequestReused
from eventstore.record import Append, NewRecord
from service.house.house import House
from service.house.requests import Asked, earlier, tag_of
from tests.service.desks import asked
from vault.keys import UserKeys, new_key

KEYS = UserKeys("ann", new_key())


def carried_out(house: House, request: Asked, keys: UserKeys = KEYS) -> int:
    record = NewRecord(f"chat-{house.log.head()}", 1, "Noted", 1, keys.user, {}, request=request.tag(keys))
    return house.writer.append(Append((record,))).first


def test_a_request_without_a_key_is_always_new(house: House) -> None:
    assert tag_of(None, KEYS) is None
    assert earlier(house.log, None) is None


def test_the_same_key_and_body_again_is_the_same_request(house: House) -> None:
    carried_out(house, asked("other"))
    position = carried_out(house, asked())
    assert earlier(house.log, tag_of(asked(), KEYS)) == position == 2
    assert earlier(house.log, tag_of(asked("new"), KEYS)) is None


def test_the_same_key_with_another_body_is_refused(house: House) -> None:
    carried_out(house, asked())
    with pytest.raises(RequestReused):
        earlier(house.log, tag_of(asked(body=b"other"), KEYS))


def test_the_same_key_on_another_route_or_of_another_person_is_another_request(house: House) -> None:
    carried_out(house, asked())
    assert earlier(house.log, tag_of(asked(route="POST /others"), KEYS)) is None
    assert earlier(house.log, tag_of(asked(), UserKeys("ann", new_key()))) is None


def test_route_key_and_body_do_not_run_into_each_other() -> None:
    assert asked("b", b"c", "a").tag(KEYS) != asked("", b"c", "ab").tag(KEYS)
    assert asked("b", b"c", "a").tag(KEYS).body != asked("", b"bc", "a").tag(KEYS).body


def test_the_tags_tell_nothing_of_key_and_body(house: House) -> None:
    carried_out(house, asked("order-4711", b"secret"))
    (record,) = house.log.read_all(0, 1)
    assert b"4711" not in record.envelope_bytes
    assert b"secret" not in record.envelope_bytes
