"""How things are, for Prometheus: what the processes have counted, and what the folder shows at this moment.

Whichever process is asked answers for all of them. The text holds numbers under names and labels that are known in
advance (`service/machine/metrics.py`), and yet it is the operator's: how much is going on is nobody else's business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from typing import Final

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from api.errors import busy
from api.operation import Answer, Call, Operation, operation
from api.resource import Resource
from eventstore.errors import LogError
from projections.errors import ProjectionError
from service.backup.last import last_backup
from service.desk.desk import Desk
from service.house import queue_report
from service.house.house import House
from service.house.pulse import QUEUES
from service.house.room import free_bytes
from service.machine import metrics
from service.machine.metrics import METRICS, Metric
from service.machine.tally import tally
from service.upkeep.readiness import WARNINGS, state
from vault.errors import VaultError

US: Final = 1_000_000
TURN_S: Final = 5.0  # Prometheus gives up after ten by default.
PARTS: Final = (
    *("log", "keyring", "log:history", "log:signing", "spool", "blobs", "queue", "projection"),
    *(f"worker:{name}" for name in QUEUES),
)
Fact = tuple[Metric, float, tuple[str, ...]]
"""Metric, value, a value for each of its labels."""
Facts = Iterator[Fact]


class Metrics(Resource):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._turn = asyncio.Semaphore(1)

    @operation(
        Operation(
            summary="Metrics, for Prometheus",
            auth="operator",
            answers={200: Answer("Prometheus's text format", media_type=CONTENT_TYPE_PLAIN_0_0_4)},
            problems=(503,),
        )
    )
    async def on_get(self, call: Call) -> None:
        desk, house = self.desk, self.desk.house
        # What takes a connection of the loop's is read on it: a row or two.
        near = _gathered(
            {
                "log": lambda: _log(house),
                "projection": lambda: _projection(house),
                "checkpoint": lambda: _checkpoint(desk),
            }
        )
        far: Mapping[str, Callable[[], Facts]] = {
            "build": _build,
            "readiness": lambda: _readiness(house),
            "disk": lambda: _disk(house),
            "queue": lambda: _queue(house),
            "backup": lambda: _backup(house),
        }

        def scrape() -> bytes:
            return _written(house, lambda: [*near, *_gathered(far)])

        try:
            # One at a time: a folder that stays locked must not take the threads that people's requests need.
            async with asyncio.timeout(TURN_S), self._turn:
                call.resp.data = await self.desk.aside(scrape)
        except TimeoutError:
            raise busy("The counters are being read by others. Try again.") from None
        call.resp.content_type = CONTENT_TYPE_PLAIN_0_0_4
        call.resp.set_header("Cache-Control", "no-store")


class _Families(Collector):
    """What `generate_latest` writes out."""

    def __init__(self, families: list[Family]) -> None:
        self._families = families

    def collect(self) -> list[Family]:
        return self._families


def _gathered(parts: Mapping[str, Callable[[], Facts]]) -> list[Fact]:
    """Of a part that cannot be read nothing but that. Metrics are looked at when something is broken: what is whole
    must still be told then."""
    found: list[Fact] = []
    for part, facts in parts.items():
        failed = False
        try:
            found += list(facts())  # All of it, or none.
        except (LogError, VaultError, ProjectionError, OSError):
            failed = True
        found.append((metrics.SCRAPE_FAILED, failed, (part,)))
    return found


def _written(house: House, facts: Callable[[], list[Fact]]) -> bytes:
    """On a thread. In the order of METRICS, so that two scrapes can be compared."""
    counted = tally(house.layout)
    families = {family.name: family for family in counted.families}
    for metric, value, labels in [*facts(), (metrics.PROCESSES, float(counted.processes), ())]:
        if metric.name not in families:
            families[metric.name] = Family(metric.name, metric.help, metric.kind)
        families[metric.name].add_sample(metric.name, dict(zip(metric.labels, labels, strict=True)), value)
    return generate_latest(_Families([families[each.family] for each in METRICS if each.family in families]))


# -- what the folder shows: on the loop --------------------------------------------------------------------------


def _log(house: House) -> Facts:
    yield metrics.LOG_POSITION, house.log.head(), ()


def _projection(house: House) -> Facts:
    position = house.reader.position()
    yield metrics.PROJECTION_POSITION, position, ()
    yield metrics.PROJECTION_LAG_EVENTS, max(0, house.log.head() - position), ()
    yield metrics.PROJECTION_LAG_SECONDS, _age_after(house, position), ()


def _checkpoint(desk: Desk) -> Facts:
    """Nothing before the first one."""
    try:
        published, written_s = desk.public_log.published(), desk.house.layout.checkpoint.stat().st_mtime
    except FileNotFoundError:
        return
    if published is None:
        return
    yield metrics.CHECKPOINT_POSITION, published.size, ()
    yield metrics.CHECKPOINT_AGE, max(0.0, desk.house.clock_us() / US - written_s), ()
    yield metrics.CHECKPOINT_LAG, _age_after(desk.house, published.size), ()


def _age_after(house: House, position: int) -> float:
    """Of the event after that position, in seconds; 0.0 if there is none."""
    following = house.log.read_envelopes(position, 1)
    return max(0.0, (house.clock_us() - following[0].at_us) / US) if following else 0.0


# -- the same, on a thread ---------------------------------------------------------------------------------------


def _build() -> Facts:
    yield metrics.BUILD, 1, (version("strongroom"),)


def _readiness(house: House) -> Facts:
    found = state(house)
    yield metrics.READY, not found.missing, ()
    for part in PARTS:
        yield metrics.PART_MISSING, part in found.missing, (part,)
    for part in WARNINGS:
        yield metrics.WARNING, part in found.warnings, (part,)


def _disk(house: House) -> Facts:
    yield metrics.DISK_FREE, free_bytes(house), ()
    yield metrics.DISK_RESERVE, house.settings.reserve_bytes, ()


def _queue(house: House) -> Facts:
    """As a worker told it last; nothing where none ever has."""
    if (report := queue_report.told(house.layout)) is None:
        return
    now_us = house.clock_us()
    yield metrics.QUEUE_TOLD, max(0.0, (now_us - report.at_us) / US), ()
    for name in QUEUES:
        if (stands := report.queues.get(name)) is not None:
            yield metrics.QUEUE_JOBS, stands.waiting, (name, "waiting")
            yield metrics.QUEUE_JOBS, stands.taken, (name, "taken")
            yield metrics.QUEUE_JOBS, stands.delayed, (name, "delayed")
            yield metrics.QUEUE_JOBS, max(0, stands.failed - stands.lost), (name, "dead")
            yield metrics.QUEUE_JOBS, stands.lost, (name, "lost")
            oldest_us = now_us if stands.oldest_at_us is None else stands.oldest_at_us
            yield metrics.QUEUE_OLDEST, max(0.0, (now_us - oldest_us) / US), (name,)


def _backup(house: House) -> Facts:
    """0 where none was taken, so that a rule can tell that from nobody having asked."""
    last = last_backup(house.layout)
    yield metrics.LAST_BACKUP, 0.0 if last is None else last.finished_at_us / US, ()
