"""Chats: begun with a key, renamed, and gone with their key."""

from __future__ import annotations

import asyncio

import pytest

from domain.errors import NotFound, RequestReused
from domain.events import ChatDeleted, ChatRenamed, ChatStarted
from eventstore.errors import LogFull
from service.desk.desk import Desk
from service.files import chats
from service.house.facts import open_event, to_fact
from service.house.house import House
from service.house.keychain import Keychain, new_stream
from tests.builders import Person, person, started_chat
from tests.service.desks import asked, at_desk, before_append, failing_appends


def keys_of(house: House, user: str) -> list[str]:
    return [stream for stream, owner in house.keyring.stream_keys_before(2**62, "", 1_000) if owner == user]


def types_of(house: House, chat_id: str) -> list[type]:
    return [type(to_fact(record).event) for record in house.log.read_stream(f"chat-{chat_id}")]


def title_in_log(house: House, owner: Person, chat_id: str) -> str:
    record = house.log.read_stream(f"chat-{chat_id}")[-1]
    key = Keychain(house, owner.who).stream(f"chat-{chat_id}")
    assert key is not None
    event = open_event(record, key)
    assert isinstance(event, ChatStarted | ChatRenamed)
    assert event.private is not None
    return event.private.title


def test_a_chat_is_started_with_a_title_that_only_its_owner_opens(house: House, ada: Person) -> None:
    chat = at_desk(house, lambda desk: chats.start(desk, ada.who, "Ferien in Åland", None))
    assert chat.position == house.log.head()
    assert title_in_log(house, ada, chat.chat_id) == "Ferien in Åland"
    ben = person(house, "ben")
    assert Keychain(house, ben.who).stream(f"chat-{chat.chat_id}") is None
    with pytest.raises(NotFound):
        chats.open_chat(house, ben.who, chat.chat_id)


def test_starting_again_under_the_same_key_is_the_same_chat(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        first = await chats.start(desk, ada.who, "One", asked())
        again = await chats.start(desk, ada.who, "One", asked())
        assert again.replayed
        assert (again.chat_id, again.title, again.position) == (first.chat_id, "One", first.position)
        assert again.created_at_us == first.created_at_us
        with pytest.raises(RequestReused):
            await chats.start(desk, ada.who, "Two", asked(body=b"two"))
        await chats.delete(desk, ada.who, first.chat_id)
        assert (await chats.start(desk, ada.who, "One", asked())).title == ""  # Forgotten since.

    at_desk(house, story)


def test_the_same_start_many_times_at_once_is_one_chat_with_one_key(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> set[str]:
        started = await asyncio.gather(*(chats.start(desk, ada.who, "One", asked()) for _ in range(8)))
        return {chat.chat_id for chat in started}

    (chat_id,) = at_desk(house, story)
    assert keys_of(house, ada.user) == [f"chat-{chat_id}"]


def test_a_start_that_the_log_refuses_leaves_no_key(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(desk: Desk) -> None:
        failing_appends(desk, monkeypatch, LogFull("full"))
        with pytest.raises(LogFull):
            await chats.start(desk, ada.who, "One", None)

    at_desk(house, story)
    assert keys_of(house, ada.user) == []


def test_a_start_whose_outcome_is_open_keeps_its_key(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        with monkeypatch.context() as patched:
            failing_appends(desk, patched, TimeoutError, written=True)
            with pytest.raises(TimeoutError):
                await chats.start(desk, ada.who, "One", asked())
        again = await chats.start(desk, ada.who, "One", asked())
        assert (again.title, again.replayed) == ("One", True)
        assert title_in_log(house, ada, again.chat_id) == "One"

    at_desk(house, story)


def test_renaming_is_another_event_and_the_time_of_starting_stays(house: House, ada: Person) -> None:
    chat_id = started_chat(house, ada)
    renamed = at_desk(house, lambda desk: chats.rename(desk, ada.who, chat_id, "New"))
    assert title_in_log(house, ada, chat_id) == "New"
    assert types_of(house, chat_id) == [ChatStarted, ChatRenamed]
    assert renamed.created_at_us == house.log.read_stream(f"chat-{chat_id}")[0].envelope.at_us
    assert renamed.updated_at_us >= renamed.created_at_us


def test_renaming_by_several_at_once_loses_none(house: House, ada: Person) -> None:
    chat_id = started_chat(house, ada)

    async def story(desk: Desk) -> None:
        await asyncio.gather(*(chats.rename(desk, ada.who, chat_id, f"Title {number}") for number in range(4)))

    at_desk(house, story)
    assert types_of(house, chat_id) == [ChatStarted] + [ChatRenamed] * 4


def test_deleting_destroys_the_key_and_says_so_once(house: House, ada: Person) -> None:
    chat_id = started_chat(house, ada)

    async def story(desk: Desk) -> None:
        position = await chats.delete(desk, ada.who, chat_id)
        assert house.keyring.stream_key(f"chat-{chat_id}", ada.user) is None
        assert await chats.delete(desk, ada.who, chat_id) == position
        with pytest.raises(NotFound):
            await chats.rename(desk, ada.who, chat_id, "New")

    at_desk(house, story)
    assert types_of(house, chat_id) == [ChatStarted, ChatDeleted]


def test_deleting_again_finishes_what_a_crash_left(house: House, ada: Person) -> None:
    chat_id = started_chat(house, ada)

    async def story(desk: Desk) -> None:
        await chats.delete(desk, ada.who, chat_id)
        _, wrapped = new_stream(ada.who, f"chat-{chat_id}")
        house.keyring.add_stream_key(f"chat-{chat_id}", ada.user, wrapped, 1)  # As if the key had survived.
        with pytest.raises(NotFound):
            await chats.rename(desk, ada.who, chat_id, "New")
        await chats.delete(desk, ada.who, chat_id)

    at_desk(house, story)
    assert house.keyring.stream_key(f"chat-{chat_id}", ada.user) is None


def test_deleted_while_being_renamed_it_stays_deleted(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat_id = started_chat(house, ada)

    async def story(desk: Desk) -> None:
        before_append(desk, monkeypatch, lambda: chats.delete(desk, ada.who, chat_id))
        with pytest.raises(NotFound):
            await chats.rename(desk, ada.who, chat_id, "New")

    at_desk(house, story)
    assert types_of(house, chat_id) == [ChatStarted, ChatDeleted]


def test_another_persons_chat_is_not_there(house: House, ada: Person) -> None:
    chat_id = started_chat(house, person(house, "ben"))

    async def story(desk: Desk) -> None:
        for wanted in (chat_id, "no-such-chat"):
            with pytest.raises(NotFound):
                await chats.rename(desk, ada.who, wanted, "Mine now")
            with pytest.raises(NotFound):
                await chats.delete(desk, ada.who, wanted)

    at_desk(house, story)
    assert types_of(house, chat_id) == [ChatStarted]
