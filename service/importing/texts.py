"""Chats and messages of an import, into the log: some hundred at a time, each once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, assert_never

import msgspec

from domain import chat, message
from domain.errors import NotFound
from domain.events import MessageEvent
from eventstore.record import Append, NewRecord
from service.desk.desk import Desk, decided
from service.files import chats
from service.files.chats import Opened
from service.house.facts import Sealing, to_records
from service.house.keychain import Keychain, new_stream
from service.house.principal import Principal
from service.house.still import Still
from service.importing import rows
from service.importing.ids import ImportIds

BATCH: Final = 200
PIECE: Final = 20
BATCH_CHARS: Final = 512 * 1024


class Counted(msgspec.Struct):
    """What came in, and what did not because it was here, or was deleted here since."""

    chats: int = 0
    messages: int = 0
    files: int = 0
    skipped: int = 0


class _Batch:
    """What one append brings. `begun`: its new chats; `new_keys`: those of them that the keyring has not yet; `opened`:
    chats that were here; `sent`: streams of its messages. No repr: it holds keys."""

    __slots__ = ("begun", "new_keys", "opened", "records", "sent")

    def __init__(self) -> None:
        self.begun: dict[str, Sealing] = {}
        self.new_keys: dict[str, bytes] = {}
        self.opened: dict[str, Opened | None] = {}
        self.records: list[NewRecord] = []
        self.sent: set[str] = set()


class Texts:
    """Rows in the order of the export. `flush` at the end."""

    def __init__(self, desk: Desk, who: Principal, ids: ImportIds, counted: Counted) -> None:
        self._desk = desk
        self._who = who
        self._ids = ids
        self._counted = counted
        self._still = Still(desk.house, who)
        self._waiting: list[rows.Chat | rows.Message] = []
        self._waiting_chars = 0

    async def take(self, row: rows.Chat | rows.Message) -> None:
        self._waiting.append(row)
        self._waiting_chars += len(row.title if isinstance(row, rows.Chat) else row.content)
        if len(self._waiting) >= BATCH or self._waiting_chars >= BATCH_CHARS:
            await self.flush()

    async def flush(self) -> None:
        """What waits, in one append: all of it is there afterwards, or nothing. BadCredentials when who imports may not
        any more."""
        waiting, self._waiting, self._waiting_chars = self._waiting, [], 0
        if waiting:
            chats_begun, sent = await decided(lambda: self._bring(waiting))
            self._counted.chats += chats_begun
            self._counted.messages += sent
            self._counted.skipped += len(waiting) - chats_begun - sent

    async def _bring(self, waiting: Sequence[rows.Chat | rows.Message]) -> tuple[int, int]:
        """How many chats and messages were not here, nor earlier in this export. Keys, then events; a key that an
        earlier try left is the chat's, whose event may have come to be after all. The versions of chats that were here
        guard the append, as for any message."""
        house, who = self._desk.house, self._who
        self._still.require()
        await self._take_over(waiting)
        batch = _Batch()
        for at, row in enumerate(waiting, start=1):
            if at % PIECE == 0:
                await asyncio.sleep(0)  # Some milliseconds of work: other requests in between.
            if isinstance(row, rows.Chat):
                self._begin(row, batch)
            else:
                self._send(row, batch)
        if batch.new_keys:
            await self._desk.aside(lambda: house.keyring.add_stream_keys(batch.new_keys, who.user, house.clock_us()))
        if batch.records:
            guards = tuple((into.stream, into.version) for into in batch.opened.values() if into is not None)
            await self._desk.append(Append(tuple(batch.records), guards=guards))
        return len(batch.begun), len(batch.sent)

    async def _take_over(self, waiting: Sequence[rows.Chat | rows.Message]) -> None:
        """Before they are looked at: keys that an earlier try left are not swept any more before their event."""
        keyring, user = self._desk.house.keyring, self._who.user
        streams = [f"chat-{self._ids.of('chat', row.chat_id)}" for row in waiting if isinstance(row, rows.Chat)]
        left = [stream for stream in keyring.still_keyed(streams) if not self._desk.house.log.read_stream(stream)]
        if left:
            await self._desk.aside(lambda: keyring.take_over_streams(left, user, self._desk.house.clock_us()))

    def _begin(self, row: rows.Chat, batch: _Batch) -> None:
        house, who = self._desk.house, self._who
        chat_id = self._ids.of("chat", row.chat_id)
        stream = f"chat-{chat_id}"
        if chat_id in batch.begun or house.log.read_stream(stream):
            return
        key = Keychain(house, who).stream(stream)
        if key is None:
            key, batch.new_keys[stream] = new_stream(who, stream)
        sealing = Sealing(stream, key)
        events = chat.decide(chat.StartChat(row.title, row.began_at_us), chat.State())
        batch.records += to_records(who.user, stream, 0, events, sealing)
        batch.begun[chat_id] = sealing

    def _send(self, row: rows.Message, batch: _Batch) -> None:
        chat_id = self._ids.of("chat", row.chat_id)
        stream = f"message-{self._ids.of('message', row.message_id)}"
        sealing = batch.begun.get(chat_id)
        if sealing is None:
            if chat_id not in batch.opened:
                batch.opened[chat_id] = self._open(chat_id)
            into = batch.opened[chat_id]
            sealing = None if into is None else into.sealing
        if sealing is None or stream in batch.sent or self._desk.house.log.read_stream(stream):
            return
        batch.records += to_records(self._who.user, stream, 0, self._events(row, chat_id), sealing)
        batch.sent.add(stream)

    def _open(self, chat_id: str) -> Opened | None:
        """None for a chat that was deleted here since an earlier try: it stays so."""
        try:
            return chats.open_chat(self._desk.house, self._who, chat_id)
        except NotFound:
            return None

    def _events(self, row: rows.Message, chat_id: str) -> tuple[MessageEvent, ...]:
        """Sent, and what became of it."""
        sending = message.SendMessage(
            chat=chat_id,
            role=row.role,
            content_type=row.content_type,
            content=row.content,
            file_ids=tuple(self._ids.of("file", file_id) for file_id in row.file_ids),
            sent_at_us=row.sent_at_us,
        )
        events = message.decide(sending, message.State())
        sent = message.evolve(message.State(), events[0])
        match row.status:
            case "sent":
                return events
            case "delivered":
                return events + message.decide(message.MarkDelivered(), sent)
            case "read":
                return events + message.decide(message.MarkRead(), sent)
            case "error":
                return events + message.decide(message.MarkFailed(row.error_code), sent)
            case _:
                assert_never(row.status)
