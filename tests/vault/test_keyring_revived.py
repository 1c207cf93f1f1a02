"""An account of an older keyring, brought up to what the log says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from tests.vault.keyrings import account_row, opened, session_row
from vault.keyring import AccountRow, Keyring, PasswordWrap, RecoveryWrap
from vault.keyring_revived import Told

TODAY = Told(password_changes=0, codes_issued=1, backup_sets=0, backup_uses=0, totp=False, passkeys=frozenset())


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[Keyring]:
    with opened(tmp_path) as keyring:
        keyring.add_account(account_row("ada"), session_row("one", "ada"))
        yield keyring


def factors(keyring: Keyring) -> tuple[bool, list[str], int]:
    """Whether there is a TOTP secret; ids of passkeys; how many back-up codes."""
    reader = keyring._reader
    totp = reader.execute("SELECT 1 FROM totp").fetchone() is not None
    passkeys = [str(name) for (name,) in reader.execute("SELECT passkey_id FROM passkey ORDER BY passkey_id")]
    return totp, passkeys, len(reader.execute("SELECT 1 FROM backup_code").fetchall())


def guard(keyring: Keyring) -> None:
    """A TOTP secret, a passkey that opens and one that does not, two back-up codes."""
    with keyring._transaction() as write:
        write.execute("INSERT INTO totp VALUES ('ada', x'00', 1, 0, 1)")
        for name, prf in (("opens", b"wrap"), ("does not", None)):
            write.execute(
                "INSERT INTO passkey VALUES (?, 'ada', ?, x'00', 0, x'00', ?, 1, NULL)", (name, name.encode(), prf)
            )
        for tag in (b"one", b"two"):
            write.execute("INSERT INTO backup_code VALUES ('ada', ?)", (tag,))
        write.execute("UPDATE account SET backup_sets = 1")


GUARDED = Told(
    password_changes=0,
    codes_issued=1,
    backup_sets=1,
    backup_uses=0,
    totp=True,
    passkeys=frozenset({("opens", True), ("does not", False)}),
)


def row(keyring: Keyring) -> AccountRow:
    found = keyring.account("ada")
    assert found is not None
    return found


def changed(told: Told, **fields: object) -> Told:
    return msgspec.structs.replace(told, **fields)


def test_what_the_log_says_too_is_left_as_it_is(keyring: Keyring) -> None:
    guard(keyring)
    before, generation = row(keyring), keyring.generation()
    assert keyring.settle("ada", GUARDED, keep=False) == frozenset()
    assert (row(keyring), factors(keyring)) == (before, (True, ["does not", "opens"], 2))
    assert keyring.generation() == generation


def test_a_keyring_that_is_ahead_of_the_log_is_not_older(keyring: Keyring) -> None:
    with keyring._transaction() as write:
        write.execute("UPDATE account SET password_changes = 3, codes_issued = 4")
    before = row(keyring)
    assert keyring.settle("ada", TODAY, keep=False) == frozenset()
    assert row(keyring) == before


def test_a_replaced_password_and_code_open_nothing_any_more(keyring: Keyring) -> None:
    before = row(keyring)
    assert keyring.settle("ada", changed(TODAY, password_changes=2, codes_issued=3), keep=False) == {
        "password",
        "recovery_code",
    }
    after = row(keyring)
    assert after.password_verifier != before.password_verifier
    assert after.recovery_verifier != before.recovery_verifier
    assert (after.user_by_password, after.user_by_recovery) == (b"", b"")
    assert (after.password_changes, after.codes_issued) == (2, 3)
    assert keyring.has_session("one")


def test_kept_they_hold_again(keyring: Keyring) -> None:
    before = row(keyring)
    told = changed(TODAY, password_changes=1, codes_issued=2)
    assert keyring.settle("ada", told, keep=True)
    after = row(keyring)
    assert (after.password_verifier, after.user_by_recovery) == (before.password_verifier, before.user_by_recovery)
    assert keyring.stale("ada", told) == frozenset()


def test_factors_that_the_log_has_not_any_more_go(keyring: Keyring) -> None:
    guard(keyring)
    told = changed(GUARDED, totp=False, passkeys=frozenset({("opens", True)}))
    assert keyring.settle("ada", told, keep=True) == frozenset()
    assert factors(keyring) == (False, ["opens"], 0)  # Codes that stand in for nothing.


@pytest.mark.parametrize("told", [{"backup_uses": 1}, {"backup_sets": 2}])
def test_backup_codes_that_were_used_or_replaced_go(keyring: Keyring, told: dict[str, int]) -> None:
    guard(keyring)
    keyring.settle("ada", changed(GUARDED, **told), keep=False)
    assert factors(keyring)[2] == 0


def test_a_second_factor_that_is_not_here_shuts_the_password_out(keyring: Keyring) -> None:
    before = row(keyring)
    assert keyring.settle("ada", changed(TODAY, totp=True), keep=False) == {"second_factor"}
    after = row(keyring)
    assert after.user_by_password == b""
    assert after.recovery_verifier == before.recovery_verifier


def test_of_an_account_that_is_not_here_nothing_is_stale(keyring: Keyring) -> None:
    assert keyring.stale("nobody", changed(TODAY, password_changes=9)) == frozenset()
    assert keyring.settle("nobody", changed(TODAY, password_changes=9), keep=False) == frozenset()


# -- second factors ----------------------------------------------------------------------------------------------

ONLY_TOTP = Told(
    password_changes=0,
    codes_issued=1,
    backup_sets=1,
    backup_uses=0,
    totp=True,
    passkeys=frozenset(),
    removed=frozenset(),
)


def only_totp(keyring: Keyring) -> None:
    guard(keyring)
    with keyring._transaction() as write:
        write.execute("DELETE FROM passkey")


def test_where_the_old_factor_was_replaced_by_one_that_is_not_here_the_password_alone_leads_nowhere(
    keyring: Keyring,
) -> None:
    only_totp(keyring)
    told = changed(ONLY_TOTP, totp=False, passkeys=frozenset({("new", False)}))
    assert keyring.lags("ada", told)
    assert keyring.stale("ada", told) == {"second_factor"}
    assert keyring.settle("ada", told, keep=False) == {"second_factor"}
    assert factors(keyring) == (False, [], 0)
    assert row(keyring).user_by_password == b""


def test_an_older_passkey_in_the_place_of_a_newer_one_is_the_same(keyring: Keyring) -> None:
    guard(keyring)
    told = changed(GUARDED, totp=False, passkeys=frozenset({("new", False)}), removed=frozenset({"does not", "opens"}))
    assert keyring.settle("ada", told, keep=False) == {"second_factor"}
    assert factors(keyring) == (False, [], 0)
    assert row(keyring).user_by_password == b""


def test_an_authenticator_that_may_have_been_replaced_does_not_hold_again(keyring: Keyring) -> None:
    only_totp(keyring)
    assert keyring.settle("ada", changed(ONLY_TOTP, backup_sets=2), keep=False) == {"second_factor"}
    assert factors(keyring) == (False, [], 0)
    assert row(keyring).user_by_password == b""


def test_beside_a_passkey_of_the_log_it_goes_and_somebody_is_told(keyring: Keyring) -> None:
    guard(keyring)
    before = row(keyring)
    assert keyring.settle("ada", changed(GUARDED, backup_sets=2), keep=False) == {"authenticator"}
    assert factors(keyring) == (False, ["does not", "opens"], 0)
    assert row(keyring).user_by_password == before.user_by_password


def test_only_by_name_it_holds_again_and_its_codes_do_not(keyring: Keyring) -> None:
    only_totp(keyring)
    before = row(keyring)
    told = changed(ONLY_TOTP, backup_sets=2)
    assert keyring.settle("ada", told, keep=True) == {"second_factor"}
    assert factors(keyring) == (True, [], 0)
    assert row(keyring).user_by_password == before.user_by_password
    assert not keyring.lags("ada", told)


def test_factors_that_the_log_has_not_heard_of_yet_stay(keyring: Keyring) -> None:
    guard(keyring)
    assert not keyring.lags("ada", TODAY)
    assert keyring.settle("ada", TODAY, keep=False) == frozenset()
    assert factors(keyring) == (True, ["does not", "opens"], 2)


@pytest.mark.parametrize(
    "told",
    [
        {"password_changes": 1},
        {"codes_issued": 2},
        {"backup_sets": 2},
        {"backup_uses": 1},
        {"totp": False},
        {"passkeys": frozenset({("opens", True)}), "removed": frozenset({"does not"})},
    ],
)
def test_whatever_the_log_has_counted_or_removed_tells_an_older_keyring(
    keyring: Keyring, told: dict[str, object]
) -> None:
    guard(keyring)
    assert not keyring.lags("ada", GUARDED)
    assert keyring.lags("ada", changed(GUARDED, **told))


def test_what_was_removed_here_and_is_not_told_yet_does_not(keyring: Keyring) -> None:
    guard(keyring)
    with keyring._transaction() as write:
        write.execute("DELETE FROM totp")
    for passkey in ("opens", "does not"):
        assert keyring.remove_passkey("ada", passkey, row(keyring).password_verifier)
    assert not keyring.lags("ada", GUARDED)
    assert not keyring.lags("nobody", changed(GUARDED, backup_sets=9))


# -- passkeys that only the log knows ------------------------------------------------------------------------------

FURTHER = frozenset({("opens", True), ("does not", False), ("further", False)})


def test_a_passkey_that_only_the_log_knows_tells_an_older_keyring_of_a_guarded_account(keyring: Keyring) -> None:
    guard(keyring)
    told = changed(GUARDED, passkeys=FURTHER)
    assert keyring.lags("ada", told)
    assert keyring.stale("ada", told) == {"passkey"}
    assert not keyring.lags("nobody", told)


def test_settled_it_counts_as_removed_and_everything_else_stays(keyring: Keyring) -> None:
    guard(keyring)
    before, told = row(keyring), changed(GUARDED, passkeys=FURTHER)
    assert keyring.settle("ada", told, keep=False) == {"passkey"}
    assert (row(keyring), factors(keyring)) == (before, (True, ["does not", "opens"], 2))
    assert keyring.removed_passkeys("ada") == {"further"}
    assert not keyring.lags("ada", told)
    assert keyring.settle("ada", told, keep=False) == frozenset()


def with_wrap(keyring: Keyring) -> PasswordWrap:
    return PasswordWrap(row(keyring).params, b"new", b"wrap")


def removed(keyring: Keyring) -> None:
    for passkey in ("opens", "does not"):
        assert keyring.remove_passkey("ada", passkey, row(keyring).password_verifier)


def dropped_with_the_password(keyring: Keyring) -> None:
    keyring.change_password("ada", row(keyring).password_verifier, with_wrap(keyring), "one", with_passkeys=True)


def dropped_by_a_recovery(keyring: Keyring) -> None:
    verifier, code = row(keyring).recovery_verifier, RecoveryWrap(b"code", b"wrap")
    keyring.recover("ada", verifier, with_wrap(keyring), code, session_row("two", "ada"), with_others=True)


@pytest.mark.parametrize(
    ("remove", "gone"),
    [
        (removed, {"opens", "does not"}),
        (dropped_with_the_password, {"opens"}),
        (dropped_by_a_recovery, {"opens"}),
    ],
)
def test_whatever_removes_a_passkey_remembers_it_until_the_log_knows(
    keyring: Keyring, remove: Callable[[Keyring], None], gone: set[str]
) -> None:
    guard(keyring)
    remove(keyring)
    assert keyring.removed_passkeys("ada") == gone
    assert not keyring.lags("ada", GUARDED)
    keyring.drop_removed("ada", ["opens"])
    assert keyring.lags("ada", GUARDED)


def test_what_was_not_there_is_not_remembered_and_a_shut_account_remembers_nothing(keyring: Keyring) -> None:
    guard(keyring)
    assert not keyring.remove_passkey("ada", "another", row(keyring).password_verifier)
    assert keyring.removed_passkeys("ada") == frozenset()
    removed(keyring)
    keyring.shut_account("ada")
    assert keyring._reader.execute("SELECT count(*) FROM passkey_removed").fetchone() == (0,)
