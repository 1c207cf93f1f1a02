"""Signing in and recovering where a second factor is set: never without it, and each code once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from domain.errors import BadCode, BadCredentials, RequestReused, SecondFactorRequired
from domain.events import BackupCodeUsed, SessionOpened
from eventstore.errors import LogFull
from service.accounts.accounts import Entry, wrap_code
from service.desk.desk import Desk
from service.entrance import recovering, sessions
from service.entrance.recovering import Recovery
from service.factors.second_factor import Proof
from service.factors.webauthn_wire import Assertion, Site
from service.house.facts import to_fact
from service.house.house import House
from service.house.principal import authenticate, encode_token
from service.machine.errors import Busy
from service.upkeep.sweep import Sweeper
from tests import builders
from tests.authenticator import Authenticator
from tests.builders import Person
from tests.service.desks import Fault, asked, at_desk, failing_appends
from tests.service.factors import HINT, Clock, code_of, set_up, sign_in, wrong_code_of
from tests.service.test_passkeys import ORIGIN, SITE
from tests.service.test_passkeys import add as add_passkey
from vault.errors import KeyringFull
from vault.kdf import CODE_RANDOM_BYTES, new_recovery_code

NEW = "a wholly other staple of horses"
CODE = new_recovery_code(bytes(range(CODE_RANDOM_BYTES)))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(tmp_path: Path, clock: Clock) -> Iterator[House]:
    house = House(builders.settings(tmp_path / "data"), clock)
    yield house
    house.close()


@pytest.fixture
def ada(house: House) -> Person:
    """Her recovery code is CODE."""
    ada = builders.person(house, "ada")
    row = house.keyring.account(ada.user)
    assert row is not None
    house.keyring.change_code(ada.user, row.password_verifier, wrap_code(house, ada.who.keys, CODE))
    return ada


def opens(house: House, entry: Entry) -> bool:
    return authenticate(house, encode_token(entry.token)).user == entry.user.user_id


def sessions_opened(house: House) -> int:
    return sum(isinstance(to_fact(record).event, SessionOpened) for record in house.log.read_all(0, 200))


async def recover(desk: Desk, code: str | None, *, key: str = "", new: str = NEW) -> Entry:
    proof = Proof(code)
    form = Recovery("ada", CODE, new, HINT, proof)
    body = f"{code}/{new}".encode()
    return await recovering.recover(desk, form, asked(key, body) if key else None)


# -- signing in ----------------------------------------------------------------------------------------------------


def test_the_password_alone_opens_no_session_and_says_what_is_missing(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        await set_up(desk, ada)
        head, before = house.log.head(), house.keyring.mark(ada.user)
        with pytest.raises(SecondFactorRequired) as caught:
            await sign_in(desk, ada, None)
        assert caught.value.factors == ("totp", "backup_code")
        assert caught.value.passkey_options is None
        assert (house.log.head(), house.keyring.mark(ada.user)) == (head, before)

    at_desk(house, story)
    assert sessions_opened(house) == 1


def test_nobody_without_the_password_learns_that_there_is_a_second_factor(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        secret, codes = await set_up(desk, ada)
        details = set()
        for name, code in (("ada", None), ("ada", code_of(house, secret)), ("ada", codes[0]), ("nobody", None)):
            with pytest.raises(BadCredentials) as caught:
                await sessions.login(desk, name, "not this one at all", HINT, None, Proof(code))
            details.add(caught.value.detail)
        assert len(details) == 1
        await sign_in(desk, ada, codes[0])  # It was not used up.

    at_desk(house, story)


def test_a_code_signs_in_once(house: House, ada: Person, clock: Clock) -> None:
    async def story(desk: Desk) -> None:
        secret, _ = await set_up(desk, ada)
        clock.next_code()
        code = code_of(house, secret)
        assert opens(house, await sign_in(desk, ada, f" {code[:3]} {code[3:]}"))
        for replayed in (code, code_of(house, secret, -1)):
            with pytest.raises(BadCode):
                await sign_in(desk, ada, replayed)
        clock.next_code()
        with pytest.raises(BadCode):
            await sign_in(desk, ada, code)
        assert opens(house, await sign_in(desk, ada, code_of(house, secret)))

    at_desk(house, story)


@pytest.mark.parametrize("typed", ["", "0", "12345", "1234567", "ABCDE-FGHJ", "ABCDE-FGHJK", "é" * 64, "x" * 64])
def test_what_is_no_code_opens_nothing_and_uses_nothing_up(house: House, ada: Person, typed: str) -> None:
    async def story(desk: Desk) -> None:
        secret, _ = await set_up(desk, ada)
        left, held = house.keyring.backup_tags(ada.user), house.keyring.totp(ada.user)
        for wrong in (typed, wrong_code_of(house, secret)):
            with pytest.raises(BadCode):
                await sign_in(desk, ada, wrong)
        assert (house.keyring.backup_tags(ada.user), house.keyring.totp(ada.user)) == (left, held)

    at_desk(house, story)
    assert sessions_opened(house) == 1


def test_a_back_up_code_stands_in_once_and_the_log_tells(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        _, codes = await set_up(desk, ada)
        assert opens(house, await sign_in(desk, ada, codes[4].lower().replace("-", " ")))
        with pytest.raises(BadCode):
            await sign_in(desk, ada, codes[4])
        assert opens(house, await sign_in(desk, ada, codes[5]))

    at_desk(house, story)
    events = [type(to_fact(record).event) for record in house.log.read_all(0, 200)]
    assert events[-4:] == [BackupCodeUsed, SessionOpened] * 2


def test_the_codes_of_another_open_nothing(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        bob = builders.person(house, "bob")
        await set_up(desk, ada)
        _, codes = await set_up(desk, bob)
        with pytest.raises(BadCode):
            await sign_in(desk, ada, codes[0])
        await sign_in(desk, bob, codes[0])

    at_desk(house, story)


def test_of_many_who_show_a_code_at_once_one_is_in(house: House, ada: Person, clock: Clock) -> None:
    async def story(desk: Desk) -> None:
        secret, codes = await set_up(desk, ada)
        clock.next_code()
        for code in (code_of(house, secret), codes[0]):
            tries = (sign_in(desk, ada, code) for _ in range(4))
            outcomes = await asyncio.gather(*tries, return_exceptions=True)
            assert sorted(type(outcome).__name__ for outcome in outcomes) == ["BadCode"] * 3 + ["Entry"]

    at_desk(house, story)


# -- the same request again, and crashes ---------------------------------------------------------------------------


def test_the_same_sign_in_again_is_answered_though_its_code_is_used_up(house: House, ada: Person, clock: Clock) -> None:
    async def story(desk: Desk) -> None:
        secret, _ = await set_up(desk, ada)
        clock.next_code()
        code = code_of(house, secret)
        first = await sign_in(desk, ada, code, asked())
        clock.next_code()
        again = await sign_in(desk, ada, code, asked())
        assert again.replayed
        assert (again.token, again.position) == (first.token, first.position)
        with pytest.raises(RequestReused):
            await sign_in(desk, ada, None, asked(body=b"without the code"))

    at_desk(house, story)


def test_a_sign_in_cut_off_after_its_session_key_goes_on_and_asks_for_no_second_code(
    house: House, ada: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        secret, _ = await set_up(desk, ada)
        clock.next_code()
        code = code_of(house, secret)
        with monkeypatch.context() as patched:
            failing_appends(desk, patched, TimeoutError)
            with pytest.raises(TimeoutError):
                await sign_in(desk, ada, code, asked())
        with pytest.raises(SecondFactorRequired):
            await sign_in(desk, ada, None, asked(body=b"without the code"))  # Of another body it is another request.
        with pytest.raises(BadCode):
            await sign_in(desk, ada, code, asked("another key"))
        assert opens(house, await sign_in(desk, ada, code, asked()))

    at_desk(house, story)


def test_a_crash_between_code_and_session_costs_the_code_and_nothing_else(
    house: House, ada: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> bool:
        raise KeyringFull("full")

    async def story(desk: Desk) -> None:
        secret, codes = await set_up(desk, ada)
        clock.next_code()
        for code in (code_of(house, secret), codes[0]):
            with monkeypatch.context() as patched:
                patched.setattr(house.keyring, "add_session", full)
                with pytest.raises(KeyringFull):
                    await sign_in(desk, ada, code, asked())
            with pytest.raises(BadCode):
                await sign_in(desk, ada, code, asked())
        assert opens(house, await sign_in(desk, ada, codes[1]))
        clock.next_code()
        assert opens(house, await sign_in(desk, ada, code_of(house, secret)))

    at_desk(house, story)


@pytest.mark.parametrize("fault", [LogFull("full"), TimeoutError])
def test_a_back_up_code_whose_use_was_not_told_is_used_up_and_told_by_the_sweeper(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    async def story(desk: Desk) -> None:
        _, codes = await set_up(desk, ada)
        with monkeypatch.context() as patched:
            failing_appends(desk, patched, fault)
            with pytest.raises((LogFull, TimeoutError)):
                await sign_in(desk, ada, codes[0])
        with pytest.raises(BadCode):
            await sign_in(desk, ada, codes[0])

    at_desk(house, story)
    assert Sweeper().sweep(house, house.log, 0) is not None
    events = [type(to_fact(record).event) for record in house.log.read_stream(f"account-{ada.user}")]
    assert events.count(BackupCodeUsed) == 1


# -- recovering ----------------------------------------------------------------------------------------------------


def test_recovering_does_not_skip_it_and_a_refusal_leaves_the_recovery_code(
    house: House, ada: Person, clock: Clock
) -> None:
    async def story(desk: Desk) -> None:
        secret, codes = await set_up(desk, ada)
        before = house.keyring.account(ada.user)
        with pytest.raises(SecondFactorRequired) as caught:
            await recover(desk, None)
        assert caught.value.factors == ("totp", "backup_code")
        for wrong in (wrong_code_of(house, secret), code_of(house, secret), "nonsense"):
            with pytest.raises(BadCode):
                await recover(desk, wrong)
        assert house.keyring.account(ada.user) == before
        entry = await recover(desk, codes[0])
        assert opens(house, entry)
        with pytest.raises(BadCredentials):
            await recover(desk, codes[1])  # The recovery code is used up now.
        clock.next_code()
        with pytest.raises(SecondFactorRequired):  # Nor is it gone with the old password.
            await sessions.login(desk, "ada", NEW, HINT, None)
        await sessions.login(desk, "ada", NEW, HINT, None, Proof(code_of(house, secret)))

    at_desk(house, story)


def test_a_wrong_recovery_code_tells_of_no_second_factor(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        await set_up(desk, ada)
        wrong = new_recovery_code(bytes(CODE_RANDOM_BYTES))
        details = set()
        for name in ("ada", "nobody"):
            for key in (None, asked()):
                with pytest.raises(BadCredentials) as caught:
                    await recovering.recover(desk, Recovery(name, wrong, NEW, HINT), key)
                details.add(caught.value.detail)
        assert len(details) == 1

    at_desk(house, story)


def test_the_same_recovery_again_is_answered_though_both_codes_are_used_up(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        _, codes = await set_up(desk, ada)
        first = await recover(desk, codes[0], key="key-1")
        again = await recover(desk, codes[0], key="key-1")
        assert again.replayed
        assert (again.token, again.recovery_code) == (first.token, first.recovery_code)

    at_desk(house, story)


def test_a_recovery_cut_off_is_finished_by_its_repetition_and_by_no_other(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        _, codes = await set_up(desk, ada)
        with monkeypatch.context() as patched:
            failing_appends(desk, patched, TimeoutError)
            with pytest.raises(Busy, match="new password holds"):
                await recover(desk, codes[0], key="key-1")
        with pytest.raises(BadCredentials):
            await recover(desk, None, key="key-1")  # Without the code it is another request.
        assert opens(house, await recover(desk, codes[0], key="key-1"))

    at_desk(house, story)


def test_a_crash_between_the_two_codes_leaves_the_recovery_code(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> tuple[list[str], list[str]]:
        raise KeyringFull("full")

    async def story(desk: Desk) -> None:
        _, codes = await set_up(desk, ada)
        with monkeypatch.context() as patched:
            patched.setattr(house.keyring, "recover", full)
            with pytest.raises(KeyringFull):
                await recover(desk, codes[0])
        await sign_in(desk, ada, codes[1])  # The old password holds.
        with pytest.raises(BadCode):
            await recover(desk, codes[0])
        assert opens(house, await recover(desk, codes[2]))

    at_desk(house, story)


def test_a_passkey_stands_beside_the_recovery_code_as_well(house: House, ada: Person) -> None:
    device = Authenticator(ORIGIN)

    async def with_passkey(desk: Desk, shown: Assertion | None, site: Site) -> Entry:
        return await recovering.recover(desk, Recovery("ada", CODE, NEW, HINT, Proof(None, shown, site)), None)

    async def story(desk: Desk) -> None:
        await add_passkey(desk, ada, device, opens=False)
        with pytest.raises(SecondFactorRequired) as caught:
            await with_passkey(desk, None, SITE)
        assert caught.value.factors == ("backup_code", "passkey")
        assert caught.value.passkey_options is not None
        shown = msgspec.convert(device.get(caught.value.passkey_options), Assertion)
        with pytest.raises(BadCode):
            await with_passkey(desk, shown, Site.of("https://evil.example"))
        assert opens(house, await with_passkey(desk, shown, SITE))

    at_desk(house, story)
