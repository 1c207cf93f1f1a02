"""What is measured: every metric, by name. Numbers about the work, never about a person.

Labels are of few and known values: a route's template, a method, a status, a queue, a job's name. No id, no name, no
address: what is scraped lies in another program's database, and each value of a label is a series of its own there.
Names and units as https://prometheus.io/docs/practices/naming/ has them.
"""

from __future__ import annotations

from itertools import product
from typing import Final, Literal

import msgspec

Kind = Literal["counter", "gauge", "histogram"]
Told = Literal["api", "worker", "both", "folder"]
ACTORS: Final = (
    "project", "store_file", "forget_file", "forget_chat", "erase_account", "sweep", "analyse_file", "transcribe_file"
)  # fmt: skip
OUTCOMES: Final = ("done", "retried", "failed")

FAST_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
REQUEST_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
HASH_S: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
JOB_S: Final = (0.01, 0.05, 0.25, 1.0, 5.0, 30.0, 120.0, 600.0)
BATCH: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """`told`: by which processes; `folder`: of the data folder as it is at the scrape. `most`: series of one process;
    what would be one more is counted under `other`. `buckets`: upper bounds, without the infinite one. `known`: labels
    that are counted under from the start."""

    name: str
    kind: Kind
    told: Told
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    most: int = 1
    known: tuple[tuple[str, ...], ...] = ()

    @property
    def begun(self) -> tuple[tuple[str, ...], ...]:
        """The series that a process begins with, at 0. What appears with its first 1 has not increased, so that no
        alert would hear of the first failure."""
        return self.known if self.labels else ((),)

    @property
    def family(self) -> str:
        """As prometheus_client calls it, which adds the end of a counter's name when it writes it out."""
        return self.name.removesuffix("_total")


def _counter(
    name: str, told: Told, text: str, *labels: str, most: int = 1, known: tuple[tuple[str, ...], ...] = ()
) -> Metric:
    return Metric(
        name=f"strongroom_{name}_total", kind="counter", told=told, help=text, labels=labels, most=most, known=known
    )


def _gauge(name: str, told: Told, text: str, *labels: str, most: int = 1) -> Metric:
    return Metric(name=f"strongroom_{name}", kind="gauge", told=told, help=text, labels=labels, most=most)


def _histogram(name: str, told: Told, buckets: tuple[float, ...], text: str, *labels: str, most: int = 1) -> Metric:
    return Metric(
        name=f"strongroom_{name}", kind="histogram", told=told, help=text, labels=labels, buckets=buckets, most=most
    )


# -- the doors

REQUESTS = _counter(
    "requests", "api", "Requests answered; status 0: the client went away before.", "method", "route", "status",
    most=1_024,
)  # fmt: skip
REQUEST_SECONDS = _histogram(
    "request_seconds", "api", REQUEST_S, "From a request's first byte until its answer began.", "method", "route",
    most=192,
)  # fmt: skip
REQUEST_BYTES = _counter("request_body_bytes", "api", "Bytes of bodies received.", "route", most=128)
RESPONSE_BYTES = _counter("response_body_bytes", "api", "Bytes of bodies sent.", "route", most=128)
UPLOADS_IN_FLIGHT = _gauge("uploads_in_flight", "api", "Uploads being received.")
STREAMS_OPEN = _gauge("streams_open", "api", "Clients listening to an event stream.")
GATE_WAITING = _gauge("password_gate_waiting", "api", "Password hashings (Argon2id) that wait for a thread.")
GATE_RUNNING = _gauge("password_gate_running", "api", "Password hashings that run; each takes 64 MiB.")
GATE_REFUSED = _counter("password_gate_refused", "api", "Password hashings refused, because too many waited.")
HASH_SECONDS = _histogram("password_hash_seconds", "api", HASH_S, "One password hashing, without the wait.")

# -- the log

APPEND_SECONDS = _histogram("append_seconds", "both", FAST_S, "From asking for an append until it was durable.")
APPEND_BATCH = _histogram("append_batch_size", "both", BATCH, "Appends that one commit made durable.")
COMMIT_SECONDS = _histogram(
    "commit_seconds", "both", FAST_S,
    "The commit of a batch: an fsync; every 4,000 pages those of a checkpoint of the write-ahead log as well.",
)  # fmt: skip
COMMITS_FAILED = _counter("commits_failed", "both", "Batches that could not be written: a full or failing disk.")

# -- the jobs

JOBS = _counter(
    "jobs", "worker", "Jobs by how they ended: `done`, `retried` or `failed`.", "actor", "outcome",
    most=48, known=tuple(product(ACTORS, OUTCOMES)),
)  # fmt: skip
JOB_SECONDS = _histogram("job_seconds", "worker", JOB_S, "One try of a job.", "actor", most=16)
JOBS_RUNNING = _gauge("jobs_running", "worker", "Jobs being done.", "actor", most=16)
STORED_FILES = _counter("stored_files", "worker", "Files encrypted into their blob.")
STORED_BYTES = _counter("stored_bytes", "worker", "Bytes of those files, before encryption.")

# -- the folder

BUILD = _gauge("build_info", "folder", "Always 1.", "version")
SCRAPE_FAILED = _gauge(
    "scrape_failed", "folder", "1 for each part of these that could not be read; what it tells is absent then.", "part",
    most=8,
)  # fmt: skip
READY = _gauge("ready", "folder", "1 when `/readyz` says ready.")
PART_MISSING = _gauge("part_missing", "folder", "1 for each part that `/readyz` misses.", "part", most=16)
WARNING = _gauge("warning", "folder", "1 for each part that `/readyz` warns of while it is ready.", "part", most=8)
PROCESSES = _gauge("processes", "folder", "Processes that are measured: API and workers.")
LOG_POSITION = _gauge("log_position", "folder", "Position of the newest event.")
PROJECTION_POSITION = _gauge("projection_position", "folder", "Position up to which the read tables are.")
PROJECTION_LAG_EVENTS = _gauge("projection_lag_events", "folder", "Events that the read tables have not yet.")
PROJECTION_LAG_SECONDS = _gauge("projection_lag_seconds", "folder", "Age of the oldest of those events; 0: none.")
CHECKPOINT_POSITION = _gauge("checkpoint_position", "folder", "Events that the published checkpoint covers.")
CHECKPOINT_AGE = _gauge("checkpoint_age_seconds", "folder", "Since the checkpoint was published; grows without events.")
CHECKPOINT_LAG = _gauge("checkpoint_lag_seconds", "folder", "Age of the oldest event that it does not cover; 0: none.")
DISK_FREE = _gauge("disk_free_bytes", "folder", "What the data folder's disk has left.")
DISK_RESERVE = _gauge("disk_reserve_bytes", "folder", "Below so much, uploads are refused.")
QUEUE_JOBS = _gauge(
    "queue_jobs", "folder",
    "Jobs: `waiting`; `taken` by a worker; `delayed` until the next try; `dead`, given up; `lost`: so, and for good.",
    "queue", "state", most=24,
)  # fmt: skip
QUEUE_OLDEST = _gauge(
    "queue_oldest_job_seconds", "folder", "Age of the oldest job that waits or was taken; 0: there is none.", "queue",
    most=8,
)  # fmt: skip
QUEUE_TOLD = _gauge("queue_report_age_seconds", "folder", "Since a worker told how the queues stand.")
LAST_BACKUP = _gauge(
    "last_backup_timestamp_seconds", "folder", "When the last backup was complete, as Unix time; 0: never."
)

METRICS: Final = tuple(metric for metric in vars().values() if isinstance(metric, Metric))
"""All of them, in the order of this page."""
