"""A password that was stretched for less is stretched for more when its owner shows it, and nobody notices."""

from __future__ import annotations

import asyncio

import pytest

from domain.errors import BadCredentials
from service.accounts import accounts
from service.accounts.accounts import Entry
from service.desk.desk import Desk
from service.entrance import passwords, sessions
from service.entrance.passwords import Change
from service.house.house import House
from service.house.principal import authenticate, encode_token
from tests.builders import Person
from tests.service.desks import asked, at_desk
from tests.service.factors import HINT, sign_in
from vault.errors import GateFull, KeyringFull
from vault.kdf import CEILING, FLOOR, SALT_BYTES, PasswordParams
from vault.keyring import AccountRow

NEW = "a wholly other staple of horses"
OUTDATED = PasswordParams.__dict__["outdated"]


@pytest.fixture(autouse=True)
def people_are_lifted(people_stay_cheap: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the product has it, though a little cheaper."""
    monkeypatch.setattr(PasswordParams, "outdated", OUTDATED)


def row_of(house: House, person: Person) -> AccountRow:
    row = house.keyring.account(person.user)
    assert row is not None
    return row


def is_todays(row: AccountRow) -> bool:
    today = PasswordParams(salt=row.params.salt)
    return row.params == today


@pytest.mark.parametrize(
    ("changes", "outdated"),
    [
        ({}, False),
        ({"time_cost": FLOOR.time_cost}, True),
        ({"memory_kib": FLOOR.memory_kib, "parallelism": 1}, True),
        ({"time_cost": CEILING.time_cost}, False),
        ({"time_cost": CEILING.time_cost, "memory_kib": FLOOR.memory_kib}, False),  # Not made cheaper in any respect.
    ],
)
def test_only_what_costs_less_is_outdated(changes: dict[str, int], outdated: bool) -> None:
    assert PasswordParams(salt=bytes(SALT_BYTES), **changes).outdated is outdated


def test_signing_in_lifts_the_costs_once_and_changes_nothing_else(house: House, ada: Person) -> None:
    before = row_of(house, ada)
    head = house.log.head()

    async def story(desk: Desk) -> None:
        first = await sign_in(desk, ada, None)
        lifted = row_of(house, ada)
        assert is_todays(lifted)
        assert lifted.params.salt != before.params.salt
        second = await sign_in(desk, ada, None)
        assert row_of(house, ada) == lifted
        for token in (ada.token, first.token, second.token):
            assert authenticate(house, encode_token(token)).user == ada.user

    at_desk(house, story)
    after = row_of(house, ada)
    assert (after.password_changes, after.recovery_verifier) == (before.password_changes, before.recovery_verifier)
    assert house.log.head() == head + 2  # Two sessions, and no word of a password.


def test_a_wrong_password_lifts_nothing(house: House, ada: Person) -> None:
    before = row_of(house, ada)

    async def story(desk: Desk) -> None:
        with pytest.raises(BadCredentials):
            await sessions.login(desk, "ada", "not this one at all", HINT, None)

    at_desk(house, story)
    assert row_of(house, ada) == before


@pytest.mark.parametrize("fault", [KeyringFull("full"), GateFull(1)])
def test_what_is_in_the_way_of_it_is_in_nobodys_way(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    before = row_of(house, ada)

    def refuse(*_: object) -> None:
        raise fault

    async def story(desk: Desk) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(house.keyring, "upgrade_password", refuse)
            entry = await sign_in(desk, ada, None, asked())
        assert row_of(house, ada) == before
        again = await sign_in(desk, ada, None, asked())
        assert again.replayed
        assert again.token == entry.token
        await sign_in(desk, ada, None)

    at_desk(house, story)
    assert is_todays(row_of(house, ada))


def test_the_sign_in_that_lifts_can_be_repeated_under_its_key(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        first = await sign_in(desk, ada, None, asked())
        again = await sign_in(desk, ada, None, asked())
        assert again.replayed
        assert (again.token, again.position) == (first.token, first.position)

    at_desk(house, story)


def test_of_two_sign_ins_at_once_one_lifts_and_both_are_in(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> tuple[Entry, Entry]:
        return await asyncio.gather(sign_in(desk, ada, None), sign_in(desk, ada, None))

    for entry in at_desk(house, story):
        assert authenticate(house, encode_token(entry.token)).user == ada.user
    assert is_todays(row_of(house, ada))


def test_a_sign_in_is_not_lost_to_another_that_lifts_beside_it(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its stretching and its session's key."""

    async def as_before(desk: Desk, row: AccountRow, made: object, *_: object) -> tuple[AccountRow, object]:
        monkeypatch.undo()
        monkeypatch.setattr(PasswordParams, "outdated", OUTDATED)
        await sign_in(desk, ada, None)
        return row, made

    async def story(desk: Desk) -> Entry:
        monkeypatch.setattr(sessions, "at_todays_cost", as_before)
        return await sign_in(desk, ada, None)

    assert authenticate(house, encode_token(at_desk(house, story).token)).user == ada.user


def test_a_password_that_is_changed_meanwhile_signs_nobody_in(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrap_password = accounts.wrap_password

    async def story(desk: Desk) -> None:
        async def change_first(*given: object) -> object:
            monkeypatch.setattr("service.accounts.upgrading.wrap_password", wrap_password)
            await passwords.change(desk, ada.who, Change(ada.password, NEW), None)
            return await wrap_password(*given)  # type: ignore[arg-type]  # Handed on as they came.

        monkeypatch.setattr("service.accounts.upgrading.wrap_password", change_first)
        with pytest.raises(BadCredentials):
            await sign_in(desk, ada, None)
        await sessions.login(desk, "ada", NEW, HINT, None)

    at_desk(house, story)
