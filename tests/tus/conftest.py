"""One Strongroom of two API processes for all tests that leave it whole, and two people who send."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.e2e.people import somebody
from tests.e2e.stack import Stack, running_stack
from tests.tus.sender import Sender

ORIGIN = "https://elsewhere.example"
MOST_BYTES = 300_000_000
QUOTA_BYTES = 300_000_000


class _EmptyPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>a page</title>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the library's name)
        pass


@pytest.fixture(scope="package")
def page_origin() -> Iterator[str]:
    """Another site on this machine, whose only page is empty. A browser lets no other near 127.0.0.1."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _EmptyPage) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory, page_origin: str) -> Iterator[Stack]:
    """A file may have 300 MB here, as may all of one person's."""
    folder = tmp_path_factory.mktemp("tus")
    origins = f"{ORIGIN}, {page_origin}"
    bounds = {"max_file_bytes": MOST_BYTES, "quota_bytes": QUOTA_BYTES}
    with running_stack(folder, api_processes=2, other_origins=origins, sweep_seconds=1, **bounds) as stack:
        yield stack
        assert stack.stop() == 0


@pytest.fixture
def ada(stack: Stack) -> Iterator[Sender]:
    with somebody(stack) as person:
        yield Sender(person)


@pytest.fixture
def bob(stack: Stack) -> Iterator[Sender]:
    with somebody(stack) as person:
        yield Sender(person)
