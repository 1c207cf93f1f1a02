"""Somebody who uses the API: registered, with a chat, and requests ready to be sent."""

from __future__ import annotations

import http.client
import json
import os
import time
from contextlib import closing
from typing import Any

from bench.server import HOST

CONTENT = "The quick brown fox jumps over the lazy dog, and the dog, who has seen it all before, sleeps on. "[:75] * 2
PAUSE_S = 0.02
TIMEOUT_S = 60.0


class Person:
    """`call` takes a connection of its own each time: between two calls, minutes may pass."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.token = ""
        name = f"bench-{os.urandom(6).hex()}"
        entry = self.post("auth/register", username=name, email=f"{name}@example.org", password=f"pass {name} word")
        self.token = entry["token"]
        self.chat_id: str = self.post("chats", title="Benchmarks")["chat_id"]

    def post(self, path: str, **body: str) -> dict[str, Any]:
        return self.call("POST", path, json.dumps(body).encode())[1]

    def call(
        self, method: str, path: str, body: bytes | None = None, media_type: str = "application/json"
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """(headers in lower case, parsed body). RuntimeError for any answer but 2xx."""
        headers = {"Content-Type": media_type, **self._credentials()}
        with closing(http.client.HTTPConnection(HOST, self.port, timeout=TIMEOUT_S)) as connection:
            connection.request(method, f"/api/v1/{path}", body, headers)
            response = connection.getresponse()
            data = response.read()
        if response.status // 100 != 2:
            raise RuntimeError(f"{method} {path.partition('?')[0]}: {response.status} {data[:300]!r}")
        return {name.lower(): value for name, value in response.getheaders()}, json.loads(data)

    def request(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        version: str = "1.1",
        accept: str = "*/*",
        headers: str = "",
        media_type: str = "application/json",
        length: int | None = None,
    ) -> bytes:
        """The bytes of a whole request, credentials and all. `headers`: more of them, each with its line end; `length`:
        of a body that follows."""
        head = (
            f"{method} /api/v1/{path} HTTP/{version}\r\nHost: {HOST}\r\nAuthorization: Bearer {self.token}\r\n"
            f"Accept: {accept}\r\nContent-Type: {media_type}\r\n{headers}"
            f"Content-Length: {len(body) if length is None else length}\r\n\r\n"
        )
        return head.encode() + body

    def message(self) -> bytes:
        """A request that sends 150 bytes of text into the chat."""
        return self.request("POST", "messages", json.dumps({"content": CONTENT, "chat_id": self.chat_id}).encode())

    def wait_until_projected(self, timeout_s: float = 60.0) -> None:
        """Until reads are fresh without waiting."""
        until_s = time.monotonic() + timeout_s
        while "strongroom-stale" in self.call("GET", "user/data?limit=1")[0]:
            if time.monotonic() > until_s:
                raise RuntimeError(f"the projection lags by more than {timeout_s:.0f} s")
            time.sleep(PAUSE_S)

    def _credentials(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}
