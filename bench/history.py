"""The log and the projection by themselves, in one process: append, replay, apply, rebuild."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import Iterator
from contextlib import closing

import uvloop

from bench.figures import rate
from bench.person import CONTENT
from bench.report import Row, Target
from bench.stage import Stage
from domain.events import Content, MessageSent
from domain.fact import Fact
from eventstore.log import Log
from eventstore.record import Append
from projections.runner import Projector
from service.house.facts import Sealing, to_fact, to_records
from service.house.house import House
from service.machine.appends import AsyncAppends
from service.machine.config import Settings
from service.machine.ids import new_id
from service.upkeep import projecting

MOST_S = 10.0
READ_PAGE = 1_000
SQLITE_BATCH = {1: 1, 8: 1, 64: 64, 512: 512}  # In flight → rows a commit, of those measured bare.


def measure(stage: Stage) -> None:
    with closing(House(Settings(data=str(stage.room("log"))))) as house:
        _append(stage, house)
        facts = _replay(stage, house.log)
        _apply(stage, house, facts)
        _rebuild(stage, house)


def _append(stage: Stage, house: House) -> None:
    """The events a message makes, drawn and sealed before the clock starts. The last stretch fills the log."""
    most = stage.scale.log_events
    for in_flight in stage.scale.log_in_flight:
        count = most if in_flight == max(stage.scale.log_in_flight) else min(most, 400 * in_flight)
        appends = list(itertools.islice(messages(), count))
        began_s = time.perf_counter()
        done = uvloop.run(keep_in_flight(house, appends, in_flight))
        speed = done / (time.perf_counter() - began_s)
        against = (f"sqlite.{SQLITE_BATCH.get(in_flight, 64)}",)
        detail = f"{done:,} events of one record each, guarded by another stream's version"
        what = f"log append, {in_flight} in flight"
        row = Row(key=f"append.{in_flight}", what=what, value=speed, unit="/s", detail=detail, against=against)
        stage.report.add(row)


def messages() -> Iterator[Append]:
    user, chat, key = new_id(), new_id(), os.urandom(32)
    sealing = Sealing(f"chat-{chat}", key)
    event = MessageSent(chat=chat, role="user", content_type="text/plain", private=Content(CONTENT))
    while True:
        stream = f"message-{new_id()}"
        yield Append(to_records(user, stream, 0, [event], sealing), guards=((f"chat-{chat}", 0),))


async def keep_in_flight(house: House, appends: list[Append], in_flight: int) -> int:
    """As the API does it: so many requests await the log at the same time. How many were written in MOST_S."""
    log = AsyncAppends(house.writer, MOST_S)
    waiting = iter(appends)
    until_s = time.perf_counter() + MOST_S
    done = 0

    async def client() -> None:
        nonlocal done
        for append in waiting:
            await log.append(append)
            done += 1
            if time.perf_counter() > until_s:
                return

    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(client())
    return done


def _replay(stage: Stage, log: Log) -> list[list[Fact]]:
    pages: list[list[Fact]] = []
    position, count = 0, 0
    began_s = time.perf_counter()
    while records := log.read_all(position, READ_PAGE):
        pages.append([to_fact(record) for record in records])
        position = records[-1].position
        count += len(records)
    speed = count / (time.perf_counter() - began_s)
    row = Row(
        key="replay",
        what="log replay into events",
        value=speed,
        unit="/s",
        detail=f"{count:,} events read, decoded and typed; nothing opened",
        against=("sqlite.read", "peer.replay"),
    )
    stage.report.add(row)
    return pages


def _apply(stage: Stage, house: House, pages: list[list[Fact]]) -> None:
    """Events that are in memory already, in the batches that the projector takes."""
    batch = projecting.PAGE
    batches = [page[at : at + batch] for page in pages for at in range(0, len(page), batch)]
    took_s: list[float] = []
    with Projector(house.layout.user_data) as projector:
        for facts in batches:
            began_s = time.perf_counter()
            projector.apply(facts)
            took_s.append(time.perf_counter() - began_s)
    count = sum(len(facts) for facts in batches)
    row = Row(
        key="apply",
        what="projector, applying",
        value=rate(took_s, count / len(batches)),
        unit="/s",
        detail=f"{count:,} messages, {batch} a transaction, three indexes",
        against=("sqlite.512",),
    )
    stage.report.add(row)


def _rebuild(stage: Stage, house: House) -> None:
    began_s = time.perf_counter()
    position = projecting.rebuild(house)
    speed = position / (time.perf_counter() - began_s)
    detail = f"{position:,} events from the log into new tables, on the disk and put in the old ones' place"
    row = Row(key="rebuild", what="projection rebuild", value=speed, unit="/s", detail=detail, target=Target(30_000))
    stage.report.add(row)
