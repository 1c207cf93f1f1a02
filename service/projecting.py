"""From the log into the read tables: catching up, following along, rebuilding, and proving that a rebuild is
equal."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from domain.fact import Fact
from eventstore.log import Log
from projections.compare import differences
from projections.errors import ProjectionCorrupt, ProjectionGap
from projections.runner import Projector
from service import locks
from service.facts import to_fact
from service.house import House
from service.layout import Layout
from service.locks import FileLock

PAGE: Final = 500  # Events per transaction, if their bytes allow: few enough that a reader sees the first of them soon.
REBUILD_PAGE: Final = 5_000
MAX_RESTARTS: Final = 5
LOCK_WAIT_S: Final = 0.05
PATIENT_S: Final = 30.0
DIFFERENCES_MAX: Final = 100

Progress = Callable[[int, int], None]
"""Told (position, head) as work goes on."""


class ProjectorBusy(Exception):
    """Another process has been projecting for longer than the bound."""


def projector_lock(layout: Layout, wait_s: float = LOCK_WAIT_S) -> FileLock | None:
    """One projector at a time: two would only undo each other's reading. None while another runs."""
    return locks.take(layout.run / "projector.lock", wait_s)


def projector_running(layout: Layout) -> bool:
    return locks.is_held(layout.run / "projector.lock")


def catch_up(log: Log, projector: Projector, limit: int | None = None) -> int:
    """Applies what the log has and the tables do not, up to position `limit`; the position then.

    A table file that was deleted or found damaged stands at zero again: the log is read from there. Errors of
    the projection and UnknownEvent pass through; nothing of the page was applied then.
    """
    position = projector.position()
    restarts = 0
    while limit is None or position < limit:
        page = PAGE if limit is None else min(PAGE, limit - position)
        records = log.read_all(position, page)
        if not records:
            break
        try:
            position = projector.apply([to_fact(record) for record in records])
        except (ProjectionGap, ProjectionCorrupt):
            restarts += 1
            if restarts > MAX_RESTARTS:
                raise
            position = projector.position()
    return position


def follow(
    log: Log,
    projector: Projector,
    *,
    linger_s: float,
    poll_s: float,
    most_s: float,
    stopping: Callable[[], bool],
) -> int:
    """Catch up, then stay for `linger_s` after the last news, at most `most_s` in all; the position reached.

    Staying saves the way through the queue for every event under load. `PRAGMA data_version` costs
    microseconds.
    """
    began_s = news_s = time.monotonic()
    seen = log.data_version()  # Before reading: what is committed in between is noticed by the next look.
    position = catch_up(log, projector)
    while not stopping():
        time.sleep(poll_s)
        now_s = time.monotonic()
        if (version := log.data_version()) != seen:
            seen, news_s = version, now_s
            position = catch_up(log, projector)
        if now_s - news_s >= linger_s or now_s - began_s >= most_s:
            break
    return position


def rebuild(house: House, progress: Progress = lambda _position, _head: None) -> int:
    """Empties the tables and fills them from the log, in one transaction; readers keep the old ones until it
    commits. The position then. ProjectorBusy."""
    with (
        _patient_lock(house.layout),
        Projector(house.layout.user_data) as projector,
        closing(house.open_log()) as log,
    ):
        head = log.head()
        return projector.rebuild(_batches(log, head), lambda position: progress(position, head))


def check(house: House, progress: Progress = lambda _position, _head: None) -> list[str]:
    """What a rebuild would change, at most 100 lines, never with content; empty when all is well.
    ProjectorBusy.

    The tables are built anew in `run/check` and compared. Only the last stretch and the comparison hold the
    projector up: both sides must stand at the same position.
    """
    folder = house.layout.run / "check"
    lock = locks.take(house.layout.run / "check.lock")
    if lock is None:
        raise ProjectorBusy("another check is running")
    with lock:
        shutil.rmtree(folder, ignore_errors=True)  # Of a check that was killed.
        folder.mkdir(mode=0o700)
        try:
            return _compare(house, folder / "user_data.db", progress)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _compare(house: House, rebuilt: Path, progress: Progress) -> list[str]:
    live = house.layout.user_data
    with closing(house.open_log()) as log:
        head = log.head()
        with Projector(rebuilt) as fresh:
            fresh.rebuild(_batches(log, head), lambda position: progress(position, head))
            with _patient_lock(house.layout):
                with Projector(live) as current:
                    position = catch_up(log, current)
                catch_up(log, fresh, limit=position)
                return [line for _, line in zip(range(DIFFERENCES_MAX), differences(live, rebuilt), strict=False)]


def _patient_lock(layout: Layout) -> FileLock:
    lock = projector_lock(layout, PATIENT_S)
    if lock is None:
        raise ProjectorBusy("the projector is busy")
    return lock


def _batches(log: Log, head: int) -> Iterator[list[Fact]]:
    position = 0
    while position < head:
        records = log.read_all(position, min(REBUILD_PAGE, head - position))
        if not records:
            return
        yield [to_fact(record) for record in records]
        position = records[-1].position
