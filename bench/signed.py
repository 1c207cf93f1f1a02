"""What signing costs those who append: rounds with and without a process that signs, turn about, on one log.

As in production: who appends is one process, who signs another. They share the disk and the processors.
"""

from __future__ import annotations

import itertools
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import uvloop

from bench.history import keep_in_flight, messages
from bench.report import Row
from bench.stage import Stage
from service.house.house import House
from service.machine.config import Settings
from service.signing.signer import Signer

IN_FLIGHT = 64
ROUNDS = 6  # Of each: so that both have the same of whatever else the machine does.
MOST_EVENTS = 24_000  # In a round: about a second, so that a checkpoint or two fall into each.
STOP_S = 10.0


def measure(stage: Stage) -> None:
    count = min(stage.scale.log_events, MOST_EVENTS)
    speeds: dict[bool, list[float]] = {False: [], True: []}
    with closing(House(Settings(data=str(stage.room("signed"))))) as house:
        for signed in (False, True) * ROUNDS:
            appends = list(itertools.islice(messages(), count))
            with _signing(house, wanted=signed):
                began_s = time.perf_counter()
                done = uvloop.run(keep_in_flight(house, appends, IN_FLIGHT))
                speeds[signed].append(done / (time.perf_counter() - began_s))
    ratio = statistics.median(after / before for before, after in zip(speeds[False], speeds[True], strict=True))
    for signed, what in ((False, "without"), (True, "with")):
        least, most = min(speeds[signed]), max(speeds[signed])
        detail = f"median of {ROUNDS} rounds of {count:,} events, turn about, from {least:,.0f} to {most:,.0f}"
        row = Row(
            key=f"append.signed.{what}",
            what=f"log append, {IN_FLIGHT} in flight, {what} checkpoints",
            value=statistics.median(speeds[signed]),
            unit="/s",
            detail=detail + (f"; median of neighbours' ratios {ratio:.2f}" if signed else ""),
            against=("append.signed.without",) if signed else (),
        )
        stage.report.add(row)


@contextmanager
def _signing(house: House, *, wanted: bool) -> Iterator[None]:
    """By a process of its own. What the round before left unsigned is signed first."""
    if not wanted:
        yield
        return
    with closing(Signer(house.layout, house.server)) as signer:
        signer.sign_news()
    command = [sys.executable, "-m", "bench.signer", str(house.layout.data)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            if not process.stdout.readline():
                raise RuntimeError("the process that signs did not start")
            yield
        finally:
            process.stdin.close()
            try:
                process.wait(STOP_S)
            finally:
                process.kill()
