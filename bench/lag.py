"""How far the read tables are behind the log: from a commit to the moment when its position is projected."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import closing

from bench import load, sender
from bench.figures import MEGABYTE, percentile
from bench.load import Orders, Outcome
from bench.person import Person
from bench.report import Row, Target
from bench.server import HOST
from bench.stage import Stage
from eventstore.log import Log
from projections.queries import Reader
from service.machine.layout import Layout

CLIENTS = 64
LOOK_EVERY_S = 0.001
LAST_S = 20.0
LATEST_MS = Target(100, at_least=False)


def measure(stage: Stage) -> None:
    person = Person(stage.server.port)
    for uploading in (False, True):
        person.wait_until_projected()
        _under_load(stage, person, uploading=uploading)


def _under_load(stage: Stage, person: Person, *, uploading: bool) -> None:
    scale, port = stage.scale, stage.server.port
    sending = load.start(
        Orders(
            host=HOST,
            port=port,
            clients=CLIENTS,
            seconds=scale.seconds,
            warm_up_s=scale.warm_up_s,
            requests=[person.message()],
        )
    )
    upload = None
    if uploading:
        orders = sender.Orders(host=HOST, port=port, token=person.token, size_bytes=scale.big_file_bytes, poll_s=0.02)
        upload = sender.start(orders)
    lags_s = watch(stage.server.layout, lambda: not sending.done() or (upload is not None and not upload.done()))
    found = sending.outcome()
    beside = ""
    if upload is not None:
        ready_s = upload.outcome().ready_s[0]
        beside = f"; the file of {scale.big_file_bytes // MEGABYTE:,} MB took {ready_s:.1f} s to `ready`"
    _tell(stage, found, lags_s, beside, uploading=uploading)


def _tell(stage: Stage, found: Outcome, lags_s: list[float], beside: str, *, uploading: bool) -> None:
    detail = (
        f"p50 {percentile(lags_s, 50) * 1e3:.1f} ms, worst {max(lags_s, default=0) * 1e3:.0f} ms"
        f" over {len(lags_s):,} commits seen, looking every ms; {found.per_s:,.0f} messages/s meanwhile{beside}"
    )
    stage.report.add(
        Row(
            key="lag.uploading" if uploading else "lag",
            what=f"projection lag, {CLIENTS} clients{' and an upload' if uploading else ''}, p99",
            value=percentile(lags_s, 99) * 1e3,
            unit="ms",
            detail=detail,
            target=LATEST_MS,
        )
    )


def watch(layout: Layout, going_on: Callable[[], bool]) -> list[float]:
    """Seconds from seeing a new head of the log to seeing it projected, for every head seen while `going_on`.

    Both databases are asked from outside, read-only: what is measured is what any other process would see.
    """
    lags_s: list[float] = []
    waiting: deque[tuple[int, float]] = deque()
    with closing(Log(layout.events)) as log, closing(Reader(layout.user_data)) as reader:
        newest = reader.position()
        last_s = 0.0
        while True:
            head = log.head()
            now_s = time.perf_counter()
            if head > newest:
                newest = head
                waiting.append((head, now_s))
            projected = reader.position()
            while waiting and waiting[0][0] <= projected:
                lags_s.append(time.perf_counter() - waiting.popleft()[1])
            if going_on():
                last_s = now_s
            elif not waiting:
                return lags_s
            elif now_s - last_s > LAST_S:
                raise RuntimeError(f"the projection stands at {projected}, the log at {head}")
            time.sleep(LOOK_EVERY_S)
