"""Who may register: with an invitation that is used up by it, with none, or nobody."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from domain.errors import EmailTaken, InvitationNeeded, RegistrationClosed, UsernameTaken, WeakPassword
from eventstore.errors import LogFull
from service.accounts import admitting, registering
from service.accounts.accounts import Entry, account_index
from service.accounts.admitting import TAKEN_OF_INVITATION, invitation_link, make_invitation
from service.accounts.registering import Registration
from service.desk.desk import Desk
from service.house.house import House
from service.house.principal import authenticate, encode_token
from service.house.requests import Asked
from service.machine.errors import Busy, TooManyNames
from service.machine.units import DAY_US
from service.upkeep.accepting import accept
from service.upkeep.idle import drop_invitations
from tests.api.asking import Clock
from tests.builders import NO_HINT, person, settings
from tests.service.desks import asked, at_desk, failing_appends
from vault.kdf import FLOOR, PasswordParams

PASSWORD = "correct horse battery staple"
NEEDED = "To register here takes an invitation that holds."


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(tmp_path: Path, clock: Clock) -> Iterator[Callable[..., House]]:
    houses: list[House] = []

    def open_house(**changes: object) -> House:
        houses.append(House(settings(tmp_path / "data", **changes), clock))
        return houses[-1]

    yield open_house
    for house in houses:
        house.close()


@pytest.fixture
def house(opened: Callable[..., House]) -> House:
    return opened(registration="invited")


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    floor = functools.partial(
        PasswordParams, time_cost=FLOOR.time_cost, memory_kib=FLOOR.memory_kib, parallelism=FLOOR.parallelism
    )
    monkeypatch.setattr(registering, "PasswordParams", floor)


def form(name: str = "mara", invitation: str = "", source: str = "", email: str = "") -> Registration:
    return Registration(name, email or f"{name}@example.org", PASSWORD, NO_HINT, source, invitation)


async def register(desk: Desk, filled: Registration, request: Asked | None = None) -> Entry:
    return await registering.register(desk, filled, request)


def uses_left(house: House) -> list[int]:
    return [row.uses_left for row in house.keyring.invitations(house.clock_us())]


# -- invited -----------------------------------------------------------------------------------------------------


def test_an_invitation_lets_so_many_in_and_nobody_after_them(house: House) -> None:
    code = make_invitation(house, 2, 7)

    async def story(desk: Desk) -> None:
        for name in ("mara", "nora"):
            entry = await register(desk, form(name, code.lower().replace("-", " ")))
            assert authenticate(house, encode_token(entry.token)).user == entry.user.user_id
        with pytest.raises(InvitationNeeded):
            await register(desk, form("olga", code))

    at_desk(house, story)
    assert uses_left(house) == []


def test_whatever_is_wrong_with_an_invitation_one_answer_is_given(house: House, clock: Clock) -> None:
    person(house, "ada")
    used, old = make_invitation(house, 1, 7), make_invitation(house, 1, 1)

    async def story(desk: Desk) -> None:
        await register(desk, form("mara", used))
        clock.now_us += DAY_US
        for code in ("", "no code", "0000-" * 7 + "0000", used, old):
            for name in ("ada", "nobody"):
                for request in (None, asked(name)):
                    with pytest.raises(InvitationNeeded) as refused:
                        await register(desk, form(name, code), request)
                    assert refused.value.detail == NEEDED

    at_desk(house, story)


def test_the_same_registration_again_uses_no_second_one(house: House) -> None:
    async def twice(desk: Desk, code: str, name: str) -> None:
        first = await register(desk, form(name, code), asked(name))
        again = await register(desk, form(name, code), asked(name))
        assert again.replayed
        assert (again.token, again.recovery_code) == (first.token, first.recovery_code)

    at_desk(house, lambda desk: twice(desk, make_invitation(house, 1, 7), "mara"))  # It is used up by then,
    at_desk(house, lambda desk: twice(desk, make_invitation(house, 3, 7), "nora"))  # or it holds still.
    assert uses_left(house) == [2]


def test_two_copies_at_once_use_one(house: House) -> None:
    code = make_invitation(house, 1, 7)

    async def story(desk: Desk) -> None:
        both = (register(desk, form("mara", code), asked()), register(desk, form("mara", code), asked()))
        first, second = await asyncio.gather(*both, return_exceptions=True)
        entries = [one for one in (first, second) if isinstance(one, Entry)]
        assert entries
        assert all(isinstance(one, Entry | Busy) for one in (first, second))
        again = await register(desk, form("mara", code), asked())
        assert {entry.token for entry in entries} == {again.token}

    at_desk(house, story)


def test_who_does_not_know_the_password_or_the_request_has_no_answer_again(house: House) -> None:
    code = make_invitation(house, 1, 7)

    async def story(desk: Desk) -> None:
        await register(desk, form("mara", code), asked())
        other = Registration("mara", "mara@example.org", PASSWORD + "!", NO_HINT, "", code)
        for filled, request in ((other, asked()), (form("mara", code), asked("another key")), (form("mara"), asked())):
            with pytest.raises(InvitationNeeded):
                await register(desk, filled, request)

    at_desk(house, story)


def test_what_the_log_refuses_gives_the_use_back(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    code = make_invitation(house, 1, 7)

    async def story(desk: Desk) -> None:
        with monkeypatch.context() as patched:
            failing_appends(desk, patched, LogFull("full"))
            with pytest.raises(LogFull):
                await register(desk, form("mara", code))
        assert uses_left(house) == [1]
        await register(desk, form("nora", code))

    at_desk(house, story)


def test_what_a_crash_cut_off_gives_the_use_back_when_it_gives_way(house: House, clock: Clock) -> None:
    code = make_invitation(house, 1, 7)

    class Crash(BaseException):
        pass

    async def cut_off(desk: Desk) -> None:
        async def crash(_: object) -> None:
            raise Crash

        desk.append = crash  # type: ignore[assignment]  # The process ends here.
        with pytest.raises(Crash):
            await register(desk, form("mara", code), asked())

    at_desk(house, cut_off)
    assert house.keyring.find_account(account_index(house, "mara")) is not None
    assert uses_left(house) == []  # The account and the use: both, or neither.

    async def story(desk: Desk) -> None:
        with pytest.raises(Busy):
            await register(desk, form("mara", code), asked())
        clock.now_us += registering.UNFINISHED_US + 1
        entry = await register(desk, form("mara", code), asked())
        assert not entry.replayed

    at_desk(house, story)
    assert uses_left(house) == []


def test_a_taken_name_leaves_the_invitation_and_is_told_so_often_only(house: House, clock: Clock) -> None:
    person(house, "ada")
    code, other = make_invitation(house, 3, 7), make_invitation(house, 1, 7)

    async def story(desk: Desk) -> None:
        for number in range(TAKEN_OF_INVITATION):
            filled = form("ada", code) if number % 2 else form("bea", code, email="ada@example.org")
            with pytest.raises((UsernameTaken, EmailTaken)):
                await register(desk, msgspec.structs.replace(filled, source=f"address {number}"))
        for name in ("ada", "free"):
            with pytest.raises(TooManyNames):
                await register(desk, form(name, code))
        await register(desk, form("dora", other))
        clock.now_us += admitting.INVITATION_WINDOW_S * 1_000_000 // TAKEN_OF_INVITATION
        await register(desk, form("free", code))  # What is no telling is given back,
        await register(desk, form("free2", code))
        with pytest.raises(UsernameTaken):
            await register(desk, form("ada", code))  # so that one is left.
        with pytest.raises(TooManyNames):
            await register(desk, form("ada", code))

    at_desk(house, story)
    assert uses_left(house) == [1]


def test_expired_ones_are_swept_and_an_older_keyring_brings_none_back(house: House, clock: Clock) -> None:
    make_invitation(house, 1, 1)
    clock.now_us += 2 * DAY_US + 1
    assert drop_invitations(house) == 1
    make_invitation(house, 1, 7)
    accept(house)
    assert uses_left(house) == []


def test_the_link_has_the_code_where_no_server_sees_it(opened: Callable[..., House]) -> None:
    assert invitation_link(opened(public_origin="https://vault.example.org").settings, "CODE") == (
        "https://vault.example.org/#invitation=CODE"
    )


# -- open and closed ---------------------------------------------------------------------------------------------


def test_where_it_is_closed_nobody_registers_invited_or_not(opened: Callable[..., House]) -> None:
    house = opened(registration="closed")
    person(house, "ada")
    code = make_invitation(house, 1, 7)

    async def story(desk: Desk) -> None:
        for name in ("ada", "nobody"):
            for given in ("", code):
                with pytest.raises(RegistrationClosed):
                    await register(desk, form(name, given))

    at_desk(house, story)
    assert uses_left(house) == [1]


def test_where_it_is_open_an_invitation_is_left_as_it_is(opened: Callable[..., House]) -> None:
    house = opened()
    code = make_invitation(house, 1, 7)
    at_desk(house, lambda desk: register(desk, form("mara", code)))
    assert uses_left(house) == [1]


def test_past_the_bound_an_address_learns_nothing_more_of_names(opened: Callable[..., House], clock: Clock) -> None:
    house = opened(taken_rate=2)
    person(house, "ada")

    async def story(desk: Desk) -> None:
        weak = Registration("bea", "bea@example.org", "passwordpassword", NO_HINT, "here")
        for _ in range(5):
            with pytest.raises(WeakPassword):
                await register(desk, weak)
        for number in range(3):
            await register(desk, form(f"free-{number}", source="here"))
        with pytest.raises(UsernameTaken):
            await register(desk, form("ada", source="here"))
        with pytest.raises(EmailTaken):
            await register(desk, form("cleo", source="here", email="ada@example.org"))
        told = set()
        for name in ("ada", "free"):
            with pytest.raises(TooManyNames) as refused:
                await register(desk, form(name, source="here"))
            told.add(refused.value.standing)
        assert len(told) == 1
        await register(desk, form("free", source="elsewhere"))
        clock.now_us += admitting.SOURCE_WINDOW_S * 1_000_000 // 2
        await register(desk, form("later", source="here"))

    at_desk(house, story)
