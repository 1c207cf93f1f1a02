"""Authenticators and back-up codes in the keyring: each code once, whoever brings it at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw
import pytest

from tests.vault.keyrings import add_user, opened, session_row
from vault import keyring_totp
from vault.errors import AccountGone, CodeSpent, CredentialsReplaced, FactorSet, FactorUnset
from vault.kdf import PasswordParams
from vault.keyring import Keyring, PasswordWrap
from vault.keyring_totp import BackupTag, TotpStep, UsedCode, has_second_factor

TAGS = (b"tag one", b"tag two", b"tag three")
SESSION = "ann-session"


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[Keyring]:
    with opened(tmp_path) as keyring:
        yield keyring


@pytest.fixture
def shown(keyring: Keyring) -> bytes:
    """Ann's password's verifier."""
    return add_user(keyring, "ann").password_verifier


def enable(keyring: Keyring, shown: bytes, step: int = 100) -> None:
    keyring.offer_totp("ann", shown, b"secret", 1)
    keyring.confirm_totp("ann", SESSION, TotpStep(b"secret", step), TAGS)


def counts(keyring: Keyring) -> tuple[int, int]:
    mark = keyring.mark("ann")
    assert mark is not None
    return mark.backup_sets, mark.backup_uses


def add_passkey(tmp_path: Path, prf: bytes | None) -> None:
    connection = apsw.Connection(str(tmp_path / "keyring.db"))
    values = ("key-1", "ann", b"id", b"cose", 0, b"name", prf, 1)
    connection.execute("INSERT INTO passkey VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)", values)
    connection.close()


def test_an_offer_asks_for_nothing_and_gives_way_to_the_next(keyring: Keyring, shown: bytes) -> None:
    keyring.offer_totp("ann", shown, b"first", 1)
    keyring.offer_totp("ann", shown, b"second", 2)
    held, mark = keyring.totp("ann"), keyring.mark("ann")
    assert held is not None
    assert mark is not None
    assert (held.secret_by_user, held.confirmed, mark.totp) == (b"second", False, False)
    for used in (TotpStep(b"second", 5), BackupTag(b"tag one")):
        with pytest.raises(CodeSpent):
            keyring.spend_code("ann", used)
    with pytest.raises(FactorSet):
        keyring.confirm_totp("ann", SESSION, TotpStep(b"first", 100), TAGS)  # Not the one that waits.
    assert keyring.backup_tags("ann") == frozenset()


def test_once_confirmed_no_offer_takes_its_place(keyring: Keyring, shown: bytes) -> None:
    enable(keyring, shown)
    with pytest.raises(FactorSet):
        keyring.offer_totp("ann", shown, b"another", 2)
    with pytest.raises(FactorSet):
        keyring.confirm_totp("ann", SESSION, TotpStep(b"secret", 101), (b"other tag",))
    held = keyring.totp("ann")
    assert held is not None
    assert (held.secret_by_user, held.confirmed, held.last_step) == (b"secret", True, 100)
    assert keyring.backup_tags("ann") == frozenset(TAGS)
    assert counts(keyring) == (1, 0)


def test_no_step_counts_twice_nor_one_before_it(keyring: Keyring, shown: bytes) -> None:
    enable(keyring, shown)
    for spent in (99, 100):
        with pytest.raises(CodeSpent):
            keyring.spend_code("ann", TotpStep(b"secret", spent))
    keyring.spend_code("ann", TotpStep(b"secret", 102))
    for spent in (101, 102):
        with pytest.raises(CodeSpent):
            keyring.spend_code("ann", TotpStep(b"secret", spent))


@pytest.mark.parametrize("used", [TotpStep(b"secret", 101), BackupTag(b"tag one")])
def test_of_many_who_bring_a_code_at_once_one_has_brought_it(keyring: Keyring, shown: bytes, used: UsedCode) -> None:
    enable(keyring, shown)

    def bring(_: int) -> bool:
        try:
            keyring.spend_code("ann", used)
        except CodeSpent:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(bring, range(8))) == [False] * 7 + [True]


def test_a_back_up_code_is_counted_when_it_is_used(keyring: Keyring, shown: bytes) -> None:
    enable(keyring, shown)
    keyring.spend_code("ann", BackupTag(b"tag two"))
    assert keyring.backup_tags("ann") == {b"tag one", b"tag three"}
    assert counts(keyring) == (1, 1)


def test_removing_uses_a_code_up_and_takes_the_back_up_codes_along(keyring: Keyring, shown: bytes) -> None:
    enable(keyring, shown)
    with pytest.raises(CodeSpent):
        keyring.remove_totp("ann", shown, TotpStep(b"secret", 100))
    keyring.remove_totp("ann", shown, BackupTag(b"tag one"))
    assert keyring.totp("ann") is None
    assert keyring.backup_tags("ann") == frozenset()


@pytest.mark.parametrize(("prf", "left"), [(None, 2), (b"a wrap", 0)])
def test_back_up_codes_stay_while_a_passkey_asks_for_them(
    tmp_path: Path, keyring: Keyring, shown: bytes, prf: bytes | None, left: int
) -> None:
    enable(keyring, shown)
    add_passkey(tmp_path, prf)
    keyring.remove_totp("ann", shown, BackupTag(b"tag one"))
    assert len(keyring.backup_tags("ann")) == left
    assert has_second_factor(keyring._reader, "ann") == (prf is None)


def test_a_change_that_is_cut_off_inside_is_none(
    keyring: Keyring, shown: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the last of its statements, the first has not happened either."""

    def cut_off(*_: object) -> None:
        raise InterruptedError

    keyring.offer_totp("ann", shown, b"secret", 1)
    with monkeypatch.context() as patched:
        patched.setattr(keyring_totp, "set_backup_codes", cut_off)
        with pytest.raises(InterruptedError):
            keyring.confirm_totp("ann", SESSION, TotpStep(b"secret", 100), TAGS)
    held = keyring.totp("ann")
    assert held is not None
    assert (held.confirmed, held.last_step) == (False, 0)
    keyring.confirm_totp("ann", SESSION, TotpStep(b"secret", 100), TAGS)
    with monkeypatch.context() as patched:
        patched.setattr(keyring_totp, "drop_idle_backup_codes", cut_off)
        with pytest.raises(InterruptedError):
            keyring.remove_totp("ann", shown, BackupTag(b"tag one"))
    assert keyring.totp("ann") is not None
    assert keyring.backup_tags("ann") == frozenset(TAGS)
    assert counts(keyring) == (1, 0)


def test_new_back_up_codes_make_the_old_ones_void(keyring: Keyring, shown: bytes) -> None:
    enable(keyring, shown)
    keyring.replace_backup_codes("ann", shown, (b"new one", b"new two"))
    with pytest.raises(CodeSpent):
        keyring.spend_code("ann", BackupTag(b"tag one"))
    keyring.spend_code("ann", BackupTag(b"new one"))
    keyring.replace_backup_codes("ann", shown, (b"new one", b"new two"))  # A second copy of the same request.
    assert keyring.backup_tags("ann") == {b"new two"}  # None is brought back that was used.
    assert counts(keyring) == (2, 1)


def test_back_up_codes_that_would_stand_in_for_nothing_are_not_kept(keyring: Keyring, shown: bytes) -> None:
    keyring.offer_totp("ann", shown, b"secret", 1)
    with pytest.raises(FactorUnset):
        keyring.replace_backup_codes("ann", shown, TAGS)
    assert keyring.backup_tags("ann") == frozenset()


def test_nothing_is_changed_once_the_password_was_replaced_or_the_session_has_ended(
    keyring: Keyring, shown: bytes
) -> None:
    enable(keyring, shown)
    other = b"another verifier"
    attempts: tuple[Callable[[], None], ...] = (
        lambda: keyring.offer_totp("ann", other, b"x", 1),
        lambda: keyring.remove_totp("ann", other, BackupTag(b"tag one")),
        lambda: keyring.replace_backup_codes("ann", other, (b"x",)),
        lambda: keyring.confirm_totp("ann", "gone", TotpStep(b"secret", 200), (b"x",)),
    )
    for attempt in attempts:
        with pytest.raises(CredentialsReplaced):
            attempt()
    assert keyring.backup_tags("ann") == frozenset(TAGS)
    held = keyring.totp("ann")
    assert held is not None
    assert held.last_step == 100


def test_an_erased_account_has_no_factors_and_gets_none(keyring: Keyring, shown: bytes) -> None:
    enable(keyring, shown)
    keyring.shut_account("ann")
    assert keyring.totp("ann") is None
    assert keyring.backup_tags("ann") == frozenset()
    attempts: tuple[Callable[[], None], ...] = (
        lambda: keyring.offer_totp("ann", shown, b"x", 1),
        lambda: keyring.confirm_totp("ann", SESSION, TotpStep(b"x", 1), TAGS),
        lambda: keyring.spend_code("ann", BackupTag(b"tag one")),
    )
    for attempt in attempts:
        with pytest.raises(AccountGone):
            attempt()


def test_a_stretched_password_is_replaced_and_counts_as_no_change(keyring: Keyring, shown: bytes) -> None:
    row = keyring.account("ann")
    assert row is not None
    keyring.add_session(session_row("another", "ann"), shown)
    keyring.upgrade_password("ann", shown, PasswordWrap(PasswordParams(salt=b"t" * 16), b"verifier", b"wrap"))
    after = keyring.account("ann")
    assert after is not None
    assert (after.password_verifier, after.user_by_password, after.params.salt) == (b"verifier", b"wrap", b"t" * 16)
    assert after.password_changes == row.password_changes
    assert keyring.has_session("another")
    with pytest.raises(CredentialsReplaced):
        keyring.upgrade_password("ann", shown, PasswordWrap(row.params, b"third", b"wrap"))


def test_codes_that_were_all_used_are_not_set_again_by_the_same_request(keyring: Keyring, shown: bytes) -> None:
    enable(keyring, shown)
    new = (b"new one", b"new two")
    keyring.replace_backup_codes("ann", shown, new)
    for tag in new:
        keyring.spend_code("ann", BackupTag(tag))
    with pytest.raises(CredentialsReplaced):
        keyring.replace_backup_codes("ann", shown, new)
    assert keyring.backup_tags("ann") == frozenset()
    keyring.replace_backup_codes("ann", shown, [b"newer"])
    with pytest.raises(CredentialsReplaced):
        keyring.replace_backup_codes("ann", shown, new)
    assert keyring.backup_tags("ann") == {b"newer"}


def test_an_offer_ends_after_a_quarter_of_an_hour_and_what_was_confirmed_does_not(
    keyring: Keyring, shown: bytes
) -> None:
    ben = add_user(keyring, "ben").password_verifier
    enable(keyring, shown)
    keyring.offer_totp("ben", ben, b"secret", 1)
    assert keyring.drop_totp_offers(keyring_totp.OFFER_US + 1) == 0
    assert keyring.totp("ben") is not None
    assert keyring.drop_totp_offers(keyring_totp.OFFER_US + 2) == 1
    assert keyring.totp("ben") is None
    assert keyring.totp("ann") is not None
