"""Fetching a published log from a server that means harm."""

from __future__ import annotations

import gzip
import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from eventstore.verify.files import FileRefused
from service.audit import log_url
from service.audit.log_url import UrlSource

GZIP = {"Content-Encoding": "gzip"}


class _Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked: list[str]
    over = threading.Event()

    def handle(self) -> None:
        with suppress(ConnectionError):  # Whoever asked has heard enough.
            super().handle()

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if "slow" in self.path:
            self.trickle(
                b"HTTP/1.1 200 OK\r\n" if "head" in self.path else b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
            )
            return
        status, headers, body = self.answer(self.path.removeprefix("/log/"))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def trickle(self, start: bytes) -> None:
        """Until nobody listens: each wait is short, the whole would be long."""
        self.close_connection = True
        with suppress(OSError):
            self.wfile.write(start)
            while not self.over.wait(0.02):
                self.wfile.write(b"x")

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        match path:
            case "packed":
                return 200, GZIP, gzip.compress(b"twelve bytes")
            case "bomb":
                return 200, GZIP, gzip.compress(bytes(200 << 20), 1)
            case "half":
                return 200, GZIP, gzip.compress(b"twelve bytes")[:-6]
            case "unpacked":
                return 200, GZIP, b"twelve bytes"
            case "coded":
                return 200, {"Content-Encoding": "br"}, b"twelve bytes"
            case "more":
                return 200, GZIP, gzip.compress(b"twelve bytes") + bytes(50)
            case "header":  # A file name that never ends: not one byte of what is packed.
                return 200, GZIP, b"\x1f\x8b\x08\x08" + bytes(6) + b"a" * (1 << 20)
            case "long":
                return 200, {}, bytes(101)
            case "elsewhere":
                return 302, {"Location": "/log/packed"}, b""
            case "once-more":
                return (200, {}, b"here") if len(self.asked) > 1 else (503, {}, b"")
            case "broken":
                return 500, {}, b""
            case _:
                return 404, {}, b""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name there)
        """Nothing."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    paths: list[str] = []
    monkeypatch.setattr(_Answers, "asked", paths, raising=False)
    monkeypatch.setattr(log_url, "PAUSE_S", 0.001)
    return paths


@pytest.fixture
def source(asked: list[str]) -> Iterator[UrlSource]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        with closing(UrlSource(f"http://127.0.0.1:{server.server_port}/log/")) as source:
            yield source
        server.shutdown()
        thread.join()


def test_what_comes_packed_is_unpacked(source: UrlSource) -> None:
    assert source.read("packed", 100) == b"twelve bytes"


def test_what_is_not_there_is_none(source: UrlSource) -> None:
    assert source.read("nothing", 100) is None


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("bomb", "more than 100 bytes"),
        ("long", "more than 100 bytes"),
        ("half", "packed in a way"),
        ("unpacked", "packed in a way"),
        ("more", "goes on after its end"),
        ("header", "more than 100 bytes"),
        ("coded", "coding that was not asked for"),
        ("elsewhere", "answered with 302"),
        ("broken", "answered with 500"),
    ],
)
def test_what_is_not_as_it_must_be_is_refused(source: UrlSource, path: str, why: str) -> None:
    with pytest.raises(FileRefused, match=why):
        source.read(path, 100)


@pytest.mark.parametrize("path", ["slow-head", "slow-body"])
def test_an_answer_that_trickles_is_given_up(
    source: UrlSource, asked: list[str], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(log_url, "ANSWER_S", 0.5)
    began_s = time.monotonic()
    with pytest.raises(FileRefused, match="took longer than"):
        source.read(path, 100)
    assert time.monotonic() - began_s < 10
    assert len(asked) == 1


def test_no_answer_leads_elsewhere(source: UrlSource, asked: list[str]) -> None:
    with pytest.raises(FileRefused):
        source.read("elsewhere", 100)
    assert asked == ["/log/elsewhere"]


def test_what_failed_is_asked_for_again_but_not_for_ever(source: UrlSource, asked: list[str]) -> None:
    assert source.read("once-more", 100) == b"here"
    asked.clear()
    with pytest.raises(FileRefused):
        source.read("broken", 100)
    assert len(asked) == log_url.TRIES
