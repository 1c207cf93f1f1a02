"""Messages: sending once under an id, and what becomes of them."""

from __future__ import annotations

from typing import Literal, assert_never

import msgspec

from domain import message
from domain.errors import MessageIdTaken, NotFound, UnknownFile
from domain.events import ChatStarted, MessageEvent, MessageSent, Role
from domain.message import MessageCommand, SendMessage
from eventstore.errors import DuplicateRequest
from eventstore.record import Append, Record, RequestTag
from service import chats
from service.desk import Desk, decided, taking_back
from service.facts import fold, open_event, to_fact, to_records
from service.house import House
from service.ids import new_id
from service.keychain import Keychain
from service.principal import Principal
from service.requests import Asked, earlier, tag_of

TITLE_CHARS = 60


class Draft(msgspec.Struct, frozen=True):
    """What is to be sent. Without `chat_id` a chat is started; with `message_id` sending again is harmless."""

    content: str
    chat_id: str | None
    content_type: str
    role: Role
    message_id: str | None
    file_ids: tuple[str, ...]


class Sent(msgspec.Struct, frozen=True):
    """`replayed`: the log has this very request, by its Idempotency-Key. A message known by its id alone is not."""

    message_id: str
    chat_id: str
    role: Role
    created_at_us: int
    position: int
    replayed: bool = False


async def send(desk: Desk, who: Principal, draft: Draft, asked: Asked | None) -> Sent:
    """Durable when it returns. NotFound (chat), UnknownFile, EmptyMessage, MessageIdTaken, RequestReused."""
    house = desk.house
    tag = tag_of(asked, who.keys)
    if (position := earlier(house.log, tag)) is not None:
        return _replay(house, position)
    if draft.message_id is not None and (records := house.log.read_stream(f"message-{draft.message_id}")):
        return _sent_before(house, who, draft, records, tag)
    for file_id in draft.file_ids:
        if house.keyring.stream_key(f"file-{file_id}", who.user) is None:
            raise UnknownFile(f"There is no file {file_id}.")
    try:
        if draft.chat_id is None:
            return await decided(lambda: _send_into_new_chat(desk, who, draft, tag))
        return await decided(lambda: _send_into(desk, who, draft, str(draft.chat_id), tag))
    except DuplicateRequest:
        again = earlier(house.log, tag)
        assert again is not None
        return _replay(house, again)


async def _send_into(desk: Desk, who: Principal, draft: Draft, chat_id: str, tag: RequestTag | None) -> Sent:
    """The chat's version guards the append: deleted meanwhile → conflict → decided again → NotFound."""
    house = desk.house
    opened = chats.open_chat(house, who, chat_id)
    message_id = draft.message_id or new_id()
    stream = f"message-{message_id}"
    if draft.message_id is not None and (records := house.log.read_stream(stream)):
        return _sent_before(house, who, draft, records, tag)
    events = message.decide(_command(draft, chat_id), message.State())
    records_ = to_records(who.user, stream, 0, events, opened.sealing, tag)
    appended = await desk.append(Append(records_, guards=((opened.stream, opened.version),)))
    return Sent(message_id, chat_id, draft.role, appended.at_us, appended.last)


async def _send_into_new_chat(desk: Desk, who: Principal, draft: Draft, tag: RequestTag | None) -> Sent:
    """Chat and first message in one append: never one without the other."""
    message_id = draft.message_id or new_id()
    if draft.message_id is not None and (before := desk.house.log.read_stream(f"message-{message_id}")):
        return _sent_before(desk.house, who, draft, before, tag)
    command = _command(draft, "")
    message.decide(command, message.State())  # Refused before a key is drawn for nothing.
    opened, started = await chats.begin_chat(desk, who, _title_from(draft.content))
    events = message.decide(msgspec.structs.replace(command, chat=opened.chat_id), message.State())
    records = chats.started_records(who, opened, started, tag)
    records += to_records(who.user, f"message-{message_id}", 0, events, opened.sealing)
    async with taking_back(lambda: chats.drop_key(desk, opened)):
        appended = await desk.append(Append(records))
    return Sent(message_id, opened.chat_id, draft.role, appended.at_us, appended.last)


def _command(draft: Draft, chat_id: str) -> SendMessage:
    return SendMessage(
        chat=chat_id,
        role=draft.role,
        content_type=draft.content_type,
        content=draft.content,
        file_ids=draft.file_ids,
    )


def _sent_before(house: House, who: Principal, draft: Draft, records: list[Record], tag: RequestTag | None) -> Sent:
    """The id is in the log: the same message sent again is answered as the first time, another one is refused."""
    first = records[0]
    sent = to_fact(first).event
    if first.envelope.user != who.user or not isinstance(sent, MessageSent):
        raise MessageIdTaken("Another message has this id.")
    key = Keychain(house, who).stream(f"chat-{sent.chat}")
    if key is None:
        raise NotFound("No such chat.")
    opened = open_event(first, key)
    assert isinstance(opened, MessageSent)
    message.decide(_command(draft, draft.chat_id or sent.chat), message.State(sent=opened))
    # Another copy of this request may have come in between; or the id alone is known, from another request.
    return _answer(first, sent, replayed=earlier(house.log, tag) is not None)


def _replay(house: House, position: int) -> Sent:
    """The first answer to the same Idempotency-Key: its first record is the message or the chat started for it."""
    records = house.log.read_all(position - 1, 2)
    record = records[1] if isinstance(to_fact(records[0]).event, ChatStarted) else records[0]
    sent = to_fact(record).event
    assert isinstance(sent, MessageSent)
    return _answer(record, sent, replayed=True)


def _answer(record: Record, sent: MessageSent, *, replayed: bool) -> Sent:
    envelope = record.envelope
    message_id = envelope.stream.partition("-")[2]
    return Sent(message_id, sent.chat, sent.role, envelope.at_us, envelope.position, replayed)


def _title_from(content: str) -> str:
    """A chat that nobody named is called by its first words."""
    line = next((line.strip() for line in content.splitlines() if line.strip()), "")
    return line if len(line) <= TITLE_CHARS else line[: TITLE_CHARS - 1].rstrip() + "…"


Step = Literal["delivered", "read", "error"]


class Marked(msgspec.Struct, frozen=True):
    message_id: str
    status: Step
    position: int
    replayed: bool = False


async def mark(desk: Desk, who: Principal, message_id: str, status: Step, code: str, asked: Asked | None) -> Marked:
    """NotFound; StatusBackwards. The same status again changes nothing and answers the same."""
    house = desk.house
    tag = tag_of(asked, who.keys)
    if (position := earlier(house.log, tag)) is not None:
        return Marked(message_id, status, position, replayed=True)
    stream = f"message-{message_id}"
    command: MessageCommand
    match status:
        case "delivered":
            command = message.MarkDelivered()
        case "read":
            command = message.MarkRead()
        case "error":
            command = message.MarkFailed(code)
        case _:
            assert_never(status)

    async def attempt() -> Marked:
        facts = [to_fact(record) for record in house.log.read_stream(stream)]
        if not facts or facts[0].user != who.user:
            raise NotFound("No such message.")
        first = facts[0].event
        if isinstance(first, MessageSent) and house.keyring.stream_key(f"chat-{first.chat}", who.user) is None:
            raise NotFound("No such message.")  # Its chat is forgotten, and it with it.
        state = fold(message.evolve, message.State(), MessageEvent, (fact.event for fact in facts))
        events = message.decide(command, state)
        if not events:
            return Marked(message_id, status, facts[-1].position)
        appended = await desk.append(Append(to_records(who.user, stream, len(facts), events, request=tag)))
        return Marked(message_id, status, appended.last)

    try:
        return await decided(attempt)
    except DuplicateRequest:
        position = earlier(house.log, tag)
        assert position is not None
        return Marked(message_id, status, position, replayed=True)
