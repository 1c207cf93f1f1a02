"""How much memory and how many open files each part takes, over time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.e2e.stack import ROLES, Role, Stack
from tests.soak.growth import Limit, trend

API_MEMORY: Final = Limit("MiB", per_hour=40.0, least=12.0)
MEMORY: Final = Limit("MiB", per_hour=20.0, least=6.0)
FILES: Final = Limit("open files", per_hour=6.0, least=4.0)
WARM_SHARE: Final = 0.35  # Of the time: until caches are full and every kind of work has been done.
LOOKS_LEAST: Final = 8  # Fewer make no slope.
_OWN: Final = ("Private_Dirty:", "Swap:")  # What was swapped out is in no other line, and a leak is what goes first.


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
                    memory += own_mib(Path(f"/proc/{pid}/smaps_rollup").read_text())
                    files += len(list(Path(f"/proc/{pid}/fd").iterdir()))
            self.seen.setdefault(role, []).append((time.monotonic() - self.began_s, memory, files))

    def growing(self) -> Iterator[str]:
        """A line for each part that takes more and more, once it is warm."""
        for role, looks in self.seen.items():
            warm = looks[int(len(looks) * WARM_SHARE) :]
            if len(warm) < LOOKS_LEAST:
                yield f"{role}: looked at {len(looks)} times, which shows nothing"
                continue
            for at, limit in ((1, API_MEMORY if role == "api" else MEMORY), (2, FILES)):
                found = trend([(look[0], look[at]) for look in warm])
                if found.exceeds(limit):
                    yield f"{role}: grows by {found.per_hour:.1f} {limit.unit} an hour ({found.gain:.1f} while watched)"

    def lines(self) -> Iterator[str]:
        for role, looks in self.seen.items():
            warm = looks[int(len(looks) * WARM_SHARE)]
            most = max(look[1] for look in looks)
            last = looks[-1]
            yield f"{role:20} {warm[1]:7.0f} → {last[1]:5.0f} MiB (most {most:.0f}), {warm[2]} → {last[2]} open files"


def own_mib(rollup: str) -> float:
    """Of the text of /proc/<pid>/smaps_rollup, proc(5): what is the process's alone, in memory or in swap."""
    return sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith(_OWN)) / 1024
