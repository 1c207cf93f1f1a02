"""API tokens on the wire."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from api.shapes import Password, Request, canonical_id
from domain.events import TokenKind
from service.management.tokens import MAX_CHATS, Token
from service.reading.views import Id, Time, rfc3339

Scope = Literal["read", "write"]
MAX_DAYS: Final = 3650
SCOPES: Final[dict[TokenKind, list[Scope]]] = {"read_write": ["read", "write"], "read": ["read"], "write": ["write"]}


class TokenRequest(Request, frozen=True):
    password: Password
    name: Annotated[str, Meta(min_length=1, max_length=100, description="What you call it.")]
    scopes: Annotated[
        list[Scope],
        Meta(
            min_length=1,
            max_length=2,
            description="`write` alone posts messages and files, also while you are signed out, and reads nothing.",
        ),
    ]
    expires_in_days: Annotated[int, Meta(ge=1, le=MAX_DAYS)] = 90
    chat_ids: (
        Annotated[
            list[Id],
            Meta(min_length=1, max_length=MAX_CHATS, description="The only chats that it reaches; all without it."),
        ]
        | None
    ) = None

    def __post_init__(self) -> None:
        if len(set(self.scopes)) != len(self.scopes):
            raise ValueError("Expected each of `scopes` once")
        if not self.name.isprintable() or not self.name.strip():
            raise ValueError("Expected a printable `name`")
        for chat_id in self.chat_ids or ():
            canonical_id(chat_id)

    @property
    def kind(self) -> TokenKind:
        """What the scopes say together."""
        if len(self.scopes) == 2:
            return "read_write"
        return self.scopes[0]


class TokenView(msgspec.Struct, frozen=True):
    """`chat_ids`: the only ones that it reaches; null: all. `last_used_at`: no finer than an hour."""

    id: Id
    name: str
    scopes: list[Scope]
    chat_ids: list[Id] | None
    created_at: Time
    expires_at: Time
    last_used_at: Time | None


class TokenIssued(msgspec.Struct, frozen=True):
    """`token`: shown this once; it goes into `Authorization: Bearer …`."""

    id: Id
    token: str
    name: str
    scopes: list[Scope]
    chat_ids: list[Id] | None
    created_at: Time
    expires_at: Time
    position: int

    def __repr__(self) -> str:
        return f"TokenIssued({self.id!r}, …)"


class Tokens(msgspec.Struct, frozen=True):
    tokens: list[TokenView]


def token_view(token: Token) -> TokenView:
    return TokenView(
        id=token.token_id,
        name=token.name,
        scopes=SCOPES[token.kind],
        chat_ids=None if token.chats is None else list(token.chats),
        created_at=rfc3339(token.created_at_us),
        expires_at=rfc3339(token.expires_at_us),
        last_used_at=None if token.used_at_us is None else rfc3339(token.used_at_us),
    )
