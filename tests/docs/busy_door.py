"""A server that has no time at first: what a proxy says while it is started again, 429 with Retry-After, a connection
that breaks, and then an answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Final

ASKED_S: Final = 1
STATUSES: Final = (502, 429, None, 200)


@dataclass(slots=True)
class Door:
    url: str
    asked_s: float = ASKED_S
    came_s: list[float] = field(default_factory=list)

    @property
    def waits_s(self) -> list[float]:
        """Pauses between one try and the next."""
        return [later - earlier for earlier, later in pairwise(self.came_s)]


@contextmanager
def busy_door(statuses: Sequence[int | None] = STATUSES, last: bytes = b"%d") -> Iterator[Door]:
    """Each status once, None for a connection that breaks; the last one from then on, with `last`, the try's number in
    it."""
    came_s: list[float] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            came_s.append(time.monotonic())
            status = statuses[min(len(came_s), len(statuses)) - 1]
            if status is None:
                self.close_connection = True
                return
            body = last % len(came_s)
            self.send_response(status)
            if status == 429:
                self.send_header("Retry-After", str(ASKED_S))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (http.server calls it so)
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield Door(f"http://127.0.0.1:{server.server_address[1]}", came_s=came_s)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
