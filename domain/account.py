"""The account: who the person is. Passwords and keys are the vault's; the log only says that they were set.

Keys come first: the keyring counts how often each was set, and the log is told of what it has not heard yet. Erasing is
the other way round: it is asked for in the log, then the keys go, then it is done.
"""

from __future__ import annotations

from typing import Final, assert_never

import msgspec
from msgspec.structs import replace

from domain.errors import NotFound, TooManyChanges, UsernameTaken
from domain.events import (
    AccountErased,
    AccountEvent,
    ErasureRequested,
    Identity,
    PasswordChanged,
    RecoveryCodeIssued,
    UserRegistered,
)

MAX_CHANGES: Final = 1_000
MAX_RECOVERIES: Final = 4_000  # Events after which a recovery is refused, too: who has forgotten has no other way in.


class RegisterUser(msgspec.Struct, frozen=True):
    username: str
    email: str


class TellKeys(msgspec.Struct, frozen=True):
    """How often the password was changed and a recovery code issued, by the keyring."""

    password_changes: int
    codes_issued: int


class RequestErasure(msgspec.Struct, frozen=True):
    pass


class FinishErasure(msgspec.Struct, frozen=True):
    pass


AccountCommand = RegisterUser | TellKeys | RequestErasure | FinishErasure


class State(msgspec.Struct, frozen=True):
    registered: bool = False
    password_changes: int = 0
    codes_issued: int = 0
    erasing: bool = False
    erased: bool = False

    @property
    def there(self) -> bool:
        return self.registered and not self.erasing


def require_room(state: State, most: int) -> None:
    """Before keys are set: the log must have room to be told of it. TooManyChanges past `most`."""
    if state.password_changes + state.codes_issued >= most:
        raise TooManyChanges("Password and recovery code were changed too often. The account can still be erased.")


def decide(command: AccountCommand, state: State) -> tuple[AccountEvent, ...]:
    match command:
        case RegisterUser(username=username, email=email):
            if state.registered:
                raise UsernameTaken("This account exists already.")
            return (UserRegistered(private=Identity(username=username, email=email)), RecoveryCodeIssued())
        case TellKeys(password_changes=password_changes, codes_issued=codes_issued):
            if not state.there:
                return ()
            changed = (PasswordChanged(),) * (password_changes - state.password_changes)
            return (*changed, *(RecoveryCodeIssued(),) * (codes_issued - state.codes_issued))
        case RequestErasure():
            if not state.registered:
                raise NotFound("No such account.")
            return () if state.erasing else (ErasureRequested(),)  # Two that ask at once ask for the same.
        case FinishErasure():
            return (AccountErased(),) if state.erasing and not state.erased else ()
        case _:
            assert_never(command)


def evolve(state: State, event: AccountEvent) -> State:
    match event:
        case UserRegistered():
            return replace(state, registered=True)
        case PasswordChanged():
            return replace(state, password_changes=state.password_changes + 1)
        case RecoveryCodeIssued():
            return replace(state, codes_issued=state.codes_issued + 1)
        case ErasureRequested():
            return replace(state, erasing=True)
        case AccountErased():
            return replace(state, erased=True)
        case _:
            assert_never(event)
