"""Chats: starting, renaming, deleting."""

from __future__ import annotations

import msgspec

from domain import chat
from domain.errors import NotFound
from domain.events import ChatDeleted, ChatEvent, ChatStarted
from eventstore.errors import DuplicateRequest
from eventstore.record import Append, NewRecord, RequestTag
from service.desk.desk import Desk, decided, taking_back
from service.house.facts import Sealing, fold, open_event, to_fact, to_records
from service.house.house import House
from service.house.keychain import Keychain, new_stream
from service.house.principal import Principal
from service.house.requests import Asked, earlier, tag_of
from service.machine.ids import new_id


class Chat(msgspec.Struct, frozen=True):
    chat_id: str
    title: str
    created_at_us: int
    position: int
    updated_at_us: int = 0
    replayed: bool = False


class Opened(msgspec.Struct, frozen=True):
    """A chat that is there: its key, and the version that guards what is appended into it."""

    chat_id: str
    version: int
    key: bytes

    def __repr__(self) -> str:
        return f"Opened({self.chat_id!r}, …)"

    @property
    def stream(self) -> str:
        return f"chat-{self.chat_id}"

    @property
    def sealing(self) -> Sealing:
        return Sealing(self.stream, self.key)


def open_chat(house: House, who: Principal, chat_id: str) -> Opened:
    """NotFound for what is not there, deleted, out of reach or another person's."""
    who.require_chat(chat_id)
    key = Keychain(house, who).stream(f"chat-{chat_id}")
    if key is None:
        raise NotFound("No such chat.")
    return Opened(chat_id, _version(house, chat_id), key)


def require_chat(house: House, who: Principal, chat_id: str) -> int:
    """As `open_chat` without a key: the version alone, which guards what is appended into the chat."""
    who.require_chat(chat_id)
    if house.keyring.stream_key(f"chat-{chat_id}", who.user) is None:
        raise NotFound("No such chat.")
    return _version(house, chat_id)


def _version(house: House, chat_id: str) -> int:
    events = [to_fact(record).event for record in house.log.read_stream(f"chat-{chat_id}")]
    chat.require_open(fold(chat.evolve, chat.State(), ChatEvent, events))
    return len(events)


async def begin_chat(desk: Desk, who: Principal, title: str) -> tuple[Opened, ChatStarted]:
    """Draws and keeps the chat's key; the event is the caller's to append. A key without its event is swept."""
    chat_id = new_id()
    stream = f"chat-{chat_id}"
    key, wrapped = new_stream(who, stream)
    now_us = desk.house.clock_us()
    await desk.aside(lambda: desk.house.keyring.add_stream_key(stream, who.user, wrapped, now_us))
    (started,) = chat.decide(chat.StartChat(title), chat.State())
    assert isinstance(started, ChatStarted)
    return Opened(chat_id, 0, key), started


async def drop_key(desk: Desk, opened: Opened) -> None:
    """Takes back the key of a chat whose event was refused."""
    await desk.aside(lambda: desk.house.keyring.forget([opened.stream]))


def started_records(
    who: Principal, opened: Opened, event: ChatStarted, tag: RequestTag | None
) -> tuple[NewRecord, ...]:
    return to_records(who.user, opened.stream, 0, (event,), opened.sealing, tag)


async def start(desk: Desk, who: Principal, title: str, asked: Asked | None) -> Chat:
    who.require_everywhere()
    tag = tag_of(asked, who.writing)
    if (position := earlier(desk.house.log, tag)) is not None:
        return _replay(desk.house, who, position, title)
    opened, event = await begin_chat(desk, who, title)
    try:
        async with taking_back(lambda: drop_key(desk, opened)):
            appended = await desk.append(Append(started_records(who, opened, event, tag)))
    except DuplicateRequest as duplicate:
        earlier(desk.house.log, tag)
        return _replay(desk.house, who, duplicate.position, title)
    return Chat(opened.chat_id, title, appended.at_us, appended.last, appended.at_us)


def _replay(house: House, who: Principal, position: int, title: str) -> Chat:
    """The first answer again. `title`: as it has come just now, in the same body. A chat forgotten since has none."""
    (record,) = house.log.read_all(position - 1, 1)
    fact = to_fact(record)
    known = house.keyring.stream_key(fact.stream, who.user) is not None
    return Chat(fact.subject, title if known else "", fact.at_us, position, fact.at_us, replayed=True)


async def rename(desk: Desk, who: Principal, chat_id: str, title: str) -> Chat:
    async def attempt() -> Chat:
        opened = open_chat(desk.house, who, chat_id)
        first = desk.house.log.read_stream(opened.stream)[0]
        started = open_event(first, opened.key)
        assert isinstance(started, ChatStarted)
        began_at_us = None if started.private is None else started.private.began_at_us
        renamed = chat.State(started=True, renames=opened.version - 1)  # What is open has no other events.
        events = chat.decide(chat.RenameChat(title, began_at_us), renamed)
        records = to_records(who.user, opened.stream, opened.version, events, opened.sealing)
        appended = await desk.append(Append(records))
        created_at_us = first.envelope.at_us if began_at_us is None else began_at_us
        return Chat(chat_id, title, created_at_us, appended.last, appended.at_us)

    return await decided(attempt)


async def delete(desk: Desk, who: Principal, chat_id: str) -> int:
    """The event first, then its key and those of messages that have one of their own. Its files are separate streams:
    the worker follows with them one by one, and says then that all is gone (service/house/forgetting.py)."""
    house = desk.house
    who.require_chat(chat_id)

    async def attempt() -> int:
        facts = [to_fact(record) for record in house.log.read_stream(f"chat-{chat_id}")]
        if not facts or facts[0].user != who.user:
            raise NotFound("No such chat.")
        state = fold(chat.evolve, chat.State(), ChatEvent, (fact.event for fact in facts))
        events = chat.decide(chat.DeleteChat(), state)
        if not events:  # Asked again: the same answer, and with it the same receipt.
            return next(fact.position for fact in facts if isinstance(fact.event, ChatDeleted))
        records = to_records(who.user, f"chat-{chat_id}", len(facts), events)
        return (await desk.append(Append(records))).last

    position = await decided(attempt)
    await desk.aside(lambda: house.keyring.forget([f"chat-{chat_id}"]))
    return position
