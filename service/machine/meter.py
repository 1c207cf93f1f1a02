"""Counting, in one process. What is counted lies in files, so that whoever is scraped sees every process's numbers.

The files are those of prometheus_client's multiprocess mode, written by its own `MmapedDict`, in `run/metrics/`:
`<kind>_<process>.db`. Two things are ours. A process is named at random and not by its id: ids come again, and several
containers on one folder have the same. And the files are made as long as they can ever get, with their blocks: a page
of a mapped file that a full disk has no room for ends the process with SIGBUS, in the middle of whatever it does.
"""

from __future__ import annotations

import os
import threading
from bisect import bisect_left
from pathlib import Path
from typing import Final, Literal

import structlog
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.utils import floatToGoString

from eventstore.writer import Committed
from service.machine import locks
from service.machine.layout import Layout
from service.machine.locks import FileLock
from service.machine.metrics import (
    APPEND_BATCH,
    APPEND_SECONDS,
    COMMIT_SECONDS,
    COMMITS_FAILED,
    METRICS,
    Kind,
    Metric,
)

OTHER: Final = "other"
LABEL_CHARS: Final = 64
HEADER_BYTES: Final = 8
ENTRY_BYTES: Final = 4 + 8 + 16  # Length, the longest padding, value and time: see MmapedDict.
FOLDER_LOCK: Final = "lock"
PATIENCE_S: Final = 2.0
INFINITE: Final = "+Inf"
Role = Literal["api", "worker"]
FILES: Final[dict[Kind, str]] = {"counter": "counter", "gauge": "gauge_livesum", "histogram": "histogram"}

log = structlog.get_logger("service.machine.meter")


class Meter:
    """Counts nothing: for commands, which nobody scrapes, and for a process whose files could not be made."""

    def add(self, metric: Metric, amount: float = 1, labels: tuple[str, ...] = ()) -> None:
        """To a counter or a gauge. `labels`: a value for each of the metric's, in their order."""

    def observe(self, metric: Metric, value: float, labels: tuple[str, ...] = (), times: int = 1) -> None:
        """Into a histogram, so many times."""

    def committed(self, what: Committed) -> None:
        """One batch of a log's writer, on its thread."""
        if what.commit_s is None:
            self.add(COMMITS_FAILED)
            return
        for waited_s, appends in what.waited:
            self.observe(APPEND_SECONDS, waited_s, times=appends)
        self.observe(APPEND_BATCH, sum(appends for _, appends in what.waited))
        self.observe(COMMIT_SECONDS, what.commit_s)

    def close(self) -> None:
        """What was counted stays counted; what is a state of this process goes with it."""


SILENT: Final = Meter()


def begin(layout: Layout, role: Role) -> Meter:
    """Once per process, after its last fork. SILENT when the files cannot be made: serving people goes before
    measuring it."""
    try:
        layout.create()
        layout.metrics.mkdir(mode=0o700, exist_ok=True)
        return FileMeter(layout.metrics, role)
    except OSError as error:
        log.warning("nothing is measured", why=type(error).__name__)
        return SILENT


class FileMeter(Meter):
    """Safe from any thread. A lock is held on its files as long as the process lives."""

    def __init__(self, folder: Path, role: Role) -> None:
        """OSError; TimeoutError, which is one, when the folder stays locked."""
        told = [metric for metric in METRICS if metric.told in (role, "both")]
        self._mutex = threading.Lock()
        self._files: dict[Kind, MmapedDict] = {}  # Empty again once it is closed.
        self._series: dict[tuple[str, tuple[str, ...]], _Series] = {}
        self._count = dict.fromkeys((metric.name for metric in told), 0)
        self._process = os.urandom(8).hex()
        with require_folder(folder):  # Nobody takes files for a dead one's before the lock on them is there.
            self._presence = _present(folder / f"{FILES['counter']}_{self._process}.db")
            try:
                self._files = {
                    kind: _open(folder / f"{prefix}_{self._process}.db", kind, told) for kind, prefix in FILES.items()
                }
            except OSError:
                for prefix in FILES.values():
                    (folder / f"{prefix}_{self._process}.db").unlink(missing_ok=True)
                self._presence.release()
                raise
        for metric in told:
            for labels in metric.begun:
                self._find(metric, labels)

    def add(self, metric: Metric, amount: float = 1, labels: tuple[str, ...] = ()) -> None:
        with self._mutex:
            if self._files:
                self._find(metric, labels).add(0, amount)

    def observe(self, metric: Metric, value: float, labels: tuple[str, ...] = (), times: int = 1) -> None:
        with self._mutex:
            if self._files:
                series = self._find(metric, labels)
                series.add(0, value * times)
                series.add(1 + bisect_left(metric.buckets, value), times)

    def close(self) -> None:
        with self._mutex:
            for file in self._files.values():
                file.close()
            self._files.clear()
            self._presence.release()

    def _find(self, metric: Metric, labels: tuple[str, ...]) -> _Series:
        found = self._series.get((metric.name, labels))
        if found is not None:
            return found
        if self._count[metric.name] >= metric.most - (1 if metric.labels else 0):
            labels = (OTHER,) * len(metric.labels)
            if (found := self._series.get((metric.name, labels))) is not None:
                return found
        values = tuple(value[:LABEL_CHARS] for value in labels)
        self._count[metric.name] += 1
        made = self._series[metric.name, labels] = _Series(self._files[metric.kind], keys(metric, values))
        return made


class _Series:
    """The numbers of one metric under one set of labels, and where they lie."""

    __slots__ = ("_file", "_keys", "_values")

    def __init__(self, file: MmapedDict, names: tuple[str, ...]) -> None:
        self._file = file
        self._keys = names
        self._values = [file.read_value(name)[0] for name in names]  # Makes them, with 0.

    def add(self, index: int, amount: float) -> None:
        value = self._values[index] + amount
        self._values[index] = value
        self._file.write_value(self._keys[index], value, 0.0)


def keys(metric: Metric, values: tuple[str, ...]) -> tuple[str, ...]:
    """Under which names a series lies in its file: of a counter or gauge its own; of a histogram the sum, then the
    buckets. Help is not written there: it is the same for all."""
    if metric.kind != "histogram":
        return (mmap_key(metric.family, metric.name, list(metric.labels), list(values), ""),)
    bounds = [*(floatToGoString(bound) for bound in metric.buckets), INFINITE]
    return (
        mmap_key(metric.family, f"{metric.name}_sum", list(metric.labels), list(values), ""),
        *(
            mmap_key(metric.family, f"{metric.name}_bucket", [*metric.labels, "le"], [*values, bound], "")
            for bound in bounds
        ),
    )


def most_bytes(kind: Kind, told: list[Metric]) -> int:
    """How long a file can get: every series that there may be, under the longest labels."""
    longest = "x" * LABEL_CHARS
    return HEADER_BYTES + sum(
        metric.most * sum(ENTRY_BYTES + len(key) for key in keys(metric, (longest,) * len(metric.labels)))
        for metric in told
        if metric.kind == kind
    )


def require_folder(folder: Path) -> FileLock:
    """Held while files come, go or are read together. TimeoutError."""
    lock = locks.take(folder / FOLDER_LOCK, PATIENCE_S)
    if lock is None:
        raise TimeoutError
    return lock


def _present(path: Path) -> FileLock:
    lock = locks.take(path)
    assert lock is not None, "nobody else draws the same 64 bits"
    return lock


def _open(path: Path, kind: Kind, told: list[Metric]) -> MmapedDict:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(fd, 0, most_bytes(kind, told))
    finally:
        os.close(fd)
    return MmapedDict(str(path))
