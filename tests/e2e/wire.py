"""HTTP/1.1 by hand: what no well-behaved client would send."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.e2e.stack import Stack

TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` 0: the connection ended without one."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def closes(self) -> bool:
        return self.status == 0 or self.headers.get("connection", "").lower() == "close"


class Wire:
    """One connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = b""

    def send(self, data: bytes) -> bool:
        """False when the other side has closed."""
        try:
            self._connection.sendall(data)
        except OSError:
            return False
        return True

    def end(self) -> None:
        """Says that nothing more will come, and still listens."""
        self._connection.shutdown(socket.SHUT_WR)

    def answer(self, timeout_s: float = TIMEOUT_S) -> Answer:
        """The next answer. TimeoutError when nothing comes."""
        self._connection.settimeout(timeout_s)
        if not self._fill(lambda: b"\r\n\r\n" in self._buffer):
            return Answer(0, {}, b"")
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if (length := headers.get("content-length")) is not None:
            size = int(length)
            self._fill(lambda: len(self._buffer) >= size)
            body, self._buffer = self._buffer[:size], self._buffer[size:]
        else:
            self._fill(lambda: False)
            body, self._buffer = self._buffer, b""
        return Answer(int(first.split()[1]), headers, body)

    def fileno(self) -> int:
        return self._connection.fileno()

    def _fill(self, enough: Callable[[], bool]) -> bool:
        while not enough():
            try:
                data = self._connection.recv(65_536)
            except ConnectionError:
                return False
            if not data:
                return False
            self._buffer += data
        return True


@contextmanager
def wire(stack: Stack) -> Iterator[Wire]:
    with wire_to(stack.url) as to:
        yield to


@contextmanager
def wire_to(url: str) -> Iterator[Wire]:
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port or 80), TIMEOUT_S) as connection:
        yield Wire(connection)


def heard(wires: Sequence[Wire], timeout_s: float) -> Sequence[Wire]:
    """Those that were answered or closed within that time; returns with the first."""
    return select.select(wires, [], [], max(0.0, timeout_s))[0]


def head(method: str, path: str, token: str = "", **headers: object) -> bytes:
    """A request's head. `content_length=3` becomes `Content-Length: 3`."""
    lines = [f"{method} /api/v1{path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"Authorization: Bearer {token}"] if token else []
    lines += [f"{name.replace('_', '-').title()}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)
