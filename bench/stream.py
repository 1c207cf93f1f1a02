"""Event streams: how soon the news is at the client, and what a thousand of them cost while nothing happens."""

from __future__ import annotations

import json
import random
import resource
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from bench.figures import MEGABYTE, percentile
from bench.person import CONTENT, Person
from bench.report import Row, Target
from bench.server import HOST, Server
from bench.stage import Stage
from service.reading.views import parse_rfc3339

LISTENERS = 8  # Enough that each of the API's processes has some.
TIMEOUT_S = 20.0
PAUSE_S = 0.03
SETTLE_S = 0.5
LATEST_MS = Target(50, at_least=False)
MOST_MB = Target(50, at_least=False)
MOST_CPU_MS = Target(30, at_least=False)  # Of each second.
DATA = b"data: "


class Ear:
    """One open stream. HTTP/1.0, so that what is read is what was sent."""

    def __init__(self, person: Person) -> None:
        self.socket = socket.create_connection((HOST, person.port), timeout=TIMEOUT_S)
        self._buffer = b""
        self.socket.sendall(person.request("GET", "stream", version="1.0"))

    def wait_until_open(self) -> None:
        while b"event: ready\n" not in self._buffer or not self._buffer.endswith(b"\n\n"):
            self._receive()
        self._buffer = b""

    def heard(self) -> list[int]:
        """When the messages that have come were appended: µs since the epoch."""
        self._receive()
        *lines, self._buffer = self._buffer.split(b"\n")
        events = [json.loads(line[len(DATA) :]) for line in lines if line.startswith(DATA)]
        return [parse_rfc3339(event["at"]) for event in events if "content" in event]

    def _receive(self) -> None:
        data = self.socket.recv(1 << 16)
        if not data:
            raise RuntimeError("a stream ended")
        self._buffer += data


def measure(stage: Stage) -> None:
    _wakeups(stage)
    _at_rest(stage)


def _wakeups(stage: Stage) -> None:
    person = Person(stage.server.port)
    count = stage.scale.wakeups
    with _listening(person, LISTENERS) as ears, ThreadPoolExecutor(1) as beside:
        waiting = beside.submit(_delays, ears, count * LISTENERS)
        chance = random.Random(0)
        for _ in range(count):
            person.post("messages", content=CONTENT, chat_id=person.chat_id)
            time.sleep(chance.uniform(0, PAUSE_S))
        delays_s = waiting.result()
    detail = f"{len(delays_s):,} deliveries of {count} messages, sent at random moments, to {LISTENERS} streams;"
    detail += f" worst {max(delays_s) * 1e3:.0f} ms; from the event's own time, before its commit"
    for percent, target in ((50, LATEST_MS), (99, None)):
        value = percentile(delays_s, percent) * 1e3
        what = f"from the append to the client's stream, p{percent}"
        stage.report.add(Row(key=f"stream.p{percent}", what=what, value=value, unit="ms", detail=detail, target=target))


def _delays(ears: Sequence[Ear], count: int) -> list[float]:
    """Seconds from each append to each of its arrivals."""
    delays_s: list[float] = []
    with selectors.DefaultSelector() as selector:
        for ear in ears:
            selector.register(ear.socket, selectors.EVENT_READ, ear)
        while len(delays_s) < count:
            ready = selector.select(TIMEOUT_S)
            if not ready:
                raise RuntimeError(f"{len(delays_s)} of {count} deliveries came")
            now_us = time.time() * 1e6
            for key, _ in ready:
                delays_s += [(now_us - at_us) / 1e6 for at_us in key.data.heard()]
    return delays_s


def _at_rest(stage: Stage) -> None:
    """All on one process, in a house of its own."""
    count = stage.scale.streams
    server = Server(stage.folder / "streams", api_processes=1, streams_per_user=count)
    try:
        person = Person(server.port)
        with _listening(person, 1):
            pass  # What the first one makes is made once.
        before = server.resident("api")
        with _listening(person, count) as ears:
            time.sleep(SETTLE_S)
            opened, began_s = server.resident("api"), time.perf_counter()
            time.sleep(max(1.0, stage.scale.seconds))
            after, seconds = server.resident("api"), time.perf_counter() - began_s
            with ThreadPoolExecutor(1) as beside:
                waiting = beside.submit(_delays, ears, count)
                person.post("messages", content=CONTENT, chat_id=person.chat_id)
                last_s = max(waiting.result())
    finally:
        server.stop()
    memory = (after.memory_bytes - before.memory_bytes) / MEGABYTE
    detail = f"{memory * 1e3 / count:.1f} kB each; one message was at all of them after {last_s * 1e3:.0f} ms"
    what = f"{count:,} open streams on one process, memory"
    stage.report.add(Row(key="stream.memory", what=what, value=memory, unit="MB", detail=detail, target=MOST_MB))
    cpu_ms = (after.cpu_s - opened.cpu_s) * 1e3 / seconds
    what = f"{count:,} open streams at rest, processor ms a second"
    stage.report.add(Row(key="stream.rest", what=what, value=cpu_ms, unit="ms", target=MOST_CPU_MS))


@contextmanager
def _listening(person: Person, count: int) -> Iterator[list[Ear]]:
    """So many open streams, closed at the end."""
    _allow_files(count)
    with ExitStack() as opened:
        ears: list[Ear] = []
        for _ in range(count):
            ear = Ear(person)
            opened.callback(ear.socket.close)
            ears.append(ear)
        for ear in ears:
            ear.wait_until_open()
        yield ears


def _allow_files(count: int) -> None:
    """Each stream is an open file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + 256
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
