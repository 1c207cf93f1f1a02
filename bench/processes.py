"""What a tree of processes has cost so far, from /proc: processor time and peak memory by role."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bench.conditions import TICKS_PER_S
from bench.figures import MEGABYTE

PROC = Path("/proc")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Usage(msgspec.Struct, frozen=True):
    """`peak_bytes`: the largest resident set that one process of the role has ever had (VmHWM)."""

    cpu_s: float = 0.0
    peak_bytes: int = 0

    def plus(self, other: Usage) -> Usage:
        return Usage(self.cpu_s + other.cpu_s, max(self.peak_bytes, other.peak_bytes))


Usages = dict[str, Usage]


def usage_by_role(root: int) -> Usages:
    """Of the process and all below it. What ends in between is left out."""
    roles: Usages = {}
    for pid in _tree(root):
        try:
            role, usage = _role(pid), _usage(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue
        roles[role] = roles.get(role, Usage()).plus(usage)
    return roles


class Resident(msgspec.Struct, frozen=True):
    """What one process holds and has spent just now. `cpu_s` counts nanoseconds where `Usage` counts clock ticks: for
    what costs next to nothing."""

    memory_bytes: int
    cpu_s: float


def resident(root: int, role: str) -> Resident:
    """Of the largest process of a role. RuntimeError if there is none."""
    found = [_resident(pid) for pid in _tree(root) if _role(pid) == role]
    if not found:
        raise RuntimeError(f"no process is {role}")
    return max(found, key=lambda one: one.memory_bytes)


def spent_ms(before: Usages, after: Usages, roles: str, each: float) -> float:
    """Processor milliseconds that roles whose names begin so spent on each of `each`."""
    spent_s = sum(
        usage.cpu_s - before.get(role, Usage()).cpu_s for role, usage in after.items() if role.startswith(roles)
    )
    return 1e3 * spent_s / max(each, 1)


def peaks(usages: Usages) -> str:
    """For the table: `api 61 MB, worker:uploads 48 MB`."""
    shown = sorted(usages.items(), key=lambda item: -item[1].peak_bytes)
    return "peak memory: " + ", ".join(f"{role} {usage.peak_bytes / MEGABYTE:.0f} MB" for role, usage in shown)


def largest_mb(usages: Usages) -> float:
    return max(usage.peak_bytes for usage in usages.values()) / MEGABYTE


def _tree(root: int) -> Iterator[int]:
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        yield pid
        try:
            for task in (PROC / str(pid) / "task").iterdir():
                waiting += [int(word) for word in (task / "children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue


def _role(pid: int) -> str:
    words = (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    line = " ".join(words)
    if "workers.main" in line:
        return f"worker:{words[words.index('--queues') + 1]}"
    if "gunicorn" in line or "strongroom-api" in line:
        return "api"
    return "queue" if "valkey" in line else "up"


def _resident(pid: int) -> Resident:
    pages = int((PROC / str(pid) / "statm").read_text().split()[1])
    spent_ns = sum(int((task / "schedstat").read_text().split()[0]) for task in (PROC / str(pid) / "task").iterdir())
    return Resident(pages * PAGE_BYTES, spent_ns / 1e9)


def _usage(pid: int) -> Usage:
    fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    cpu_s = (int(fields[11]) + int(fields[12])) / TICKS_PER_S
    peak_bytes = 0
    for line in (PROC / str(pid) / "status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            peak_bytes = int(line.split()[1]) * 1024
    return Usage(cpu_s, peak_bytes)
