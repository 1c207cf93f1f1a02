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
    BackupCodesIssued,
    BackupCodeUsed,
    DataImported,
    EmailChanged,
    ErasureRequested,
    Identity,
    PasskeyAdded,
    PasskeyRemoved,
    PasswordChanged,
    RecoveryCodeIssued,
    TotpDisabled,
    TotpEnabled,
    UserRegistered,
)

Change = (
    PasswordChanged
    | RecoveryCodeIssued
    | EmailChanged
    | TotpEnabled
    | TotpDisabled
    | BackupCodesIssued
    | BackupCodeUsed
    | PasskeyAdded
    | PasskeyRemoved
    | DataImported
)
"""What may happen to an account again and again."""

MAX_CHANGES: Final = 1_000
MAX_RECOVERIES: Final = 4_000  # Events after which a recovery is refused, too: who has forgotten has no other way in.


class RegisterUser(msgspec.Struct, frozen=True):
    username: str
    email: str


class TellKeys(msgspec.Struct, frozen=True):
    """What the keyring has: how often the password was changed, a recovery code issued, back-up codes issued and one of
    them used; whether there is a TOTP secret; which passkeys there are, and whether each opens."""

    password_changes: int
    codes_issued: int
    backup_sets: int = 0
    backup_uses: int = 0
    totp: bool = False
    passkeys: frozenset[tuple[str, bool]] = frozenset()


class ChangeEmail(msgspec.Struct, frozen=True):
    """The name stays what it is."""

    username: str
    email: str


class RecordImport(msgspec.Struct, frozen=True):
    chats: int
    messages: int
    files: int


class RequestErasure(msgspec.Struct, frozen=True):
    pass


class FinishErasure(msgspec.Struct, frozen=True):
    pass


AccountCommand = RegisterUser | TellKeys | ChangeEmail | RecordImport | RequestErasure | FinishErasure


class State(msgspec.Struct, frozen=True):
    registered: bool = False
    password_changes: int = 0
    codes_issued: int = 0
    backup_sets: int = 0
    backup_uses: int = 0
    totp: bool = False
    passkeys: frozenset[tuple[str, bool]] = frozenset()
    changes: int = 0  # Of whatever kind: what may be done again and again.
    erasing: bool = False
    erased: bool = False

    @property
    def there(self) -> bool:
        return self.registered and not self.erasing


def require_room(state: State, most: int) -> None:
    """Before keys are set: the log must have room to be told of it. TooManyChanges past `most`."""
    if state.changes >= most:
        raise TooManyChanges("This account was changed too often. It can still be erased.")


def decide(command: AccountCommand, state: State) -> tuple[AccountEvent, ...]:
    match command:
        case RegisterUser(username=username, email=email):
            if state.registered:
                raise UsernameTaken("This account exists already.")
            return (UserRegistered(private=Identity(username=username, email=email)), RecoveryCodeIssued())
        case TellKeys():
            return _owed(command, state) if state.there else ()
        case ChangeEmail(username=username, email=email):
            if not state.there:
                raise NotFound("No such account.")
            return (EmailChanged(private=Identity(username=username, email=email)),)
        case RecordImport(chats=chats, messages=messages, files=files):
            if not state.there:
                raise NotFound("No such account.")
            return (DataImported(chats=chats, messages=messages, files=files),)
        case RequestErasure():
            if not state.registered:
                raise NotFound("No such account.")
            return () if state.erasing else (ErasureRequested(),)  # Two that ask at once ask for the same.
        case FinishErasure():
            return (AccountErased(),) if state.erasing and not state.erased else ()
        case _:
            assert_never(command)


def _owed(keys: TellKeys, state: State) -> tuple[AccountEvent, ...]:
    """What the keyring has and the log has not heard of. A name of a passkey is for whoever adds it to tell."""
    events: list[AccountEvent] = []
    events += [PasswordChanged()] * (keys.password_changes - state.password_changes)
    events += [RecoveryCodeIssued()] * (keys.codes_issued - state.codes_issued)
    # Each authenticator comes with a set of back-up codes. So one without a newer set was removed since the keyring was
    # read, and one is missing from an older set because it came later: of neither the log is told the contrary.
    if keys.totp and not state.totp and keys.backup_sets > state.backup_sets:
        events.append(TotpEnabled())
    elif state.totp and not keys.totp and keys.backup_sets >= state.backup_sets:
        events.append(TotpDisabled())
    events += [BackupCodesIssued()] * (keys.backup_sets - state.backup_sets)
    events += [BackupCodeUsed()] * (keys.backup_uses - state.backup_uses)
    events += [PasskeyRemoved(passkey=passkey) for passkey, _ in sorted(state.passkeys - keys.passkeys)]
    events += [PasskeyAdded(passkey=passkey, opens=opens) for passkey, opens in sorted(keys.passkeys - state.passkeys)]
    return tuple(events)


def evolve(state: State, event: AccountEvent) -> State:
    match event:
        case UserRegistered():
            return replace(state, registered=True)
        case ErasureRequested():
            return replace(state, erasing=True)
        case AccountErased():
            return replace(state, erased=True)
        case _:
            return _evolve_changed(replace(state, changes=state.changes + 1), event)


def _evolve_changed(state: State, event: Change) -> State:
    match event:
        case PasswordChanged():
            return replace(state, password_changes=state.password_changes + 1)
        case RecoveryCodeIssued():
            return replace(state, codes_issued=state.codes_issued + 1)
        case EmailChanged() | DataImported():
            return state
        case TotpEnabled():
            return replace(state, totp=True)
        case TotpDisabled():
            return replace(state, totp=False)
        case BackupCodesIssued():
            return replace(state, backup_sets=state.backup_sets + 1)
        case BackupCodeUsed():
            return replace(state, backup_uses=state.backup_uses + 1)
        case PasskeyAdded(passkey=passkey, opens=opens):
            return replace(state, passkeys=state.passkeys | {(passkey, opens)})
        case PasskeyRemoved(passkey=passkey):
            return replace(state, passkeys=frozenset(one for one in state.passkeys if one[0] != passkey))
        case _:
            assert_never(event)
