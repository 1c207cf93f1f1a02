"""A chat endpoint that answers as it is told: the one thing that cannot run here for real."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HEARD = "Two litres of oat milk."
Json = dict[str, Any]


class FakeModel(ThreadingHTTPServer):
    """`scripts`: for a question, how it behaves the first time, the second, and so on; after that, well."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[Json] = []
        self.asked_at_s: list[float] = []
        self.headers: list[dict[str, str]] = []
        self.scripts: dict[str, list[Behaviour]] = {}
        self.ended = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def prompts(self, question: str) -> list[list[dict[str, str]]]:
        """What was sent each time this was asked."""
        return [asked["messages"] for asked in list(self.asked) if _question(asked) == question]

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away in the middle are part of the tests."""


class Handler(BaseHTTPRequestHandler):
    server: FakeModel

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/audio/transcriptions":
            spoken = {"language": "en", "segments": [{"start": 0.0, "end": 0.9, "text": HEARD}], "text": HEARD}
            plain(200, json.dumps(spoken).encode())(self)
            return
        assert self.path == "/v1/chat/completions"
        asked = json.loads(body)
        self.server.asked.append(asked)
        self.server.asked_at_s.append(time.monotonic())
        self.server.headers.append(dict(self.headers))
        script = self.server.scripts.get(_question(asked))
        behave = script.pop(0) if script else saying("Re: ", _question(asked))
        behave(self)

    def do_GET(self) -> None:
        plain(404)(self)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name in the base class)
        """Keeps quiet."""


Behaviour = Callable[[Handler], None]


@contextmanager
def fake_model() -> Iterator[FakeModel]:
    server = FakeModel()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _question(asked: Json) -> str:
    """The first line of the last message."""
    return str(asked["messages"][-1]["content"]).partition("\n")[0]


# -- behaviour ---------------------------------------------------------------------------------------------------


def saying(*parts: str) -> Behaviour:
    def behave(handler: Handler) -> None:
        begin(handler)
        for part in parts:
            tell(handler, part)
        finish(handler)

    return behave


def plain(status: int, body: bytes = b"{}", **headers: str) -> Behaviour:
    """An answer that is no stream. `Retry_After` for `Retry-After`."""

    def behave(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return behave


def hangs(handler: Handler) -> None:
    handler.server.ended.wait(30)


def dribbles(handler: Handler) -> None:
    """Never silent, and never through."""
    begin(handler)
    with suppress(OSError):
        while not handler.server.ended.wait(0.05):
            handler.wfile.write(b": still thinking\n\n")


def rubbish(handler: Handler) -> None:
    begin(handler)
    handler.wfile.write(b'data: {"choices": [{"delta": {"content": \xff\xfe\n\n')


def half_a_letter(handler: Handler) -> None:
    """Half of a surrogate pair: JSON can write it, UTF-8 cannot."""
    begin(handler)
    handler.wfile.write(b'data: {"choices": [{"delta": {"content": "\\ud83d"}}]}\n\n')


def without_done(handler: Handler) -> None:
    begin(handler)
    handler.wfile.write(b'data: {"choices": [{"delta": {"content": "enough"}, "finish_reason": "stop"}]}\r\n\r\n')


def floods(handler: Handler) -> None:
    """One line without an end."""
    begin(handler)
    with suppress(OSError):
        handler.wfile.write(b"data: " + b"x" * (1 << 21) + b"\n\n")


def cut_off(handler: Handler) -> None:
    begin(handler)
    tell(handler, "It is well known that")


def torn(handler: Handler) -> None:
    """The connection breaks before the length that was promised."""
    begin(handler, length=10_000)
    tell(handler, "It is well known that")


def fails_inside(handler: Handler) -> None:
    begin(handler)
    tell(handler, "It is")
    handler.wfile.write(b'data: {"error": {"message": "out of memory"}}\n\n')


def begin(handler: Handler, length: int | None = None) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream; charset=utf-8")
    if length is not None:
        handler.send_header("Content-Length", str(length))
    handler.end_headers()


def tell(handler: Handler, text: str) -> None:
    chunk = {"id": "x", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
    handler.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")


def finish(handler: Handler) -> None:
    chunk = {"id": "x", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    handler.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\ndata: [DONE]\n\n")
