"""Passwords, recovery codes and sessions replaced in one step each: by whoever has seen what stands there, or not at
all; and what is replaced is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from time import time_ns
from typing import Final

import apsw
import msgspec
import pytest

from tests.vault.keyrings import account_row, add_user, file_row, opened, session_row, wrap
from tests.vault.test_keyring_destruction import gone_after, lying_bytes
from tests.vault.test_keyring_tokens import token_row
from vault import keyring_tables
from vault.errors import AccountGone, CredentialsReplaced
from vault.kdf import PasswordParams
from vault.keyring import AccountRow, Keyring, PasswordWrap, RecoveryWrap
from vault.keyring_passkeys import PasskeyRow
from vault.keyring_schema import open_database
from vault.keyring_tables import SCHEMA_VERSION


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[Keyring]:
    with opened(tmp_path) as keyring:
        yield keyring


@pytest.fixture
def ann(keyring: Keyring) -> AccountRow:
    """With three sessions; Ben beside her has one."""
    add_user(keyring, "ben")
    row = add_user(keyring, "ann")
    for number in (2, 3):
        keyring.add_session(session_row(f"ann-{number}", "ann"), row.password_verifier)
    return row


def new_password() -> PasswordWrap:
    return PasswordWrap(PasswordParams(salt=b"t" * 16, time_cost=4, memory_kib=131_072, parallelism=2), wrap(), wrap())


def new_code() -> RecoveryWrap:
    return RecoveryWrap(wrap(), wrap())


def row_of(keyring: Keyring, user: str) -> AccountRow:
    row = keyring.account(user)
    assert row is not None
    return row


def test_a_new_password_replaces_the_old_one_and_all_sessions_but_one(keyring: Keyring, ann: AccountRow) -> None:
    new = new_password()
    closed, _ = keyring.change_password("ann", ann.password_verifier, new, "ann-2")
    row = row_of(keyring, "ann")
    assert (row.params, row.password_verifier, row.user_by_password) == (
        new.params,
        new.verifier,
        new.user_by_password,
    )
    assert (row.recovery_verifier, row.secret_by_user) == (ann.recovery_verifier, ann.secret_by_user)
    assert (row.password_changes, row.codes_issued) == (1, 1)
    assert sorted(closed) == ["ann-3", "ann-session"]
    assert [keyring.has_session(each) for each in ("ann-2", "ann-3", "ann-session", "ben-session")] == [
        True,
        False,
        False,
        True,
    ]


def test_a_recovery_replaces_both_and_all_sessions_by_a_new_one(keyring: Keyring, ann: AccountRow) -> None:
    password, code = new_password(), new_code()
    closed, _ = keyring.recover("ann", ann.recovery_verifier, password, code, session_row("new", "ann"))
    row = row_of(keyring, "ann")
    assert (row.password_verifier, row.recovery_verifier) == (password.verifier, code.verifier)
    assert row.user_by_recovery == code.user_by_recovery
    assert (row.password_changes, row.codes_issued) == (1, 2)
    assert sorted(closed) == ["ann-2", "ann-3", "ann-session"]
    assert keyring.drop_sessions("ann") == ["new"]
    assert keyring.has_session("ben-session")


@pytest.mark.parametrize("close", [False, True])
def test_passkeys_that_open_go_with_the_password_if_asked_to(keyring: Keyring, ann: AccountRow, close: bool) -> None:
    kept = with_passkeys(keyring, "ann") + with_passkeys(keyring, "ben")
    keyring.change_password("ann", ann.password_verifier, new_password(), "ann-2", with_passkeys=close)
    assert ids_of_passkeys(keyring) == sorted(set(kept) - ({"ann opens"} if close else set()))


@pytest.mark.parametrize("close", [False, True])
def test_passkeys_that_open_and_tokens_go_with_a_recovery_if_asked_to(
    keyring: Keyring, ann: AccountRow, close: bool
) -> None:
    kept = with_passkeys(keyring, "ann") + with_passkeys(keyring, "ben")
    keyring.add_token(token_row("bot"), ann.password_verifier, "ann-2", 9, 0)
    new = session_row("new", "ann")
    _, revoked = keyring.recover("ann", ann.recovery_verifier, new_password(), new_code(), new, with_others=close)
    assert revoked == (["bot"] if close else [])
    assert keyring.has_token("bot") is not close
    assert ids_of_passkeys(keyring) == sorted(set(kept) - ({"ann opens"} if close else set()))


def with_passkeys(keyring: Keyring, user: str) -> list[str]:
    """One that opens the account and one that does not; their ids."""
    ids = [f"{user} opens", f"{user} stands beside"]
    with keyring._transaction() as write:
        for each, opens in zip(ids, (b"wrap", None), strict=True):
            row = PasskeyRow(each, user, each.encode(), b"key", 0, b"name", opens, 1)
            write.execute("INSERT INTO passkey VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(row))
    return ids


def ids_of_passkeys(keyring: Keyring) -> list[str]:
    return sorted(one.passkey_id for user in ("ann", "ben") for one in keyring.passkeys(user))


def test_a_new_code_replaces_the_old_one_and_the_same_once_more_is_no_other(keyring: Keyring, ann: AccountRow) -> None:
    code = new_code()
    for _ in range(2):
        keyring.change_code("ann", ann.password_verifier, code)
    row = row_of(keyring, "ann")
    assert (row.recovery_verifier, row.user_by_recovery) == (code.verifier, code.user_by_recovery)
    assert (row.password_changes, row.codes_issued) == (0, 2)
    assert row.password_verifier == ann.password_verifier


Replacing = Callable[[Keyring, str, bytes, bytes], object]
REPLACING: dict[str, Replacing] = {
    "a new password": lambda keyring, user, password, _: keyring.change_password(
        user, password, new_password(), f"{user}-session"
    ),
    "a recovery": lambda keyring, user, _, code: keyring.recover(
        user, code, new_password(), new_code(), session_row("new", user)
    ),
    "a new code": lambda keyring, user, password, _: keyring.change_code(user, password, new_code()),
    "a sign-in": lambda keyring, user, password, _: keyring.add_session(session_row("new", user), password),
}


@pytest.mark.parametrize("replacing", REPLACING.values(), ids=REPLACING)
def test_whoever_has_seen_something_else_changes_nothing(
    tmp_path: Path, keyring: Keyring, ann: AccountRow, replacing: Replacing
) -> None:
    before = lying_bytes(tmp_path)
    with pytest.raises(CredentialsReplaced):
        replacing(keyring, "ann", wrap(), wrap())
    with pytest.raises(AccountGone):
        replacing(keyring, "nobody", ann.password_verifier, ann.recovery_verifier)
    assert lying_bytes(tmp_path) == before
    replacing(keyring, "ann", ann.password_verifier, ann.recovery_verifier)


def test_nothing_is_added_to_an_account_that_is_not_there(keyring: Keyring) -> None:
    adding = (
        lambda: keyring.add_session(session_row("s1", "nobody"), wrap()),
        lambda: keyring.add_stream_key("chat-a", "nobody", wrap(), 1),
        lambda: keyring.add_files([file_row("f1", "nobody")], 1_000, 1),
    )
    for add in adding:
        with pytest.raises(AccountGone):
            add()
    assert keyring.accounts("", 1) == []


def test_a_session_that_has_ended_changes_no_password(keyring: Keyring, ann: AccountRow) -> None:
    for session in ("gone", "ben-session"):
        with pytest.raises(CredentialsReplaced):
            keyring.change_password("ann", ann.password_verifier, new_password(), session)
    assert row_of(keyring, "ann") == ann
    assert keyring.has_session("ann-2")


def test_dropping_all_sessions_leaves_other_peoples(keyring: Keyring, ann: AccountRow) -> None:
    assert sorted(keyring.drop_sessions("ann")) == ["ann-2", "ann-3", "ann-session"]
    assert keyring.drop_sessions("ann") == []
    assert keyring.has_session("ben-session")
    assert row_of(keyring, "ann") == ann


def test_nothing_of_what_was_replaced_is_left_on_disk(tmp_path: Path, keyring: Keyring, ann: AccountRow) -> None:
    sessions = [keyring.session_by_token(f"hash of ann-{number}".encode()) for number in (2, 3)]
    old = [ann.password_verifier, ann.user_by_password, ann.recovery_verifier, ann.user_by_recovery]
    old += [session.user_by_token for session in sessions if session is not None]
    assert all(each in lying_bytes(tmp_path) for each in old)
    keyring.recover("ann", ann.recovery_verifier, new_password(), new_code(), session_row("new", "ann"))
    gone_after(tmp_path, old)


# -- an older keyring --------------------------------------------------------------------------------------------


def test_a_keyring_of_the_version_before_is_lifted_with_all_that_is_in_it(tmp_path: Path) -> None:
    with opened(tmp_path) as keyring:
        row = add_user(keyring, "ann")
    with_version_3(tmp_path / "keyring.db")
    with opened(tmp_path) as keyring, opened(tmp_path) as another:
        assert keyring.account("ann") == another.account("ann") == row
        keyring.add_account(account_row("ben"), session_row("s1", "ben"))
    lifted = open_database(tmp_path / "keyring.db")
    assert lifted.pragma("user_version") == SCHEMA_VERSION
    lifted.close()


def test_sessions_of_a_lifted_keyring_count_as_used_when_it_was_lifted(tmp_path: Path) -> None:
    """Nobody had noted their use: what is in daily use must not end as idle at the first sweep."""
    with opened(tmp_path) as keyring:
        add_user(keyring, "ann")
    with_version_3(tmp_path / "keyring.db")
    before_us = time_ns() // 1_000 - 1_000_000
    with opened(tmp_path) as keyring:
        assert keyring.idle_sessions(before_us, 10) == []
        (session,) = keyring.sessions_of("ann", 10)
        assert before_us < session.seen_at_us <= time_ns() // 1_000


def test_a_lift_that_fails_leaves_the_keyring_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path) as keyring:
        add_user(keyring, "ann")
    with_version_3(tmp_path / "keyring.db")
    before = lying_bytes(tmp_path)
    step = keyring_tables.STEPS[4]

    def fails_at_its_end(connection: apsw.Connection) -> None:
        step(connection)
        connection.execute("SELECT nothing FROM nowhere")

    monkeypatch.setitem(keyring_tables.STEPS, 4, fails_at_its_end)
    with pytest.raises(apsw.SQLError):
        open_database(tmp_path / "keyring.db")
    assert lying_bytes(tmp_path) == before


LATER_COLUMNS: Final = (
    ("account", "password_changes"),
    ("account", "codes_issued"),
    ("account", "backup_sets"),
    ("account", "backup_uses"),
    ("account", "identity_by_subject"),
    ("session", "seen_at_us"),
    ("stream_key", "chat"),
    ("server", "generation"),
    ("server", "pepper_by_server"),
)


def with_version_3(path: Path) -> None:
    """As the program before this one left it."""
    connection = apsw.Connection(str(path))
    for table in ("totp", "backup_code", "passkey", "spent", "api_token", "invitation", "passkey_removed"):
        connection.execute(f"DROP TABLE {table}")
    for index in ("stream_key_by_chat", "session_by_use"):
        connection.execute(f"DROP INDEX {index}")
    for table, column in LATER_COLUMNS:
        connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    connection.pragma("user_version", 3)
    connection.close()
