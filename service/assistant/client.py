"""Strongroom from outside: the few calls of the public API that an assistant needs.

What fails for the moment – a lost network, 429, a server that starts – is asked again until it is answered or the
assistant is stopped: nothing is lost meanwhile. Every single try has a bound.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Final, Literal, TypeVar

import httpx
import msgspec
import structlog

from service.assistant.errors import AssistantError, SessionEnded
from service.assistant.pauses import pause_s, retry_after_s
from service.assistant.settings import Secret
from service.assistant.sse import ServerSentEvent, events

ANSWER_BYTES: Final = 32 * 1024 * 1024  # A page ends at about 4 MiB of text; escaped it may be six times that.
EVENT_BYTES: Final = 4 * 1024 * 1024
ANSWER_S: Final = 120.0
READ_S: Final = 30.0
SILENCE_S: Final = 45.0  # Of the stream; it beats every 15 s.
TRIES: Final = 5  # Of what the server fails at (500) without being away.
PAGE: Final = 200
_AWAY: Final = frozenset((429, 502, 503, 504, 507))
_log = structlog.get_logger("assistant")
_decode_problem = msgspec.json.Decoder(dict[str, Any]).decode
Kind = TypeVar("Kind")


class MessageRow(msgspec.Struct, frozen=True):
    """As in `user/data`; unknown fields are passed over, so that a newer server can be spoken to."""

    message_id: str
    role: Literal["user", "assistant", "system"]
    content: str
    status: Literal["sent", "delivered", "read", "error"]
    file_ids: tuple[str, ...] = ()


class AudioRow(msgspec.Struct, frozen=True):
    has_transcript: bool = False


class FileRow(msgspec.Struct, frozen=True):
    file_id: str
    kind: str
    name: str
    status: str
    message_id: str | None = None
    audio: AudioRow | None = None


class Page(msgspec.Struct, frozen=True):
    """Newest first. `stale`: it may lack what was written last."""

    messages: tuple[MessageRow, ...] = ()
    files: tuple[FileRow, ...] = ()
    next_cursor: str | None = None
    stale: bool = False


class ServerFault(Exception):
    """The server fails at this very request, again and again, or answers what it must not."""


class Refused(Exception):
    """A 4xx that means something to who asked."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code


class StreamOver(Exception):
    """The stream ended without the session: connect again, `after_s` from now or later."""

    def __init__(self, why: str, after_s: float = 0.0) -> None:
        super().__init__(why)
        self.after_s = after_s


class Strongroom:
    """To be closed. `pause`: the first one before asking again, in seconds."""

    def __init__(self, server: str, token: Secret, pause: float) -> None:
        self._pause_s = pause
        self._http = httpx.AsyncClient(
            base_url=f"{server}/api/v1",
            headers={
                "Authorization": token.header,
                "Accept-Encoding": "identity",
                "User-Agent": "strongroom-assistant",
            },
            timeout=READ_S,
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def user_id(self) -> str | None:
        """Whose token it is. None: one that reaches some chats only, and is not told."""
        answer = await self._ask("GET", "/user/data", params={"include": "files", "limit": "1"})
        told = _decode(answer.content, dict[str, Any])
        user = told.get("user", told)
        if user is None:
            return None
        if not isinstance(user, dict) or not isinstance(user.get("id"), str):
            raise ServerFault("no user")
        return str(user["id"])

    async def page(self, chat_id: str, cursor: str | None) -> Page:
        """Messages and files of a chat together, the newest first."""
        query = {"chat_id": chat_id, "include": "messages,files", "order": "desc", "limit": str(PAGE)}
        answer = await self._ask("GET", "/user/data", params=query | ({} if cursor is None else {"cursor": cursor}))
        page = _decode(answer.content, Page)
        return msgspec.structs.replace(page, stale=answer.headers.get("strongroom-stale") == "true")

    async def file(self, file_id: str) -> FileRow | None:
        """None: deleted."""
        try:
            return _decode((await self._ask("GET", f"/files/{file_id}")).content, FileRow)
        except Refused:
            return None

    async def transcript(self, file_id: str) -> str | None:
        """None: there is none, or none yet."""
        try:
            answer = await self._ask("GET", f"/files/{file_id}/transcript")
        except Refused:
            return None
        return str(_decode(answer.content, dict[str, Any]).get("text", ""))

    async def post(self, message: Mapping[str, object]) -> None:
        """Durable when it returns. Refused."""
        await self._ask("POST", "/messages", json=message)

    async def mark(self, message_id: str, status: Literal["delivered", "read", "error"], code: str = "") -> None:
        """Where the message is gone, or further already, nothing is to be done."""
        try:
            body = {"status": status} | ({"code": code} if code else {})
            await self._ask("POST", f"/messages/{message_id}/status", json=body)
        except Refused as refusal:
            _log.debug("a status was refused", message_id=message_id, status=status, code=refusal.code)

    async def stream(self, after: int | None) -> AsyncGenerator[ServerSentEvent, None]:
        """What happens after a position, or from now on. StreamOver at its end; SessionEnded; AssistantError."""
        headers = {} if after is None else {"Last-Event-ID": str(after)}
        timeout = httpx.Timeout(READ_S, read=SILENCE_S)
        try:
            async with self._http.stream("GET", "/stream", headers=headers, timeout=timeout) as answer:
                _require_stream(answer)
                async with aclosing(events(answer.aiter_raw(), EVENT_BYTES)) as told:
                    async for event in told:
                        yield event
        except (httpx.HTTPError, UnicodeDecodeError) as error:
            raise StreamOver(type(error).__name__) from None
        raise StreamOver("it ended")

    async def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A 2xx. Refused: another 4xx than 401, 403 and 429. SessionEnded, ServerFault."""
        faults = attempt = 0
        while True:
            after_s = 0.0
            try:
                answer = await self._once(method, path, **more)
            except (httpx.TransportError, TimeoutError) as error:
                why = type(error).__name__
            else:
                if answer.is_success:
                    return answer
                _require_session(answer)
                if 400 <= answer.status_code < 500 and answer.status_code not in _AWAY and not _contended(answer):
                    raise Refused(answer.status_code, _code(answer))
                faults += answer.status_code not in _AWAY
                if faults >= TRIES:
                    raise ServerFault(f"{method} is answered with {answer.status_code}")
                why, after_s = str(answer.status_code), retry_after_s(answer.headers)
            wait_s = pause_s(self._pause_s, attempt, after_s)
            _log.warning("Strongroom does not answer", why=why, again_in_s=round(wait_s, 2))
            await asyncio.sleep(wait_s)
            attempt += 1

    async def _once(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One try, read to a bound. ServerFault past it."""
        async with asyncio.timeout(ANSWER_S), self._http.stream(method, path, **more) as answer:
            body = bytearray()
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > ANSWER_BYTES:
                    raise ServerFault(f"an answer of more than {ANSWER_BYTES} bytes")
            return httpx.Response(answer.status_code, headers=_plain(answer.headers), content=bytes(body))


def _plain(headers: httpx.Headers) -> list[tuple[str, str]]:
    """Those that are looked at: the others describe a body as it came."""
    return [(name, headers[name]) for name in ("retry-after", "strongroom-stale") if name in headers]


def _require_stream(answer: httpx.Response) -> None:
    _require_session(answer)
    if answer.status_code == 422:
        raise AssistantError(
            "the log has not reached the position to go on after: another Strongroom, or an older one?"
        )
    if not answer.is_success or not answer.headers.get("content-type", "").startswith("text/event-stream"):
        raise StreamOver(str(answer.status_code), retry_after_s(answer.headers))


def _require_session(answer: httpx.Response) -> None:
    if answer.status_code == 401:
        raise SessionEnded("the token is not taken: its session has ended, or never was")
    if answer.status_code == 403:
        raise SessionEnded("the token may not do what an assistant has to: read, write messages, and their statuses")
    if answer.is_redirect:
        raise AssistantError("--server answers with a redirection; name the address that it leads to")


def _contended(answer: httpx.Response) -> bool:
    """Others changed the chat at the same moment: to be sent again, says the API."""
    return answer.status_code == 409 and _code(answer) == "conflict"


def _code(answer: httpx.Response) -> str:
    try:
        return str(_decode_problem(answer.content).get("code", ""))[:64]
    except msgspec.DecodeError:
        return ""


def _decode(data: bytes, kind: type[Kind]) -> Kind:
    """ServerFault for what is not of this shape."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError:
        raise ServerFault(f"an answer that is no {kind.__name__}") from None
