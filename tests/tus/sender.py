"""A tus client that does one thing at a time, so that a test can do the next one wrong."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import httpx

from tests.e2e.people import Person
from tests.waiting import wait_for

TUS: Final = {"Tus-Resumable": "1.0.0"}
STREAM: Final = "application/offset+octet-stream"
Headers = dict[str, str]
Body = bytes | Iterable[bytes]


def metadata(**values: str | bytes) -> str:
    """`Upload-Metadata` of these keys."""
    raw = {key: value.encode() if isinstance(value, str) else value for key, value in values.items()}
    return ",".join(f"{key} {base64.b64encode(value).decode()}".rstrip() for key, value in raw.items())


def checksum(data: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


@dataclass(slots=True)
class Sender:
    """Speaks for one person; nothing that comes back is judged here."""

    person: Person

    def begin(self, size_bytes: int | None = None, *, words: str = "", **headers: str) -> httpx.Response:
        """POST; `upload_concat="partial"` becomes a header."""
        asked = TUS | ({} if size_bytes is None else {"Upload-Length": str(size_bytes)}) | _named(headers)
        return self.person.http.post("/uploads", headers=asked | ({"Upload-Metadata": words} if words else {}))

    def new(self, size_bytes: int | None = None, *, words: str = "", **headers: str) -> str:
        """The id of an upload that was begun."""
        answer = self.begin(size_bytes, words=words, **headers)
        assert answer.status_code == 201, answer.text
        return answer.headers["Location"].rpartition("/")[2]

    def head(self, upload_id: str, **headers: str) -> httpx.Response:
        return self.person.http.head(f"/uploads/{upload_id}", headers=TUS | _named(headers))

    def patch(self, upload_id: str, data: Body, offset: int = 0, **headers: str) -> httpx.Response:
        asked = TUS | {"Upload-Offset": str(offset), "Content-Type": STREAM} | _named(headers)
        return self.person.http.patch(f"/uploads/{upload_id}", content=data, headers=asked)

    def end(self, upload_id: str) -> httpx.Response:
        return self.person.http.delete(f"/uploads/{upload_id}", headers=TUS)

    def offset(self, upload_id: str) -> int:
        """By HEAD, which must succeed; asked again while whoever holds the upload has not let go of it yet."""

        def asked() -> httpx.Response | None:
            answer = self.head(upload_id)
            return None if answer.status_code == 423 else answer

        answer = wait_for(asked, "the upload to be let go of", 20.0)
        assert answer is not None
        assert answer.status_code == 200, answer.status_code
        return int(answer.headers["Upload-Offset"])

    def send(self, data: bytes, *, words: str = "") -> str:
        """The id of a file that arrived in one piece."""
        upload_id = self.new(len(data), words=words)
        answer = self.patch(upload_id, data)
        assert answer.status_code == 204, answer.text
        file_id: str = answer.headers["Strongroom-File-Id"]
        return file_id


def _named(headers: Headers) -> Headers:
    return {name.replace("_", "-"): value for name, value in headers.items()}
