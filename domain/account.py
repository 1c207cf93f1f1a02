"""The account: who the person is. Passwords and keys are the vault's; the log only says that they were set."""

from __future__ import annotations

from typing import assert_never

import msgspec

from domain.errors import UsernameTaken
from domain.events import AccountEvent, Identity, RecoveryCodeIssued, UserRegistered


class RegisterUser(msgspec.Struct, frozen=True):
    username: str
    email: str


AccountCommand = RegisterUser


class State(msgspec.Struct, frozen=True):
    registered: bool = False


def decide(command: AccountCommand, state: State) -> tuple[AccountEvent, ...]:
    match command:
        case RegisterUser(username=username, email=email):
            if state.registered:
                raise UsernameTaken("This account exists already.")
            return (UserRegistered(private=Identity(username=username, email=email)), RecoveryCodeIssued())
        case _:
            assert_never(command)


def evolve(state: State, event: AccountEvent) -> State:
    match event:
        case UserRegistered():
            return State(registered=True)
        case RecoveryCodeIssued():
            return state
        case _:
            assert_never(event)
