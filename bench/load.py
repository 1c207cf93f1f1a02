"""Many clients at once, in a process of its own: `python -m bench.load`, orders on standard input, outcome on output.

Each client has a connection that stays open and one request in flight, made of bytes prepared beforehand; of an answer
only the status and the length are read. So the generator costs a fraction of what the server does; its own share of a
processor is part of the outcome, to be judged.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
import time
from collections.abc import Iterator
from typing import cast

import msgspec
import uvloop

from bench.child import Child, carry_out, cpu_s
from bench.figures import percentile

END_S = 10.0
GRACE_S = 30.0
HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """Ends after `seconds`, or after `most_requests` if that is sooner; 0: no such bound."""

    host: str
    port: int
    clients: int
    seconds: float
    warm_up_s: float = 0.0
    most_requests: int = 0
    requests: list[bytes]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Latencies and rate of what was answered after the warm-up; `total`: with the warm-up. `cpu_share`: the
    generator's part of one processor. `errors`: answers other than 2xx, and connections lost."""

    total: int
    errors: int
    per_s: float
    received_bytes: int
    p50_ms: float
    p99_ms: float
    worst_ms: float
    cpu_share: float


def start(orders: Orders) -> Child[Outcome]:
    return Child("bench.load", orders, Outcome, orders.seconds + orders.warm_up_s + END_S + GRACE_S)


def run(orders: Orders) -> Outcome:
    return start(orders).outcome()


class Tally:
    """What all clients share."""

    def __init__(self, orders: Orders) -> None:
        self.requests: Iterator[bytes] = itertools.cycle(orders.requests)
        self.left = orders.most_requests or sys.maxsize
        self.took_s: list[float] = []
        self.total = 0
        self.errors = 0
        self.received_bytes = 0
        self.open = 0
        self.stopping = False
        self.drained = asyncio.Event()

    def next_request(self) -> bytes | None:
        if self.stopping or self.left <= 0:
            return None
        self.left -= 1
        return next(self.requests)


class Client(asyncio.Protocol):
    """Sends, waits for the whole answer, sends again."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._transport: asyncio.Transport
        self._received = b""
        self._missing_bytes = -1  # Of the answer under way; below zero: its head has not come yet.
        self._sent_at_s = 0.0
        self._waiting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._tally.open += 1
        self._send()

    def _send(self) -> None:
        request = self._tally.next_request()
        self._waiting = request is not None
        if request is None:
            self._transport.close()
            return
        self._sent_at_s = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        tally = self._tally
        tally.received_bytes += len(data)
        if self._missing_bytes < 0:
            self._received += data
            head_bytes = self._received.find(HEAD_END)
            if head_bytes < 0:
                return
            if not self._received.startswith(b"HTTP/1.1 2"):
                tally.errors += 1
            body_bytes = _length(self._received[:head_bytes].lower())
            self._missing_bytes = head_bytes + len(HEAD_END) + body_bytes - len(self._received)
            self._received = b""
        else:
            self._missing_bytes -= len(data)
        if self._missing_bytes == 0:
            self._missing_bytes = -1
            tally.took_s.append(time.perf_counter() - self._sent_at_s)
            tally.total += 1
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  (asyncio fixes it)
        tally = self._tally
        tally.errors += self._waiting
        tally.open -= 1
        if tally.open == 0:
            tally.drained.set()


def _length(head: bytes) -> int:
    """Of the body that a head announces. ValueError without: chunked answers are for another reader."""
    at = head.index(LENGTH) + len(LENGTH)
    end = head.find(b"\r\n", at)
    return int(head[at : end if end > 0 else len(head)])


async def _generate(orders: Orders) -> Outcome:
    loop = asyncio.get_running_loop()
    tally = Tally(orders)
    for _ in range(orders.clients):
        await loop.create_connection(lambda: Client(tally), orders.host, orders.port)
    if orders.warm_up_s:
        await asyncio.sleep(orders.warm_up_s)
        tally.took_s.clear()
    began_s, began_cpu_s = time.perf_counter(), cpu_s()
    with contextlib.suppress(TimeoutError):  # The usual end: the time is over and not the requests.
        await asyncio.wait_for(tally.drained.wait(), orders.seconds)
    seconds, spent_s = time.perf_counter() - began_s, cpu_s() - began_cpu_s
    took_s = list(tally.took_s)
    tally.stopping = True
    await asyncio.wait_for(tally.drained.wait(), END_S)
    return Outcome(
        total=tally.total,
        errors=tally.errors,
        per_s=len(took_s) / seconds,
        received_bytes=tally.received_bytes,
        p50_ms=percentile(took_s, 50) * 1e3,
        p99_ms=percentile(took_s, 99) * 1e3,
        worst_ms=max(took_s, default=0.0) * 1e3,
        cpu_share=spent_s / seconds,
    )


def main() -> None:
    carry_out(Orders, lambda orders: uvloop.run(_generate(orders)))


if __name__ == "__main__":
    main()
