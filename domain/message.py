"""A message: sent once under its own id, then delivered, read or failed. The order only moves forward."""

from __future__ import annotations

from typing import Literal, assert_never

import msgspec

from domain.errors import EmptyMessage, MessageIdTaken, NotFound, StatusBackwards
from domain.events import (
    Content,
    MessageDelivered,
    MessageEvent,
    MessageFailed,
    MessageRead,
    MessageSent,
    Role,
)

Status = Literal["sent", "delivered", "read", "error"]
RANK: dict[Status, int] = {"sent": 0, "delivered": 1, "read": 2, "error": 3}


class SendMessage(msgspec.Struct, frozen=True):
    chat: str
    role: Role
    content_type: str
    content: str
    file_ids: tuple[str, ...] = ()
    sent_at_us: int | None = None


class MarkDelivered(msgspec.Struct, frozen=True):
    pass


class MarkRead(msgspec.Struct, frozen=True):
    pass


class MarkFailed(msgspec.Struct, frozen=True):
    code: str


MessageCommand = SendMessage | MarkDelivered | MarkRead | MarkFailed


class State(msgspec.Struct, frozen=True):
    """`sent` carries its opened content only where the caller opened it, to compare a repeated sending."""

    sent: MessageSent | None = None
    status: Status = "sent"


def decide(command: MessageCommand, state: State) -> tuple[MessageEvent, ...]:
    match command:
        case SendMessage():
            return _send(command, state)
        case MarkDelivered():
            return () if not _moves(state, "delivered") else (MessageDelivered(),)
        case MarkRead():
            return () if not _moves(state, "read") else (MessageRead(),)
        case MarkFailed(code=code):
            return () if not _moves(state, "error") else (MessageFailed(code=code),)
        case _:
            assert_never(command)


def _send(command: SendMessage, state: State) -> tuple[MessageEvent, ...]:
    if not command.content and not command.file_ids:
        raise EmptyMessage("A message needs words or a file.")
    event = MessageSent(
        chat=command.chat,
        role=command.role,
        content_type=command.content_type,
        file_ids=command.file_ids,
        private=Content(content=command.content, sent_at_us=command.sent_at_us),
    )
    if state.sent is None:
        return (event,)
    if state.sent == event:
        return ()  # Sent again after a lost answer: the fact is already in the log.
    raise MessageIdTaken("Another message has this id.")


def _moves(state: State, to: Status) -> bool:
    """True: a step forward; False: already there; StatusBackwards: neither. What was read cannot fail any more."""
    if state.sent is None:
        raise NotFound("No such message.")
    if state.status == to:
        return False
    if RANK[to] < RANK[state.status] or (state.status, to) == ("read", "error"):
        raise StatusBackwards(f"The message is {state.status} already; it cannot become {to}.")
    return True


def evolve(state: State, event: MessageEvent) -> State:
    match event:
        case MessageSent():
            return State(sent=event)
        case MessageDelivered():
            return State(sent=state.sent, status="delivered")
        case MessageRead():
            return State(sent=state.sent, status="read")
        case MessageFailed():
            return State(sent=state.sent, status="error")
        case _:
            assert_never(event)
