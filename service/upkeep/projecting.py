"""From the log into the read tables: catching up, following along, rebuilding, and proving that a rebuild is
equal."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from itertools import islice
from pathlib import Path
from typing import Final

import structlog

from domain.fact import Fact
from eventstore.errors import LogCorrupt
from eventstore.log import Log
from eventstore.record import Record
from projections.compare import comparing
from projections.draft import Draft
from projections.errors import ProjectionCorrupt, ProjectionFull, ProjectionGap, ProjectionStopped
from projections.runner import Projector
from service.house import standstill
from service.house.facts import to_fact
from service.house.house import House
from service.house.standstill import Standstill
from service.machine import locks
from service.machine.layout import Layout
from service.machine.locks import FileLock

PAGE: Final = 500  # Events per transaction, if their bytes allow: few enough that a reader sees the first of them soon.
REBUILD_PAGE: Final = 5_000
MAX_RESTARTS: Final = 5
LOCK_WAIT_S: Final = 0.05
PATIENT_S: Final = 30.0
NEAR: Final = 500  # Events behind the log: few enough for the projector to wait.
ROUNDS_MAX: Final = 100
DIFFERENCES_MAX: Final = 100
UNREADABLE: Final = "an event that cannot be read"
MISSING: Final = "an event that is not there"

_log = structlog.get_logger("service.upkeep.projecting")

Progress = Callable[[int, int], None]
"""Told (position, head) as work goes on."""


class ProjectorBusy(Exception):
    """Another process has been projecting for longer than the bound."""


def projector_lock(layout: Layout, wait_s: float = LOCK_WAIT_S) -> FileLock | None:
    """One projector at a time: two would only undo each other's reading. None while another runs, or a rebuild or
    check waits for its turn."""
    if projector_called_off(layout):
        return None
    return locks.take(layout.run / "projector.lock", wait_s)


def projector_running(layout: Layout) -> bool:
    return locks.is_held(layout.run / "projector.lock")


def projector_called_off(layout: Layout) -> bool:
    """Somebody waits for the projector to rest: a rebuild, which has to swap the tables, or a check."""
    return locks.is_held(layout.run / "projector.wanted")


def catch_up(
    log: Log, projector: Projector, limit: int | None = None, stopping: Callable[[], bool] = lambda: False
) -> int:
    """Applies what the log has and the tables do not, up to position `limit` or until `stopping`; the position then.

    A table file that was deleted or found damaged stands at zero again: the log is read from there. So it is begun when
    it is past the end of the log: it was made from another, which would never be noticed later. Other errors of the
    projection pass through. ProjectionStopped: everything before that event was applied.
    """
    position = projector.position()
    if position > (head := log.head()):  # Asked in this order: the log only grows.
        _log.warning("read tables begun again", why="they are of a longer log", position=position, head=head)
        projector.begin_again()
        position = projector.position()
    restarts = 0
    while (limit is None or position < limit) and not stopping():
        facts, stopped = _read_facts(log, position, PAGE if limit is None else min(PAGE, limit - position))
        if not facts and stopped is None:
            break
        try:
            position = projector.apply(facts)
        except ProjectionStopped as error:
            projector.apply([fact for fact in facts if fact.position < error.position])
            raise
        except (ProjectionGap, ProjectionCorrupt):
            restarts += 1
            if restarts > MAX_RESTARTS:
                raise
            position = projector.position()
            continue
        if stopped is not None:
            raise stopped
    return position


def project(
    house: House, *, linger_s: float, poll_s: float, most_s: float, stopping: Callable[[], bool]
) -> Standstill | None:
    """Catches up and follows, as `follow`; what the tables stand still at, None when they do not. It is told to
    everybody (service/house/standstill.py), for as long as it holds. Nothing happens while another projects."""
    lock = projector_lock(house.layout)
    if lock is None:
        return None  # The relay asks again if that one ends too soon.
    with lock, Projector(house.layout.user_data) as projector, closing(house.open_log()) as log:
        try:
            follow(log, projector, linger_s=linger_s, poll_s=poll_s, most_s=most_s, stopping=stopping)
        except ProjectionStopped as error:
            stands = Standstill(error.position, error.event_type, error.why)
            standstill.tell(house.layout, stands)
            return stands
        if not stopping():
            standstill.forget(house.layout)
        return None


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
    position = catch_up(log, projector, stopping=stopping)
    while not stopping():
        time.sleep(poll_s)
        now_s = time.monotonic()
        if (version := log.data_version()) != seen:
            seen, news_s = version, now_s
            position = catch_up(log, projector, stopping=stopping)
        if now_s - news_s >= linger_s or now_s - began_s >= most_s:
            break
    return position


def rebuild(house: House, progress: Progress = lambda _position, _head: None) -> int:
    """Builds the tables anew beside the live ones, which go on, and puts them in their place; the position then.

    Only the last stretch, some hundred events, has the projector wait. On an error, or killed, the live tables stay as
    they are. Nothing but tables is written: no event, no job. ProjectorBusy, ProjectionBuilding, ProjectionStopped,
    ProjectionFull.
    """
    with Draft(house.layout.user_data) as draft, closing(house.open_log()) as log:
        _fill(house, log, draft, progress)
        with _resting_projector(house.layout):
            head = log.head()
            _fill_to(house, log, draft, head, progress)
            draft.take_place()
            standstill.forget(house.layout)
        return draft.position


def check(house: House, progress: Progress = lambda _position, _head: None) -> list[str]:
    """What a rebuild would change, at most 100 lines, never with content; empty when all is well.
    ProjectorBusy, and what `rebuild` raises.

    The tables are built anew in `run/check` and compared. Only the last stretch holds the projector up, so that both
    stand at the same position; they are compared as they were then, while the live ones go on.
    """
    folder = house.layout.run / "check"
    lock = locks.take(house.layout.run / "check.lock")
    if lock is None:
        raise ProjectorBusy("another check is running")
    with lock:
        shutil.rmtree(folder, ignore_errors=True)  # Of a check that was killed.
        folder.mkdir(mode=0o700)
        try:
            return _compare(house, Draft(folder / "user_data.db"), folder / "user_data.db", progress)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _compare(house: House, draft: Draft, rebuilt: Path, progress: Progress) -> list[str]:
    live = house.layout.user_data
    with ExitStack() as stack:
        stack.enter_context(draft)
        log = stack.enter_context(closing(house.open_log()))
        _fill(house, log, draft, progress)
        with _resting_projector(house.layout):
            with Projector(live) as current:
                position = catch_up(log, current)
            _fill_to(house, log, draft, position, progress)
            draft.take_place()
            lines = stack.enter_context(comparing(live, rebuilt))
        return list(islice(lines, DIFFERENCES_MAX))


def _fill(house: House, log: Log, draft: Draft, progress: Progress) -> None:
    """Until the draft is near the end of the log, which grows meanwhile, and on the disk."""
    for _ in range(ROUNDS_MAX):
        head = log.head()
        if head - draft.position <= NEAR and draft.position > 0:
            return
        _fill_to(house, log, draft, head, progress)
        draft.settle()
        if head == 0:
            return


def _fill_to(house: House, log: Log, draft: Draft, head: int, progress: Progress) -> None:
    while draft.position < head:
        facts, stopped = _read_facts(log, draft.position, min(REBUILD_PAGE, head - draft.position))
        if stopped is not None:
            raise stopped
        if not facts:
            return
        draft.apply(facts)
        _require_room(house)
        progress(draft.position, head)


def _require_room(house: House) -> None:
    disk = os.statvfs(house.layout.data)
    if disk.f_bavail * disk.f_frsize < house.settings.reserve_bytes:
        raise ProjectionFull("less than the reserve is free on the disk: the tables stay as they were")


def _read_facts(log: Log, after: int, limit: int) -> tuple[list[Fact], ProjectionStopped | None]:
    """What follows, up to the first event that is missing or cannot be understood."""
    records, stopped = _read(log, after, limit)
    facts: list[Fact] = []
    for expected, record in enumerate(records, start=after + 1):
        if record.envelope.position != expected:
            return facts, ProjectionStopped(expected, MISSING, "verify the log")
        try:
            facts.append(to_fact(record))
        except Exception as error:  # noqa: BLE001  (whatever it is, it is this event that stops us, and is named)
            envelope = record.envelope
            return facts, ProjectionStopped(envelope.position, envelope.type, type(error).__name__)
    return facts, stopped


def _read(log: Log, after: int, limit: int) -> tuple[list[Record], ProjectionStopped | None]:
    try:
        return log.read_all(after, limit), None
    except LogCorrupt:
        pass
    records: list[Record] = []
    while len(records) < limit:  # One by one, up to the one that it was.
        position = records[-1].position if records else after
        try:
            one = log.read_all(position, 1)
        except LogCorrupt:
            return records, ProjectionStopped(position + 1, UNREADABLE, "verify the log")
        if not one:
            break
        records += one
    return records, None


def _resting_projector(layout: Layout) -> ExitStack:
    """Inside, nobody projects. Waiting is told, so that the projector ends its round."""
    with ExitStack() as stack:
        for name in ("projector.wanted", "projector.lock"):
            lock = locks.take(layout.run / name, PATIENT_S)
            if lock is None:
                raise ProjectorBusy("the projector is busy")
            stack.enter_context(lock)
        return stack.pop_all()
