"""Ways in: registering, signing in and out, passwords and recovery codes."""

from __future__ import annotations

from typing import Final

import pytest

from domain.errors import BadCredentials
from domain.events import ApiTokenRevoked, EmailChanged, PasswordChanged, SessionClosed, SessionOpened, UserRegistered
from service.accounts.accounts import account_index, load_user
from service.accounts.registering import Registration, register
from service.desk.desk import Desk
from service.entrance import passwords, recovering, sealing_now, sessions
from service.entrance.passwords import Change
from service.entrance.recovering import Recovery
from service.house.house import House
from service.management import emails
from tests import builders
from tests.builders import NO_HINT
from tests.crash.story import (
    EMAIL,
    NEW_PASSWORD,
    PASSWORD,
    Ada,
    Facts,
    Folder,
    More,
    Operation,
    by_ada,
    by_anybody,
    code_opens,
    enters,
    here,
    is_let_in,
    judged,
    judged_while_others_run,
    prepared,
    signs_in,
    told,
)
from tests.service.desks import asked
from tests.service.holding import issued

REQUEST: Final = asked("the request that is cut off")
NEW_EMAIL: Final = "new@example.org"
BEN: Final = Registration("ben", "ben@example.org", PASSWORD, NO_HINT)


# -- registering ---------------------------------------------------------------------------------------------------


async def _register(desk: Desk, _: Facts) -> None:
    await register(desk, BEN, REQUEST)


async def _is_registered(desk: Desk, _: Facts) -> bool:
    """Whole, or name and address are free again: never a name without a way in."""
    house = desk.house
    if not await signs_in(desk, PASSWORD, "ben"):
        assert (await register(desk, BEN, None)).recovery_code
        assert await signs_in(desk, PASSWORD, "ben@example.org")
        return False
    row = house.keyring.find_account(account_index(house, "ben"))
    assert row is not None
    assert row == house.keyring.find_account(account_index(house, "ben@example.org"))
    assert told(house, f"account-{row.user_id}", UserRegistered) == 1
    assert (await register(desk, BEN, REQUEST)).recovery_code  # The request again: its one answer is not lost.
    return True


# -- sessions ------------------------------------------------------------------------------------------------------


async def _sign_in(desk: Desk, _: Facts) -> None:
    await sessions.login(desk, "ada", PASSWORD, NO_HINT, REQUEST)


async def _is_signed_in(desk: Desk, facts: Facts) -> bool:
    """What the log calls open has a key, and the same request leads to one session however often it comes."""
    house = desk.house
    open_ = {row.session_id for row in house.reader.sessions(facts.user, house.clock_us())}
    assert all(house.keyring.has_session(session_id) for session_id in open_)
    assert is_let_in(house, facts.token)
    return len(open_) == 2


async def _second_session(desk: Desk, _: Ada) -> More:
    entry = await sessions.login(desk, "ada", PASSWORD, NO_HINT, None)
    (opened,) = desk.house.log.read_all(entry.position - 1, 1)
    return {"other": entry.token, "other_id": opened.envelope.stream.removeprefix("session-")}


async def _sign_out(desk: Desk, ada: Ada) -> None:
    await sessions.close_session(desk, ada.who, ada.facts.more["other_id"], "logout")


async def _is_signed_out(desk: Desk, facts: Facts) -> bool:
    house, other = desk.house, facts.more["other_id"]
    closed = told(house, f"session-{other}", SessionClosed)
    assert is_let_in(house, facts.more["other"]) == (not closed)
    assert is_let_in(house, facts.token)
    assert closed <= 1
    return bool(closed)


async def _close_everywhere(desk: Desk, ada: Ada) -> None:
    await sessions.close_everywhere(desk, ada.who)


async def _ways_in(desk: Desk, ada: Ada) -> More:
    """Besides her session: another one, a token that reads, and one that only writes."""
    owner = builders.Person(ada.who, b"", "ada", EMAIL, PASSWORD)
    tokens = [await issued(desk, owner, kind) for kind in ("read_write", "write")]
    return {
        **await _second_session(desk, ada),
        "tokens": [one.secret for one in tokens],
        "token_ids": [one.token.token_id for one in tokens],
    }


def _sessions_end(house: House, facts: Facts) -> bool:
    """All of them, and then the log says so of each."""
    ended = {not is_let_in(house, token) for token in (facts.token, facts.more["other"])}
    assert len(ended) == 1, "some of them"
    streams = {record.envelope.stream for record in house.log.read_user(facts.user, 0, 500)}
    opened = [stream for stream in streams if told(house, stream, SessionOpened)]
    closed = {told(house, stream, SessionClosed) for stream in opened}
    assert closed == {int(ended == {True})}
    return ended == {True}


def _tokens_end(house: House, facts: Facts) -> bool:
    ended = {not is_let_in(house, token) for token in facts.more["tokens"]}
    assert len(ended) == 1, "some of them"
    assert {told(house, f"token-{one}", ApiTokenRevoked) for one in facts.more["token_ids"]} == {int(ended == {True})}
    return ended == {True}


async def _is_closed_everywhere(desk: Desk, facts: Facts) -> bool:
    ended = _sessions_end(desk.house, facts)
    assert not _tokens_end(desk.house, facts)
    assert await enters(desk, facts, PASSWORD)
    return ended


async def _seal(desk: Desk, ada: Ada) -> None:
    await sealing_now.seal_now(desk, ada.who)


async def _is_sealed(desk: Desk, facts: Facts) -> bool:
    sealed = _sessions_end(desk.house, facts)
    assert _tokens_end(desk.house, facts) == sealed
    assert await enters(desk, facts, PASSWORD)
    return sealed


# -- passwords and codes -------------------------------------------------------------------------------------------


async def _change_password(desk: Desk, ada: Ada) -> None:
    await passwords.change(desk, ada.who, Change(PASSWORD, NEW_PASSWORD, close_tokens=True), REQUEST)


async def _has_new_password(desk: Desk, facts: Facts) -> bool:
    house = desk.house
    changed = not is_let_in(house, facts.more["other"])
    assert told(house, f"session-{facts.more['other_id']}", SessionClosed) == changed
    assert _tokens_end(house, facts) == changed
    assert is_let_in(house, facts.token)
    assert await enters(desk, facts, NEW_PASSWORD) == changed
    assert await enters(desk, facts, PASSWORD) == (not changed)
    assert code_opens(house, facts, facts.code)
    assert told(house, f"account-{facts.user}", PasswordChanged) == changed
    return changed


async def _recover(desk: Desk, facts: Facts) -> None:
    await recovering.recover(desk, Recovery("ada", facts.code, NEW_PASSWORD, NO_HINT), REQUEST)


async def _is_recovered(desk: Desk, facts: Facts) -> bool:
    house = desk.house
    recovered = not code_opens(house, facts, facts.code)
    assert await enters(desk, facts, NEW_PASSWORD) == recovered
    assert await enters(desk, facts, PASSWORD) == (not recovered)
    assert {is_let_in(house, token) for token in (facts.token, facts.more["other"])} == {not recovered}
    assert _tokens_end(house, facts) == recovered
    assert told(house, f"account-{facts.user}", PasswordChanged) == recovered
    if recovered:
        with pytest.raises(BadCredentials):
            await recovering.recover(desk, Recovery("ada", facts.code, PASSWORD, NO_HINT), None)
        entry = await recovering.recover(desk, Recovery("ada", facts.code, NEW_PASSWORD, NO_HINT), REQUEST)
        assert code_opens(house, facts, entry.recovery_code)
        assert is_let_in(house, entry.token)
    return recovered


async def _issue_code(desk: Desk, ada: Ada) -> None:
    await passwords.issue_code(desk, ada.who, PASSWORD, REQUEST)


async def _has_new_code(desk: Desk, facts: Facts) -> bool:
    renewed = not code_opens(desk.house, facts, facts.code)
    assert await enters(desk, facts, PASSWORD)
    if renewed:
        issued_ = await passwords.issue_code(desk, here(desk.house, facts.token), PASSWORD, REQUEST)
        assert code_opens(desk.house, facts, issued_.recovery_code)
    return renewed


def _cheap_person(folder: Folder, _: Facts) -> More:
    with folder.opened() as house:
        builders.person(house, "bob", PASSWORD)
    return {}


async def _sign_in_bob(desk: Desk, _: Facts) -> None:
    await sessions.login(desk, "bob", PASSWORD, NO_HINT, None)


async def _is_upgraded(desk: Desk, _: Facts) -> bool:
    row = desk.house.keyring.find_account(account_index(desk.house, "bob"))
    assert row is not None
    assert await signs_in(desk, PASSWORD, "bob")
    return not row.params.outdated


async def _change_email(desk: Desk, ada: Ada) -> None:
    await emails.change(desk, ada.who, emails.Form(PASSWORD, NEW_EMAIL), REQUEST)


async def _has_new_email(desk: Desk, facts: Facts) -> bool:
    house = desk.house
    row = house.keyring.find_account(account_index(house, "ada"))
    assert row is not None
    assert row.identity_by_subject is None
    user = load_user(house, row)
    assert user is not None
    changed = user.email == NEW_EMAIL
    assert user.email in (EMAIL, NEW_EMAIL)
    assert await enters(desk, facts, PASSWORD, NEW_EMAIL) == changed
    assert await enters(desk, facts, PASSWORD, EMAIL) == (not changed)
    assert told(house, f"account-{facts.user}", EmailChanged) == changed
    return changed


ENTERING: Final = (
    Operation(
        "Registering",
        "there is no such account: name and address are free",
        "the account is whole: its password lets in, and the same request shows its recovery code",
        by_anybody(_register),
        judged(_is_registered),
        again=False,
    ),
    Operation(
        "Registering, while other processes go on",
        "nobody can sign in, and after a minute name and address are free for the next",
        "the account is whole: its password lets in, and the same request shows its recovery code",
        by_anybody(_register),
        judged_while_others_run(_is_registered),
        again=False,
    ),
    Operation(
        "Signing in",
        "the log knows of no new session, and the same request opens it",
        "the session is open, and its key is there",
        by_anybody(_sign_in),
        judged(_is_signed_in),
    ),
    Operation(
        "Signing out",
        "the session is open",
        "its token opens nothing, and the log says that it is closed",
        by_ada(_sign_out),
        judged(_is_signed_out),
        prepared(_second_session),
    ),
    Operation(
        "Signing out everywhere",
        "all sessions are open",
        "none is, and the log says so of each; API tokens go on",
        by_ada(_close_everywhere),
        judged(_is_closed_everywhere),
        prepared(_ways_in),
    ),
    Operation(
        "Sealing now",
        "all sessions and API tokens open what they did",
        "none opens or writes anything, and the log says so of each; the password does",
        by_ada(_seal),
        judged(_is_sealed),
        prepared(_ways_in),
    ),
    Operation(
        "Changing the password",
        "the old password lets in and the new one does not; other sessions and API tokens are open",
        "the new password lets in and the old one does not; other sessions and API tokens are closed",
        by_ada(_change_password),
        judged(_has_new_password),
        prepared(_ways_in),
    ),
    Operation(
        "Recovering an account",
        "the recovery code and the old password let in",
        "the new password lets in, the code is used up, and the same request shows the next; all else is closed",
        by_anybody(_recover),
        judged(_is_recovered),
        prepared(_ways_in),
    ),
    Operation(
        "Renewing the recovery code",
        "the old code opens the account",
        "the old code opens nothing, and the same request shows the new one, which does",
        by_ada(_issue_code),
        judged(_has_new_code),
    ),
    Operation(
        "Signing in with a password of cheaper days",
        "it is stretched at the old costs, and lets in",
        "it is stretched at today's, and lets in",
        by_anybody(_sign_in_bob),
        judged(_is_upgraded),
        _cheap_person,
        again=False,
    ),
    Operation(
        "Changing the e-mail address",
        "the old address finds the account, and the new one does not",
        "the new address finds the account, and the old one does not; the log says the same",
        by_ada(_change_email),
        judged(_has_new_email),
    ),
)
