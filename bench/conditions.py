"""What the figures were measured on, and whether anything else was running meanwhile."""

from __future__ import annotations

import os
import platform
import time
from datetime import UTC, datetime
from pathlib import Path

import apsw
import msgspec

from bench.figures import percentile, repeat

QUIET_WATCH_S = 0.5
LOUD_SHARE = 0.10  # Of the processors' time used by others: more than this and the table says so.
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class ProcessorTime(msgspec.Struct, frozen=True):
    """Seconds since the machine started, over all processors. `stolen_s`: taken by the host of a virtual machine."""

    busy_s: float
    stolen_s: float
    at_s: float

    @classmethod
    def now(cls) -> ProcessorTime:
        fields = [int(word) / TICKS_PER_S for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
        user_s, nice_s, system_s, _idle_s, _iowait_s, irq_s, softirq_s, stolen_s, *_ = fields
        return cls(user_s + nice_s + system_s + irq_s + softirq_s, stolen_s, time.monotonic())


class Conditions(msgspec.Struct):
    """`facts` as they stand above the table; `warnings` under it."""

    facts: dict[str, str]
    warnings: list[str]


class Watch:
    """From before the first measurement to after the last."""

    def __init__(self, folder: Path) -> None:
        idle = ProcessorTime.now()
        time.sleep(QUIET_WATCH_S)
        self._began = ProcessorTime.now()
        self._own_s = _own_s()
        self._cores = len(os.sched_getaffinity(0))
        self._warnings: list[str] = []
        share = (self._began.busy_s - idle.busy_s) / (self._began.at_s - idle.at_s) / self._cores
        if share > LOUD_SHARE:
            self._warnings.append(f"Before it began, other work used {share:.0%} of the processors.")
        self._facts = {**_machine(folder), "load average at start": _load()}

    def end(self, warnings: list[str]) -> Conditions:
        now = ProcessorTime.now()
        available_s = (now.at_s - self._began.at_s) * self._cores
        others = max(0.0, now.busy_s - self._began.busy_s - (_own_s() - self._own_s)) / available_s
        stolen = (now.stolen_s - self._began.stolen_s) / available_s
        facts = {
            **self._facts,
            "load average at end": _load(),
            "other work meanwhile": f"{others:.0%} of the processors",
            "taken by the host": f"{stolen:.1%}",
            "duration": f"{now.at_s - self._began.at_s:.0f} s",
        }
        warnings = self._warnings + warnings
        if others > LOUD_SHARE:
            warnings.append(f"The machine was not quiet: other work used {others:.0%} of the processors.")
        if stolen > LOUD_SHARE:
            warnings.append(f"The machine's host took {stolen:.0%} of the processors.")
        return Conditions(facts, warnings)


def sync_times(folder: Path, most_s: float) -> list[float]:
    """Seconds of each write of one 4 KiB block at the end of a file and its fdatasync."""
    block = os.urandom(4096)
    path = folder / "sync"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:

        def once() -> None:
            os.write(descriptor, block)
            os.fdatasync(descriptor)

        return repeat(once, most_s, least=20)
    finally:
        os.close(descriptor)
        path.unlink()


def _machine(folder: Path) -> dict[str, str]:
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": f"{_processor()}, {len(os.sched_getaffinity(0))} cores",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "SQLite": apsw.sqlite_lib_version(),
        "file system": _file_system(folder),
        "fdatasync of 4 KiB": f"{percentile(sync_times(folder, 0.2), 50) * 1e3:.2f} ms at the median",
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _file_system(folder: Path) -> str:
    """Of the longest mount point above the folder."""
    best, kind = "", "unknown"
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, point, found, *_ = line.split()
        if folder.resolve().is_relative_to(point) and len(point) >= len(best):
            best, kind = point, found
    return kind


def _load() -> str:
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def _own_s() -> float:
    """Processor time of this process and of all it started and waited for."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system
