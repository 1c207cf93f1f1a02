"""A published log behind a URL, fetched by somebody who trusts nothing of it: every answer has a bound, every wait a
limit, and no answer leads to another host."""

from __future__ import annotations

import time
import zlib
from typing import Final

import httpx

from eventstore.verify_files import FileRefused

TRIES: Final = 3
PAUSE_S: Final = 0.5
TIMEOUT_S: Final = 15.0
ANSWER_S: Final = 120.0  # Of a whole answer, however steadily it trickles.
AT_ONCE: Final = 4
_AGAIN: Final = frozenset((429, 500, 502, 503, 504))
_GZIP: Final = 16 + zlib.MAX_WBITS


class UrlSource:
    """`prefix`: what comes before `/checkpoint`. Certificates are checked; redirects are not followed at all. Used
    from several threads; to be closed."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix.rstrip("/")
        self._client = httpx.Client(
            timeout=TIMEOUT_S,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE),
            headers={"Accept-Encoding": "gzip, identity", "User-Agent": "strongroom"},
        )

    def close(self) -> None:
        self._client.close()

    def read(self, path: str, most_bytes: int) -> bytes | None:
        """None for 404 and 410. FileRefused: it could not be had, and why."""
        why = ""
        for attempt in range(TRIES):
            if attempt > 0:
                time.sleep(PAUSE_S * 2**attempt)
            try:
                status, data = self._get(f"{self._prefix}/{path}", most_bytes)
            except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
                why = f"cannot be fetched: {type(error).__name__} {error}"
                continue
            if status == httpx.codes.OK:
                return data
            if status in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
                return None
            why = f"is answered with {status}"
            if status not in _AGAIN:
                break
        raise FileRefused(why)

    def _get(self, url: str, most_bytes: int) -> tuple[int, bytes]:
        """FileRefused past the bounds."""
        until_s = time.monotonic() + ANSWER_S
        with self._client.stream("GET", url) as answer:
            if answer.status_code != httpx.codes.OK:
                return answer.status_code, b""
            coding = answer.headers.get("content-encoding", "identity").lower()
            if coding not in ("gzip", "identity"):
                raise FileRefused(f"comes in a coding that was not asked for: {coding[:20]}")
            unpacker = zlib.decompressobj(_GZIP) if coding == "gzip" else None
            data = bytearray()
            for chunk in answer.iter_raw(1 << 16):
                try:
                    # Never more than asked for at once: a few bytes can stand for gigabytes.
                    data += chunk if unpacker is None else unpacker.decompress(chunk, most_bytes + 1 - len(data))
                except zlib.error as error:
                    raise FileRefused("is packed in a way that cannot be read") from error
                if len(data) > most_bytes:
                    raise FileRefused(f"has more than {most_bytes} bytes")
                if time.monotonic() > until_s:
                    raise FileRefused(f"took longer than {ANSWER_S:.0f} s")
            if unpacker is not None and not unpacker.eof:
                raise FileRefused("is packed in a way that cannot be read")
            return httpx.codes.OK, bytes(data)
