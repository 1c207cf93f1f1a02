"""A session: from signing in to signing out, expiring or being closed."""

from __future__ import annotations

from typing import assert_never

import msgspec

from domain.errors import Conflict, NotFound
from domain.events import ClientHint, CloseReason, SessionClosed, SessionEvent, SessionOpened


class OpenSession(msgspec.Struct, frozen=True):
    expires_at_us: int
    client: str
    place: str = ""


class CloseSession(msgspec.Struct, frozen=True):
    reason: CloseReason


SessionCommand = OpenSession | CloseSession


class State(msgspec.Struct, frozen=True):
    opened: bool = False
    closed: bool = False


def decide(command: SessionCommand, state: State) -> tuple[SessionEvent, ...]:
    match command:
        case OpenSession(expires_at_us=expires_at_us, client=client, place=place):
            if state.opened:
                raise Conflict("This session exists already.")
            return (SessionOpened(expires_at_us=expires_at_us, private=ClientHint(client=client, place=place)),)
        case CloseSession(reason=reason):
            if not state.opened:
                raise NotFound("No such session.")
            if state.closed:
                return ()  # Closed twice at once, or swept after a crash: the fact is already in the log.
            return (SessionClosed(reason=reason),)
        case _:
            assert_never(command)


def evolve(state: State, event: SessionEvent) -> State:
    match event:
        case SessionOpened():
            return State(opened=True)
        case SessionClosed():
            return State(opened=True, closed=True)
        case _:
            assert_never(event)
