"""One question after another: taken up, answered once, or marked as failed.

What makes it once: the answer's id follows from the question's, and the log takes an id once. Everything else here may
be done again at any time – after a crash the same question is looked at again, and whatever is missing is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

import structlog

from service.assistant.client import Refused, ServerFault, Strongroom
from service.assistant.history import Chat, Question, Reader, look
from service.assistant.ids import answer_id
from service.assistant.model import Model, ModelFailed
from service.assistant.settings import AssistantSettings

FINISH_S: Final = 5.0
_log = structlog.get_logger("assistant")


class Answering:
    def __init__(self, strongroom: Strongroom, model: Model, settings: AssistantSettings) -> None:
        self._strongroom = strongroom
        self._model = model
        self._settings = settings
        self._reader = Reader(strongroom, settings)

    async def take(self, question: Question) -> None:
        """AssistantError: it cannot go on at all, and the question stays as it is."""
        told = _log.bind(message_id=question.message_id)
        try:
            await self._take(question, told)
        except (ServerFault, Refused) as fault:
            # Strongroom fails at this question again and again. The next one is not to wait for it for ever.
            told.error("a question is passed over", why=str(fault))

    async def _take(self, question: Question, told: structlog.typing.FilteringBoundLogger) -> None:
        chat = await self._look(question)
        asked = chat.asked
        if asked is None or asked.status == "error":
            told.info("a question is gone or has failed before")
            return
        if chat.answered:
            if asked.status != "read":
                await self._strongroom.mark(question.message_id, "read")
            told.info("a question is answered already")
            return
        if asked.status == "sent":
            await self._strongroom.mark(question.message_id, "delivered")
        try:
            text = await self._model.answer(await self._reader.prompt(chat, asked))
        except ModelFailed as failure:
            if not (await self._look(question)).answered:  # Another assistant may have done better.
                await self._strongroom.mark(question.message_id, "error", failure.code)
            told.warning("a question could not be answered", code=failure.code)
            return
        # The model's work is done: a stop that comes now waits a moment for it to be posted.
        await _finished(self._post(question, text), FINISH_S)
        told.info("a question is answered", chars=len(text))

    async def _post(self, question: Question, text: str) -> None:
        message = {
            "message_id": answer_id(question.message_id),
            "chat_id": question.chat_id,
            "role": "assistant",
            "content_type": "text/markdown",
            "content": text,
        }
        try:
            await self._strongroom.post(message)
        except Refused as refusal:
            # 409: an answer is there already, in other words. If it is not there, the id is somebody else's.
            if refusal.status != 409 or not (await self._look(question)).answered:
                await self._strongroom.mark(question.message_id, "error", "answer_refused")
                return
        await self._strongroom.mark(question.message_id, "read")

    async def _look(self, question: Question) -> Chat:
        return await look(self._strongroom, question, self._settings.bounds.context_messages)


async def _finished(work: Coroutine[Any, Any, None], within_s: float) -> None:
    """Carried out to its end; when a stop comes meanwhile, for so long yet."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=within_s)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)  # What it ended with is of no use to anybody any more.
        raise
