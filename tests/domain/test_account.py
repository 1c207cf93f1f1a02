"""Who somebody is, is said once; what their keys went through is said as often as it happened; and erasing is final."""

import pytest

from domain.account import (
    MAX_CHANGES,
    FinishErasure,
    RegisterUser,
    RequestErasure,
    State,
    TellKeys,
    require_room,
)
from domain.errors import NotFound, TooManyChanges, UsernameTaken
from domain.events import (
    AccountErased,
    BackupCodesIssued,
    ErasureRequested,
    Identity,
    PasswordChanged,
    RecoveryCodeIssued,
    TotpDisabled,
    TotpEnabled,
    UserRegistered,
)
from tests.domain.sentences import given

REGISTER = RegisterUser(username="mara", email="mara@example.org")
REGISTERED = UserRegistered(private=Identity(username="mara", email="mara@example.org"))
THERE = (REGISTERED, RecoveryCodeIssued())


def test_registering_says_who_it_is_and_that_a_recovery_code_was_issued() -> None:
    given().when(REGISTER).then(REGISTERED, RecoveryCodeIssued())


def test_an_account_is_registered_only_once() -> None:
    given(*THERE).when(REGISTER).then_rejected(UsernameTaken)


def test_a_recovery_code_alone_makes_no_account() -> None:
    given(RecoveryCodeIssued()).when(REGISTER).then(REGISTERED, RecoveryCodeIssued())


def test_the_log_is_told_of_what_it_has_not_heard() -> None:
    given(*THERE).when(TellKeys(password_changes=1, codes_issued=1)).then(PasswordChanged())
    given(*THERE).when(TellKeys(password_changes=0, codes_issued=2)).then(RecoveryCodeIssued())
    given(*THERE, PasswordChanged()).when(TellKeys(password_changes=2, codes_issued=2)).then(
        PasswordChanged(), RecoveryCodeIssued()
    )


def test_what_the_log_has_heard_is_not_said_again() -> None:
    given(*THERE).when(TellKeys(password_changes=0, codes_issued=1)).then_nothing()
    given(*THERE, PasswordChanged()).when(TellKeys(password_changes=1, codes_issued=1)).then_nothing()


def test_an_older_keyring_takes_nothing_back() -> None:
    given(*THERE, PasswordChanged(), RecoveryCodeIssued()).when(TellKeys(0, 1)).then_nothing()


def test_an_authenticator_is_told_by_the_set_of_codes_that_it_comes_with() -> None:
    enabled = (*THERE, TotpEnabled(), BackupCodesIssued())
    given(*THERE).when(TellKeys(0, 1, backup_sets=1, totp=True)).then(TotpEnabled(), BackupCodesIssued())
    given(*enabled).when(TellKeys(0, 1, backup_sets=1)).then(TotpDisabled())
    given(*enabled).when(TellKeys(0, 1)).then_nothing()  # An older keyring, or one that was read too early.
    given(*enabled, TotpDisabled()).when(TellKeys(0, 1, backup_sets=1, totp=True)).then_nothing()


def test_of_an_account_that_is_not_there_the_log_is_told_nothing() -> None:
    given().when(TellKeys(0, 1)).then_nothing()
    given(*THERE, ErasureRequested()).when(TellKeys(1, 1)).then_nothing()


def test_keys_are_changed_a_bounded_number_of_times() -> None:
    require_room(State(registered=True, changes=MAX_CHANGES - 1), MAX_CHANGES)
    with pytest.raises(TooManyChanges):
        require_room(State(registered=True, changes=MAX_CHANGES), MAX_CHANGES)


def test_an_erasure_is_requested_once_and_finished_once() -> None:
    given(*THERE).when(RequestErasure()).then(ErasureRequested())
    given(*THERE, ErasureRequested()).when(RequestErasure()).then_nothing()
    given(*THERE, ErasureRequested()).when(FinishErasure()).then(AccountErased())
    given(*THERE, ErasureRequested(), AccountErased()).when(FinishErasure()).then_nothing()


def test_nobody_is_erased_who_did_not_ask_for_it() -> None:
    given(*THERE).when(FinishErasure()).then_nothing()
    given().when(RequestErasure()).then_rejected(NotFound)
