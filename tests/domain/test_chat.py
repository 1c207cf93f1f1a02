"""A chat starts, is renamed up to a bound, and is gone for good when deleted."""

import pytest

from domain import chat
from domain.chat import MAX_RENAMES, DeleteChat, RenameChat, StartChat
from domain.errors import Conflict, NotFound, TooManyChanges
from domain.events import ChatDeleted, ChatRenamed, ChatStarted, Title
from tests.domain.sentences import given

STARTED = ChatStarted(private=Title(title="Holidays"))
RENAMED = ChatRenamed(private=Title(title="Summer"))


def test_starting_gives_a_title() -> None:
    given().when(StartChat("Holidays")).then(STARTED)


@pytest.mark.parametrize("history", [(STARTED,), (STARTED, RENAMED), (STARTED, ChatDeleted())])
def test_a_chat_is_started_only_once(history: tuple[ChatStarted | ChatRenamed | ChatDeleted, ...]) -> None:
    given(*history).when(StartChat("Again")).then_rejected(Conflict)


def test_renaming_gives_the_new_title() -> None:
    given(STARTED).when(RenameChat("Summer")).then(RENAMED)
    given(STARTED, RENAMED).when(RenameChat("Winter")).then(ChatRenamed(private=Title(title="Winter")))


def test_what_is_not_there_cannot_be_renamed() -> None:
    given().when(RenameChat("Summer")).then_rejected(NotFound)
    given(STARTED, ChatDeleted()).when(RenameChat("Summer")).then_rejected(NotFound)


def test_renaming_has_a_bound_and_deleting_has_none() -> None:
    given(STARTED, *[RENAMED] * (MAX_RENAMES - 1)).when(RenameChat("Winter")).then(
        ChatRenamed(private=Title(title="Winter"))
    )
    worn = given(STARTED, *[RENAMED] * MAX_RENAMES)
    worn.when(RenameChat("Winter")).then_rejected(TooManyChanges)
    worn.when(DeleteChat()).then(ChatDeleted())


def test_deleting_says_so_once() -> None:
    given(STARTED, RENAMED).when(DeleteChat()).then(ChatDeleted())
    given(STARTED, ChatDeleted()).when(DeleteChat()).then_nothing()


def test_a_chat_that_never_was_cannot_be_deleted() -> None:
    given().when(DeleteChat()).then_rejected(NotFound)


def test_only_a_started_and_not_deleted_chat_takes_anything_in() -> None:
    chat.require_open(chat.State(started=True))
    for state in (chat.State(), chat.State(started=True, deleted=True)):
        with pytest.raises(NotFound):
            chat.require_open(state)
