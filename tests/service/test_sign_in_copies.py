"""One sign-in under its Idempotency-Key, several times at once: one session, and never one that was closed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import apsw
import pytest

from domain.errors import BadCredentials
from eventstore.errors import LogFull
from eventstore.record import Append, Appended
from service.accounts.accounts import Entry
from service.desk.desk import Desk
from service.entrance import sessions
from service.house.house import House
from service.house.principal import Principal, authenticate, encode_token
from tests.builders import NO_HINT, Person
from tests.service.desks import asked, at_desk, before_append, failing_appends
from vault.keys import token_hash

Result = TypeVar("Result")


def signed_in(house: House, entry: Entry) -> Principal:
    return authenticate(house, encode_token(entry.token))


def session_ids(house: House) -> list[str]:
    keyring = apsw.Connection(str(house.layout.keyring), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return [row[0] for row in keyring.execute("SELECT session_id FROM session")]
    finally:
        keyring.close()


async def sign_in(desk: Desk, ada: Person) -> Entry:
    return await sessions.login(desk, "ada", ada.password, NO_HINT, asked())


def before_key(desk: Desk, monkeypatch: pytest.MonkeyPatch, act: Callable[[], Awaitable[object]]) -> None:
    """Once, something else happens between looking for the request in the log and writing the key."""
    aside = desk.aside

    async def act_first(work: Callable[[], Result]) -> Result:
        monkeypatch.setattr(desk, "aside", aside)
        await act()
        return await aside(work)

    monkeypatch.setattr(desk, "aside", act_first)


def test_the_same_sign_in_twice_at_once_is_one_session_that_works(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        both = await asyncio.gather(*(sessions.login(desk, "ada", ada.password, NO_HINT, asked()) for _ in range(3)))
        assert len({entry.token for entry in both}) == 1
        assert signed_in(house, both[0]).user == ada.user

    head = house.log.head()
    at_desk(house, story)
    assert house.log.head() == head + 1


def test_a_sign_in_that_a_crash_cut_off_can_be_repeated_under_its_key(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        with monkeypatch.context() as patched:
            failing_appends(desk, patched, TimeoutError)  # The session's key stays, its event never was.
            with pytest.raises(TimeoutError):
                await sessions.login(desk, "ada", ada.password, NO_HINT, asked())
        entry = await sessions.login(desk, "ada", ada.password, NO_HINT, asked())
        assert signed_in(house, entry).user == ada.user
        assert signed_in(house, entry).expires_at_us == entry.expires_at_us  # Of the key that was there already.

    at_desk(house, story)


def test_a_sign_in_that_the_log_refuses_leaves_no_session(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        entry = await sessions.login(desk, "ada", ada.password, NO_HINT, asked())
        await sessions.close_session(desk, ada.who, signed_in(house, entry).session_id, "logout")
        failing_appends(desk, monkeypatch, LogFull("full"))
        with pytest.raises(LogFull):
            await sessions.login(desk, "ada", ada.password, NO_HINT, asked("another"))
        assert session_ids(house) == [ada.who.session_id]

    at_desk(house, story)


def test_a_late_copy_of_a_sign_in_does_not_bring_a_closed_session_back(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        async def in_and_out() -> None:
            first = await sign_in(desk, ada)
            who = signed_in(house, first)
            await sessions.close_session(desk, who, who.session_id, "logout")

        before_key(desk, monkeypatch, in_and_out)
        late = await sign_in(desk, ada)
        assert late.replayed
        with pytest.raises(BadCredentials):
            signed_in(house, late)

    at_desk(house, story)
    assert session_ids(house) == [ada.who.session_id]


def test_a_copy_that_fails_leaves_the_session_of_the_one_that_succeeded(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        entries: list[Entry] = []

        async def succeed_then_fill_up() -> None:
            entries.append(await sign_in(desk, ada))
            raise LogFull("full")

        before_append(desk, monkeypatch, succeed_then_fill_up)  # The key is the failing copy's.
        with pytest.raises(LogFull):
            await sign_in(desk, ada)
        assert signed_in(house, entries[0]).user == ada.user

    at_desk(house, story)


def test_a_copy_that_fails_leaves_a_key_that_it_did_not_bring(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        with monkeypatch.context() as patched:
            failing_appends(desk, patched, TimeoutError)  # Its event may still come.
            with pytest.raises(TimeoutError):
                await sign_in(desk, ada)
        failing_appends(desk, monkeypatch, LogFull("full"))
        with pytest.raises(LogFull):
            await sign_in(desk, ada)

    at_desk(house, story)
    assert len(session_ids(house)) == 2


def test_a_copy_that_takes_its_key_back_does_not_take_it_from_the_one_after(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        append = desk.append
        first_is_here, second_is_here = asyncio.Event(), asyncio.Event()

        async def in_turn(records: Append) -> Appended:
            if not first_is_here.is_set():
                first_is_here.set()
                await second_is_here.wait()
                raise LogFull("full")
            second_is_here.set()
            await asyncio.wait([failing])
            return await append(records)

        monkeypatch.setattr(desk, "append", in_turn)
        failing = asyncio.create_task(sign_in(desk, ada))
        await first_is_here.wait()
        entry = await sign_in(desk, ada)
        assert isinstance(failing.exception(), LogFull)
        assert signed_in(house, entry).user == ada.user

    at_desk(house, story)


def test_a_key_that_comes_back_while_its_session_is_closed_goes_again(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, account = house.keyring.session_by_token(token_hash(ada.token)), house.keyring.account(ada.user)
    assert row is not None
    assert account is not None
    verifier = account.password_verifier

    async def story(desk: Desk) -> None:
        before_append(desk, monkeypatch, lambda: desk.aside(lambda: house.keyring.add_session(row, verifier)))
        await sessions.close_session(desk, ada.who, ada.who.session_id, "logout")

    at_desk(house, story)
    assert session_ids(house) == []
