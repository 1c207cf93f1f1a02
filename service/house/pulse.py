"""Signs of life: which queues have a living worker, and whether the queue answered lately. Readable without a
client of the queue, by whoever sees the data folder.

`run/<queue>.pulse` is locked (shared) by every worker of that queue while it lives, and holds the moment of
the last answer of the queue itself: nanoseconds of the monotonic clock, which all processes of a machine
share.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final, Self

from service.machine import locks
from service.machine.layout import Layout

QUEUES: Final = ("projections", "uploads", "media", "transcripts")
FRESH_NS: Final = 3_000_000_000
_DIGITS: Final = 20


class Pulse:
    """The sign of one worker process for one queue."""

    __slots__ = ("_lock",)

    def __init__(self, layout: Layout, queue_name: str) -> None:
        self._lock = locks.share(pulse_file(layout, queue_name))

    def beat(self, *, queue_ok: bool) -> None:
        """Once a second or so; `queue_ok`: the queue has just answered."""
        if queue_ok:
            os.pwrite(self._lock.fd, b"%0*d" % (_DIGITS, time.monotonic_ns()), 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._lock.release()


def pulses(layout: Layout) -> dict[str, bool]:
    """What works: each of QUEUES, and `queue`. Costs a few system calls."""
    beating = {name: locks.is_held(pulse_file(layout, name)) for name in QUEUES}
    return {**beating, "queue": any(_queue_is_fresh(pulse_file(layout, name)) for name in QUEUES)}


def pulse_file(layout: Layout, queue_name: str) -> Path:
    return layout.run / f"{queue_name}.pulse"


def _queue_is_fresh(path: Path) -> bool:
    try:
        age_ns = time.monotonic_ns() - int(path.read_bytes())
    except (FileNotFoundError, ValueError):  # ValueError: no beat yet.
        return False
    return 0 <= age_ns <= FRESH_NS  # Below zero: written before the machine was started anew.
