"""A published log behind a URL, fetched by somebody who trusts nothing of it: every answer has a bound, every wait a
limit, and no answer leads to another host."""

from __future__ import annotations

import asyncio
import threading
import time
import zlib
from typing import Final

import httpx

from eventstore.verify.files import FileRefused

TRIES: Final = 3
PAUSE_S: Final = 0.5
TIMEOUT_S: Final = 15.0  # Of one wait for the next bytes.
ANSWER_S: Final = 120.0  # From the call to the last byte of an answer, headers too, however steadily it trickles.
AT_ONCE: Final = 4
MOST_ADDED_BYTES: Final = 1 << 16  # By packing: gzip adds 5 bytes to 32 KiB that it cannot make smaller, and a header.
_AGAIN: Final = frozenset((429, 500, 502, 503, 504))
_GZIP: Final = 16 + zlib.MAX_WBITS


def is_address(url: str) -> bool:
    """Whether anything could be asked of it at all."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return parsed.scheme in ("http", "https") and bool(parsed.host) and (parsed.port is None or parsed.port < 65_536)


class UrlSource:
    """`prefix`: what comes before `/checkpoint`. Certificates are checked; redirects are not followed at all. Used
    from several threads, for whom one event loop fetches: only there a whole answer can be given up in time. To be
    closed."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix.rstrip("/")
        self._client = httpx.AsyncClient(
            timeout=TIMEOUT_S,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE),
            headers={"Accept-Encoding": "gzip, identity", "User-Agent": "strongroom"},
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fetching", daemon=True)
        self._thread.start()

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._client.aclose(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def read(self, path: str, most_bytes: int) -> bytes | None:
        """None for 404 and 410. FileRefused: it could not be had, and why."""
        why = ""
        for attempt in range(TRIES):
            if attempt > 0:
                time.sleep(PAUSE_S * 2**attempt)
            try:
                asked = self._get(f"{self._prefix}/{path}", most_bytes)
                status, data = asyncio.run_coroutine_threadsafe(asked, self._loop).result()
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

    async def _get(self, url: str, most_bytes: int) -> tuple[int, bytes]:
        """FileRefused past the bounds."""
        try:
            async with asyncio.timeout(ANSWER_S), self._client.stream("GET", url) as answer:
                if answer.status_code != httpx.codes.OK:
                    return answer.status_code, b""
                return httpx.codes.OK, await _body(answer, most_bytes)
        except TimeoutError:
            raise FileRefused(f"took longer than {ANSWER_S:.0f} s") from None


async def _body(answer: httpx.Response, most_bytes: int) -> bytes:
    coding = answer.headers.get("content-encoding", "identity").lower()
    if coding not in ("gzip", "identity"):
        raise FileRefused(f"comes in a coding that was not asked for: {coding[:20]}")
    unpacker = zlib.decompressobj(_GZIP) if coding == "gzip" else None
    data, came_bytes = bytearray(), 0
    async for chunk in answer.aiter_raw(1 << 16):
        came_bytes += len(chunk)
        try:
            # Never more than asked for at once: a few bytes can stand for gigabytes.
            data += chunk if unpacker is None else unpacker.decompress(chunk, most_bytes + 1 - len(data))
        except zlib.error as error:
            raise FileRefused("is packed in a way that cannot be read") from error
        if len(data) > most_bytes or came_bytes > most_bytes + MOST_ADDED_BYTES:
            raise FileRefused(f"has more than {most_bytes} bytes")
        if unpacker is not None and unpacker.unused_data:
            raise FileRefused("goes on after its end")
    if unpacker is not None and not unpacker.eof:
        raise FileRefused("is packed in a way that cannot be read")
    return bytes(data)
