"""Tokens in the keyring, and the keys of what a write-only token began: each change in one step, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.events import TokenKind
from tests.vault.keyrings import account_row, add_user, opened, session_row, wrap
from tests.vault.test_keyring_destruction import gone_after, lying_bytes
from vault.errors import AccountGone, CredentialsReplaced, TokensFull
from vault.keyring import AccountRow, Keyring
from vault.keyring_tokens import StreamRewrap, TokenRow

MOST = 3


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[Keyring]:
    with opened(tmp_path) as keyring:
        yield keyring


@pytest.fixture
def ann(keyring: Keyring) -> AccountRow:
    add_user(keyring, "ben")
    return add_user(keyring, "ann")


def token_row(token: str, kind: TokenKind = "read", expires_at_us: int = 1_000, *chats: str) -> TokenRow:
    return TokenRow(
        token_id=token,
        token_hash=f"hash of {token}".encode(),
        user_id="ann",
        kind=kind,
        user_by_token=None if kind == "write" else wrap(),
        name_by_user=wrap(),
        chats=frozenset(chats) if chats else None,
        expires_at_us=expires_at_us,
        created_at_us=1,
    )


def add(keyring: Keyring, ann: AccountRow, row: TokenRow) -> bool:
    return keyring.add_token(row, ann.password_verifier, "ann-session", MOST, 0)


def test_a_token_is_found_as_it_was_added(keyring: Keyring, ann: AccountRow) -> None:
    rows = [token_row("one", "read_write", 1_000, "chat-b", "chat-a"), token_row("two", "write")]
    assert [add(keyring, ann, row) for row in rows] == [True, True]
    assert (
        [keyring.token_by_hash(row.token_hash) for row in rows] == [keyring.token(row.token_id) for row in rows] == rows
    )
    assert keyring.tokens("ann", 0) == keyring.tokens_after("", 10) == rows
    assert keyring.tokens_after("one", 10) == rows[1:]
    assert keyring.tokens("ann", 1_000) == keyring.tokens("ben", 0) == []
    assert keyring.token_by_hash(b"another") is None


def test_the_same_token_again_changes_nothing(keyring: Keyring, ann: AccountRow) -> None:
    first = token_row("one")
    assert add(keyring, ann, first)
    assert not add(keyring, ann, token_row("one", "write"))
    assert keyring.token("one") == first


def test_a_token_needs_the_password_and_the_session_that_asked(keyring: Keyring, ann: AccountRow) -> None:
    for verifier, session in ((wrap(), "ann-session"), (ann.password_verifier, "ben-session")):
        with pytest.raises(CredentialsReplaced):
            keyring.add_token(token_row("one"), verifier, session, MOST, 0)
    keyring.drop_session("ann-session", "ann")
    with pytest.raises(CredentialsReplaced):
        add(keyring, ann, token_row("one"))
    keyring.shut_account("ann")
    with pytest.raises(AccountGone):
        add(keyring, ann, token_row("one"))
    assert keyring.tokens_after("", 10) == []


def test_what_has_expired_does_not_count(keyring: Keyring, ann: AccountRow) -> None:
    for number in range(MOST):
        add(keyring, ann, token_row(f"{number}", expires_at_us=5))
    with pytest.raises(TokensFull):
        add(keyring, ann, token_row("more"))
    assert keyring.add_token(token_row("more"), ann.password_verifier, "ann-session", MOST, 5)
    assert keyring.drop_expired_tokens(5) == MOST
    assert [row.token_id for row in keyring.tokens_after("", 10)] == ["more"]


def test_of_those_who_saw_the_same_use_one_notes_the_next(keyring: Keyring, ann: AccountRow) -> None:
    add(keyring, ann, token_row("one"))
    assert [keyring.touch_token("one", None, at_us) for at_us in (10, 11)] == [True, False]
    assert [keyring.touch_token("one", was_us, 20) for was_us in (None, 9, 10)] == [False, False, True]
    assert not keyring.touch_token("gone", None, 10)
    row = keyring.token("one")
    assert row is not None
    assert row.used_at_us == 20


def test_sealing_takes_all_that_opens_and_nothing_of_others(keyring: Keyring, ann: AccountRow) -> None:
    keyring.add_session(session_row("ann-2", "ann"), ann.password_verifier)
    for name, kind in (("one", "read"), ("two", "write")):
        add(keyring, ann, token_row(name, kind))  # type: ignore[arg-type]  # Two of the three words.
    sessions, tokens = keyring.seal("ann")
    assert (sorted(sessions), sorted(tokens)) == (["ann-2", "ann-session"], ["one", "two"])
    assert not any(keyring.has_session(session) for session in sessions)
    assert not any(keyring.has_token(token) for token in tokens)
    assert keyring.has_session("ben-session")
    assert keyring.account("ann") is not None
    assert keyring.seal("ann") == ([], [])
    keyring.shut_account("ann")
    with pytest.raises(AccountGone):
        keyring.seal("ann")


def test_what_a_token_wrapped_is_gone_from_the_file(tmp_path: Path) -> None:
    with opened(tmp_path) as keyring:
        ann, row = add_user(keyring, "ann"), token_row("one")
        add(keyring, ann, row)
        assert row.user_by_token is not None
        assert row.user_by_token in lying_bytes(tmp_path)
        assert keyring.drop_token("one", "ann")
        gone_after(tmp_path, [row.user_by_token, row.name_by_user])
        assert not keyring.drop_token("one", "ann")


def test_nobody_drops_what_is_anothers(keyring: Keyring, ann: AccountRow) -> None:
    add(keyring, ann, token_row("one"))
    assert not keyring.drop_token("one", "ben")
    assert keyring.has_token("one")


# -- keys of messages, and keys under the user key ---------------------------------------------------------------------


def test_a_message_key_goes_with_its_chat(keyring: Keyring, ann: AccountRow) -> None:
    keyring.add_stream_key("chat-c", "ann", wrap(), 1)
    sealed = wrap()
    assert keyring.add_message_key("m", "c", "ann", sealed, 2)
    assert not keyring.add_message_key("m", "c", "ann", wrap(), 3)
    assert keyring.stream_key("message-m", "ann") == sealed
    keyring.forget(["chat-c"])
    assert keyring.stream_key("message-m", "ann") is None
    for chat, user in (("c", "ann"), ("never", "ann")):
        with pytest.raises(AccountGone):
            keyring.add_message_key("m", chat, user, sealed, 4)


def test_nothing_is_added_to_anothers_chat(keyring: Keyring, ann: AccountRow) -> None:
    keyring.add_stream_key("chat-c", "ann", wrap(), 1)
    with pytest.raises(AccountGone):
        keyring.add_message_key("m", "c", "ben", wrap(), 2)


def test_only_what_was_read_is_put_under_the_user_key(keyring: Keyring, ann: AccountRow) -> None:
    keyring.add_stream_key("chat-c", "ann", wrap(), 1)
    sealed, by_user = [wrap(), wrap(), wrap()], wrap()
    for number, each in enumerate(sealed):
        keyring.add_message_key(f"{number}", "c", "ann", each, 1)
    keyring.forget(["message-2"])
    rows = [
        StreamRewrap("message-0", "ann", sealed[0], by_user),
        StreamRewrap("message-1", "ann", wrap(), by_user),
        StreamRewrap("message-1", "ben", sealed[1], by_user),
        StreamRewrap("message-2", "ann", sealed[2], by_user),
    ]
    assert keyring.rewrap_streams(rows) == 1
    assert [keyring.stream_key(f"message-{number}", "ann") for number in range(3)] == [by_user, sealed[1], None]


def test_an_account_takes_its_tokens_along(keyring: Keyring) -> None:
    keyring.add_account(account_row("cay"), session_row("cay-session", "cay"))
    ann = add_user(keyring, "ann")
    add(keyring, ann, token_row("one"))
    keyring.drop_account("ann")
    assert keyring.tokens_after("", 10) == []
