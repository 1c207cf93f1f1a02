"""A question and the chat before it, read over the public API."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

import msgspec

from service.assistant.client import FileRow, MessageRow, Page, Strongroom
from service.assistant.context import Attachment, Gathering, Prompt, before, words
from service.assistant.ids import answer_id
from service.assistant.settings import AssistantSettings

MOST_PAGES: Final = 20
STALE_TRIES: Final = 5
LOOK_AGAIN_S: Final = 0.5


class Question(msgspec.Struct, frozen=True):
    """The data of a `MessageSent`."""

    message_id: str
    chat_id: str
    role: str
    at: str
    content: str = ""
    file_ids: tuple[str, ...] = ()
    forgotten: bool = False


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat as it stands. `rows`: the newest of it, in the order of the log; `asked` None: the question is gone."""

    rows: tuple[MessageRow, ...]
    files: dict[str, FileRow]
    asked: MessageRow | None
    answered: bool


async def look(strongroom: Strongroom, question: Question, messages: int) -> Chat:
    """Pages back to the question and `messages` before it; bounded, so of a chat that went on for very long since, the
    question is not seen."""
    rows: list[MessageRow] = []
    files: dict[str, FileRow] = {}
    cursor: str | None = None
    wanted: int | None = None
    for _ in range(MOST_PAGES):
        page = await _fresh(strongroom, question.chat_id, cursor)
        files |= {file.file_id: file for file in page.files}
        rows += page.messages
        cursor = page.next_cursor
        if wanted is None:
            at = next((at for at, row in enumerate(rows) if row.message_id == question.message_id), None)
            wanted = None if at is None else at + messages
        if cursor is None or (wanted is not None and len(rows) >= wanted):
            break
    answer = answer_id(question.message_id)
    answered = any(row.message_id == answer for row in rows)
    asked = next((row for row in rows if row.message_id == question.message_id), None)
    if asked is None and cursor is not None:
        asked = MessageRow(question.message_id, "user", question.content, "sent", question.file_ids)
        rows = [asked]
    return Chat(tuple(rows[::-1]), files, asked, answered)


class Reader:
    """Makes prompts of chats."""

    def __init__(self, strongroom: Strongroom, settings: AssistantSettings) -> None:
        self._strongroom = strongroom
        self._settings = settings

    async def prompt(self, chat: Chat, asked: MessageRow) -> Prompt:
        """Waits, bounded, for the transcript of what the question itself brings along; for nothing older."""
        until_s = asyncio.get_running_loop().time() + self._settings.patience.transcript_s
        bounds = self._settings.bounds
        gathering = Gathering(bounds, await self._words(chat, asked, until_s))
        for row in reversed(before(chat.rows, asked.message_id)[-bounds.context_messages :]):
            if gathering.full or not gathering.add(row.role, await self._words(chat, row, 0.0)):
                break
        return gathering.prompt(self._settings.system)

    async def _words(self, chat: Chat, row: MessageRow, until_s: float) -> str:
        named = dict.fromkeys(row.file_ids)
        named |= {file.file_id: None for file in chat.files.values() if file.message_id == row.message_id}
        attached = [await self._attachment(file_id, chat.files.get(file_id), until_s) for file_id in named]
        return words(row.content, [each for each in attached if each is not None])

    async def _attachment(self, file_id: str, file: FileRow | None, until_s: float) -> Attachment | None:
        """None: deleted."""
        if file is None and (file := await self._strongroom.file(file_id)) is None:
            return None
        loop = asyncio.get_running_loop()
        while file.kind == "audio" and file.status != "error" and not _spoken(file) and loop.time() < until_s:
            await asyncio.sleep(LOOK_AGAIN_S)
            if (file := await self._strongroom.file(file_id)) is None:
                return None
        transcript = await self._strongroom.transcript(file_id) if _spoken(file) else None
        return Attachment(file.name, file.kind, transcript)


def _spoken(file: FileRow) -> bool:
    return file.audio is not None and file.audio.has_transcript


async def _fresh(strongroom: Strongroom, chat_id: str, cursor: str | None) -> Page:
    page = await strongroom.page(chat_id, cursor)
    for _ in range(STALE_TRIES):
        if not page.stale:
            break
        await asyncio.sleep(LOOK_AGAIN_S)
        page = await strongroom.page(chat_id, cursor)
    return page
