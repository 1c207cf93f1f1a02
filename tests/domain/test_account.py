"""Who somebody is, is said once."""

from domain.account import RegisterUser
from domain.errors import UsernameTaken
from domain.events import Identity, RecoveryCodeIssued, UserRegistered
from tests.domain.sentences import given

REGISTER = RegisterUser(username="mara", email="mara@example.org")
REGISTERED = UserRegistered(private=Identity(username="mara", email="mara@example.org"))


def test_registering_says_who_it_is_and_that_a_recovery_code_was_issued() -> None:
    given().when(REGISTER).then(REGISTERED, RecoveryCodeIssued())


def test_an_account_is_registered_only_once() -> None:
    given(REGISTERED, RecoveryCodeIssued()).when(REGISTER).then_rejected(UsernameTaken)


def test_a_recovery_code_alone_makes_no_account() -> None:
    given(RecoveryCodeIssued()).when(REGISTER).then(REGISTERED, RecoveryCodeIssued())
