"""Tokens: issued for the password, used, listed, revoked; whatever happens in between."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from domain.errors import BadCredentials, NotAllowed, NotFound, RequestReused, TooManyTokens, WrongPassword
from domain.events import ApiTokenIssued, ApiTokenRevoked, ApiTokenUsed, Label, TokenKind
from eventstore.errors import LogFull
from projections.runner import Projector
from service.desk.desk import Desk
from service.entrance import passwords
from service.entrance.passwords import Change
from service.entrance.sealing_now import seal_now
from service.entrance.sessions import login
from service.house import token_use
from service.house.facts import open_event, to_fact
from service.house.house import House
from service.house.principal import TOKEN_CHARS, authenticate, encode_token
from service.machine.units import DAY_US, HOUR_US
from service.management import tokens
from service.management.tokens import Form
from service.upkeep.projecting import catch_up
from service.upkeep.sweep import Sweeper
from tests import builders
from tests.api.asking import Clock
from tests.builders import NO_HINT, Person, started_chat
from tests.service.desks import asked, at_desk, before_append, failing_appends
from tests.service.holding import Bot, bot, errands_done, issued
from vault.errors import KeyringFull

KINDS: tuple[TokenKind, ...] = ("read_write", "read", "write")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(tmp_path: Any, clock: Clock) -> Any:
    house = House(builders.settings(tmp_path / "data"), clock)
    yield house
    house.close()


def types_of(house: House, token_id: str) -> list[str]:
    return [record.envelope.type for record in house.log.read_stream(f"token-{token_id}")]


def opens(house: House, secret: bytes) -> bool:
    try:
        authenticate(house, encode_token(secret))
    except BadCredentials:
        return False
    return True


def swept(house: House, orphan_us: int = 0) -> None:
    with Projector(house.layout.user_data) as projector:
        catch_up(house.log, projector)
    Sweeper().sweep(house, house.log, orphan_us)


def test_a_token_is_a_way_in_of_its_own(house: House, ada: Person) -> None:
    made = at_desk(house, lambda desk: issued(desk, ada, "read_write", name="the porch light"))
    assert len(encode_token(made.secret)) == TOKEN_CHARS
    who = authenticate(house, encode_token(made.secret))
    assert (who.user, who.session_id, who.token_id, who.chats) == (ada.user, "", made.token.token_id, None)
    assert who.keys.session_key() == ada.who.keys.session_key()
    (record,) = house.log.read_stream(f"token-{made.token.token_id}")
    assert open_event(record, ada.who.keys.session_key()) == ApiTokenIssued(
        kind="read_write", expires_at_us=made.token.expires_at_us, private=Label("the porch light")
    )
    assert record.position == made.position
    assert b"porch" not in house.layout.keyring.read_bytes() + house.layout.events.read_bytes()


def test_a_write_only_token_has_no_user_key_and_fails_closed(house: House, ada: Person) -> None:
    writer = bot(house, ada, "write")
    row = house.keyring.token(writer.token_id)
    assert row is not None
    assert row.user_by_token is None
    with pytest.raises(NotAllowed):
        _ = writer.who.keys
    assert not writer.who.reads


def test_issuing_needs_the_password(house: House, ada: Person) -> None:
    form = Form("not her password at all", "bot", "read", 90)
    with pytest.raises(WrongPassword):
        at_desk(house, lambda desk: tokens.issue(desk, ada.who, form, None))
    assert house.keyring.tokens(ada.user, 0) == []


def test_a_token_names_chats_that_are_there(house: House, ada: Person) -> None:
    bens = started_chat(house, builders.person(house, "ben"))
    with pytest.raises(NotFound):
        at_desk(house, lambda desk: issued(desk, ada, "read", bens))
    own = started_chat(house, ada)
    assert bot(house, ada, "read", own).who.chats == frozenset({own})


def test_there_is_room_for_so_many(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MAX_TOKENS", 2)
    bot(house, ada, "read")
    first = bot(house, ada, "write")
    with pytest.raises(TooManyTokens):
        bot(house, ada, "read")
    at_desk(house, lambda desk: tokens.revoke(desk, ada.who, first.token_id))
    bot(house, ada, "read")


def test_the_list_tells_what_is_known_of_each(house: House, ada: Person, clock: Clock) -> None:
    made = at_desk(house, lambda desk: issued(desk, ada, "write", days=1, name="one"))
    second = bot(house, ada, "read")
    (one, two) = tokens.listed(house, ada.who)
    assert one == made.token
    assert (one.name, one.kind, one.chats, one.used_at_us) == ("one", "write", None, None)
    assert two.token_id == second.token_id
    clock.now_us += DAY_US
    assert [token.token_id for token in tokens.listed(house, ada.who)] == [second.token_id]
    assert not opens(house, made.secret)


def test_a_revoked_token_opens_nothing_in_any_process(house: House, ada: Person) -> None:
    reader = bot(house, ada, "read")
    other = House(house.settings)
    try:
        assert opens(other, reader.token)
        position = at_desk(house, lambda desk: tokens.revoke(desk, ada.who, reader.token_id))
        assert not opens(other, reader.token)
    finally:
        other.close()
    assert not opens(house, reader.token)
    records = house.log.read_stream(f"token-{reader.token_id}")
    assert (to_fact(records[-1]).event, records[-1].position) == (ApiTokenRevoked(reason="revoked"), position)
    assert at_desk(house, lambda desk: tokens.revoke(desk, ada.who, reader.token_id)) == position


def test_nobody_revokes_what_is_anothers(house: House, ada: Person) -> None:
    reader, ben = bot(house, ada, "read"), builders.person(house, "ben")
    for token_id in (reader.token_id, "018f0000-0000-7000-8000-000000000000"):
        with pytest.raises(NotFound):
            at_desk(house, functools.partial(tokens.revoke, who=ben.who, token_id=token_id))
    assert opens(house, reader.token)


# -- the same request again ----------------------------------------------------------------------------------------


def test_the_same_request_again_gives_the_same_token(house: House, ada: Person) -> None:
    form = Form(ada.password, "bot", "read_write", 90)

    async def story(desk: Desk) -> None:
        first = await tokens.issue(desk, ada.who, form, asked())
        again = await tokens.issue(desk, ada.who, form, asked())
        assert (again.secret, again.token, again.position) == (first.secret, first.token, first.position)
        assert (first.replayed, again.replayed) == (False, True)
        with pytest.raises(RequestReused):
            await tokens.issue(desk, ada.who, form, asked(body=b"another"))

    at_desk(house, story)
    assert len(house.keyring.tokens(ada.user, 0)) == 1


@pytest.mark.parametrize("written", [False, True])
def test_an_issuing_that_is_cut_off_is_gone_on_with(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, *, written: bool
) -> None:
    form = Form(ada.password, "bot", "read", 90)

    async def cut_off(desk: Desk) -> None:
        failing_appends(desk, monkeypatch, TimeoutError, written=written)
        with pytest.raises(TimeoutError):
            await tokens.issue(desk, ada.who, form, asked())

    at_desk(house, cut_off)
    again = at_desk(house, lambda desk: tokens.issue(desk, ada.who, form, asked()))
    assert again.replayed == written
    assert opens(house, again.secret)
    assert types_of(house, again.token.token_id) == ["ApiTokenIssued"]


def test_a_key_that_a_refused_copy_took_back_is_brought_back(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = Form(ada.password, "bot", "read", 90)

    async def story(desk: Desk) -> bytes:
        async def take_back() -> None:
            (row,) = house.keyring.tokens(ada.user, 0)
            house.keyring.drop_token(row.token_id, ada.user)

        before_append(desk, monkeypatch, take_back)
        return (await tokens.issue(desk, ada.who, form, asked())).secret

    assert opens(house, at_desk(house, story))


def test_a_refused_event_takes_the_key_along(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(desk: Desk) -> None:
        failing_appends(desk, monkeypatch, LogFull("full"))
        with pytest.raises(LogFull):
            await issued(desk, ada, "write")

    at_desk(house, story)
    assert house.keyring.tokens(ada.user, 0) == []


# -- seal now, and a password that takes tokens along -----------------------------------------------------------------


def test_sealing_closes_every_session_and_every_token_in_one_step(house: House, ada: Person) -> None:
    bots = [bot(house, ada, kind) for kind in KINDS]
    second = at_desk(house, lambda desk: login(desk, ada.username, ada.password, NO_HINT, None))
    at_desk(house, lambda desk: seal_now(desk, ada.who))
    assert not any(opens(house, secret) for secret in (ada.token, second.token, *(each.token for each in bots)))
    for each in bots:
        (_, revoked) = house.log.read_stream(f"token-{each.token_id}")
        assert to_fact(revoked).event == ApiTokenRevoked(reason="sealed")
    (_, closed) = house.log.read_stream(f"session-{ada.who.session_id}")
    assert closed.envelope.public == {"reason": "sealed"}
    assert at_desk(house, lambda desk: login(desk, ada.username, ada.password, NO_HINT, None)).token


def test_sealing_that_the_disk_refuses_has_sealed_nothing(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = bot(house, ada, "read")

    def refuse(*_: object) -> None:
        raise KeyringFull

    monkeypatch.setattr(house.keyring, "seal", refuse)
    with pytest.raises(KeyringFull):
        at_desk(house, lambda desk: seal_now(desk, ada.who))
    assert opens(house, ada.token)
    assert opens(house, reader.token)


@pytest.mark.parametrize("told", [0, 1])
def test_a_sealing_that_is_cut_off_is_told_by_the_sweeper(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, told: int
) -> None:
    """Killed after the transaction, and between the events of sessions and of tokens."""
    reader = bot(house, ada, "read")

    class Killed(BaseException):
        pass

    async def story(desk: Desk) -> None:
        append, left = desk.append, told

        async def killed(records: Any) -> Any:
            nonlocal left
            if not left:
                raise Killed
            left -= 1
            return await append(records)

        monkeypatch.setattr(desk, "append", killed)
        with pytest.raises(Killed):
            await seal_now(desk, ada.who)

    at_desk(house, story)
    assert not opens(house, ada.token)
    assert not opens(house, reader.token)
    swept(house)
    assert to_fact(house.log.read_stream(f"token-{reader.token_id}")[-1]).event == ApiTokenRevoked(reason="lost")
    closed = house.log.read_stream(f"session-{ada.who.session_id}")[-1]
    assert closed.envelope.public == {"reason": "sealed" if told else "lost"}


def test_a_token_that_is_issued_while_all_is_sealed_does_not_survive(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        before_append(desk, monkeypatch, lambda: seal_now(desk, ada.who))
        with pytest.raises(BadCredentials):
            await issued(desk, ada, "read")

    at_desk(house, story)
    assert house.keyring.tokens(ada.user, 0) == []
    (token_id,) = {
        record.envelope.stream for record in house.log.read_all(0, 100) if "ApiToken" in record.envelope.type
    }
    assert types_of(house, token_id.removeprefix("token-")) == ["ApiTokenIssued", "ApiTokenRevoked"]


def test_a_closed_session_issues_nothing(house: House, ada: Person) -> None:
    at_desk(house, lambda desk: seal_now(desk, ada.who))
    with pytest.raises(BadCredentials):
        at_desk(house, lambda desk: issued(desk, ada, "read"))


@pytest.mark.parametrize("close_tokens", [False, True])
def test_a_new_password_takes_tokens_along_if_asked(house: House, ada: Person, *, close_tokens: bool) -> None:
    reader = bot(house, ada, "read")
    form = Change(ada.password, "a wholly other staple of horses", close_tokens=close_tokens)
    at_desk(house, lambda desk: passwords.change(desk, ada.who, form, None))
    assert opens(house, reader.token) == (not close_tokens)
    told = house.log.read_stream(f"token-{reader.token_id}")[-1].envelope.public
    assert told.get("reason") == ("password" if close_tokens else None)


# -- sweeping ----------------------------------------------------------------------------------------------------------


def test_a_key_without_an_event_is_dropped_in_time(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    async def story(desk: Desk) -> None:
        failing_appends(desk, monkeypatch, TimeoutError)
        with pytest.raises(TimeoutError):
            await issued(desk, ada, "read")

    at_desk(house, story)
    swept(house, orphan_us=DAY_US)
    assert len(house.keyring.tokens(ada.user, 0)) == 1
    clock.now_us += DAY_US + 1
    swept(house, orphan_us=DAY_US)
    assert house.keyring.tokens(ada.user, 0) == []


def test_an_expired_token_is_told_and_dropped_once(house: House, ada: Person, clock: Clock) -> None:
    made = at_desk(house, lambda desk: issued(desk, ada, "write", days=1))
    clock.now_us += DAY_US
    swept(house)
    swept(house)
    assert to_fact(house.log.read_stream(f"token-{made.token.token_id}")[-1]).event == ApiTokenRevoked(reason="expired")
    assert types_of(house, made.token.token_id) == ["ApiTokenIssued", "ApiTokenRevoked"]
    assert not house.keyring.has_token(made.token.token_id)


# -- last used ---------------------------------------------------------------------------------------------------------


def used(house: House, reader: Bot) -> int | None:
    """After whatever the requests left to be done."""
    errands_done(house)
    row = house.keyring.token(reader.token_id)
    assert row is not None
    return row.used_at_us


def test_the_first_use_of_a_day_stands_in_the_history(house: House, ada: Person, clock: Clock) -> None:
    reader = bot(house, ada, "read")
    assert used(house, reader) is None
    start = clock.now_us
    for later_us in (0, 60_000_000, 3_600_000_000, DAY_US, DAY_US + 1):
        clock.now_us = start + later_us
        _ = reader.who
        noted = used(house, reader)
        assert noted is not None
        assert clock.now_us - noted < HOUR_US
    assert types_of(house, reader.token_id) == ["ApiTokenIssued", "ApiTokenUsed", "ApiTokenUsed"]


def test_of_many_processes_one_tells_a_use(house: House, ada: Person) -> None:
    reader = bot(house, ada, "read")
    row = house.keyring.token(reader.token_id)
    assert row is not None
    for _ in range(3):
        token_use.note(house, row, house.clock_us())
    assert types_of(house, reader.token_id).count(ApiTokenUsed.__name__) == 1


def test_a_use_that_cannot_be_noted_keeps_nobody_out(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> bool:
        raise KeyringFull

    reader = bot(house, ada, "read")
    monkeypatch.setattr(house.keyring, "touch_token", refuse)
    assert reader.who.user == ada.user
    assert used(house, reader) is None
