"""A gate between the assistant and Strongroom: bytes pass as they are, until it is told to hold or to cut them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

POST = b"POST /api/v1/messages HTTP/1.1"


class Gate:
    """`hold`: from then on no request that posts a message passes (`requests`), or no answer to one (`answers`), before
    `passes` is set; `held` is set when the first of them came."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._to = (str(address.hostname), int(address.port or 0))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self.hold = ""
        self.held = threading.Event()
        self.passes = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(self._to)
                except OSError:
                    client.close()
                    continue
                pair = (client, server)
                self._pairs.append(pair)
                posting = threading.Event()
                threading.Thread(target=self._pass, args=(client, server, posting, True), daemon=True).start()
                threading.Thread(target=self._pass, args=(server, client, posting, False), daemon=True).start()

    def cut(self) -> None:
        """Every connection breaks; new ones are let through."""
        pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        self.passes.set()  # Whatever was held finds its connection gone.

    def _pass(self, source: socket.socket, to: socket.socket, posting: threading.Event, asking: bool) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                if asking and POST in data:
                    posting.set()
                if posting.is_set() and self.hold == ("requests" if asking else "answers"):
                    self.held.set()
                    self.passes.wait(30)
                to.sendall(data)
        with suppress(OSError):
            to.shutdown(socket.SHUT_RDWR)


@contextmanager
def gate(url: str) -> Iterator[Gate]:
    made = Gate(url)
    thread = threading.Thread(target=made.serve)
    thread.start()
    try:
        yield made
    finally:
        made.close()
        thread.join(10)
