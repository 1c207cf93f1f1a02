"""A chat: a title and a life. Its messages are streams of their own, guarded by this one's version."""

from __future__ import annotations

from typing import assert_never

import msgspec
from msgspec.structs import replace

from domain.errors import Conflict, NotFound, TooManyChanges
from domain.events import ChatDeleted, ChatErased, ChatEvent, ChatRenamed, ChatStarted, Title

MAX_RENAMES = 1_000


class StartChat(msgspec.Struct, frozen=True):
    title: str
    began_at_us: int | None = None


class RenameChat(msgspec.Struct, frozen=True):
    """`began_at_us`: as it was told when an imported chat started; it stays with its title."""

    title: str
    began_at_us: int | None = None


class DeleteChat(msgspec.Struct, frozen=True):
    pass


class FinishDeletion(msgspec.Struct, frozen=True):
    """Its keys, those of its messages and its files are gone."""


ChatCommand = StartChat | RenameChat | DeleteChat | FinishDeletion


class State(msgspec.Struct, frozen=True):
    started: bool = False
    deleted: bool = False
    erased: bool = False
    renames: int = 0

    @property
    def open(self) -> bool:
        return self.started and not self.deleted


def require_open(state: State) -> None:
    """Whatever goes into a chat needs one that is there: NotFound otherwise."""
    if not state.open:
        raise NotFound("No such chat.")


def decide(command: ChatCommand, state: State) -> tuple[ChatEvent, ...]:
    match command:
        case StartChat(title=title, began_at_us=began_at_us):
            if state.started:
                raise Conflict("This chat exists already.")
            return (ChatStarted(private=Title(title=title, began_at_us=began_at_us)),)
        case RenameChat(title=title, began_at_us=began_at_us):
            require_open(state)
            if state.renames >= MAX_RENAMES:
                raise TooManyChanges("This chat was renamed too often. It can still be deleted.")
            return (ChatRenamed(private=Title(title=title, began_at_us=began_at_us)),)
        case DeleteChat():
            if not state.started:
                raise NotFound("No such chat.")
            if state.deleted:
                return ()  # Asked again after a crash between event and key: the fact is already in the log.
            return (ChatDeleted(),)
        case FinishDeletion():
            return (ChatErased(),) if state.deleted and not state.erased else ()
        case _:
            assert_never(command)


def evolve(state: State, event: ChatEvent) -> State:
    match event:
        case ChatStarted():
            return State(started=True)
        case ChatRenamed():
            return replace(state, renames=state.renames + 1)
        case ChatDeleted():
            return replace(state, deleted=True)
        case ChatErased():
            return replace(state, erased=True)
        case _:
            assert_never(event)
