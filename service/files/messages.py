"""Messages: sending once under an id, and what becomes of them."""

from __future__ import annotations

from typing import Final, Literal, assert_never

import msgspec

from domain import message
from domain.errors import MessageIdTaken, NotFound, UnknownFile
from domain.events import ChatStarted, MessageEvent, MessageSent, Role
from domain.message import MessageCommand, SendMessage
from eventstore.errors import DuplicateRequest
from eventstore.log import Log
from eventstore.record import Append, Record, RequestTag
from service.desk.desk import Desk, decided, taking_back
from service.files import chats
from service.house.facts import Sealing, fold, open_event, to_fact, to_records
from service.house.house import House
from service.house.keychain import Keychain, new_stream
from service.house.principal import Principal
from service.house.reach import Reach
from service.house.requests import Asked, earlier, tag_of
from service.machine.errors import Busy
from service.machine.ids import new_id
from vault.errors import AccountGone

TITLE_CHARS = 60
RENEWED_AFTER_S: Final = 120
"""Beyond all that a sending may take (desk.MAX_TRIES of APPEND_TIMEOUT_S): whose key is older has given up."""


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


class _Mark(msgspec.Struct, frozen=True):
    """What the first record of a sending carries, by which the same sending is known again. `keyed`: it came with an
    Idempotency-Key."""

    tag: RequestTag | None
    keyed: bool

    @classmethod
    def of(cls, who: Principal, draft: Draft, asked: Asked | None) -> _Mark:
        """Who reads can open what was sent under the same id, and compare. Who only writes cannot, and knows it by a
        tag of its own: of the key or else of the id, and of all that is sent."""
        tag = tag_of(asked, who.writing)
        if not who.reads and (tag is not None or draft.message_id is not None):
            by_id = who.writing.request_tag(b"message", (draft.message_id or "").encode())
            sent = msgspec.json.encode(msgspec.structs.replace(draft, message_id=None))
            tag = RequestTag(by_id if tag is None else tag.key, who.writing.request_tag(b"draft", sent))
        return cls(tag, asked is not None)

    def earlier(self, log: Log) -> int | None:
        """As `requests.earlier`; None without an Idempotency-Key."""
        return earlier(log, self.tag) if self.keyed else None


async def send(desk: Desk, who: Principal, draft: Draft, asked: Asked | None) -> Sent:
    """Durable when it returns. NotFound (chat), UnknownFile, EmptyMessage, MessageIdTaken, RequestReused; NotAllowed
    for a new chat, which a token of some chats would not reach; Busy for one who only writes while another copy of the
    same message is under way."""
    house = desk.house
    if draft.chat_id is None:
        who.require_everywhere()
    else:
        who.require_chat(draft.chat_id)
    mark = _Mark.of(who, draft, asked)
    if (position := mark.earlier(house.log)) is not None:
        return _replay(house, position)
    if draft.message_id is not None and (records := house.log.read_stream(f"message-{draft.message_id}")):
        return _sent_before(house, who, draft, records, mark)
    _require_files(house, who, draft)
    try:
        if draft.chat_id is None:
            return await decided(lambda: _send_into_new_chat(desk, who, draft, mark))
        if not who.reads:
            return await _send_sealed(desk, who, draft, draft.chat_id, mark)
        return await decided(lambda: _send_into(desk, who, draft, str(draft.chat_id), mark))
    except DuplicateRequest as duplicate:
        if mark.earlier(house.log) is not None:
            return _replay(house, duplicate.position)
        return _sent_before(house, who, draft, house.log.read_stream(f"message-{draft.message_id}"), mark)


def _require_files(house: House, who: Principal, draft: Draft) -> None:
    """UnknownFile."""
    reach = Reach(house.log, who)
    for file_id in draft.file_ids:
        if house.keyring.stream_key(f"file-{file_id}", who.user) is None or not reach.file(file_id):
            raise UnknownFile(f"There is no file {file_id}.")


async def _send_into(desk: Desk, who: Principal, draft: Draft, chat_id: str, mark: _Mark) -> Sent:
    """The chat's version guards the append: deleted meanwhile → conflict → decided again → NotFound."""
    house = desk.house
    opened = chats.open_chat(house, who, chat_id)
    message_id = draft.message_id or new_id()
    stream = f"message-{message_id}"
    if draft.message_id is not None and (records := house.log.read_stream(stream)):
        return _sent_before(house, who, draft, records, mark)
    events = message.decide(_command(draft, chat_id), message.State())
    records_ = to_records(who.user, stream, 0, events, opened.sealing, mark.tag)
    appended = await desk.append(Append(records_, guards=((opened.stream, opened.version),)))
    return Sent(message_id, chat_id, draft.role, appended.at_us, appended.last)


async def _send_sealed(desk: Desk, who: Principal, draft: Draft, chat_id: str, mark: _Mark) -> Sent:
    """Without the chat's key: the message has a key of its own, sealed to the account, which goes when the chat goes.

    Key, then event. A key that is there already was drawn by another copy of this request, whose event may still come:
    it is left alone, since nobody could open that event under another one. After RENEWED_AFTER_S it cannot come any
    more: that copy was cut off, and another key takes the place of its own."""
    house = desk.house
    events = message.decide(_command(draft, chat_id), message.State())  # Refused before a key is drawn for nothing.
    chats.require_chat(house, who, chat_id)
    message_id = draft.message_id or new_id()
    stream = f"message-{message_id}"
    key, sealed = new_stream(who, stream)
    try:
        added = await desk.aside(
            lambda: house.keyring.add_message_key(message_id, chat_id, who.user, sealed, house.clock_us())
        )
    except AccountGone:
        raise NotFound("No such chat.") from None
    if not added:
        if records := house.log.read_stream(stream):
            return _sent_before(house, who, draft, records, mark)
        now_us = house.clock_us()
        since_us = now_us - RENEWED_AFTER_S * 1_000_000
        if not await desk.aside(
            lambda: house.keyring.renew_message_key(message_id, chat_id, who.user, sealed, since_us, now_us)
        ):
            raise Busy("This message is being sent at this moment. Try again.")

    async def attempt() -> Sent:
        version = chats.require_chat(house, who, chat_id)
        if house.log.read_stream(stream):
            raise MessageIdTaken("Another message has this id.")  # By somebody who can read, and needs no such key.
        records = to_records(who.user, stream, 0, events, Sealing(stream, key), mark.tag)
        appended = await desk.append(Append(records, guards=((f"chat-{chat_id}", version),)))
        return Sent(message_id, chat_id, draft.role, appended.at_us, appended.last)

    async with taking_back(lambda: desk.aside(lambda: house.keyring.forget([stream]))):
        return await decided(attempt)


async def _send_into_new_chat(desk: Desk, who: Principal, draft: Draft, mark: _Mark) -> Sent:
    """Chat and first message in one append: never one without the other. The tag stands with the first record; with the
    message where that is to be known by it."""
    message_id = draft.message_id or new_id()
    if draft.message_id is not None and (before := desk.house.log.read_stream(f"message-{message_id}")):
        return _sent_before(desk.house, who, draft, before, mark)
    command = _command(draft, "")
    message.decide(command, message.State())  # Refused before a key is drawn for nothing.
    opened, started = await chats.begin_chat(desk, who, _title_from(draft.content))
    events = message.decide(msgspec.structs.replace(command, chat=opened.chat_id), message.State())
    with_chat, with_message = (mark.tag, None) if who.reads else (None, mark.tag)
    records = chats.started_records(who, opened, started, with_chat)
    records += to_records(who.user, f"message-{message_id}", 0, events, opened.sealing, with_message)
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


def _sent_before(house: House, who: Principal, draft: Draft, records: list[Record], mark: _Mark) -> Sent:
    """The id is in the log: the same message sent again is answered as the first time, another one is refused."""
    first = records[0]
    sent = to_fact(first).event
    if first.envelope.user != who.user or not isinstance(sent, MessageSent) or not who.reaches(sent.chat):
        raise MessageIdTaken("Another message has this id.")
    if house.keyring.stream_key(f"chat-{sent.chat}", who.user) is None:
        raise NotFound("No such chat.")
    if who.reads:
        key = Keychain(house, who).stream(first.envelope.key_id)
        if key is None:
            raise NotFound("No such chat.")
        opened = open_event(first, key)
        assert isinstance(opened, MessageSent)
        message.decide(_command(draft, draft.chat_id or sent.chat), message.State(sent=opened))
    elif mark.tag is None or first.envelope.request is None or first.envelope.request[1] != mark.tag.body.hex():
        raise MessageIdTaken("Another message has this id.")
    # Another copy of this request may have come in between; or the id alone is known, from another request.
    return _answer(first, sent, replayed=mark.earlier(house.log) is not None)


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
    tag = tag_of(asked, who.writing)
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
        if not isinstance(first, MessageSent) or not who.reaches(first.chat):
            raise NotFound("No such message.")
        if house.keyring.stream_key(f"chat-{first.chat}", who.user) is None:
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
