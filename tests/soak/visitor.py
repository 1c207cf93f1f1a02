"""A person who does a bit of everything, as long as they are let, and notes what was acknowledged."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from tests.media_made import tone_wav
from tests.soak.ledger import Chat, File, Ledger, Message
from tests.soak.listening import Ear

TUS: Final = {"Tus-Resumable": "1.0.0"}
PIECE_BYTES: Final = 1 << 20
PAUSE_S: Final = 0.15  # Between two things that one person does; a thinking person takes longer.
AGAIN_S: Final = 1.0
HEAR_S: Final = 30.0
LOOK_S: Final = 0.2
TRIES: Final = 30
VOICE: Final = (tone_wav(1.0), tone_wav(4.0))
Json = dict[str, Any]


class Wrong(Exception):
    """An answer that there should not be."""


@dataclass(slots=True)
class Visitor:
    """`done`: how often each thing was done. `ear`: hears what the stream tells, from the first event on."""

    http: httpx.AsyncClient
    chance: random.Random
    ledger: Ledger = field(default_factory=Ledger)
    done: Counter[str] = field(default_factory=Counter)
    ear: Ear = field(default_factory=Ear)

    async def live(self, until: asyncio.Event) -> None:
        """Until told; Wrong for an answer that is neither expected nor passing, Deaf when the stream cannot be had."""
        things = self._things()
        names, weights = list(things), [weight for weight, _ in things.values()]
        await self._start_chat()
        listening = asyncio.create_task(self.ear.listen(self.http))
        try:
            while not until.is_set() and not listening.done():
                (name,) = self.chance.choices(names, weights)
                await things[name][1]()
                self.done[name] += 1
                await asyncio.sleep(PAUSE_S * self.chance.uniform(0.2, 1.8))
            await self._hear_out(listening)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _hear_out(self, listening: asyncio.Task[None]) -> None:
        """What was acknowledged last is told a moment later. Deaf. What is not told by then, `ear.missed` says."""
        until_s = time.monotonic() + HEAR_S
        while not listening.done() and self.ear.missed(self.ledger) and time.monotonic() < until_s:
            await asyncio.wait([listening], timeout=LOOK_S)
        if listening.done():
            await listening

    def _things(self) -> dict[str, tuple[int, Callable[[], Awaitable[None]]]]:
        return {
            "message": (50, self._send),
            "read": (14, self._read),
            "upload": (8, self._upload),
            "resumable upload": (4, self._upload_in_pieces),
            "voice note": (4, self._speak),
            "download": (8, self._download),
            "search": (3, self._search),
            "history": (2, self._look_back),
            "new chat": (2, self._start_chat),
            "deleted file": (4, self._delete_file),
            "deleted chat": (1, self._delete_chat),
        }

    # -- writing

    async def _start_chat(self) -> None:
        title = f"chat {self.chance.random()}"
        answer = await self._ask("POST", "/chats", {201}, json={"title": title})
        self.ledger.chats[answer.json()["chat_id"]] = Chat(title)

    async def _send(self) -> None:
        content = f"word {self.chance.random()} " + "ä" * self.chance.randrange(200)
        chat_id = self._some_chat()
        answer = await self._ask("POST", "/messages", {201}, json={"content": content, "chat_id": chat_id})
        self.ledger.messages[answer.json()["message_id"]] = Message(chat_id, content)

    async def _upload(self) -> None:
        chat_id = self._some_chat()
        parts = [self._bytes(1 << self.chance.randrange(6, 20)) for _ in range(self.chance.randrange(1, 4))]
        await self._post_files("/upload/files", chat_id, [(f"{at}.bin", data) for at, data in enumerate(parts)])

    async def _speak(self) -> None:
        await self._post_files("/upload/audio", self._some_chat(), [("note.wav", self.chance.choice(VOICE))])

    async def _post_files(self, path: str, chat_id: str, parts: list[tuple[str, bytes]]) -> None:
        files = [("file", part) for part in parts]
        answer = await self._ask("POST", path, {202}, data={"chat_id": chat_id}, files=files)
        accepted = answer.json()["files"]
        if len(accepted) != len(parts):
            raise Wrong(f"{path}: {answer.text[:300]}")
        for file, (name, data) in zip(accepted, parts, strict=True):
            self.ledger.files[file["file_id"]] = _sent(chat_id, name, data)

    async def _upload_in_pieces(self) -> None:
        data = self._bytes(self.chance.randrange(PIECE_BYTES // 2, 6 * PIECE_BYTES))
        name = f"{self.chance.random()}.bin"
        told = {"Upload-Length": str(len(data)), "Upload-Metadata": f"filename {_base64(name)}"}
        begun = await self._ask("POST", "/uploads", {201}, headers=TUS | told)
        upload = begun.headers["Location"].rpartition("/")[2]
        offset, file_id = 0, ""
        while offset < len(data):
            head = TUS | {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
            piece = data[offset : offset + PIECE_BYTES]
            answer = await self._ask("PATCH", f"/uploads/{upload}", {204}, headers=head, content=piece)
            offset = int(answer.headers["Upload-Offset"])
            file_id = answer.headers.get("Strongroom-File-Id", "")
        self.ledger.files[file_id] = _sent(None, name, data)

    async def _delete_file(self) -> None:
        if len(self.ledger.files) > 3:
            file_id = self.chance.choice(list(self.ledger.files))
            await self._ask("DELETE", f"/files/{file_id}", {202, 204})
            self.ledger.drop_file(file_id)

    async def _delete_chat(self) -> None:
        if len(self.ledger.chats) > 2:
            chat_id = self.chance.choice(list(self.ledger.chats))
            await self._ask("DELETE", f"/chats/{chat_id}", {202, 204})
            self.ledger.drop_chat(chat_id)

    # -- reading

    async def _read(self) -> None:
        await self._ask("GET", "/user/data", {200}, params={"limit": "50"})

    async def _search(self) -> None:
        await self._ask("GET", "/user/data", {200}, params={"q": str(self.chance.randrange(100)), "limit": "20"})

    async def _look_back(self) -> None:
        await self._ask("GET", "/user/events", {200}, params={"limit": "20"})

    async def _download(self) -> None:
        """One that is ready has the bytes that were sent."""
        if not self.ledger.files:
            return
        file_id = self.chance.choice(list(self.ledger.files))
        answer = await self._ask("GET", f"/files/{file_id}/content", {200, 409})
        sent = self.ledger.files[file_id].hash_sha256
        if answer.status_code == 200 and hashlib.sha256(answer.content).hexdigest() != sent:
            raise Wrong(f"file {file_id}: other bytes than were sent")

    # -- asking

    async def _ask(self, method: str, path: str, expected: set[int], **given: Any) -> httpx.Response:
        """Told to come again later, it does. What may have been done twice by that is not asked for again."""
        answer = None
        for _ in range(TRIES):
            answer = await self.http.request(method, path, **given)
            if answer.status_code in expected:
                return answer
            if answer.status_code not in {423, 429, 503}:
                break
            self.done[f"told to wait ({answer.status_code})"] += 1
            await asyncio.sleep(min(float(answer.headers.get("Retry-After", AGAIN_S)), 10.0))
        assert answer is not None
        raise Wrong(f"{method} {path}: {answer.status_code} {answer.text[:300]}")

    def _some_chat(self) -> str:
        return self.chance.choice(list(self.ledger.chats))

    def _bytes(self, size: int) -> bytes:
        return self.chance.randbytes(size)


def _sent(chat_id: str | None, name: str, data: bytes) -> File:
    return File(chat_id, hashlib.sha256(data).hexdigest(), name, len(data))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
