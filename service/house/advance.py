"""How far the processing of each file has come: told by the worker that is at it, read by whoever shows the file.

It is in no log and needs no queue: `run/progress/<file id>` holds the share that is done, a number of 8 bytes that is
overwritten where it stands. Losing it loses nothing. A worker that is killed leaves its file behind; whoever takes the
job over overwrites it, and the sweeper removes it once the file is not being processed any more.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final, Self

from service.house.house import House
from service.machine.layout import Layout

TELL_EVERY_S: Final = 0.25
MOST_FILES: Final = 1_000  # Far more than workers of one machine process at once.
_SHARE: Final = struct.Struct(">d")


class Advance:
    """Around the processing of one file. What is done within a quarter of a second is never told: most files are, and
    each would cost a file of its own."""

    __slots__ = ("_clock_s", "_descriptor", "_done", "_path", "_told_at_s", "_whole")

    def __init__(self, layout: Layout, file_id: str, whole: int, clock_s: Callable[[], float] = time.monotonic) -> None:
        """`whole`: what all calls of `add` will have added, in whatever unit."""
        self._path = _path(layout, file_id)
        self._whole = max(whole, 1)
        self._done = 0
        self._clock_s = clock_s
        self._descriptor: int | None = None
        self._told_at_s = clock_s()

    def add(self, done: int) -> None:
        """So much more is done; cheap enough to be called for every piece. Never raises for a disk that is full: the
        work counts, not the tale of it."""
        self._done += done
        now_s = self._clock_s()
        if now_s - self._told_at_s < TELL_EVERY_S:
            return
        self._told_at_s = now_s
        try:
            if self._descriptor is None:
                self._path.parent.mkdir(mode=0o700, exist_ok=True)
                self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.pwrite(self._descriptor, _SHARE.pack(min(self._done / self._whole, 1.0)), 0)
        except OSError:
            return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Takes back what was told, also by a worker before that was killed. Idempotent."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        with suppress(OSError):
            self._path.unlink()


def share_done(layout: Layout, file_id: str) -> float | None:
    """From 0 to 1; None when nobody has told."""
    try:
        descriptor = os.open(_path(layout, file_id), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        data = os.pread(descriptor, _SHARE.size, 0)
    finally:
        os.close(descriptor)
    if len(data) != _SHARE.size:
        return None  # Made in this instant, and empty yet.
    (share,) = _SHARE.unpack(data)
    return float(share) if 0.0 <= share <= 1.0 else None


def being_told(layout: Layout) -> list[str]:
    """Ids of the files that somebody tells of, or told of before being killed; at most MOST_FILES."""
    try:
        with os.scandir(_folder(layout)) as entries:
            return [entry.name for entry in islice(entries, MOST_FILES)]
    except FileNotFoundError:
        return []


def shares_of(house: House, user: str) -> dict[str, float]:
    """File → share, of this user's files that the tables have as being processed."""
    found: dict[str, float] = {}
    for file_id in being_told(house.layout):
        row = house.reader.file(user, file_id)
        if row is not None and row.status == "processing" and (share := share_done(house.layout, file_id)) is not None:
            found[file_id] = share
    return found


def forget_advance(layout: Layout, file_id: str) -> None:
    """Idempotent."""
    _path(layout, file_id).unlink(missing_ok=True)


def _folder(layout: Layout) -> Path:
    return layout.run / "progress"


def _path(layout: Layout, file_id: str) -> Path:
    return _folder(layout) / file_id
