"""The doctor beside the log: accounts that the keyring lacks, those it knows less of, and what it brought back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from service.doctor import examine
from service.entrance import sessions
from service.house import keyring_lost
from service.house.house import House
from service.management.erasing import request_erasure
from tests import builders
from tests.builders import Person
from tests.service.desks import at_desk
from tests.service.rolling import Rolled, add_passkey, copy_keyring, remove_passkey

AGES_US = 10**15


@pytest.fixture
def rolled(tmp_path: Path) -> Rolled:
    """Its house is closed by `put_back`."""
    return Rolled(House(builders.settings(tmp_path / "data")), tmp_path / "copy")


@pytest.fixture
def lacking(rolled: Rolled) -> tuple[Rolled, Person]:
    """Somebody registered after the copy was made."""
    builders.person(rolled.house, "ada")
    copy_keyring(rolled)
    return rolled, builders.person(rolled.house, "ben")


def said(house: House) -> tuple[bool, str]:
    (found,) = [finding for finding in examine(house.settings) if finding.what == "accounts"]
    assert found.well or found.way
    return found.well, found.detail


def test_the_doctor_finds_who_is_lost_who_lags_and_who_came_back(
    lacking: tuple[Rolled, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    rolled, ben = lacking
    with rolled.reopened() as house:
        add_passkey(house, ben, "one")
        assert said(house) == (True, "the keyring is as new as the log")
        shutil.copyfile(house.layout.keyring, rolled.copy.with_name("newer"))
        add_passkey(house, ben, "further")
    rolled.put_back(mark=False)
    assert said(rolled.house)[1].startswith(f"1 accounts of the log are not in the keyring, {ben.user} among them")
    shutil.copyfile(rolled.copy.with_name("newer"), house.layout.keyring)
    assert said(house)[0]  # The newest event is young: somebody may be at it.
    monkeypatch.setattr("service.doctor.comparing.SETTLE_US", -AGES_US)
    keyring = house.layout.keyring.read_bytes()
    assert said(house)[1].startswith("the keyring knows less than the log of 1 accounts")
    with rolled.reopened() as house:
        remove_passkey(house, ben, "one")
    assert house.layout.keyring.write_bytes(keyring)
    with rolled.reopened(older=True) as house:
        request_erasure(house.writer, house.log, ben.user)
    assert said(house)[1].startswith("1 accounts, sessions and tokens are in the keyring that the log has closed")
    assert house.layout.keyring.read_bytes() == keyring


def test_the_doctor_finds_sessions_that_the_log_has_closed(rolled: Rolled, monkeypatch: pytest.MonkeyPatch) -> None:
    house = rolled.house
    ada = builders.person(house, "ada")
    copy_keyring(rolled)
    at_desk(house, lambda desk: sessions.close_everywhere(desk, ada.who))
    rolled.put_back(mark=False)
    assert said(house)[0]  # Closed a moment ago: its key may be on its way out.
    monkeypatch.setattr("service.doctor.comparing.SETTLE_US", -AGES_US)
    assert said(house)[1].startswith("1 accounts, sessions and tokens are in the keyring that the log has closed")


def test_the_doctor_is_not_misled_by_who_registers_meanwhile(rolled: Rolled, monkeypatch: pytest.MonkeyPatch) -> None:
    house = rolled.house
    builders.person(house, "ada")
    compare = keyring_lost.lost_accounts

    def registered_meanwhile(keys: object, log: object) -> object:
        builders.person(house, "ben")
        return compare(keys, log)  # type: ignore[arg-type]  # As they came.

    monkeypatch.setattr("service.doctor.comparing.lost_accounts", registered_meanwhile)
    assert said(house)[0]
    house.close()
