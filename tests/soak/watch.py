"""How much memory and how many open files each part takes, over time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.e2e.stack import Role, Stack

ROLES: Final[tuple[Role, ...]] = ("api", "master", "worker:projections", "worker:uploads", "valkey", "up")
GROWTH: Final = 0.10
SLACK_MIB: Final = 24.0  # Caches that fill, freed memory that the allocator keeps.
SLACK_FILES: Final = 12.0
WARM_SHARE: Final = 0.35  # Of the time: until caches are full and every kind of work has been done.


@dataclass(slots=True)
class Watch:
    """Role → (seconds, MiB, open files) of all its processes together. Memory is private: shared pages count for
    nobody."""

    seen: dict[Role, list[tuple[float, float, int]]] = field(default_factory=dict)
    began_s: float = field(default_factory=time.monotonic)

    def look(self, stack: Stack) -> None:
        for role in ROLES:
            memory, files = 0.0, 0
            for pid in stack.pids(role):
                with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
                    memory += _private_mib(pid)
                    files += len(list(Path(f"/proc/{pid}/fd").iterdir()))
            self.seen.setdefault(role, []).append((time.monotonic() - self.began_s, memory, files))

    def growing(self) -> Iterator[str]:
        """A line for each part that takes more at the end than after it got warm."""
        for role, looks in self.seen.items():
            warm = looks[int(len(looks) * WARM_SHARE) :]
            third = max(1, len(warm) // 3)
            for at, unit, slack in ((1, "MiB", SLACK_MIB), (2, "open files", SLACK_FILES)):
                first = statistics.median(look[at] for look in warm[:third])
                last = statistics.median(look[at] for look in warm[-third:])
                if last > first * (1 + GROWTH) + slack:
                    yield f"{role}: {first:.0f} {unit} when warm, {last:.0f} at the end"

    def lines(self) -> Iterator[str]:
        for role, looks in self.seen.items():
            warm = looks[int(len(looks) * WARM_SHARE)]
            most = max(look[1] for look in looks)
            last = looks[-1]
            yield f"{role:20} {warm[1]:7.0f} → {last[1]:5.0f} MiB (most {most:.0f}), {warm[2]} → {last[2]} open files"


def _private_mib(pid: int) -> float:
    """Linux, proc_pid_smaps_rollup(5)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Private_Dirty:"):
            return int(line.split()[1]) / 1024
    return 0.0
