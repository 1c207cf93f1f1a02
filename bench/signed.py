"""What signing costs those who append: the same appends with and without it, turn about, on one log."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import uvloop

from bench.history import keep_in_flight, messages
from bench.report import Row
from bench.stage import Stage
from service.config import Settings
from service.house import House
from service.signing import Signer, start_signing

IN_FLIGHT = 64
ROUNDS = 4  # Turn about, so that both have the same of whatever else the machine does.
MOST_EVENTS = 24_000  # In a round: some seconds, so that some checkpoints fall into each.


def measure(stage: Stage) -> None:
    count = min(stage.scale.log_events, MOST_EVENTS)
    done = {False: 0, True: 0}
    took_s = {False: 0.0, True: 0.0}
    with closing(House(Settings(data=str(stage.room("signed"))))) as house:
        for signed in (False, True) * ROUNDS:
            appends = list(itertools.islice(messages(), count))
            with _signing(house, wanted=signed):
                began_s = time.perf_counter()
                done[signed] += uvloop.run(keep_in_flight(house, appends, IN_FLIGHT))
                took_s[signed] += time.perf_counter() - began_s
    for signed, what in ((False, "without"), (True, "with")):
        row = Row(
            key=f"append.signed.{what}",
            what=f"log append, {IN_FLIGHT} in flight, {what} checkpoints",
            value=done[signed] / took_s[signed],
            unit="/s",
            detail=f"{done[signed]:,} events in {ROUNDS} rounds, turn about",
            against=("append.signed.without",) if signed else (),
        )
        stage.report.add(row)


@contextmanager
def _signing(house: House, *, wanted: bool) -> Iterator[None]:
    """On a thread of this process, as in the API. What the round before left unsigned is signed first."""
    if not wanted:
        yield
        return
    with closing(Signer(house.layout, house.server)) as signer:
        signer.sign_news()
    signing = start_signing(house)
    try:
        yield
    finally:
        signing.stop()
