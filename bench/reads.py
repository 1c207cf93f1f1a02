"""Reading back: pages from anywhere in a long history, and all of it at once."""

from __future__ import annotations

import random
import socket
import time

from bench import load
from bench.figures import MEGABYTE, percentile
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
SEARCHES = 3
SEARCH_S = Target(1.5, at_least=False)
MEMORY_MB = Target(150, at_least=False)
NEEDLE = b'"message_id":"'
READ_BYTES = 1 << 20
TIMEOUT_S = 120.0
FORMS = {"NDJSON": "application/x-ndjson", "JSON": "application/json"}


def measure(stage: Stage) -> None:
    person = Person(stage.server.port)
    sent = _fill(stage, person)
    _pages(stage, person)
    _search(stage, person, sent)
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


def _search(stage: Stage, person: Person, sent: int) -> None:
    """A word that nowhere occurs: every message is opened and looked through."""
    took_s: list[float] = []
    before = stage.server.usage()
    for _ in range(SEARCHES):
        began_s = time.perf_counter()
        _, found = person.call("GET", f"user/data?limit={PAGE}&q=zyzzyva")
        took_s.append(time.perf_counter() - began_s)
        if found["messages"] or found["next_cursor"] is not None:
            raise RuntimeError("the search found what is not there, or did not go to the end")
    spent = spent_ms(before, stage.server.usage(), "api", SEARCHES)
    stage.report.add(
        Row(
            key="search",
            what=f"search through {sent:,} messages",
            value=percentile(took_s, 50),
            unit="s",
            detail=f"median of {SEARCHES}; API {spent * 1e3 / sent:.0f} processor µs a message",
            target=SEARCH_S,
        )
    )


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
