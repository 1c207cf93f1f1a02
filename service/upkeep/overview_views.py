"""What an overview says, in its shapes. A part that is None cannot be read just now, unless it says otherwise."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from service.house.queue_report import Way
from service.house.standstill import Standstill
from service.reading.views import Time


class HealthView(msgspec.Struct, frozen=True):
    """As `/readyz` says it. `stopped`: where the read tables stand still, and at what type of event."""

    missing: list[str]
    warnings: list[str]
    stopped: Standstill | None


class LogView(msgspec.Struct, frozen=True):
    """`size_bytes`: of the database on disk. `unsigned_since`: when the oldest event was appended that the last
    checkpoint does not cover; None: it covers all of them, or there is none."""

    position: int
    size_bytes: int
    unsigned_since: Time | None


class ProjectionView(msgspec.Struct, frozen=True):
    """`position`: how far it is. `lag`: how many events it is behind the log, and `behind_since`: when the oldest of
    them was appended; None: it is behind by none, or nobody can tell."""

    name: str
    position: int | None
    lag: int | None
    behind_since: Time | None
    size_bytes: int


class QueueView(msgspec.Struct, frozen=True):
    """`working`: a worker for it is alive. The numbers are those of the last report. `taken`: jobs that a worker has
    in hand."""

    name: str
    working: bool
    waiting: int
    taken: int
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
    `failed_count`: of all, and `lost_count` of those that nobody can do again, as far as was looked: a hundred of each
    queue."""

    reported_at: Time | None
    old: bool
    queues: list[QueueView]
    failed: list[FailedJobView]
    failed_count: int
    lost_count: int


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
    uploads: int | None
    upload_bytes: int | None
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
    """`running_since`: None where the API was not started by `strongroom`. `checkpoint`: None before the
    first, too; `backup`: where none was ever taken."""

    at: Time
    version: str
    running_since: Time | None
    health: HealthView
    log: LogView | None
    accounts: int | None
    keyring_generation: int | None
    projections: list[ProjectionView] | None
    jobs: JobsView | None
    storage: StorageView | None
    checkpoint: CheckpointView | None
    backup: BackupView | None
    settings: SettingsView
