"""Reading back: pages from anywhere in a long history, and all of it at once."""

from __future__ import annotations

import random
import socket
import time

from bench import load
from bench.figures import MEGABYTE
from bench.load import Orders
from bench.person import Person
from bench.processes import largest_mb, peaks, spent_ms
from bench.report import Row, Target
from bench.server import HOST
from bench.stage import Stage

CLIENTS = 16
FILLING_CLIENTS = 64
FILL_S = 120.0
PAGE = 100
PAGES_A_SECOND = Target(600)
MEMORY_MB = Target(150, at_least=False)
NEEDLE = b'"message_id":"'
READ_BYTES = 1 << 20
TIMEOUT_S = 120.0
FORMS = {"NDJSON": "application/x-ndjson", "JSON": "application/json"}


def measure(stage: Stage) -> None:
    person = Person(stage.server.port)
    sent = _fill(stage, person)
    _pages(stage, person)
    for name, accept in FORMS.items():
        _everything(stage, person, name, accept, sent)


def _fill(stage: Stage, person: Person) -> int:
    """Through the API: the history is made as a person makes it. How many messages it has: on a slow machine, what
    FILL_S allowed."""
    count = stage.scale.history_messages
    orders = Orders(
        host=HOST,
        port=person.port,
        clients=FILLING_CLIENTS,
        seconds=FILL_S,
        most_requests=count,
        requests=[person.message()],
    )
    found = load.run(orders)
    if found.errors:
        raise RuntimeError(f"{found.errors} of {count} messages failed")
    person.wait_until_projected()
    what = f"filling the history, {FILLING_CLIENTS} clients"
    detail = f"{found.total:,} messages through the API; p99 {found.p99_ms:.0f} ms, worst {found.worst_ms:.0f} ms"
    stage.report.add(Row(key="fill", what=what, value=found.per_s, unit="/s", detail=detail, against=("sqlite.64",)))
    return found.total


def _pages(stage: Stage, person: Person) -> None:
    server = stage.server
    requests = [person.request("GET", path) for path in _walk(person)]
    random.Random(0).shuffle(requests)
    before = server.usage()
    orders = Orders(
        host=HOST,
        port=person.port,
        clients=CLIENTS,
        seconds=stage.scale.seconds,
        warm_up_s=stage.scale.warm_up_s,
        requests=requests,
    )
    found = load.run(orders)
    spent = spent_ms(before, server.usage(), "api", found.total)
    stage.report.add(
        Row(
            key="pages",
            what=f"GET /user/data?limit={PAGE}, {CLIENTS} clients",
            value=found.per_s,
            unit="/s",
            detail=f"{len(requests):,} pages in random order; p50 {found.p50_ms:.1f} ms, p99 {found.p99_ms:.1f} ms,"
            f" {found.errors} errors; API {spent:.2f} processor ms a page",
            against=("empty",),
            target=PAGES_A_SECOND,
        )
    )


def _walk(person: Person) -> list[str]:
    """The paths of all pages, from the first to the last."""
    first = f"user/data?limit={PAGE}"
    paths = [first]
    while cursor := person.call("GET", paths[-1])[1]["next_cursor"]:
        paths.append(f"{first}&cursor={cursor}")
    return paths


def _everything(stage: Stage, person: Person, name: str, accept: str, sent: int) -> None:
    server = stage.server
    before = server.usage()
    began_s = time.perf_counter()
    size_bytes, messages = _read_all(person, accept)
    seconds = time.perf_counter() - began_s
    after = server.usage()
    if messages != sent:
        raise RuntimeError(f"{messages} messages were read, {sent} were sent")
    detail = f"{seconds:.2f} s, {size_bytes / seconds / MEGABYTE:.0f} MB/s;"
    detail += f" API {spent_ms(before, after, 'api', messages) * 1e3:.0f} processor µs a message"
    what = f"all {messages:,} messages as {name}"
    row = Row(
        key=f"all.{name}",
        what=what,
        value=messages / seconds,
        unit="/s",
        detail=detail,
        against=("open", "sqlite.read"),
    )
    stage.report.add(row)
    if name == list(FORMS)[-1]:
        what = f"{what}, largest process"
        memory = largest_mb({role: usage for role, usage in after.items() if role == "api"})
        row = Row(key="all.memory", what=what, value=memory, unit="MB", detail=peaks(after), target=MEMORY_MB)
        stage.report.add(row)


def _read_all(person: Person, accept: str) -> tuple[int, int]:
    """(bytes, messages) of the whole answer. By HTTP/1.0, so that its end is the end of the connection."""
    buffer = bytearray(READ_BYTES)
    size_bytes = messages = 0
    tail = b""  # Shorter than the needle: what lies across two reads is found once.
    with socket.create_connection((HOST, person.port), timeout=TIMEOUT_S) as connection:
        connection.sendall(person.request("GET", "user/data", version="1.0", accept=accept))
        while count := connection.recv_into(buffer):
            size_bytes += count
            data = tail + buffer[:count]
            messages += data.count(NEEDLE)
            tail = bytes(data[-len(NEEDLE) + 1 :])
    return size_bytes, messages
