"""`given(events).when(command).then(events)`: a decider's rules as sentences.

Which decider is meant is told by the command, so a sentence names facts and wishes and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, assert_never, get_args

import pytest

from domain import account, chat, export, file, message, session, token
from domain.account import AccountCommand
from domain.chat import ChatCommand
from domain.errors import Rejected
from domain.events import (
    AccountEvent,
    AnyEvent,
    ChatEvent,
    ExportEvent,
    FileEvent,
    MessageEvent,
    SessionEvent,
    TokenEvent,
)
from domain.export import ExportData
from domain.file import FileCommand
from domain.message import MessageCommand
from domain.session import SessionCommand
from domain.token import TokenCommand

Command = AccountCommand | SessionCommand | TokenCommand | ExportData | ChatCommand | MessageCommand | FileCommand
Evolve = Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class Given:
    events: tuple[AnyEvent, ...]

    def when(self, command: Command) -> When:
        return When(self.events, command)


@dataclass(frozen=True, slots=True)
class When:
    events: tuple[AnyEvent, ...]
    command: Command

    def then(self, *expected: AnyEvent) -> None:
        """Exactly these events; the decider must then be able to fold its own answer."""
        events = decide(self.command, self.events)
        assert events == expected
        state_after(type(self.command), (*self.events, *events))

    def then_nothing(self) -> None:
        """Accepted, and there is nothing to say: the fact is in the log already."""
        assert decide(self.command, self.events) == ()

    def then_rejected(self, error: type[Rejected]) -> Rejected:
        with pytest.raises(error) as caught:
            decide(self.command, self.events)
        assert type(caught.value) is error
        assert caught.value.detail
        return caught.value


def given(*events: AnyEvent) -> Given:
    return Given(events)


def decide(command: Command, events: tuple[AnyEvent, ...]) -> tuple[AnyEvent, ...]:
    state = state_after(type(command), events)
    match command:
        case (
            account.RegisterUser()
            | account.TellKeys()
            | account.ChangeEmail()
            | account.RecordImport()
            | account.RequestErasure()
            | account.FinishErasure()
        ):
            return account.decide(command, state)
        case session.OpenSession() | session.CloseSession():
            return session.decide(command, state)
        case token.IssueToken() | token.TellUse() | token.RevokeToken():
            return token.decide(command, state)
        case ExportData():
            return export.decide(command, state)
        case chat.StartChat() | chat.RenameChat() | chat.DeleteChat() | chat.FinishDeletion():
            return chat.decide(command, state)
        case message.SendMessage() | message.MarkDelivered() | message.MarkRead() | message.MarkFailed():
            return message.decide(command, state)
        case (
            file.UploadFile()
            | file.StoreFile()
            | file.RecordAudio()
            | file.RecordImage()
            | file.RecordTranscript()
            | file.FailAnalysis()
            | file.FailFile()
            | file.RetryFile()
            | file.DeleteFile()
            | file.FinishDeletion()
        ):
            return file.decide(command, state)
        case _:
            assert_never(command)


def state_after(command: type[Command], events: tuple[AnyEvent, ...]) -> Any:
    """What the command's decider has come to know after these events."""
    if command in get_args(AccountCommand):
        return _fold(account.evolve, account.State(), AccountEvent, events)
    if command in get_args(SessionCommand):
        return _fold(session.evolve, session.State(), SessionEvent, events)
    if command in get_args(TokenCommand):
        return _fold(token.evolve, token.State(), TokenEvent, events)
    if command is ExportData:
        return _fold(export.evolve, export.State(), ExportEvent, events)
    if command in get_args(ChatCommand):
        return _fold(chat.evolve, chat.State(), ChatEvent, events)
    if command in get_args(MessageCommand):
        return _fold(message.evolve, message.State(), MessageEvent, events)
    return _fold(file.evolve, file.State(), FileEvent, events)


def _fold(evolve: Evolve, state: Any, union: Any, events: tuple[AnyEvent, ...]) -> Any:
    for event in events:
        assert isinstance(event, union), "the sentence mixes streams"
        state = evolve(state, event)
    return state
