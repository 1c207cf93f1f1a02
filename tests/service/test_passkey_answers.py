"""Passkeys that answer: signing in by one alone, and one beside the password. Each counts once, for one thing."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any, cast

import msgspec
import pytest

from domain.errors import BadCredentials, PasswordNeeded
from domain.events import ApiTokenRevoked, ClientHint, SessionOpened
from eventstore.errors import LogFull
from service.accounts.accounts import Entry
from service.desk.desk import Desk
from service.entrance import passkey_login, passwords, recovering
from service.factors import assertions
from service.factors.webauthn import LIFE_US, Purpose, Refused, new_challenge, open_challenge
from service.factors.webauthn_wire import Assertion, to_json
from service.house.facts import open_event, to_fact
from service.house.house import House
from service.house.principal import authenticate, encode_token
from service.house.requests import Asked
from service.management import passkeys, tokens
from service.upkeep.idle import SPENT_KEPT_US, drop_spent
from service.upkeep.sweep import Sweeper
from tests.api.asking import Clock
from tests.authenticator import Authenticator, decode, encode
from tests.builders import Person, person
from tests.service.desks import asked, at_desk, failing_appends
from tests.service.test_passkeys import ORIGIN, SITE, add

NEW = "another horse, another battery"
HINT = ClientHint("Firefox", "192.0.2.0/24")


def asking(house: House) -> dict[str, Any]:
    return to_json(passkey_login.request_options(house, SITE))


def answer(device: Authenticator, options: dict[str, Any], given: dict[str, Any] | None = None) -> passkey_login.Form:
    """A sign-in by the newest passkey of the device."""
    shown = msgspec.convert(device.get(options) if given is None else given, Assertion)
    return passkey_login.Form(shown, decode(device.prf(options)), SITE, HINT)


async def sign_in(desk: Desk, device: Authenticator, again: Asked | None = None) -> Entry:
    return await passkey_login.login(desk, answer(device, asking(desk.house)), again)


def passkey_of(house: House, owner: Person, *, opens: bool = True) -> Authenticator:
    device = Authenticator(ORIGIN)
    at_desk(house, lambda desk: add(desk, owner, device, opens=opens))
    return device


def refused(house: House, owner: Person, story: Callable[[Desk], Awaitable[object]]) -> None:
    """BadCredentials; no session, no event, and the passkeys are as they were."""

    def state() -> tuple[object, ...]:
        keyring = house.keyring
        return house.log.head(), keyring.passkeys(owner.user), keyring.sessions_of(owner.user, 100), spent(house)

    async def told(desk: Desk) -> None:
        with pytest.raises(BadCredentials):
            await story(desk)

    before = state()
    at_desk(house, told)
    assert state() == before


def spent(house: House) -> int:
    (count,) = house.keyring._reader.execute("SELECT count(*) FROM spent").fetchone() or (0,)
    return int(count)


# -- by itself -------------------------------------------------------------------------------------------------


def test_a_passkey_with_a_prf_signs_in_by_itself(house: House, ada: Person) -> None:
    device = passkey_of(house, ada)
    entry = at_desk(house, lambda desk: sign_in(desk, device))
    assert entry.user.user_id == ada.user
    who = authenticate(house, encode_token(entry.token))
    assert who.keys.session_key() == ada.who.keys.session_key()
    opened = open_event(house.log.read_stream(f"session-{who.session_id}")[0], who.keys.session_key())
    assert isinstance(opened, SessionOpened)
    assert opened.private == HINT
    assert passkeys.listed(house, who)[0].last_used_at is not None


def test_it_holds_when_the_password_is_another(house: House, ada: Person) -> None:
    device = passkey_of(house, ada)

    async def story(desk: Desk) -> Entry:
        change = passwords.Change(ada.password, "another horse, another battery")
        await passwords.change(desk, ada.who, change, None)
        return await sign_in(desk, device)

    assert at_desk(house, story).user.user_id == ada.user


@pytest.mark.parametrize("close", [False, True])
def test_a_new_password_takes_along_what_opens_by_itself_if_asked_to(house: House, ada: Person, close: bool) -> None:
    device, stick = passkey_of(house, ada), passkey_of(house, ada, opens=False)

    async def story(desk: Desk) -> bool:
        change = passwords.Change(ada.password, NEW, close_passkeys=close)
        await passwords.change(desk, ada.who, change, None)
        return await opens(desk, device)

    assert at_desk(house, story) is not close
    (left,) = [one for one in house.keyring.passkeys(ada.user) if not one.opens]
    assert left.credential_id == stick.credentials[0].id
    assert len(house.keyring.backup_tags(ada.user)) == 10
    assert removals(house, ada) == close


@pytest.mark.parametrize("close", [False, True])
def test_a_recovery_takes_along_passkeys_that_open_and_tokens(house: House, ada: Person, close: bool) -> None:
    device = passkey_of(house, ada)

    async def story(desk: Desk) -> bool:
        code = (await passwords.issue_code(desk, ada.who, ada.password, None)).recovery_code
        issued = await tokens.issue(desk, ada.who, tokens.Form(ada.password, "a bot", "read", 30), None)
        form = recovering.Recovery("ada", code, NEW, HINT)
        await recovering.recover(desk, form if close else msgspec.structs.replace(form, close_others=False), None)
        assert house.keyring.has_token(issued.token.token_id) is not close
        return await opens(desk, device)

    assert at_desk(house, story) is not close
    assert removals(house, ada) == close
    told = [to_fact(record).event for record in house.log.read_all(0, 100)]
    assert [one.reason for one in told if isinstance(one, ApiTokenRevoked)] == ["password"] * close


async def opens(desk: Desk, device: Authenticator) -> bool:
    try:
        await sign_in(desk, device)
    except BadCredentials:
        return False
    return True


def removals(house: House, owner: Person) -> int:
    return sum(one.envelope.type == "PasskeyRemoved" for one in house.log.read_stream(f"account-{owner.user}"))


def test_the_same_request_again_gives_the_same_session(house: House, ada: Person) -> None:
    device = passkey_of(house, ada)
    form = answer(device, asking(house))

    async def story(desk: Desk) -> tuple[Entry, Entry]:
        return await passkey_login.login(desk, form, asked()), await passkey_login.login(desk, form, asked())

    first, again = at_desk(house, story)
    assert again.replayed
    assert (again.token, again.expires_at_us, again.position) == (first.token, first.expires_at_us, first.position)


def test_cut_off_before_its_event_the_same_request_goes_on(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = passkey_of(house, ada)
    form = answer(device, asking(house))

    async def cut(desk: Desk) -> None:
        failing_appends(desk, monkeypatch, TimeoutError())
        with pytest.raises(TimeoutError):
            await passkey_login.login(desk, form, asked())

    at_desk(house, cut)
    entry = at_desk(house, lambda desk: passkey_login.login(desk, form, asked()))
    assert authenticate(house, encode_token(entry.token)).user == ada.user
    assert spent(house) == 2  # The registration's and this one's.


def test_a_sign_in_that_the_log_refuses_leaves_no_session(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = passkey_of(house, ada)

    async def cut(desk: Desk) -> None:
        failing_appends(desk, monkeypatch, LogFull("no room"))
        with pytest.raises(LogFull):
            await sign_in(desk, device)

    at_desk(house, cut)
    assert [row.session_id for row in house.keyring.sessions_of(ada.user, 100)] == [ada.who.session_id]


def test_another_prf_opens_nothing(house: House, ada: Person) -> None:
    device = passkey_of(house, ada)
    form = msgspec.structs.replace(answer(device, asking(house)), prf=bytes(32))
    refused(house, ada, lambda desk: passkey_login.login(desk, form, None))


def test_without_a_wrap_the_password_is_needed_and_the_answer_is_spent(house: House, ada: Person) -> None:
    device = passkey_of(house, ada, opens=False)
    form = answer(device, asking(house))

    async def story(desk: Desk) -> None:
        with pytest.raises(PasswordNeeded):
            await passkey_login.login(desk, form, None)

    at_desk(house, story)
    assert len(house.keyring.sessions_of(ada.user, 100)) == 1
    refused(house, ada, lambda desk: passkey_login.login(desk, form, None))


def test_an_answer_signs_in_once(house: House, ada: Person) -> None:
    device = passkey_of(house, ada)
    device.counts = False
    form = answer(device, asking(house))
    at_desk(house, lambda desk: passkey_login.login(desk, form, None))
    refused(house, ada, lambda desk: passkey_login.login(desk, form, None))


def test_an_answer_under_another_key_is_spent_all_the_same(house: House, ada: Person) -> None:
    device = passkey_of(house, ada)
    device.counts = False
    form = answer(device, asking(house))
    at_desk(house, lambda desk: passkey_login.login(desk, form, asked("one")))
    refused(house, ada, lambda desk: passkey_login.login(desk, form, asked("another")))


def test_a_counter_that_does_not_grow_is_refused(house: House, ada: Person) -> None:
    device = passkey_of(house, ada)
    at_desk(house, lambda desk: sign_in(desk, device))
    device.credentials[0].sign_count = 0  # A copy of it, which has counted less.
    refused(house, ada, lambda desk: sign_in(desk, device))
    device.counts = False
    refused(house, ada, lambda desk: sign_in(desk, device))


def test_a_removed_passkey_opens_nothing(house: House, ada: Person) -> None:
    device = passkey_of(house, ada)
    (row,) = house.keyring.passkeys(ada.user)
    at_desk(house, lambda desk: passkeys.remove(desk, ada.who, row.passkey_id, ada.password))
    refused(house, ada, lambda desk: sign_in(desk, device))


def test_an_erased_account_is_opened_by_none_of_its_passkeys(house: House, ada: Person) -> None:
    device = passkey_of(house, ada)
    house.keyring.shut_account(ada.user)
    refused(house, ada, lambda desk: sign_in(desk, device))


def test_a_challenge_that_has_expired_is_refused(house: House, ada: Person) -> None:
    device = passkey_of(house, ada)
    clock = Clock()
    house.clock_us = clock
    form = answer(device, asking(house))
    clock.now_us += LIFE_US
    refused(house, ada, lambda desk: passkey_login.login(desk, form, None))


def test_challenges_of_which_nobody_asks_any_more_go(house: House, ada: Person) -> None:
    clock = Clock()
    house.clock_us = clock
    device = passkey_of(house, ada)
    at_desk(house, lambda desk: sign_in(desk, device))
    assert spent(house) == 2
    assert drop_spent(house) == 0
    clock.now_us += LIFE_US + SPENT_KEPT_US + 1
    assert Sweeper().sweep(house, house.log, 0) is not None
    assert spent(house) == 0


FAULTS: dict[str, Callable[[Authenticator], None]] = {
    "for another page": lambda device: setattr(device, "origin", "https://elsewhere.example"),
    "for a page below": lambda device: setattr(device, "origin", "https://pages.vault.example"),
    "over a line in clear": lambda device: setattr(device, "origin", "http://vault.example"),
    "for another server": lambda device: setattr(device, "rp_id", "example"),
    "by nobody verified": lambda device: setattr(device, "verified", False),
    "in a frame": lambda device: setattr(device, "cross_origin", True),
}


def test_an_answer_given_wrongly_is_refused(house: House, ada: Person) -> None:
    device = passkey_of(house, ada)
    for spoil in FAULTS.values():
        wrong = Authenticator(ORIGIN, credentials=device.credentials)
        spoil(wrong)
        refused(house, ada, functools.partial(sign_in, device=wrong))
    at_desk(house, lambda desk: sign_in(desk, device))


def put(**parts: str) -> Callable[[dict[str, Any]], None]:
    return lambda given: given["response"].update(parts)


SPOILT: dict[str, Callable[[dict[str, Any]], object]] = {
    "another signature": put(signature=encode(bytes(70))),
    "no signature": put(signature=""),
    "no authenticator data": put(authenticatorData=""),
    "authenticator data that goes on": lambda given: put(
        authenticatorData=encode(decode(given["response"]["authenticatorData"]) + b"\x00")
    )(given),
    "extensions that are no CBOR": put(authenticatorData=encode(bytes(32) + b"\x85\x00\x00\x00\x01\xff\xff")),
    "CBOR without end": put(authenticatorData=encode(bytes(32) + b"\x85\x00\x00\x00\x01" + b"\x81" * 5_000)),
    "no JSON": put(clientDataJSON=encode(b"\x00")),
    "JSON without end": put(clientDataJSON=encode(b"[" * 9_000)),
    "a challenge of no text": put(clientDataJSON=encode(b'{"type":"webauthn.get","challenge":7,"origin":""}')),
    "somebody else's handle": put(userHandle=encode(bytes(16))),
    "an unknown credential": lambda given: given.update(id=encode(b"unknown"), rawId=encode(b"unknown")),
    "two ids": lambda given: given.update(id=encode(b"another")),
}


def test_what_is_no_answer_is_refused(house: House, ada: Person) -> None:
    device = passkey_of(house, ada)
    for spoil in SPOILT.values():
        options = asking(house)
        given = device.get(options)
        spoil(given)
        form = answer(device, options, given)
        refused(house, ada, functools.partial(passkey_login.login, form=form, asked=None))
    at_desk(house, lambda desk: sign_in(desk, device))


# -- beside the password ---------------------------------------------------------------------------------------


def beside(house: House, owner: Person) -> dict[str, Any]:
    options = assertions.options(house, owner.user, SITE)
    assert options is not None
    return options


def shown(device: Authenticator, options: dict[str, Any]) -> Assertion:
    return msgspec.convert(device.get(options), Assertion)


def test_beside_the_password_each_passkey_of_the_account_will_do_once(house: House, ada: Person) -> None:
    device = passkey_of(house, ada, opens=False)
    options = beside(house, ada)
    assert [one["id"] for one in options["allowCredentials"]] == [encode(device.credentials[0].id)]
    given = shown(device, options)
    at_desk(house, lambda desk: assertions.check(desk, ada.user, SITE, given))
    refused(house, ada, lambda desk: assertions.check(desk, ada.user, SITE, given))


def test_who_has_none_is_asked_for_none(house: House, ada: Person) -> None:
    assert assertions.options(house, ada.user, SITE) is None


def test_somebody_elses_passkey_is_refused(house: House, ada: Person) -> None:
    bob = person(house, "bob")
    passkey_of(house, ada, opens=False)
    of_bob = passkey_of(house, bob, opens=False)
    given = shown(of_bob, {**beside(house, ada), "allowCredentials": []})
    refused(house, ada, lambda desk: assertions.check(desk, ada.user, SITE, given))


def test_a_challenge_of_somebody_else_is_refused(house: House, ada: Person) -> None:
    bob = person(house, "bob")
    device = passkey_of(house, ada, opens=False)
    passkey_of(house, bob, opens=False)
    given = shown(device, {**beside(house, bob), "allowCredentials": []})
    refused(house, ada, lambda desk: assertions.check(desk, ada.user, SITE, given))


def test_an_answer_for_one_thing_does_not_count_for_another(house: House, ada: Person) -> None:
    device = passkey_of(house, ada)
    signing_in = shown(device, asking(house))
    refused(house, ada, lambda desk: assertions.check(desk, ada.user, SITE, signing_in))
    options = beside(house, ada)
    form = passkey_login.Form(shown(device, options), decode(device.prf(asking(house))), SITE, HINT)
    refused(house, ada, lambda desk: passkey_login.login(desk, form, None))


def test_a_challenge_is_for_its_purpose_and_for_whom_it_was_made(house: House) -> None:
    raw = new_challenge(house, "sign-in", "ada")
    assert open_challenge(house, raw, "sign-in", "ada").expires_at_us > house.clock_us()
    for purpose, about, changed in (
        ("second-factor", "ada", raw),
        ("sign-in", "bob", raw),
        ("sign-in", "ada", raw[:-1]),
        ("sign-in", "ada", raw[:24]),
        ("sign-in", "ada", bytes(1) + raw[1:]),
        ("sign-in", "ada", b""),
    ):
        with pytest.raises(Refused):
            open_challenge(house, changed, cast(Purpose, purpose), about)
