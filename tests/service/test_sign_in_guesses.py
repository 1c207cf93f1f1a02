"""Whoever guesses at one account comes to an end, from however many addresses; and its owner does not notice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import BadCode, BadCredentials, SecondFactorRequired, WrongPassword
from service.accounts import accounts
from service.desk import devices
from service.desk.desk import Desk
from service.desk.devices import LIFE_S, Device
from service.desk.guesses import ACCOUNT_WINDOW_S, CODES_OF_ACCOUNT, SOURCE_WINDOW_S
from service.entrance import passwords, recovering, sessions
from service.entrance.recovering import Recovery
from service.factors.second_factor import Proof
from service.house.house import House
from service.machine.errors import TooManyGuesses
from service.management import totp
from tests import builders
from tests.builders import Person
from tests.service.desks import asked, at_desk
from tests.service.factors import HINT, Clock, code_of, set_up, sign_in, wrong_code_of
from vault.errors import ThrottleBroken
from vault.kdf import CODE_RANDOM_BYTES, PasswordKeys, PasswordParams, new_recovery_code

WRONG = "not this one at all"
HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"
OF_ADDRESS, OF_ACCOUNT = 3, 7
CODE = new_recovery_code(bytes(CODE_RANDOM_BYTES))
UNKNOWN_BACKUP = "00000-00000"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(tmp_path: Path, clock: Clock) -> Iterator[House]:
    rates = {"guess_rate": OF_ADDRESS, "account_guess_rate": OF_ACCOUNT}
    house = House(builders.settings(tmp_path / "data", **rates), clock)
    yield house
    house.close()


@pytest.fixture(autouse=True)
def hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guesses are told apart from the right password without stretching: here it is counted how many are looked at."""

    async def quick(desk: Desk, password: str, params: PasswordParams) -> PasswordKeys:
        if password == WRONG:
            return PasswordKeys(auth=b"wrong", kek=b"")
        return await stretch(desk, password, params)

    stretch = accounts.stretch
    for module in (sessions, passwords, recovering):
        monkeypatch.setattr(module, "stretch", quick)


async def guess(desk: Desk, source: str, name: str = "ada", password: str = WRONG, cookie: str = "") -> str:
    """ "wrong", or "refused" without being looked at."""
    try:
        await sessions.login(desk, name, password, HINT, None, Proof(source=source, devices=cookie))
    except BadCredentials:
        return "wrong"
    except TooManyGuesses:
        return "refused"
    return "in"


async def wear_out(desk: Desk, name: str = "ada") -> None:
    """From very many addresses, until the account takes no more from any."""
    for number in range(2 * OF_ACCOUNT):
        if await guess(desk, f"203.0.113.{number}", name) == "refused":
            return
    raise AssertionError("the account is never worn out")


def cookie_of(house: House, person: Person, brought: str = "") -> str:
    """What a device keeps that this person has just signed in with."""
    row = house.keyring.account(person.user)
    assert row is not None
    return devices.renewed(house, person.user, row.password_changes, brought)


def test_an_address_has_few_guesses_at_an_account_and_then_has_to_wait(house: House, ada: Person, clock: Clock) -> None:
    async def story(desk: Desk) -> None:
        outcomes = [await guess(desk, HERE) for _ in range(OF_ADDRESS + 2)]
        assert outcomes == ["wrong"] * OF_ADDRESS + ["refused"] * 2
        assert await guess(desk, HERE, password=ada.password) == "refused"  # Or one would learn which is right.
        assert await guess(desk, ELSEWHERE, password=ada.password) == "in"
        assert await guess(desk, HERE, "somebody-else") == "wrong"
        clock.wait(SOURCE_WINDOW_S // OF_ADDRESS)
        assert await guess(desk, HERE, password=ada.password) == "in"

    at_desk(house, story)


def test_very_many_addresses_come_to_an_end_together(house: House, ada: Person, clock: Clock) -> None:
    async def story(desk: Desk) -> None:
        outcomes = [await guess(desk, f"203.0.113.{number}") for number in range(OF_ACCOUNT + 3)]
        assert outcomes == ["wrong"] * OF_ACCOUNT + ["refused"] * 3
        clock.wait(ACCOUNT_WINDOW_S // OF_ACCOUNT + 1)
        assert [await guess(desk, f"198.51.100.{number}") for number in range(2)] == ["wrong", "refused"]

    at_desk(house, story)


# -- devices that have signed in before ----------------------------------------------------------------------------


def test_a_device_that_has_signed_in_before_is_not_shut_out_by_strangers(
    house: House, ada: Person, clock: Clock
) -> None:
    async def story(desk: Desk) -> None:
        mine = cookie_of(house, ada)
        await wear_out(desk)
        assert await guess(desk, HERE, password=ada.password) == "refused"
        assert await guess(desk, HERE, cookie=mine) == "wrong"
        assert await guess(desk, HERE, ada.email, ada.password, mine) == "in"
        clock.wait(LIFE_S)
        await wear_out(desk)
        assert await guess(desk, HERE, password=ada.password, cookie=mine) == "refused"  # Too long ago.

    at_desk(house, story)


def test_nor_by_who_guesses_beside_it_in_the_same_network(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        mine = cookie_of(house, ada)
        assert [await guess(desk, HERE) for _ in range(OF_ADDRESS + 1)][-1] == "refused"
        assert await guess(desk, HERE, password=ada.password, cookie=mine) == "in"

    at_desk(house, story)


def test_of_its_network_nobody_learns_that_it_is_there(house: House, ada: Person) -> None:
    """Who has used up the guesses at a name from elsewhere sees the same of a known and of an unknown one."""

    async def seen(desk: Desk, name: str) -> list[str]:
        await wear_out(desk, name)
        return [await guess(desk, HERE, name) for _ in range(OF_ADDRESS + 1)]

    async def story(desk: Desk) -> None:
        assert await guess(desk, HERE, password=ada.password, cookie=cookie_of(house, ada)) == "in"
        assert await seen(desk, "ada") == await seen(desk, "nobody-here") == ["refused"] * (OF_ADDRESS + 1)

    at_desk(house, story)


def test_a_stolen_cookie_gives_few_guesses_and_does_not_shut_the_owner_out(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        stolen, other = cookie_of(house, ada), cookie_of(house, ada)
        await wear_out(desk)
        outcomes = [await guess(desk, f"198.51.100.{number}", cookie=stolen) for number in range(OF_ADDRESS + 2)]
        assert outcomes == ["wrong"] * OF_ADDRESS + ["refused"] * 2
        assert await guess(desk, HERE, password=ada.password, cookie=other) == "in"

    at_desk(house, story)


def test_a_device_whose_own_guesses_are_used_up_is_a_stranger_and_no_less(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        mine = cookie_of(house, ada)
        for number in range(OF_ADDRESS):
            assert await guess(desk, f"198.51.100.{number}", cookie=mine) == "wrong"
        assert await guess(desk, HERE, password=ada.password, cookie=mine) == "in"

    at_desk(house, story)


def test_very_many_devices_come_to_an_end_together(house: House, ada: Person) -> None:
    """Who could sign in for a while may have made as many as they liked."""

    async def story(desk: Desk) -> None:
        mine = [cookie_of(house, ada) for _ in range(OF_ACCOUNT + 2)]
        await wear_out(desk)
        outcomes = [await guess(desk, HERE, cookie=one) for one in mine]
        assert outcomes == ["wrong"] * OF_ACCOUNT + ["refused"] * 2

    at_desk(house, story)


def test_a_new_password_ends_the_devices_of_the_old_one(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        mine = cookie_of(house, ada)
        await passwords.change(desk, ada.who, passwords.Change(ada.password, "a wholly other staple"), None)
        await wear_out(desk)
        assert await guess(desk, HERE, password="a wholly other staple", cookie=mine) == "refused"
        again = cookie_of(house, ada, mine)
        assert await guess(desk, HERE, password="a wholly other staple", cookie=again) == "in"

    at_desk(house, story)


def test_a_device_of_one_account_is_a_stranger_to_another(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        of_bob = cookie_of(house, builders.person(house, "bob"))
        for name in ("ada", "nobody-here"):
            await wear_out(desk, name)
            assert await guess(desk, HERE, name, cookie=of_bob) == "refused"

    at_desk(house, story)


# -- who is right, and who is nobody -------------------------------------------------------------------------------


def test_who_is_right_may_come_as_often_as_they_like(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        for number in range(2 * OF_ACCOUNT):
            assert await guess(desk, HERE if number % 2 else f"203.0.113.{number}", password=ada.password) == "in"

    at_desk(house, story)


def test_an_unknown_name_is_counted_as_a_known_one_is(house: House, ada: Person) -> None:
    async def outcomes(desk: Desk, name: str) -> list[str]:
        first = [await guess(desk, HERE, name) for _ in range(OF_ADDRESS + 1)]
        return first + [await guess(desk, f"203.0.113.{number}", name) for number in range(OF_ACCOUNT)]

    async def story(desk: Desk) -> None:
        assert await outcomes(desk, "ada") == await outcomes(desk, "nobody-here")
        assert await guess(desk, HERE, " ADA ") == "refused"  # However it is written.

    at_desk(house, story)


def test_a_guess_that_is_refused_takes_nothing_from_any_count(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        await wear_out(desk)
        for _ in range(OF_ADDRESS + 1):
            with pytest.raises(TooManyGuesses) as caught:
                desk.guesses.count("password", "ada", ELSEWHERE)
            assert caught.value.standing.limit.name == "password-account"

    at_desk(house, story)


def test_a_count_that_cannot_be_kept_lets_nobody_through(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ThrottleBroken("damaged")

    async def story(desk: Desk) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(desk.throttle, "check", broken)
            with pytest.raises(ThrottleBroken):
                await guess(desk, HERE, password=ada.password)
        with monkeypatch.context() as patched:
            patched.setattr(desk.throttle, "give_back", broken)
            assert await guess(desk, HERE, password=ada.password) == "in"  # What is only lost is nobody's harm.

    at_desk(house, story)


# -- recovery ------------------------------------------------------------------------------------------------------


async def recover(desk: Desk, source: str, key: str = "", cookie: str = "") -> str:
    form = Recovery("ada", CODE, WRONG, HINT, Proof(source=source, devices=cookie))
    try:
        await recovering.recover(desk, form, asked(key) if key else None)
    except BadCredentials:
        return "wrong"
    except TooManyGuesses:
        return "refused"
    return "in"


def test_recovery_codes_are_counted_for_an_address_and_never_used_up_by_strangers(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        assert [await recover(desk, HERE) for _ in range(OF_ADDRESS + 1)] == ["wrong"] * OF_ADDRESS + ["refused"]
        await wear_out(desk)
        for number in range(2 * OF_ACCOUNT):
            assert await recover(desk, f"198.51.100.{number}") == "wrong"
        assert await recover(desk, HERE, cookie=cookie_of(house, ada)) == "wrong"  # Nor by one's neighbours.

    at_desk(house, story)


def test_a_recovery_is_no_way_around_the_count_of_passwords(house: House, ada: Person) -> None:
    """Under an Idempotency-Key it looks whether the new password is the account's."""

    async def story(desk: Desk) -> None:
        await wear_out(desk)
        assert await recover(desk, ELSEWHERE, "key-1") == "refused"

    at_desk(house, story)


# -- second factors and sessions -----------------------------------------------------------------------------------


async def show(desk: Desk, ada: Person, code: str, source: str, cookie: str = "") -> str:
    try:
        await sessions.login(desk, "ada", ada.password, HINT, None, Proof(code, source=source, devices=cookie))
    except BadCode:
        return "wrong"
    except TooManyGuesses:
        return "refused"
    return "in"


def test_codes_are_counted_once_the_password_was_right(house: House, ada: Person, clock: Clock) -> None:
    async def story(desk: Desk) -> None:
        secret, codes = await set_up(desk, ada)
        wrong = wrong_code_of(house, secret)
        outcomes = [await show(desk, ada, wrong, HERE) for _ in range(OF_ADDRESS + 1)]
        assert outcomes == ["wrong"] * OF_ADDRESS + ["refused"]
        assert await show(desk, ada, code_of(house, secret), HERE) == "refused"
        with pytest.raises(SecondFactorRequired):
            await sign_in(desk, ada, None, source=HERE)  # None is none.
        for guess in (UNKNOWN_BACKUP, "neither of the two", UNKNOWN_BACKUP):
            assert await show(desk, ada, guess, HERE) == "wrong"  # Back-up codes are counted by themselves.
        assert await show(desk, ada, codes[0], HERE) == "refused"
        assert await show(desk, ada, codes[0], ELSEWHERE) == "in"

    at_desk(house, story)


def test_codes_from_very_many_addresses_come_to_an_end_and_the_owner_does_not(
    house: House, ada: Person, clock: Clock
) -> None:
    """Who guesses at codes has the password already."""

    async def story(desk: Desk) -> None:
        secret, _ = await set_up(desk, ada)
        wrong, mine = wrong_code_of(house, secret), cookie_of(house, ada)
        for number in range(CODES_OF_ACCOUNT):
            desk.guesses.count("code", ada.user, f"203.0.113.{number}")  # As a wrong one does, but at once.
        assert await show(desk, ada, wrong, ELSEWHERE) == "refused"
        assert await show(desk, ada, wrong, HERE, mine) == "wrong"
        clock.next_code()
        assert await show(desk, ada, code_of(house, secret), HERE, mine) == "in"
        clock.next_code()
        await totp.remove(desk, ada.who, ada.password, code_of(house, secret), ELSEWHERE)  # A session is a device.

    at_desk(house, story)


def test_very_many_devices_do_not_make_more_codes(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        for number in range(CODES_OF_ACCOUNT):
            desk.guesses.count("code", ada.user, HERE, Device(ada.user, f"device-{number}"))
        for _ in range(OF_ADDRESS):  # As a stranger's.
            desk.guesses.count("code", ada.user, HERE, Device(ada.user, "one more"))
        with pytest.raises(TooManyGuesses):
            desk.guesses.count("code", ada.user, HERE, Device(ada.user, "one more"))

    at_desk(house, story)


def test_the_first_code_of_an_authenticator_cannot_be_guessed_at_in_a_session(house: House, ada: Person) -> None:
    """Who took the session over was not shown the secret, and would be given the back-up codes."""

    async def story(desk: Desk) -> None:
        secret = (await totp.begin(desk, ada.who, ada.password, None)).secret
        for _ in range(CODES_OF_ACCOUNT):
            with pytest.raises(BadCode):
                await totp.confirm(desk, ada.who, wrong_code_of(house, secret), None)
        with pytest.raises(TooManyGuesses):
            await totp.confirm(desk, ada.who, code_of(house, secret), None)

    at_desk(house, story)


def test_a_session_left_open_is_no_place_to_guess_the_password_for_ever(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        row = house.keyring.account(ada.user)
        assert row is not None
        for _ in range(OF_ACCOUNT):
            with pytest.raises(WrongPassword):
                await passwords.prove(desk, row, WRONG)
        with pytest.raises(TooManyGuesses):
            await passwords.prove(desk, row, ada.password)
        with pytest.raises(TooManyGuesses):
            await passwords.change(desk, ada.who, passwords.Change(ada.password, "a wholly other staple"), None)
        assert await guess(desk, HERE, password=ada.password) == "in"  # Which is counted by itself.

    at_desk(house, story)
