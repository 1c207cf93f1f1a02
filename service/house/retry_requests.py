"""Jobs that were given up and are to be done again: asked for by the API, which may not touch the queue, and taken by
the worker that relays.

A request is an empty file in `run/retries/`, named by the job's id or `all`. It is not fsynced: losing one loses
nothing, the job still stands in the report and is asked for again.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Final

import msgspec

from service.machine.errors import Busy
from service.machine.layout import Layout

ALL: Final = "all"
ASKED_MAX: Final = 1_000
_NAME: Final = re.compile(r"all|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Asked(msgspec.Struct, frozen=True):
    """`job`: an id, or ALL: whatever was given up before `at_us`."""

    job: str
    at_us: int


def ask(layout: Layout, job: str) -> None:
    """Asked twice, it is one request. ValueError for what is no name of a job; Busy while ASKED_MAX of them wait;
    OSError."""
    path = _path(layout, job)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if sum(1 for _ in path.parent.iterdir()) >= ASKED_MAX:
        raise Busy("Many jobs wait to be done again, and no worker takes them. Try again.")
    path.touch(mode=0o600)
    now_ns = time.time_ns()
    os.utime(path, ns=(now_ns, now_ns))  # By itself a file system tells the time of the last tick, some ms ago.


def asked(layout: Layout) -> list[Asked]:
    """What waits, at most ASKED_MAX; what somebody else has put there is left alone. OSError."""
    found: list[Asked] = []
    try:
        with os.scandir(layout.retries) as entries:
            for entry in entries:
                if len(found) == ASKED_MAX:
                    break
                if _NAME.fullmatch(entry.name) is not None and entry.is_file(follow_symlinks=False):
                    found.append(Asked(entry.name, entry.stat(follow_symlinks=False).st_mtime_ns // 1_000))
    except FileNotFoundError:
        pass  # Nobody has ever asked.
    return found


def finish(layout: Layout, request: Asked) -> None:
    """Carried out. Stays when it was asked for again meanwhile: that is done the next time."""
    path = _path(layout, request.job)
    try:
        if path.stat(follow_symlinks=False).st_mtime_ns // 1_000 == request.at_us:
            path.unlink()
    except FileNotFoundError:
        pass


def _path(layout: Layout, job: str) -> Path:
    if _NAME.fullmatch(job) is None:
        raise ValueError("that names no job")
    return layout.retries / job
