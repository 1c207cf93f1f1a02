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
from service import chats
from service.chats import Opened
from service.desk import Desk, decided
from service.facts import Sealing, to_records
from service.importing import rows
from service.importing.ids import ImportIds
from service.keychain import Keychain, new_stream
from service.principal import Principal

BATCH: Final = 200
PIECE: Final = 20
BATCH_CHARS: Final = 512 * 1024


class Counted(msgspec.Struct):
    """What came in, and what did not because it was here, or was deleted here since."""

    chats: int = 0
    messages: int = 0
    files: int = 0
    skipped: int = 0


class Texts:
    """Rows in the order of the export. `flush` at the end."""

    def __init__(self, desk: Desk, who: Principal, ids: ImportIds, counted: Counted) -> None:
        self._desk = desk
        self._who = who
        self._ids = ids
        self._counted = counted
        self._waiting: list[rows.Message] = []
        self._waiting_chars = 0

    async def take(self, row: rows.Chat | rows.Message) -> None:
        if isinstance(row, rows.Chat):
            await self._start(row)
            return
        self._waiting.append(row)
        self._waiting_chars += len(row.content)
        if len(self._waiting) >= BATCH or self._waiting_chars >= BATCH_CHARS:
            await self.flush()

    async def flush(self) -> None:
        """What waits, in one append: all of it is there afterwards, or nothing."""
        waiting, self._waiting, self._waiting_chars = self._waiting, [], 0
        sent = await decided(lambda: self._send(waiting)) if waiting else 0
        self._counted.messages += sent
        self._counted.skipped += len(waiting) - sent

    async def _start(self, row: rows.Chat) -> None:
        """Key, then event. A key that an earlier try left is the chat's: its event may have come to be after all."""
        house, who = self._desk.house, self._who
        chat_id = self._ids.of("chat", row.chat_id)
        stream = f"chat-{chat_id}"

        async def attempt() -> bool:
            if house.log.read_stream(stream):
                return False
            key = Keychain(house, who).stream(stream)
            if key is None:
                key, wrapped = new_stream(who, stream)
                await self._desk.aside(
                    lambda: house.keyring.add_stream_key(stream, who.user, wrapped, house.clock_us())
                )
            events = chat.decide(chat.StartChat(row.title, row.began_at_us), chat.State())
            await self._desk.append(Append(to_records(who.user, stream, 0, events, Sealing(stream, key))))
            return True

        if await decided(attempt):
            self._counted.chats += 1
        else:
            self._counted.skipped += 1

    async def _send(self, messages: Sequence[rows.Message]) -> int:
        """How many were not here. The chats' versions guard the append, as for any message."""
        house, who = self._desk.house, self._who
        opened: dict[str, Opened | None] = {}
        records: list[NewRecord] = []
        sent = 0
        for at, row in enumerate(messages, start=1):
            if at % PIECE == 0:
                await asyncio.sleep(0)  # Some milliseconds of work: other requests in between.
            chat_id = self._ids.of("chat", row.chat_id)
            if chat_id not in opened:
                opened[chat_id] = self._open(chat_id)
            into = opened[chat_id]
            stream = f"message-{self._ids.of('message', row.message_id)}"
            if into is None or house.log.read_stream(stream):
                continue
            records += to_records(who.user, stream, 0, self._events(row, chat_id), into.sealing)
            sent += 1
        if records:
            guards = tuple((into.stream, into.version) for into in opened.values() if into is not None)
            await self._desk.append(Append(tuple(records), guards=guards))
        return sent

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
