"""A queue that takes no jobs: the worker says why and what to do, once, and dramatiq does not drown it."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from service.machine.layout import Layout
from tests import builders
from tests.workers.conftest import Valkey
from workers.broker import make_broker, make_client
from workers.post import Post
from workers.quiet import Quiet, QuietConsumers

CONSUMER = "dramatiq.worker.ConsumerThread(uploads)"


def trouble(url: str) -> str:
    settings = builders.settings(Path("/srv"), redis_url=url)
    client = make_client(settings, Layout(Path("/srv")))
    try:
        return Post(make_broker(client, settings)).trouble()
    finally:
        client.close()


@contextmanager
def speaking_http() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            while True:
                try:
                    there, _ = server.accept()
                except OSError:
                    return
                with there:
                    there.recv(4_096)
                    there.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def test_a_queue_that_takes_jobs_is_none(valkey: Valkey) -> None:
    assert trouble(valkey.url) == ""


def test_one_that_refuses_the_password_is_named(valkey: Valkey) -> None:
    with valkey.client() as client:
        client.config_set("requirepass", "another")
    for url in (f"{valkey.url}?password=secret", valkey.url):
        assert trouble(url) == "it refuses the password: mend STRONGROOM_REDIS_URL"


def test_what_speaks_http_is_no_queue() -> None:
    with speaking_http() as url:
        assert trouble(url) == "what answers there is no Redis or Valkey: mend STRONGROOM_REDIS_URL"


def test_one_that_is_not_there_does_not_answer(tmp_path: Path) -> None:
    assert trouble(f"unix://{tmp_path / 'none.sock'}").startswith("no Redis or Valkey answers there: start it")


def record(name: str, line: int, error: Exception) -> logging.LogRecord:
    why = (type(error), error, None)
    return logging.LogRecord(name, logging.CRITICAL, "worker.py", line, "what went wrong: %s", ("it",), why)


def test_what_consumers_say_again_and_again_is_said_once_and_without_the_way_there() -> None:
    heard = QuietConsumers(Quiet())
    first, second = (record(CONSUMER, 1, redis.InvalidResponse()) for _ in range(2))
    assert [heard.filter(first), heard.filter(second)] == [True, False]
    assert first.exc_info is None
    assert heard.filter(record(CONSUMER, 2, redis.InvalidResponse()))
    assert heard.filter(record(CONSUMER, 1, redis.AuthenticationError())), "another cause is news"


@pytest.mark.parametrize("name", ["dramatiq.worker.WorkerThread(uploads)", "another"])
def test_of_all_others_every_line_is_kept(name: str) -> None:
    heard = QuietConsumers(Quiet())
    said = [record(name, 1, ValueError()) for _ in range(2)]
    assert [heard.filter(each) for each in said] == [True, True]
    assert said[0].exc_info is not None


def test_a_fault_of_the_consumers_own_keeps_its_way_there() -> None:
    said = record(CONSUMER, 1, ValueError())
    assert QuietConsumers(Quiet()).filter(said)
    assert said.exc_info is not None
