"""How a Strongroom stands, for whoever runs it: numbers, names of its own parts, and no word of any person's.

Of people it says how many there are; of their files, which one a job failed about, by an id that says nothing. It is
looked at when something is broken, so each part is gathered by itself: what cannot be read is None, and the rest is
told all the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Final, TypeVar

from eventstore.checkpoint import parse_checkpoint
from eventstore.errors import LogError
from eventstore.note import NoteInvalid, VerifierKey, parse_note
from projections.errors import ProjectionError
from projections.queries import Reader
from service.house.house import House
from service.house.log_key import read_file, read_verifier
from service.house.pulse import QUEUES, pulses
from service.house.queue_report import FailedJob, QueueReport, QueueState, told
from service.house.room import free_bytes
from service.machine.config import Settings
from service.machine.layout import Layout
from service.machine.process import supervised_since
from service.reading.views import Time, rfc3339
from service.upkeep.overview_views import (
    BackupView,
    CheckpointView,
    CountView,
    FailedJobView,
    HealthView,
    JobsView,
    LogView,
    Overview,
    ProjectionView,
    QueueView,
    SettingsView,
    StorageView,
)
from service.upkeep.readiness import state
from service.upkeep.storage_count import StorageCount, count_aside, last_count
from vault.errors import VaultError
from vault.keyring_backup import telling_damage

REPORT_OLD_US: Final = 15_000_000
"""A worker tells every five seconds at least: three times that, and nobody tells any more."""
NOTHING: Final = QueueState(0, 0, 0)
Part = TypeVar("Part")


def overview(house: House, backup: BackupView | None) -> Overview:
    """On any thread; some milliseconds. OSError when not even the signs of life can be looked at."""
    found = state(house)
    layout = house.layout
    now_us = house.clock_us()
    position = _readable(lambda: _position(layout))  # Before the head, which only grows.
    checkpoint = _readable(lambda: _checkpoint(layout))
    log = _readable(lambda: _log(house, checkpoint))
    return Overview(
        at=rfc3339(now_us),
        version=version("strongroom"),
        running_since=running_since(),
        health=HealthView(found.missing, found.warnings, found.standstill),
        log=log,
        accounts=_readable(house.keyring.count_accounts),
        keyring_generation=_readable(house.keyring.generation),
        projections=_readable(lambda: [_projection(house, position, log)]),
        jobs=_readable(lambda: _jobs(layout, now_us)),
        storage=_readable(lambda: _storage(house)),
        checkpoint=checkpoint,
        backup=backup,
        settings=_settings(house.settings),
    )


def _readable(part: Callable[[], Part]) -> Part | None:
    """None for what is damaged, locked for too long or not there. The vault's databases tell SQLite's own errors."""
    try:
        with telling_damage():
            return part()
    except (LogError, ProjectionError, VaultError, OSError):
        return None


def running_since() -> Time | None:
    """When `strongroom` began, which stays while its processes are replaced. None under another supervisor."""
    began_s = supervised_since()
    return None if began_s is None else rfc3339(began_s * 1_000_000)


def _position(layout: Layout) -> int:
    with closing(Reader(layout.user_data)) as reader:
        return reader.position()


def _log(house: House, checkpoint: CheckpointView | None) -> LogView:
    with closing(house.open_log()) as log:
        head = log.head()
    unsigned_since = None if checkpoint is None else _appended(house, checkpoint.size)
    return LogView(head, _database_bytes(house.layout.events), unsigned_since)


def _projection(house: House, position: int | None, log: LogView | None) -> ProjectionView:
    lag = None if position is None or log is None else max(0, log.position - position)
    behind_since = _readable(lambda: _appended(house, position)) if position is not None and lag else None
    return ProjectionView("user_data", position, lag, behind_since, _database_bytes(house.layout.user_data))


def _appended(house: House, after: int) -> Time | None:
    """When the first event past a position was; None: there is none."""
    with closing(house.open_log()) as log:
        return next((rfc3339(envelope.at_us) for envelope in log.read_envelopes(after, 1)), None)


def _jobs(layout: Layout, now_us: int) -> JobsView:
    report = told(layout) or QueueReport(0, {})
    beating = pulses(layout)
    states = {name: report.queues.get(name, NOTHING) for name in QUEUES}
    return JobsView(
        reported_at=rfc3339(report.at_us) if report.at_us else None,
        old=not 0 <= now_us - report.at_us <= REPORT_OLD_US,
        queues=[_queue(name, each, working=beating[name]) for name, each in states.items()],
        failed=[_failed(job) for job in report.failed],
        failed_count=sum(each.failed for each in states.values()),
        lost_count=sum(each.lost for each in states.values()),
    )


def _queue(name: str, found: QueueState, *, working: bool) -> QueueView:
    oldest_at = None if found.oldest_at_us is None else rfc3339(found.oldest_at_us)
    return QueueView(name, working, found.waiting, found.taken, found.delayed, found.failed, oldest_at)


def _failed(job: FailedJob) -> FailedJobView:
    return FailedJobView(
        job_id=job.job_id,
        queue=job.queue,
        actor=job.actor,
        file_id=job.subject,
        failed_at=rfc3339(job.failed_at_us),
        error=job.error,
        tries=job.tries,
        way=job.way,
    )


def _storage(house: House) -> StorageView:
    disk = os.statvfs(house.layout.data)
    uploads, upload_bytes = _readable(house.pending.under_way) or (None, None)
    count_aside(house.layout, house.clock_us)
    counted = last_count(house.layout)
    return StorageView(
        total_bytes=disk.f_blocks * disk.f_frsize,
        free_bytes=free_bytes(house),
        reserve_bytes=house.settings.reserve_bytes,
        uploads=uploads,
        upload_bytes=upload_bytes,
        count=None if counted is None else _counted(counted),
    )


def _counted(found: StorageCount) -> CountView:
    return CountView(rfc3339(found.at_us), found.blobs, found.blob_bytes, found.spools, found.spool_bytes)


def _checkpoint(layout: Layout) -> CheckpointView | None:
    """None before the first, and while the file is damaged."""
    try:
        published_us = layout.checkpoint.stat().st_mtime_ns // 1_000
        note = parse_note(read_file(layout.checkpoint) or b"")
        size = parse_checkpoint(note.text).size
    except (FileNotFoundError, NoteInvalid):
        return None
    key: VerifierKey | None = read_verifier(layout)
    names = [line.name for line in note.signatures if key is None or line.key_id != key.key_id]
    return CheckpointView(size, rfc3339(published_us), names)


def _settings(settings: Settings) -> SettingsView:
    return SettingsView(
        registration=settings.registration,
        quota_bytes=settings.quota_bytes,
        max_file_bytes=settings.max_file_bytes,
        api_processes=settings.api_processes,
        worker_threads=settings.worker_threads,
        session_days=settings.session_days,
        backup_horizon_days=settings.backup_horizon_days,
        transcribe=settings.transcribe,
        witnesses=len([part for part in settings.log_witnesses.split(",") if part.strip()]),
    )


def _database_bytes(path: Path) -> int:
    """Of the database and what is not yet folded into it; 0 for none. The read tables' path is a link."""
    whole = path.resolve()
    return sum(each.stat().st_size for each in (whole, whole.with_name(f"{whole.name}-wal")) if each.exists())
