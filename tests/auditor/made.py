"""A log that a test makes by itself, served by the standard library: C2SP tlog-tiles at its most naive.

Every hash is the recursive definition of RFC 6962 §2.1 over the entries themselves, with nothing kept or shared: slow,
and easily compared with the text of the specification.
"""

from __future__ import annotations

import base64
import gzip
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

NAME = "made.example/log"
NOTE_TYPE = "text/plain; charset=utf-8"
TILE_TYPE = "application/octet-stream"


def mth(entries: Sequence[bytes]) -> bytes:
    """MTH(D[n]), word for word."""
    n = len(entries)
    if n == 0:
        return sha256().digest()
    if n == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = split(n)
    return sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


def path(m: int, entries: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n]), word for word."""
    n = len(entries)
    if n == 1:
        return []
    k = split(n)
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def split(n: int) -> int:
    """k, the largest power of two smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


@dataclass(frozen=True, slots=True)
class Key:
    """A signing key with a name. `kind` 1 signs notes, 4 cosigns them."""

    name: str = NAME
    kind: int = 1
    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def _material(self) -> bytes:
        return bytes([self.kind]) + self.private.public_key().public_bytes_raw()

    @property
    def key_id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + self._material).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{text64(self._material)}"

    def line(self, signature: bytes) -> str:
        return f"— {self.name} {text64(self.key_id + signature)}\n"

    def sign(self, text: str) -> str:
        return self.line(self.private.sign(text.encode()))

    def cosign(self, text: str, time_s: int) -> str:
        signature = self.private.sign(f"cosignature/v1\ntime {time_s}\n{text}".encode())
        return self.line(time_s.to_bytes(8, "big") + signature)


@dataclass(frozen=True, slots=True)
class Page:
    body: bytes
    content_type: str = TILE_TYPE
    status: int = 200
    encoding: str = ""


@dataclass(slots=True)
class MadeLog:
    """`pages` is all that is served, path → page; tests tear at it."""

    key: Key = field(default_factory=Key)
    entries: list[bytes] = field(default_factory=list)
    pages: dict[str, Page] = field(default_factory=dict)

    def publish(self, size: int | None = None) -> None:
        """The first `size` entries and their checkpoint; partial tiles of sizes before stay, as full ones do."""
        entries = self.entries if size is None else self.entries[:size]
        level = 0
        while (count := len(entries) // 256**level) > 0:
            span = 256**level
            hashes = [mth(entries[at * span : (at + 1) * span]) for at in range(count)]
            for at in range(0, count, 256):
                tile = hashes[at : at + 256]
                self.pages[piece(f"tile/{level}", at // 256, len(tile))] = Page(b"".join(tile))
            level += 1
        for at in range(0, len(entries), 256):
            some = entries[at : at + 256]
            self.pages[piece("tile/entries", at // 256, len(some))] = Page(bundle(some))
        self.sign(len(entries), mth(entries))

    def sign(self, size: int | str, root: bytes | str, *, origin: str = NAME, more: str = "") -> None:
        """A checkpoint of anything at all."""
        text = checkpoint_text(origin, size, root, more)
        self.pages["checkpoint"] = Page(f"{text}\n{self.key.sign(text)}".encode(), NOTE_TYPE)

    def replace(self, path: str, change: Callable[[bytes], bytes]) -> None:
        self.pages[path] = Page(change(self.pages[path].body), self.pages[path].content_type)

    def proof(self, index: int, *cosignatures: str, extra: bytes | None = None) -> str:
        """A tlog-proof in the checkpoint of all entries."""
        text = checkpoint_text(NAME, len(self.entries), mth(self.entries))
        lines = ["c2sp.org/tlog-proof@v1", *([] if extra is None else [f"extra {text64(extra)}"]), f"index {index}"]
        hashes = [text64(each) for each in path(index, self.entries)]
        return "\n".join([*lines, *hashes, "", text, self.key.sign(text)]) + "".join(cosignatures)


def checkpoint_text(origin: str, size: int | str, root: bytes | str, more: str = "") -> str:
    return f"{origin}\n{size}\n{root if isinstance(root, str) else text64(root)}\n{more}"


def bundle(entries: Sequence[bytes]) -> bytes:
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def piece(folder: str, index: int, width: int) -> str:
    """The path of a tile or bundle with an index below 1000: more than a test makes."""
    assert index < 1000
    return f"{folder}/{index:03}" + ("" if width == 256 else f".p/{width}")


def text64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@contextmanager
def served(made: MadeLog) -> Iterator[str]:
    """The URL under which the log is served as long as the block lasts. Bundles go out packed, as they may."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # Head and body go out apart: one would wait for the other's acknowledgement.

        def do_GET(self) -> None:
            path = self.path.removeprefix("/log/")
            page = made.pages.get(path, Page(b"not here", "text/plain", status=404))
            body, encoding = page.body, page.encoding
            if path.startswith("tile/entries/") and page.status == 200 and not encoding:
                body, encoding = gzip.compress(body, 1), "gzip"
            self.send_response(page.status)
            self.send_header("Content-Type", page.content_type)
            self.send_header("Content-Length", str(len(body)))
            if encoding:
                self.send_header("Content-Encoding", encoding)
            if page.status == 302:
                self.send_header("Location", f"/log/{page.body.decode()}")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (named so by the library)
            """Nothing on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/log"
        finally:
            server.shutdown()
            thread.join()
