"""Invitations in the keyring: a use goes with the account that it lets in, and comes back with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw
import pytest

from tests.vault.keyrings import account_row, opened, session_row
from vault import keyring_accounts, keyring_invitations
from vault.errors import CodeMalformed, EmailKnown, InvitationsFull, InvitationSpent, NameKnown
from vault.keyring import Keyring
from vault.keyring_invitations import INVITATION_BYTES, KEPT_US, InvitationRow, invitation_tag, spell_invitation

TAG = b"t" * 32
END_US = 1_000


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[Keyring]:
    with opened(tmp_path) as keyring:
        yield keyring


def invite(keyring: Keyring, uses: int = 1, tag: bytes = TAG) -> None:
    keyring.add_invitation(InvitationRow(tag, uses, END_US, 1))


def enter(keyring: Keyring, user: str, tag: bytes = TAG, at_us: int = 1, name: str = "", email: str = "") -> None:
    keyring.add_account(account_row(user, name, email, at_us), session_row(f"{user}-session", user), tag)


def uses_left(keyring: Keyring, tag: bytes = TAG) -> int:
    row = keyring.invitation(tag)
    assert row is not None
    return row.uses_left


def test_a_code_reads_as_it_is_typed_and_is_not_in_the_keyring(keyring: Keyring, tmp_path: Path) -> None:
    random = os.urandom(INVITATION_BYTES)
    code = spell_invitation(random)
    assert len(code.split("-")) == 8
    assert invitation_tag(code.lower().replace("-", " ")) == invitation_tag(code)
    for text in ("", code[:-1], code + "0", "U" * 32):
        with pytest.raises(CodeMalformed):
            invitation_tag(text)
    invite(keyring, tag=invitation_tag(code))
    on_disk = (tmp_path / "keyring.db").read_bytes()
    assert invitation_tag(code) in on_disk
    assert random not in on_disk
    assert code.encode() not in on_disk


def test_each_use_lets_one_account_in(keyring: Keyring) -> None:
    invite(keyring, uses=2)
    enter(keyring, "ann")
    enter(keyring, "ben")
    with pytest.raises(InvitationSpent):
        enter(keyring, "cid")
    assert keyring.account("cid") is None
    assert keyring.invitations(now_us=1) == []


@pytest.mark.parametrize(("tag", "at_us"), [(b"f" * 32, 1), (TAG, END_US)], ids=["foreign", "expired"])
def test_what_does_not_hold_lets_nobody_in(keyring: Keyring, tag: bytes, at_us: int) -> None:
    invite(keyring)
    with pytest.raises(InvitationSpent):
        enter(keyring, "ann", tag, at_us)
    assert keyring.account("ann") is None
    assert uses_left(keyring) == 1


def test_a_name_that_is_taken_takes_no_use_and_is_looked_at_after_the_invitation(keyring: Keyring) -> None:
    invite(keyring, uses=2)
    enter(keyring, "ann")
    with pytest.raises(NameKnown):
        enter(keyring, "ben", name="ann-name")
    with pytest.raises(EmailKnown):
        enter(keyring, "ben", email="ann-mail")
    assert uses_left(keyring) == 1
    with pytest.raises(InvitationSpent):
        enter(keyring, "ben", b"f" * 32, name="ann-name")


def test_of_many_who_bring_the_last_use_at_once_one_comes_in(keyring: Keyring) -> None:
    invite(keyring)

    def come(number: int) -> bool:
        try:
            enter(keyring, f"user-{number}")
        except InvitationSpent:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(come, range(8))) == 1


def test_an_account_that_is_dropped_gives_its_use_back_once(keyring: Keyring) -> None:
    invite(keyring, uses=2, tag=b"another one, which is not its own")
    invite(keyring)
    enter(keyring, "ann")
    keyring.drop_account("ann")
    keyring.drop_account("ann")
    assert uses_left(keyring) == 1
    assert uses_left(keyring, b"another one, which is not its own") == 2
    enter(keyring, "ben")


def test_an_account_that_is_erased_gives_nothing_back(keyring: Keyring) -> None:
    invite(keyring)
    enter(keyring, "ann")
    keyring.shut_account("ann")
    assert uses_left(keyring) == 0


def test_a_registration_that_is_cut_off_inside_takes_no_use(keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the use and the account."""
    invite(keyring)
    monkeypatch.setattr(keyring_accounts, "INSERT_SESSION", "INSERT INTO nowhere VALUES (?, ?, ?, ?, ?, ?, ?)")
    with pytest.raises(apsw.SQLError):
        enter(keyring, "ann")
    assert uses_left(keyring) == 1
    assert keyring.account("ann") is None


def test_who_came_in_is_found_by_invitation_and_name_together(keyring: Keyring) -> None:
    invite(keyring, uses=2)
    invite(keyring, tag=b"f" * 32)
    enter(keyring, "ann")
    keyring.add_account(account_row("ben"), session_row("ben-session", "ben"))
    assert keyring.invited(TAG, b"ann-name") == "ann"
    assert keyring.invited(TAG, b"ben-name") is None
    assert keyring.invited(b"f" * 32, b"ann-name") is None


def test_expired_ones_go_some_at_a_time_a_while_after_their_end(keyring: Keyring) -> None:
    for number in range(3):
        invite(keyring, tag=bytes([number]) * 32)
    assert keyring.drop_expired_invitations(END_US + KEPT_US, 2) == 0
    assert keyring.drop_expired_invitations(END_US + KEPT_US + 1, 2) == 2
    assert keyring.drop_expired_invitations(END_US + KEPT_US + 1, 2) == 1


def test_all_are_taken_back_at_once(keyring: Keyring) -> None:
    invite(keyring)
    assert [row.tag for row in keyring.invitations(now_us=1)] == [TAG]
    assert keyring.drop_invitations() == 1
    with pytest.raises(InvitationSpent):
        enter(keyring, "ann")


def test_there_are_only_so_many(keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring_invitations, "INVITATIONS_MAX", 1)
    invite(keyring)
    with pytest.raises(InvitationsFull):
        invite(keyring, tag=b"f" * 32)
