"""An API token: a program's way in, for as long as its person wants it. Its key is the vault's."""

from __future__ import annotations

from typing import assert_never

import msgspec
from msgspec.structs import replace

from domain.errors import Conflict, NotFound
from domain.events import ApiTokenIssued, ApiTokenRevoked, ApiTokenUsed, Label, RevokeReason, TokenEvent, TokenKind

MAX_USES = 4_000  # Days of use that are told: ten years.


class IssueToken(msgspec.Struct, frozen=True):
    kind: TokenKind
    name: str
    expires_at_us: int
    chats: tuple[str, ...] | None = None


class TellUse(msgspec.Struct, frozen=True):
    """Its first use of a day; whoever asks knows that it is the first."""


class RevokeToken(msgspec.Struct, frozen=True):
    reason: RevokeReason


TokenCommand = IssueToken | TellUse | RevokeToken


class State(msgspec.Struct, frozen=True):
    issued: bool = False
    revoked: bool = False
    uses: int = 0


def decide(command: TokenCommand, state: State) -> tuple[TokenEvent, ...]:
    match command:
        case IssueToken(kind=kind, name=name, expires_at_us=expires_at_us, chats=chats):
            if state.issued:
                raise Conflict("This token exists already.")
            return (ApiTokenIssued(kind=kind, expires_at_us=expires_at_us, chats=chats, private=Label(name=name)),)
        case TellUse():
            there = state.issued and not state.revoked
            return (ApiTokenUsed(),) if there and state.uses < MAX_USES else ()
        case RevokeToken(reason=reason):
            if not state.issued:
                raise NotFound("No such token.")
            return () if state.revoked else (ApiTokenRevoked(reason=reason),)
        case _:
            assert_never(command)


def evolve(state: State, event: TokenEvent) -> State:
    match event:
        case ApiTokenIssued():
            return State(issued=True)
        case ApiTokenUsed():
            return replace(state, uses=state.uses + 1)
        case ApiTokenRevoked():
            return replace(state, revoked=True)
        case _:
            assert_never(event)
