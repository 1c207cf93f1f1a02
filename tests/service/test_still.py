"""Who was let in may have what they came for until the session ends, or the account."""

from __future__ import annotations

import pytest

from domain.errors import BadCredentials
from service.house.house import House
from service.house.still import Still
from tests.builders import DAY_US, Person


def test_who_is_signed_in_may_go_on(house: House, ada: Person) -> None:
    Still(house, ada.who).require()


def test_not_past_the_end_of_the_session(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    now_us = house.clock_us()
    monkeypatch.setattr(house, "clock_us", lambda: now_us + DAY_US)
    assert not Still(house, ada.who).allowed


def test_not_once_the_session_is_closed(house: House, ada: Person) -> None:
    house.keyring.drop_session(ada.who.session_id, ada.user)
    with pytest.raises(BadCredentials):
        Still(house, ada.who).require()


def test_not_once_the_account_is_gone_whatever_else_is_left(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.keyring, "account", lambda _: None)
    assert not Still(house, ada.who).allowed
