"""Listening to a stream by hand: one socket, HTTP/1.0, so that what comes is what was sent, as it was sent."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from tests.e2e.people import Person
from tests.e2e.stack import Stack

TIMEOUT_S = 12.0
FIELDS = {"id", "event", "data", "retry"}


@dataclass(frozen=True, slots=True)
class Event:
    """`position` None: it had no id."""

    position: int | None
    name: str
    data: dict[str, Any]


class Ear:
    """An open stream of one person. Every wait is bounded: TimeoutError then."""

    def __init__(
        self,
        stack: Stack,
        token: str,
        after: int | None = None,
        *,
        query: str = "",
        headers: tuple[str, ...] = (),
        receive_bytes: int = 0,
    ) -> None:
        address = urlsplit(stack.url)
        self._socket = socket.socket()
        if receive_bytes:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self._socket.settimeout(TIMEOUT_S)
        self._socket.connect((address.hostname, address.port))
        self._buffer = b""
        lines = [f"GET /api/v1/stream{query} HTTP/1.0", *headers]
        lines += [f"Authorization: Bearer {token}"] if token else []
        lines += [] if after is None else [f"Last-Event-ID: {after}"]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self.ended = False

    def head(self) -> tuple[int, dict[str, str]]:
        """Status and headers; waits for them."""
        head = self._until(b"\r\n\r\n").decode()
        first, *lines = head.split("\r\n")
        return int(first.split()[1]), {
            name.lower(): value.strip() for name, _, value in (li.partition(":") for li in lines)
        }

    def listen(self) -> Ear:
        """Asserts that it is a stream, and takes what is said at its beginning."""
        status, headers = self.head()
        assert (status, headers["content-type"]) == (200, "text/event-stream")
        assert self._until(b"\n\n") == b"retry: 1000"
        return self

    def next(self) -> Event:
        """The next event; comments are passed over, and do not make the wait longer. EOFError at the end."""
        until_s = time.monotonic() + TIMEOUT_S
        while True:
            if time.monotonic() >= until_s:
                raise TimeoutError
            fields = {}
            for line in self._until(b"\n\n").decode().split("\n"):
                name, _, value = line.partition(": ")
                assert line.startswith(":") or name in FIELDS, line
                assert name not in fields, "a field came twice in one event"
                fields[name] = value
            if "data" in fields:
                position = int(fields["id"]) if "id" in fields else None
                return Event(position, fields["event"], json.loads(fields["data"]))

    def take(self, count: int) -> list[Event]:
        return [self.next() for _ in range(count)]

    def until(self, name: str) -> Event:
        while (event := self.next()).name != name:
            pass
        return event

    def rest(self) -> list[Event]:
        """All that still comes until the server ends it."""
        found: list[Event] = []
        try:
            while True:
                found.append(self.next())
        except EOFError:
            return found

    def close(self) -> None:
        self._socket.close()

    def _until(self, end: bytes) -> bytes:
        while end not in self._buffer:
            data = self._socket.recv(1 << 16)
            if not data:
                self.ended = True
                raise EOFError
            self._buffer += data
        found, _, self._buffer = self._buffer.partition(end)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def listening(person: Person, after: int | None = None) -> Ear:
    """Connected: what happens from now on is heard, and with `after` what happened since that position."""
    return Ear(person.stack, person.token, after).listen()


def log_of(person: Person) -> list[int]:
    """The positions of all that is this person's, as one stream from the beginning tells them; ends at what is the
    newest now."""
    newest = person.chat()
    with listening(person, 0) as ear:
        positions: list[int] = []
        while True:
            event = ear.next()
            assert event.position is not None
            positions.append(event.position)
            if event.data.get("chat_id") == newest and event.name == "ChatStarted":
                return positions


@contextmanager
def only_process(stack: Stack, number: int) -> Iterator[None]:
    """Meanwhile all new connections go to this one of the API's processes: the others stand still."""
    pids = sorted(stack.pids("api"))
    others = [pid for at, pid in enumerate(pids) if at != number]
    for pid in others:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in others:
            os.kill(pid, signal.SIGCONT)
