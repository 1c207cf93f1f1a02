"""Files in `blobs/` and `spool/` that nobody names: what a crash or a foreign hand left.

What is under way is told from it by locks (a blob or spool being written is locked by its writer), by the log (what a
job has written and not recorded belongs to a file that is being processed) and by looking twice. The sweeper comes by
most of it in time; this looks at all of it at once.
"""

from __future__ import annotations

import itertools
import os
import re
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from service.house.house import House
from service.processing.storing import load_file
from service.upkeep.lost import wants_blob, wants_spool
from vault.blobs import PART_SUFFIX
from vault.durable import is_abandoned, remove_abandoned

SUSPECTS: Final = 1_000
SETTLE_S: Final = 0.05  # Between the end of a key and that of its bytes there are some milliseconds.
_BLOB_NAME: Final = re.compile(r"(?P<blob_id>[^.]+)(?:\.(?P<rendition>[^.]+))?\.blob")
_FOREIGN: Final = "is nothing that Strongroom puts here"


class Leftover(msgspec.Struct, frozen=True):
    """`ours`: made by Strongroom, so that it may be removed; what is not is left to whoever put it there."""

    path: Path
    why: str
    ours: bool


def leftovers(house: House) -> Iterator[Leftover]:
    """All of them, in bounded memory, while others write and delete."""
    yield from _lasting(_blob_paths(house), lambda path: _judge_blob(house, path))
    yield from _lasting(_listing(house.layout.spool), lambda path: _judge_spool(house, path))


def remove(left: Leftover, before_us: int) -> bool:
    """True if it is gone now. Not what was written since `before_us`, nor what somebody has a lock on."""
    return left.ours and _mtime_us(left.path) < before_us and remove_abandoned(left.path)


def original_bytes(house: House) -> int:
    """What all blobs have that are not derived from another, as of now."""
    return sum(_size_bytes(path) for path in _blob_paths(house) if path.name.count(".") == 1)


def _lasting(paths: Iterable[Path], judge: Callable[[Path], Leftover | None]) -> Iterator[Leftover]:
    """What `judge` condemns, and condemns again a moment later: what was being deleted is gone by then."""
    suspects = (path for path in paths if judge(path) is not None)
    while batch := list(itertools.islice(suspects, SUSPECTS)):
        time.sleep(SETTLE_S)
        yield from (left for path in batch if (left := judge(path)) is not None)


def _judge_blob(house: House, path: Path) -> Leftover | None:
    if not _is_file(path):
        return _foreign(path)
    if path.name.endswith(PART_SUFFIX):
        return Leftover(path, "is a write that was cut off", ours=True) if is_abandoned(path) else None
    named = _BLOB_NAME.fullmatch(path.name)
    if named is None or path != house.layout.blob_file(named["blob_id"], named["rendition"] or ""):
        return _foreign(path)
    why = _why_unwanted(house, named["blob_id"])
    return Leftover(path, why, ours=True) if why is not None and path.exists() else None


def _why_unwanted(house: House, blob_id: str) -> str | None:
    # What is derived from a blob is wanted as long as the blob is: some of it is made on demand, and in no event.
    if house.keyring.blob_in_use(blob_id):
        return None
    loaded = load_file(house.log, blob_id)
    if loaded is None:
        return "belongs to a file that the log does not know"
    if loaded.state.status == "deleted":
        return "belongs to a file that is deleted"
    # A key alone that is missing tells nothing: see service/upkeep/lost.py.
    return None if wants_blob(house.log, blob_id) else "belongs to an account that is erased"


def _judge_spool(house: House, path: Path) -> Leftover | None:
    if not _is_file(path) or path.suffix != ".spool":
        return _foreign(path)
    if not is_abandoned(path) or house.keyring.spool_key(path.stem) is not None or house.pending.has(path.stem):
        return None
    if wants_spool(house.log, path.stem):
        return None
    return Leftover(path, "is an upload that nobody can open", ours=True)


def _foreign(path: Path) -> Leftover | None:
    return Leftover(path, _FOREIGN, ours=False) if _status(path) is not None else None


# -- the folders -------------------------------------------------------------------------------------------------


def _blob_paths(house: House) -> Iterator[Path]:
    """Everything below `blobs/`, folder by folder."""
    for path in _listing(house.layout.blobs):
        yield from _listing(path) if path.is_dir() and not path.is_symlink() else (path,)


def _listing(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in entries:
            yield Path(entry.path)


def _is_file(path: Path) -> bool:
    status = _status(path)
    return status is not None and stat.S_ISREG(status.st_mode)


def _size_bytes(path: Path) -> int:
    status = _status(path)
    return 0 if status is None else status.st_size


def _mtime_us(path: Path) -> int:
    """Of what is gone: never old enough."""
    status = _status(path)
    return 1 << 62 if status is None else status.st_mtime_ns // 1_000


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None
