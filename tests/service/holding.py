"""Somebody with API tokens: programs that act for them."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from domain.events import TokenKind
from service.desk.desk import Desk
from service.house.house import House
from service.house.principal import Principal, authenticate, encode_token
from service.management import tokens
from service.management.tokens import Form, Issued
from tests.builders import Person
from tests.service.desks import at_desk


@dataclass(frozen=True, slots=True)
class Bot:
    """A token, as `Person` is a session: `who` is found out anew each time."""

    house: House
    token: bytes
    token_id: str

    @property
    def who(self) -> Principal:
        return authenticate(self.house, encode_token(self.token))

    @property
    def user(self) -> str:
        return self.who.user


def errands_done(house: House) -> None:
    """Whatever requests left to be done so far is done: one thread does it, in order."""
    done = threading.Event()
    assert house.errands.add("a test", done.set)
    assert done.wait(10)


async def issued(desk: Desk, owner: Person, kind: TokenKind, *chats: str, days: int = 90, name: str = "bot") -> Issued:
    form = Form(owner.password, name, kind, days, frozenset(chats) if chats else None)
    return await tokens.issue(desk, owner.who, form, None)


def bot(house: House, owner: Person, kind: TokenKind, *chats: str) -> Bot:
    """A program of the owner's, with a token of this kind."""
    made = at_desk(house, lambda desk: issued(desk, owner, kind, *chats))
    return Bot(house, made.secret, made.token.token_id)
