"""An OpenAI-compatible chat endpoint: asked for an answer as a stream, which is gathered until it is whole.

Nothing of it is believed: every line, every wait and the whole answer have a bound, and an answer counts as whole only
if the endpoint says so. https://platform.openai.com/docs/api-reference/chat-streaming
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any, Final

import httpx
import msgspec
import structlog

from service.assistant.context import Prompt
from service.assistant.errors import ModelMisconfigured
from service.assistant.pauses import pause_s, retry_after_s
from service.assistant.settings import AssistantSettings
from service.assistant.sse import events

EVENT_BYTES: Final = 1024 * 1024
CONNECT_S: Final = 15.0
# Neither another try nor another question would do better: the person who runs it has to look.
_MISCONFIGURED: Final = {
    401: "the model's endpoint does not take the key",
    402: "the model's endpoint wants to be paid",
    403: "the model's endpoint does not let the key use the model",
    404: "the model's endpoint has no such model, or --base-url is wrong",
    405: "--base-url is wrong",
}
_log = structlog.get_logger("assistant")


class ModelFailed(Exception):
    """`code` for the question's status. `again`: another try may do better, `after_s` from now or later."""

    def __init__(self, code: str, *, again: bool = True, after_s: float = 0.0) -> None:
        super().__init__(code)
        self.code = code
        self.again = again
        self.after_s = after_s


class _Delta(msgspec.Struct, frozen=True):
    content: str | None = None


class _Choice(msgspec.Struct, frozen=True):
    index: int = 0
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct, frozen=True):
    choices: tuple[_Choice, ...] = ()
    error: Any = None


_decode = msgspec.json.Decoder(_Chunk).decode


class Model:
    """To be closed."""

    def __init__(self, settings: AssistantSettings) -> None:
        self._settings = settings
        self._patience = settings.patience
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity", "User-Agent": "strongroom-assistant"}
        if settings.api_key is not None:
            headers["Authorization"] = settings.api_key.header
        self._http = httpx.AsyncClient(
            headers=headers, timeout=httpx.Timeout(self._patience.silence_s, connect=CONNECT_S)
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def answer(self, prompt: Prompt) -> str:
        """The whole answer, cut at its bound. ModelFailed once the tries are used up; ModelMisconfigured."""
        for attempt in range(self._patience.tries - 1):
            try:
                return await self._ask(prompt)
            except ModelFailed as failure:
                if not failure.again:
                    raise
                wait_s = pause_s(self._patience.pause_s, attempt, failure.after_s)
                _log.warning("the model does not answer", why=failure.code, again_in_s=round(wait_s, 2))
            await asyncio.sleep(wait_s)
        return await self._ask(prompt)

    async def _ask(self, prompt: Prompt) -> str:
        body: dict[str, object] = {"model": self._settings.model, "messages": prompt, "stream": True}
        if self._settings.temperature is not None:
            body["temperature"] = self._settings.temperature
        url = f"{self._settings.base_url}/chat/completions"
        try:
            # A clock for all of it: an endpoint that sends a byte now and then is never silent.
            async with asyncio.timeout(self._patience.answer_s), self._http.stream("POST", url, json=body) as answer:
                _require_answer(answer)
                return await self._gather(answer)
        except (TimeoutError, httpx.TimeoutException):
            raise ModelFailed("model_slow") from None
        except httpx.HTTPError:
            raise ModelFailed("model_lost") from None

    async def _gather(self, answer: httpx.Response) -> str:
        parts: list[str] = []
        most = room = self._settings.bounds.answer_chars
        async with aclosing(events(answer.aiter_raw(), EVENT_BYTES)) as told:
            try:
                async for event in told:
                    if event.data == "[DONE]":
                        return _whole(parts)
                    chunk = _decode(event.data or "")
                    if chunk.error is not None:
                        raise ModelFailed("model_failed")
                    for choice in chunk.choices:
                        part = (choice.delta.content if choice.delta else None) or ""
                        if len(part) > room:
                            return _whole(["".join([*parts, part])[: most - 1], "…"])
                        parts.append(part)
                        room -= len(part)
                        if choice.finish_reason is not None:
                            return _whole(parts)  # Some send no [DONE].
            except (msgspec.DecodeError, UnicodeDecodeError):
                raise ModelFailed("model_garbled") from None
        raise ModelFailed("model_cut_off")


def _require_answer(answer: httpx.Response) -> None:
    """ModelFailed, ModelMisconfigured. The body of a refusal is not read: it may repeat what was sent."""
    status = answer.status_code
    if status in _MISCONFIGURED:
        raise ModelMisconfigured(f"{_MISCONFIGURED[status]} ({status})")
    if answer.is_redirect:
        raise ModelMisconfigured("--base-url answers with a redirection; name the address that it leads to")
    after_s = retry_after_s(answer.headers)
    if status == 429:
        raise ModelFailed("model_busy", after_s=after_s)
    if status in {408, 409} or status >= 500:
        raise ModelFailed("model_failed", after_s=after_s)
    if not answer.is_success:
        raise ModelFailed("model_refused", again=False)
    if not answer.headers.get("content-type", "").startswith("text/event-stream"):
        raise ModelFailed("model_garbled")
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise ModelFailed("model_garbled")  # Not what was asked for; a few bytes can stand for gigabytes.


def _whole(parts: list[str]) -> str:
    text = "".join(parts).strip()
    if not text:
        raise ModelFailed("model_empty")
    return text
