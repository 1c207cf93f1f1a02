"""Registering, signing in and out, as the person meets it."""

from __future__ import annotations

import asyncio

import pytest

from domain.errors import BadCredentials, EmailTaken, NotFound, RequestReused, UsernameTaken, WeakPassword
from domain.events import ClientHint, SessionClosed, SessionOpened, UserRegistered
from eventstore.errors import LogFull
from service.accounts import accounts, registering
from service.accounts.accounts import Entry, account_index
from service.accounts.registering import Registration
from service.desk.desk import Desk
from service.entrance import sessions
from service.house.facts import open_event, to_fact
from service.house.house import House
from service.house.principal import Principal, authenticate, encode_token
from service.house.requests import Asked
from service.machine.errors import Busy
from tests.builders import NO_HINT, Person, person, settings
from tests.service.desks import asked, at_desk, failing_appends
from vault.kdf import PasswordKeys, PasswordParams, password_keys
from vault.keys import token_hash

PASSWORD = "correct horse battery staple"
FORM = Registration("Mara", "Mara@example.org", PASSWORD, ClientHint("Firefox"))


async def register(desk: Desk, form: Registration = FORM) -> Entry:
    return await registering.register(desk, form, None)


def signed_in(house: House, entry: Entry) -> Principal:
    return authenticate(house, encode_token(entry.token))


def types_of(house: House, stream: str) -> list[type]:
    return [type(to_fact(record).event) for record in house.log.read_stream(stream)]


# -- registering -------------------------------------------------------------------------------------------------


def test_whoever_registers_is_signed_in_and_has_a_recovery_code(house: House) -> None:
    entry = at_desk(house, register)
    who = signed_in(house, entry)
    assert (entry.user.username, entry.user.email) == ("Mara", "Mara@example.org")
    assert who.user == entry.user.user_id
    assert who.expires_at_us == entry.expires_at_us
    assert len(entry.recovery_code.split("-")) == 8
    assert not entry.replayed
    assert entry.position == house.log.head() == 3


def test_name_and_address_lie_in_the_log_sealed_only(house: House) -> None:
    entry = at_desk(house, register)
    registered, *_ = house.log.read_stream(f"account-{entry.user.user_id}")
    event = to_fact(registered).event
    assert isinstance(event, UserRegistered)
    assert event.private is None
    for record in house.log.read_all(0, 10):
        for text in (b"mara", b"example.org", b"firefox"):
            assert text not in record.envelope_bytes.lower()
            assert text not in record.sealed.lower()


def test_what_the_client_said_of_itself_opens_with_the_users_key(house: House) -> None:
    entry = at_desk(house, register)
    who = signed_in(house, entry)
    (opened,) = house.log.read_stream(f"session-{who.session_id}")
    event = open_event(opened, who.keys.session_key())
    assert isinstance(event, SessionOpened)
    assert event.private is not None
    assert event.private.client == "Firefox"


@pytest.mark.parametrize("name", ["Mara", "mARA", " mara ", "\uff4dara"])
def test_a_name_is_taken_however_it_is_written(house: House, name: str) -> None:
    person(house, "mara")

    async def story(desk: Desk) -> None:
        with pytest.raises(UsernameTaken):
            await register(desk, Registration(name, "new@example.org", PASSWORD, NO_HINT))

    at_desk(house, story)


def test_an_address_is_taken_without_regard_to_case(house: House) -> None:
    person(house, "mara")

    async def story(desk: Desk) -> None:
        with pytest.raises(EmailTaken):
            await register(desk, Registration("other", "MARA@Example.ORG", PASSWORD, NO_HINT))

    at_desk(house, story)


def test_a_weak_password_is_refused_before_anything_is_written(house: House) -> None:
    async def story(desk: Desk) -> None:
        with pytest.raises(WeakPassword):
            await register(desk, Registration("mara", "mara@example.org", "passwordpassword", NO_HINT))

    at_desk(house, story)
    assert house.log.head() == 0
    assert house.keyring.find_account(account_index(house, "mara")) is None


def test_registering_again_under_the_same_key_gives_the_same_token_and_code(house: House) -> None:
    async def story(desk: Desk) -> None:
        first = await registering.register(desk, FORM, asked())
        again = await registering.register(desk, FORM, asked())
        assert again.replayed
        assert (again.token, again.recovery_code) == (first.token, first.recovery_code)
        assert (again.user, again.expires_at_us) == (first.user, first.expires_at_us)
        assert again.position == first.position
        with pytest.raises(RequestReused):
            await registering.register(desk, FORM, asked(body=b"another"))
        with pytest.raises(UsernameTaken):
            await registering.register(desk, FORM, asked("another key"))
        other_password = Registration(FORM.username, FORM.email, PASSWORD + "!", NO_HINT)
        with pytest.raises(UsernameTaken):
            await registering.register(desk, other_password, asked())

    at_desk(house, story)
    assert house.log.head() == 3


def test_what_the_log_refuses_leaves_no_keys_behind(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(desk: Desk) -> None:
        with monkeypatch.context() as patched:
            failing_appends(desk, patched, LogFull("full"))
            with pytest.raises(LogFull):
                await register(desk)
        assert house.keyring.find_account(account_index(house, "mara")) is None
        await register(desk)

    at_desk(house, story)


def test_a_registration_whose_outcome_is_open_keeps_its_keys(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(desk: Desk) -> None:
        with monkeypatch.context() as patched:
            failing_appends(desk, patched, TimeoutError, written=True)
            with pytest.raises(TimeoutError):
                await registering.register(desk, FORM, asked())
        again = await registering.register(desk, FORM, asked())  # It had become durable after all.
        assert again.replayed
        assert signed_in(house, again).user == again.user.user_id
        assert (await sessions.login(desk, "mara", PASSWORD, NO_HINT, None)).user == again.user

    at_desk(house, story)


def test_a_registration_that_a_crash_cut_off_gives_way_after_its_time(tmp_path_factory: pytest.TempPathFactory) -> None:
    now_us = 1_800_000_000_000_000

    def clock_us() -> int:
        return now_us

    house = House(settings(tmp_path_factory.mktemp("data")), clock_us)
    half = at_desk(house, cut_off)
    assert house.keyring.find_account(half) is not None

    async def story(desk: Desk) -> None:
        nonlocal now_us
        now_us += registering.UNFINISHED_US
        with pytest.raises(UsernameTaken):
            await register(desk)
        with pytest.raises(BadCredentials):
            await sessions.login(desk, "mara", PASSWORD, NO_HINT, None)
        now_us += 1
        entry = await register(desk)
        assert signed_in(house, entry).user == entry.user.user_id

    at_desk(house, story)
    house.close()


def test_a_registration_that_a_crash_cut_off_tells_its_own_repetition_to_wait(house: House) -> None:
    at_desk(house, lambda desk: cut_off(desk, asked()))

    async def story(desk: Desk) -> None:
        with pytest.raises(Busy):
            await registering.register(desk, FORM, asked())
        other_password = Registration(FORM.username, FORM.email, PASSWORD + "!", NO_HINT)
        for form, request in ((FORM, None), (FORM, asked("another key")), (other_password, asked())):
            with pytest.raises(UsernameTaken):
                await registering.register(desk, form, request)

    at_desk(house, story)


async def cut_off(desk: Desk, request: Asked | None = None) -> bytes:
    """A registration that ends between keys and event; its index."""

    class Crash(BaseException):
        pass

    async def crash(_: object) -> None:
        raise Crash

    desk.append = crash  # type: ignore[assignment]  # The process ends here.
    with pytest.raises(Crash):
        await registering.register(desk, FORM, request)
    return account_index(desk.house, "mara")


# -- signing in --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ada", "ADA", "ada@example.org", " Ada@Example.org"])
def test_one_signs_in_with_name_or_address(house: House, ada: Person, name: str) -> None:
    entry = at_desk(house, lambda desk: sessions.login(desk, name, ada.password, ClientHint("curl"), None))
    assert entry.user.user_id == ada.user
    assert entry.recovery_code == ""
    assert signed_in(house, entry).session_id != ada.who.session_id


def test_a_password_typed_on_another_keyboard_is_the_same(house: House) -> None:
    composed, decomposed = "p\u00e4sswort mit umlaut", "pa\u0308sswort mit umlaut"
    someone = person(house, "mara", composed)
    entry = at_desk(house, lambda desk: sessions.login(desk, "mara", decomposed, NO_HINT, None))
    assert entry.user.user_id == someone.user


def test_an_unknown_name_and_a_wrong_password_cannot_be_told_apart(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    costs: list[PasswordParams] = []

    def counting(password: bytes, params: PasswordParams, pepper: bytes) -> PasswordKeys:
        costs.append(params)
        return password_keys(password, params, pepper)

    monkeypatch.setattr(accounts, "password_keys", counting)

    async def story(desk: Desk) -> list[str]:
        entry = await register(desk)
        costs.clear()
        details = []
        for name in ("mara", "nobody", "nobody@example.org"):
            with pytest.raises(BadCredentials) as refused:
                await sessions.login(desk, name, "wrong horse battery staple", NO_HINT, None)
            details.append(refused.value.detail)
        assert entry.position == house.log.head()  # Nothing was written.
        return details

    details = at_desk(house, story)
    assert len(set(details)) == 1
    assert len(costs) == 3  # Argon2 ran each time, at the same cost.
    assert len({(cost.time_cost, cost.memory_kib, cost.parallelism) for cost in costs}) == 1


def test_signing_in_again_under_the_same_key_gives_the_same_session(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        first = await sessions.login(desk, "ada", ada.password, NO_HINT, asked())
        head = house.log.head()
        again = await sessions.login(desk, "ada", ada.password, NO_HINT, asked())
        assert again.replayed
        assert (again.token, again.expires_at_us, again.position) == (first.token, first.expires_at_us, first.position)
        assert house.log.head() == head
        with pytest.raises(RequestReused):
            await sessions.login(desk, "ada", ada.password, NO_HINT, asked(body=b"another"))
        other = await sessions.login(desk, "ada", ada.password, NO_HINT, asked("another key"))
        assert other.token != first.token

    at_desk(house, story)


# -- tokens and sessions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["", "sr_", "sr_" + "A" * 42, "sr_" + "A" * 44, "xx_" + "A" * 43, "sr_" + "é" * 43, "sr_" + "!" * 43]
)
def test_what_cannot_be_a_token_is_refused_like_one_that_is_unknown(house: House, text: str) -> None:
    details = set()
    for token in (text, "sr_" + "A" * 43):
        with pytest.raises(BadCredentials) as refused:
            authenticate(house, token)
        details.add(refused.value.detail)
    assert len(details) == 1


def test_a_token_ends_with_its_time(tmp_path_factory: pytest.TempPathFactory) -> None:
    now_us = 1_800_000_000_000_000

    def clock_us() -> int:
        return now_us

    house = House(settings(tmp_path_factory.mktemp("data")), clock_us)
    someone = person(house)
    text = encode_token(someone.token)
    now_us = someone.who.expires_at_us - 1
    assert authenticate(house, text).user == someone.user
    now_us += 1
    with pytest.raises(BadCredentials):
        authenticate(house, text)
    house.close()


def test_the_keyring_holds_a_hash_of_the_token_only(house: House, ada: Person) -> None:
    on_disk = house.layout.keyring.read_bytes()
    assert token_hash(ada.token) in on_disk
    assert ada.token not in on_disk


def test_a_closed_session_opens_nothing_and_is_closed_once(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        position = await sessions.close_session(desk, ada.who, ada.who.session_id, "logout")
        with pytest.raises(BadCredentials):
            authenticate(house, encode_token(ada.token))
        assert await sessions.close_session(desk, ada.who, ada.who.session_id, "closed") == position

    at_desk(house, story)
    assert types_of(house, f"session-{ada.who.session_id}") == [SessionOpened, SessionClosed]


def test_a_session_closed_by_two_at_once_is_closed_once(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        session = ada.who.session_id
        await asyncio.gather(*(sessions.close_session(desk, ada.who, session, "closed") for _ in range(4)))

    at_desk(house, story)
    assert types_of(house, f"session-{ada.who.session_id}") == [SessionOpened, SessionClosed]


def test_another_persons_session_is_not_there(house: House, ada: Person) -> None:
    ben = person(house, "ben")

    async def story(desk: Desk) -> None:
        for session in (ben.who.session_id, "no-such-session"):
            with pytest.raises(NotFound):
                await sessions.close_session(desk, ada.who, session, "closed")

    at_desk(house, story)
    assert authenticate(house, encode_token(ben.token)).user == ben.user


def test_what_is_secret_does_not_show_itself(house: House) -> None:
    entry = at_desk(house, register)
    for shown in (repr(entry), repr(FORM), repr(signed_in(house, entry))):
        assert entry.recovery_code not in shown
        assert PASSWORD not in shown
        assert repr(entry.token) not in shown
