"""How much lies in `blobs/` and `spool/`: counted folder by folder, beside everything else, and at most once a minute.

Walking a million files takes seconds, so nobody waits for it. All processes share what one has counted, in a small file
in `run/`; losing it has it counted again.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from service.house.log_key import read_file
from service.machine import locks
from service.machine.layout import Layout, replace_file

FRESH_US: Final = 60_000_000
REST_FACTOR: Final = 20
"""A count that took long is good for as many times as long: it takes a twentieth of a processor at most."""
LONGEST_S: Final = 300.0  # What takes longer is given up: the disk has other troubles then.


class StorageCount(msgspec.Struct, frozen=True):
    """`spools`: uploads under way, and files that a worker has not done with. `took_us`: how long it took to count."""

    at_us: int
    took_us: int
    blobs: int
    blob_bytes: int
    spools: int
    spool_bytes: int


def last_count(layout: Layout) -> StorageCount | None:
    """None when nobody has counted yet."""
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(read_file(layout.storage_count) or b"", type=StorageCount)
    return None


def count_aside(layout: Layout, clock_us: Callable[[], int]) -> threading.Thread | None:
    """Counts on a thread of its own, unless the last count is fresh or somebody is at it; it holds nothing up, not even
    the end of the process."""
    last = last_count(layout)
    if last is not None and 0 <= clock_us() - last.at_us < max(FRESH_US, REST_FACTOR * last.took_us):
        return None
    thread = threading.Thread(target=_count, args=(layout, clock_us), name="storage-count", daemon=True)
    thread.start()
    return thread


def _count(layout: Layout, clock_us: Callable[[], int]) -> None:
    with suppress(OSError):  # A folder that cannot be read, a full disk: the last count stays, and grows old.
        lock = locks.take(layout.run / "storage.lock")
        if lock is None:
            return
        with lock:
            began_s = time.monotonic()
            until_s = began_s + LONGEST_S
            blobs, blob_bytes = _walk(layout.blobs, until_s)
            spools, spool_bytes = _walk(layout.spool, until_s)
            took_us = int((time.monotonic() - began_s) * 1_000_000)
            found = StorageCount(clock_us(), took_us, blobs, blob_bytes, spools, spool_bytes)
            replace_file(layout.storage_count, msgspec.json.encode(found), durable=False)


def _walk(folder: Path, until_s: float) -> tuple[int, int]:
    """(files, bytes) in it and in its folders. TimeoutError, an OSError."""
    files, size_bytes, began_s = 0, 0, time.thread_time()
    folders: list[str | Path] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
                continue
            with suppress(FileNotFoundError):  # Deleted meanwhile.
                size_bytes += entry.stat(follow_symlinks=False).st_size
                files += 1
    if time.monotonic() > until_s:
        raise TimeoutError
    time.sleep(time.thread_time() - began_s)  # As long as it took: an event loop runs in this process, too.
    for each in folders:
        more_files, more_bytes = _walk(Path(each), until_s)
        files, size_bytes = files + more_files, size_bytes + more_bytes
    return files, size_bytes
