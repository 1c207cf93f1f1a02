"""A message is sent once under its id, and what becomes of it only moves forward."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given as cases
from hypothesis import strategies as st

from domain import message
from domain.errors import EmptyMessage, MessageIdTaken, NotFound, Rejected, StatusBackwards
from domain.events import Content, MessageDelivered, MessageEvent, MessageFailed, MessageRead, MessageSent
from domain.message import RANK, MarkDelivered, MarkFailed, MarkRead, MessageCommand, SendMessage
from tests.domain.sentences import given

SEND = SendMessage(chat="c1", role="user", content_type="text/plain", content="hello", file_ids=("f1",))
SENT = MessageSent(
    chat="c1", role="user", content_type="text/plain", file_ids=("f1",), private=Content(content="hello")
)
FAILED = MessageFailed(code="refused")


def test_sending_says_all_that_was_asked() -> None:
    given().when(SEND).then(SENT)


def test_a_message_needs_words_or_a_file() -> None:
    empty = msgspec.structs.replace(SEND, content="", file_ids=())
    given().when(empty).then_rejected(EmptyMessage)
    given().when(msgspec.structs.replace(SEND, content="")).then(
        msgspec.structs.replace(SENT, private=Content(content=""))
    )
    given().when(msgspec.structs.replace(SEND, file_ids=())).then(msgspec.structs.replace(SENT, file_ids=()))


def test_the_same_message_again_says_nothing_even_when_it_was_read_meanwhile() -> None:
    given(SENT).when(SEND).then_nothing()
    given(SENT, MessageDelivered(), MessageRead()).when(SEND).then_nothing()


@pytest.mark.parametrize(
    "other",
    [
        msgspec.structs.replace(SEND, content="hullo"),
        msgspec.structs.replace(SEND, chat="c2"),
        msgspec.structs.replace(SEND, role="assistant"),
        msgspec.structs.replace(SEND, content_type="text/markdown"),
        msgspec.structs.replace(SEND, file_ids=()),
    ],
)
def test_another_message_under_the_same_id_is_refused(other: SendMessage) -> None:
    given(SENT).when(other).then_rejected(MessageIdTaken)


def test_a_message_whose_words_were_not_opened_is_not_taken_for_the_same() -> None:
    given(msgspec.structs.replace(SENT, private=None)).when(SEND).then_rejected(MessageIdTaken)


@pytest.mark.parametrize("command", [MarkDelivered(), MarkRead(), MarkFailed("refused")])
def test_what_was_never_sent_has_no_status(command: MessageCommand) -> None:
    given().when(command).then_rejected(NotFound)


def test_a_sent_message_is_delivered_read_or_failed() -> None:
    given(SENT).when(MarkDelivered()).then(MessageDelivered())
    given(SENT).when(MarkRead()).then(MessageRead())
    given(SENT).when(MarkFailed("refused")).then(FAILED)


def test_a_delivered_message_is_read_or_failed() -> None:
    given(SENT, MessageDelivered()).when(MarkRead()).then(MessageRead())
    given(SENT, MessageDelivered()).when(MarkFailed("refused")).then(FAILED)


def test_the_same_status_again_says_nothing() -> None:
    given(SENT, MessageDelivered()).when(MarkDelivered()).then_nothing()
    given(SENT, MessageRead()).when(MarkRead()).then_nothing()
    given(SENT, FAILED).when(MarkFailed("another code")).then_nothing()


def test_no_status_goes_back() -> None:
    given(SENT, MessageRead()).when(MarkDelivered()).then_rejected(StatusBackwards)
    given(SENT, FAILED).when(MarkDelivered()).then_rejected(StatusBackwards)
    given(SENT, FAILED).when(MarkRead()).then_rejected(StatusBackwards)


def test_what_was_read_cannot_fail_any_more() -> None:
    given(SENT, MessageRead()).when(MarkFailed("refused")).then_rejected(StatusBackwards)


COMMANDS = st.sampled_from((SEND, MarkDelivered(), MarkRead(), MarkFailed("refused")))


@cases(st.lists(COMMANDS, max_size=12))
def test_whatever_is_asked_in_whatever_order_the_status_only_moves_forward(commands: list[MessageCommand]) -> None:
    state, history = message.State(), list[MessageEvent]()
    for command in commands:
        try:
            events = message.decide(command, state)
        except Rejected:
            continue
        for event in events:
            after = message.evolve(state, event)
            assert not history or RANK[after.status] > RANK[state.status]
            assert (state.status, after.status) != ("read", "error")
            state = after
            history.append(event)
    assert sum(isinstance(event, MessageSent) for event in history) <= 1
    assert len(history) <= len(RANK)
