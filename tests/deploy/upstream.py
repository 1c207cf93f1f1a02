"""What stands behind a proxy in the place of Strongroom: it keeps what it is told, and answers well or badly."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, Literal

Manner = Literal["answers", "resets", "breaks off"]
WAIT_S: Final = 10.0
RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER of no time: closing sends RST.
MOST_HEAD_BYTES: Final = 1 << 16


@dataclass(slots=True)
class Upstream:
    """`heard`: the head of each request as it came. One connection at a time, and one request on each."""

    listener: socket.socket
    manner: Manner = "answers"
    heard: list[bytes] = field(default_factory=list)

    @property
    def address(self) -> str:
        host, port = self.listener.getsockname()
        return f"{host}:{port}"

    def fields(self) -> dict[str, str]:
        """Of the last request, by their names in lower case."""
        lines = self.heard[-1].decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}

    def serve(self) -> None:
        """Until the listener is closed."""
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                with connection, suppress(OSError):
                    self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(WAIT_S)
        head = b""
        while b"\r\n\r\n" not in head and len(head) < MOST_HEAD_BYTES and (data := connection.recv(4_096)):
            head += data
        self.heard.append(head.partition(b"\r\n\r\n")[0])
        if self.manner == "answers":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            return
        if self.manner == "breaks off":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nthe beginning")
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4_096):  # A reset would overtake what was said.
                pass
            return
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


@contextmanager
def running_upstream() -> Iterator[Upstream]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        upstream = Upstream(listener)
        thread = threading.Thread(target=upstream.serve)
        thread.start()
        try:
            yield upstream
        finally:
            with suppress(OSError):  # Closed already by who wanted it gone.
                listener.shutdown(socket.SHUT_RDWR)  # Else accept() would go on waiting.
            thread.join()
