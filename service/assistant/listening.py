"""The stream, from where the assistant was: what it brings is taken in order, and the position follows.

The position is written after a question is done with, never before: whatever a crash interrupts is told again.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Final

import msgspec
import structlog

from service.assistant import position as position_file
from service.assistant.answering import Answering
from service.assistant.client import StreamOver, Strongroom
from service.assistant.errors import SessionEnded
from service.assistant.history import Question
from service.assistant.pauses import pause_s
from service.assistant.settings import Since
from service.assistant.sse import ServerSentEvent

SAVE_EVERY: Final = 200  # Events that are no questions; after a crash as many are read again.
_decode_question = msgspec.json.Decoder(Question).decode
_log = structlog.get_logger("assistant")
_ENDED: Final = {
    "closed": "the session of the token was closed",
    "expired": "the session of the token has expired",
    "erased": "the account was erased",
}


class End(msgspec.Struct, frozen=True):
    reason: str = ""


class Listening:
    """`since`: from there, whatever the file says. Without both: from now on."""

    def __init__(
        self, strongroom: Strongroom, answering: Answering, state: Path, since: Since | None, pause: float
    ) -> None:
        self._strongroom = strongroom
        self._answering = answering
        self._state = state
        self._not_before = since.at if since is not None else ""
        self._at = since.position if since is not None else position_file.load(state)
        self._saved = self._at
        self._unsaved = 0
        self._pause_s = pause

    async def run(self) -> None:
        """Until it is cancelled, or an AssistantError ends it."""
        attempt, after_s = 0, 0.0
        try:
            while True:
                try:
                    async with aclosing(self._strongroom.stream(self._at)) as told:
                        async for event in told:
                            attempt = 0
                            await self._take(event)
                except StreamOver as over:
                    after_s = over.after_s
                    _log.info("the stream ended", why=str(over))
                await asyncio.sleep(pause_s(self._pause_s, attempt, after_s))
                attempt += 1
        finally:
            self._save()

    async def _take(self, event: ServerSentEvent) -> None:
        match event.name:
            case "MessageSent":
                await self._message(event)
            case "end":
                self._end(event)
            case "heartbeat":
                self._save()
            case "ready":
                self._advance(event)
                self._save()  # What is said from now on is answered, also if it is said while this is down.
                _log.info("listening", position=self._at)
            case _:
                self._advance(event)

    async def _message(self, event: ServerSentEvent) -> None:
        try:
            question = _decode_question(event.data or "")
        except msgspec.DecodeError:
            _log.error("a message cannot be read", position=event.id)
            return
        wanted = question.role == "user" and not question.forgotten and question.at >= self._not_before
        if wanted:
            await self._answering.take(question)
        self._advance(event)
        if wanted:
            self._save()

    def _advance(self, event: ServerSentEvent) -> None:
        if event.id.isascii() and event.id.isdigit():
            self._at = int(event.id)
            self._unsaved += 1
            if self._unsaved >= SAVE_EVERY:
                self._save()

    def _save(self) -> None:
        if self._at is not None and self._at != self._saved:
            position_file.save(self._state, self._at)
            self._saved = self._at
        self._unsaved = 0

    @staticmethod
    def _end(event: ServerSentEvent) -> None:
        """SessionEnded, or StreamOver for the end of a process: another one will answer."""
        try:
            reason = msgspec.json.decode(event.data or "", type=End).reason
        except msgspec.DecodeError:
            reason = ""
        if reason in _ENDED:
            raise SessionEnded(_ENDED[reason])
        raise StreamOver("shutdown")
