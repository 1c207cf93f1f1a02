"""What a log serves over HTTP, fetched piece by piece and never longer than it may be: C2SP tlog-tiles."""

from __future__ import annotations

import zlib
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.auditor.refusal import Reason, Refused
from tests.auditor.tree import HASH_BYTES, WIDTH

MAX_NOTE_BYTES = 512_000
MAX_BUNDLE_BYTES = WIDTH * (2 + 0xFFFF)
GZIP_OVERHEAD_BYTES = 65_536
TEXT = "text/plain;charset=utf-8"
BYTES = "application/octet-stream"
TIMEOUT_S = 20.0


class Unreachable(Exception):
    """Nobody answers: that says nothing about the log."""


class ServedLog:
    """A log under a URL prefix. Counts what it reads. One connection, one question at a time."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("not a URL of http or https")
        make = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection = make(parts.hostname, parts.port, timeout=TIMEOUT_S)
        self._prefix = parts.path.rstrip("/")
        self.read_bytes = 0
        self.read_tiles = 0
        self.read_bundles = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def checkpoint(self) -> bytes:
        data = self._get("checkpoint", TEXT, MAX_NOTE_BYTES)
        if data is None:
            raise Refused(Reason.MISSING, "checkpoint")
        return data

    def tile(self, level: int, index: int, width: int) -> list[bytes]:
        """The first `width` hashes of a tile, of which a verified checkpoint says that it has so many."""
        path, data, served = self._piece(f"tile/{level}", index, width, WIDTH * HASH_BYTES)
        self.read_tiles += 1
        if len(data) != served * HASH_BYTES:
            raise Refused(Reason.LENGTH, f"{path} has {len(data)} bytes instead of {served * HASH_BYTES}")
        return [data[at : at + HASH_BYTES] for at in range(0, width * HASH_BYTES, HASH_BYTES)]

    def bundle(self, index: int, width: int) -> list[bytes]:
        """The first `width` entries of a bundle; it must hold as many as its path says, and nothing behind them."""
        path, data, served = self._piece("tile/entries", index, width, MAX_BUNDLE_BYTES)
        self.read_bundles += 1
        entries: list[bytes] = []
        at = 0
        for _ in range(served):
            end = at + 2 + int.from_bytes(data[at : at + 2], "big")
            entries.append(data[at + 2 : end])
            at = end
        if at != len(data):
            raise Refused(Reason.BUNDLE, f"{path} has {len(data)} bytes, and its {served} entries end at {at}")
        return entries[:width]

    def _piece(self, folder: str, index: int, width: int, at_most: int) -> tuple[str, bytes, int]:
        """Path, bytes and the width it has there: a partial one may have given way to the full one."""
        full = f"{folder}/{index_path(index)}"
        asked = [(full, WIDTH)] if width == WIDTH else [(f"{full}.p/{width}", width), (full, WIDTH)]
        for path, served in asked:
            data = self._get(path, BYTES, at_most)
            if data is not None:
                return path, data, served
        raise Refused(Reason.MISSING, asked[0][0])

    def _get(self, path: str, content_type: str, at_most: int) -> bytes | None:
        """The body; None for 404."""
        accepted = "gzip, identity" if path.startswith("tile/entries/") else "identity"
        try:
            self._connection.request("GET", f"{self._prefix}/{path}", headers={"Accept-Encoding": accepted})
            response = self._connection.getresponse()
            body = response.read(at_most + GZIP_OVERHEAD_BYTES)
        except (OSError, HTTPException) as error:
            self._connection.close()
            raise Unreachable(f"{path}: {error}") from error
        if not response.isclosed():
            self._connection.close()  # There is more than anybody wants: not to be taken for the next answer.
        self.read_bytes += len(body)
        if response.status == 404:
            return None
        if response.status != 200:
            raise Refused(Reason.ANSWER, f"{path} has status {response.status}")
        if response.headers.get("Content-Type", "").replace(" ", "").lower() != content_type:
            raise Refused(Reason.TYPE, f"{path} is {response.headers.get('Content-Type')!r}")
        body = _plain(response, body, path, at_most)
        if len(body) > at_most:
            raise Refused(Reason.LENGTH, f"{path} has more than {at_most} bytes")
        return body


def index_path(index: int) -> str:
    """1234067 is x001/x234/067."""
    path = f"{index % 1000:03}"
    while index := index // 1000:
        path = f"x{index % 1000:03}/{path}"
    return path


def _plain(response: HTTPResponse, body: bytes, path: str, at_most: int) -> bytes:
    """Unpacked, up to one byte more than allowed: a small body that unpacks to gigabytes does no harm."""
    match response.headers.get("Content-Encoding", "identity").lower():
        case "identity":
            return body
        case "gzip" if path.startswith("tile/entries/"):
            unpacking = zlib.decompressobj(wbits=31)
            try:
                plain = unpacking.decompress(body, at_most + 1)
            except zlib.error:
                raise Refused(Reason.ANSWER, f"{path} is not the gzip it says") from None
            if len(plain) <= at_most and (not unpacking.eof or unpacking.unused_data):
                raise Refused(Reason.ANSWER, f"{path} is not one whole gzip")
            return plain
        case other:
            raise Refused(Reason.ANSWER, f"{path} is encoded as {other!r}")
