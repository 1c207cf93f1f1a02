"""Where a file belongs: nowhere, in a chat, or to a message; and only where its owner may put it."""

from __future__ import annotations

import pytest

from domain.errors import NotFound
from domain.events import ChatDeleted
from service.desk.desk import Desk
from service.files import chats, messages
from service.files.messages import Draft
from service.house.facts import to_fact
from service.house.house import House
from service.machine.ids import new_id
from service.uploads import uploads
from service.uploads.uploads import Place
from tests.builders import Person, person, started_chat
from tests.service.desks import at_desk, before_append
from tests.service.receiving import NOWHERE, assert_nothing_left, declared_of, receive


def test_a_file_goes_into_a_chat_or_to_a_message_which_brings_its_chat(house: House, ada: Person) -> None:
    chat_id = started_chat(house, ada)

    async def story(desk: Desk) -> None:
        draft = Draft("with a file", chat_id, "text/plain", "user", None, ())
        sent = await messages.send(desk, ada.who, draft, None)
        assert uploads.find_place(house, ada.who, None, None) == NOWHERE
        assert uploads.find_place(house, ada.who, chat_id, None) == Place(chat_id)
        place = uploads.find_place(house, ada.who, None, sent.message_id)
        assert place == uploads.find_place(house, ada.who, chat_id, sent.message_id) == Place(chat_id, sent.message_id)
        done, _ = await uploads.commit(desk, ada.who, place, [await receive(desk, b"data")], None)
        event = declared_of(house, ada, done.files[0].file_id)
        assert (event.chat, event.message) == (chat_id, sent.message_id)
        with pytest.raises(NotFound):
            uploads.find_place(house, ada.who, started_chat(house, ada), sent.message_id)
        await chats.delete(desk, ada.who, chat_id)
        for chat, message in ((chat_id, None), (None, sent.message_id)):
            with pytest.raises(NotFound):
                uploads.find_place(house, ada.who, chat, message)

    at_desk(house, story)


def test_another_persons_place_is_not_there(house: House, ada: Person) -> None:
    ben = person(house, "ben")
    chat_id = started_chat(house, ben)

    async def story(desk: Desk) -> None:
        sent = await messages.send(desk, ben.who, Draft("hello", chat_id, "text/plain", "user", None, ()), None)
        for chat, message in ((chat_id, None), (None, sent.message_id), (new_id(), None), (None, new_id())):
            with pytest.raises(NotFound):
                uploads.find_place(house, ada.who, chat, message)

    at_desk(house, story)


def test_a_chat_deleted_meanwhile_takes_no_file_in(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    chat_id = started_chat(house, ada)

    async def story(desk: Desk) -> None:
        received = [await receive(desk, b"data")]
        before_append(desk, monkeypatch, lambda: chats.delete(desk, ada.who, chat_id))
        with pytest.raises(NotFound):
            await uploads.commit(desk, ada.who, Place(chat_id), received, None)

    at_desk(house, story)
    (last,) = house.log.read_all(house.log.head() - 1, 1)
    assert isinstance(to_fact(last).event, ChatDeleted)
    assert_nothing_left(house, house.log.head())
