"""How a Strongroom stands, for whoever runs it: numbers, names of its own parts, and no word of any person's.

Of people it says how many there are; of their files, which one a job failed about, by an id that says nothing."""

from __future__ import annotations

import os
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from eventstore.checkpoint import parse_checkpoint
from eventstore.note import NoteInvalid, VerifierKey, parse_note
from projections.errors import ProjectionError
from projections.queries import Reader
from service.house.house import House
from service.house.log_key import read_file, read_verifier
from service.house.pulse import QUEUES, pulses
from service.house.queue_report import FailedJob, QueueReport, QueueState, Way, told
from service.house.room import free_bytes
from service.house.standstill import Standstill
from service.machine.config import Settings
from service.machine.layout import Layout
from service.reading.views import Time, rfc3339
from service.upkeep.readiness import state
from service.upkeep.storage_count import StorageCount, count_aside, last_count

REPORT_OLD_US: Final = 15_000_000
"""A worker tells every five seconds at least: three times that, and nobody tells any more."""
NOTHING: Final = QueueState(0, 0, 0)


class HealthView(msgspec.Struct, frozen=True):
    """As `/readyz` says it. `stopped`: where the read tables stand still, and at what type of event."""

    missing: list[str]
    warnings: list[str]
    stopped: Standstill | None


class LogView(msgspec.Struct, frozen=True):
    """`size_bytes`: of the database on disk."""

    position: int
    size_bytes: int


class ProjectionView(msgspec.Struct, frozen=True):
    """`position`: how far it is; None: it cannot be read. `lag`: how many events it is behind the log."""

    name: str
    position: int | None
    lag: int | None
    size_bytes: int


class QueueView(msgspec.Struct, frozen=True):
    """`working`: a worker for it is alive. The numbers are those of the last report."""

    name: str
    working: bool
    waiting: int
    delayed: int
    failed: int
    oldest_at: Time | None


class FailedJobView(msgspec.Struct, frozen=True):
    """`file_id`: "" for a job about none. `error`: the class of the error. `way`: whether it can be done again."""

    job_id: str
    queue: str
    actor: str
    file_id: str
    failed_at: Time
    error: str
    tries: int
    way: Way


class JobsView(msgspec.Struct, frozen=True):
    """`reported_at`: when a worker last told; None: never. `old`: too long ago to go by. `failed`: the newest hundred;
    `failed_count` of all."""

    reported_at: Time | None
    old: bool
    queues: list[QueueView]
    failed: list[FailedJobView]
    failed_count: int


class CountView(msgspec.Struct, frozen=True):
    """What lay in the folders at `counted_at`."""

    counted_at: Time
    blobs: int
    blob_bytes: int
    spools: int
    spool_bytes: int


class StorageView(msgspec.Struct, frozen=True):
    """`total_bytes`, `free_bytes`: of the disk of the data folder; uploads are refused when less than `reserve_bytes`
    is free. `uploads`: resumable ones under way. `count`: None until it is counted for the first time."""

    total_bytes: int
    free_bytes: int
    reserve_bytes: int
    uploads: int
    upload_bytes: int
    count: CountView | None


class CheckpointView(msgspec.Struct, frozen=True):
    """The last one that was published. `cosigners`: names of the witnesses whose lines it has."""

    size: int
    published_at: Time
    cosigners: list[str]


class BackupView(msgspec.Struct, frozen=True):
    """`folder`, `keyrings`: where its halves were put. `faults`: what the data folder itself lacked then.
    `within_horizon`: not older than copies of the keyring are kept."""

    name: str
    finished_at: Time
    log_size: int
    folder: str
    keyrings: str
    faults: int
    within_horizon: bool


class SettingsView(msgspec.Struct, frozen=True):
    registration: Literal["open", "invited", "closed"]
    quota_bytes: int
    max_file_bytes: int
    api_processes: int
    worker_threads: int
    session_days: int
    backup_horizon_days: int
    transcribe: Literal["off", "faster-whisper", "openai"]
    witnesses: Annotated[int, Meta(description="How many are asked to cosign checkpoints.")]


class Overview(msgspec.Struct, frozen=True):
    """`running_since`: of the API's first process; None where the system does not tell."""

    at: Time
    version: str
    running_since: Time | None
    health: HealthView
    log: LogView
    accounts: int
    keyring_generation: int
    projections: list[ProjectionView]
    jobs: JobsView
    storage: StorageView
    checkpoint: CheckpointView | None
    backup: BackupView | None
    settings: SettingsView


def overview(house: House, backup: BackupView | None) -> Overview:
    """On any thread; some milliseconds. LogError, VaultError, OSError."""
    layout = house.layout
    now_us = house.clock_us()
    found = state(house)
    with closing(house.open_log()) as log, closing(Reader(layout.user_data)) as reader:
        position = _position(reader)  # Before the head, which only grows.
        head = log.head()
    return Overview(
        at=rfc3339(now_us),
        version=version("strongroom"),
        running_since=running_since(),
        health=HealthView(found.missing, found.warnings, found.standstill),
        log=LogView(head, _database_bytes(layout.events)),
        accounts=house.keyring.count_accounts(),
        keyring_generation=house.keyring.generation(),
        projections=[_projection(layout, position, head)],
        jobs=_jobs(layout, now_us),
        storage=_storage(house),
        checkpoint=_checkpoint(layout),
        backup=backup,
        settings=_settings(house.settings),
    )


def running_since() -> Time | None:
    """When the process above this one began, which stays while those that answer are replaced. None elsewhere than on
    Linux."""
    try:
        # `pid (name) state ppid …`, the 22nd: clock ticks since the machine began. proc_pid_stat(5).
        ticks = int(Path(f"/proc/{os.getppid()}/stat").read_text().rpartition(")")[2].split()[19])
        boot_s = next(int(line.split()[1]) for line in Path("/proc/stat").read_text().splitlines() if "btime" in line)
    except (OSError, ValueError, IndexError, StopIteration):
        return None
    return rfc3339(boot_s * 1_000_000 + ticks * 1_000_000 // os.sysconf("SC_CLK_TCK"))


def _position(reader: Reader) -> int | None:
    try:
        return reader.position()
    except ProjectionError:
        return None


def _projection(layout: Layout, position: int | None, head: int) -> ProjectionView:
    lag = None if position is None else max(0, head - position)
    return ProjectionView("user_data", position, lag, _database_bytes(layout.user_data))


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
    )


def _queue(name: str, found: QueueState, *, working: bool) -> QueueView:
    oldest_at = None if found.oldest_at_us is None else rfc3339(found.oldest_at_us)
    return QueueView(name, working, found.waiting, found.delayed, found.failed, oldest_at)


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
    uploads, upload_bytes = house.pending.under_way()
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
