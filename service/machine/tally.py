"""What all processes of a folder have counted, put together: the living, and those that have ended.

Who lives is told by the lock on its files, which the kernel drops however a process ends. Of a dead one the gauges go;
its counters and histograms are added to those of all the dead, in one file of each kind, so that no counter ever goes
back and restarts do not fill the folder.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
import structlog
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

from service.machine import locks
from service.machine.layout import Layout
from service.machine.meter import FILES, FOLDER_LOCK, HEADER_BYTES, INFINITE, require_folder
from service.machine.metrics import METRICS, Metric

GONE: Final = "gone"
log = structlog.get_logger(__name__)
BY_FAMILY: Final = {metric.family: metric for metric in METRICS}


class Tally(msgspec.Struct, frozen=True):
    """`families`: as prometheus_client writes them out, with their help. `processes`: how many live."""

    families: list[Family]
    processes: int


def tally(layout: Layout) -> Tally:
    """Takes some milliseconds. TimeoutError when the folder stays locked."""
    folder = layout.metrics
    if not folder.is_dir():
        return Tally([], 0)
    with require_folder(folder):
        living = _fold_dead(folder)
        # A process that was killed while it made its files left one empty; on a full disk it stays for a while.
        paths = [str(path) for path in folder.glob("*.db") if path.stat().st_size >= HEADER_BYTES]
        families = MultiProcessCollector.merge([path for path in paths if _can_be_read(path)], accumulate=True)
        return Tally(list(_described(families)), living)


def _can_be_read(path: str) -> bool:
    """One file that somebody spoilt silences nothing but itself."""
    try:
        for key, _, _, _ in MmapedDict.read_all_values_from_file(path):
            msgspec.json.decode(key)
    except (OSError, ValueError, RuntimeError, struct.error, msgspec.MsgspecError) as error:
        log.warning("counters cannot be read", file=path.rpartition("/")[2], error=type(error).__name__)
        return False
    return True


def clear(layout: Layout) -> None:
    """Away with what processes of an earlier start, perhaps of another release, have counted. What cannot be removed
    is counted on: no reason not to start."""
    with suppress(OSError), require_folder(layout.metrics):
        for path in layout.metrics.iterdir():
            if path.name != FOLDER_LOCK:
                path.unlink()


def _described(families: Iterable[Family]) -> Iterator[Family]:
    for family in families:
        if (metric := BY_FAMILY.get(family.name)) is not None:  # Else a process of another release still lives.
            family.documentation = metric.help
            yield family


def _fold_dead(folder: Path) -> int:
    """How many live."""
    living = 0
    for path in sorted(folder.glob(f"{FILES['counter']}_*.db")):
        process = path.stem.rpartition("_")[2]
        if process == GONE:
            continue
        if locks.is_held(path):
            living += 1
        else:
            with suppress(OSError):  # A full disk: what it counted is read from its own files until there is room.
                _fold(folder, process)
    return living


def _fold(folder: Path, process: str) -> None:
    """A crash in between counts one kind twice at worst; the counters' file, which has it found, goes last."""
    (folder / f"{FILES['gauge']}_{process}.db").unlink(missing_ok=True)
    for prefix in (FILES["histogram"], FILES["counter"]):
        path, gone = folder / f"{prefix}_{process}.db", folder / f"{prefix}_{GONE}.db"
        total: dict[str, float] = {}
        for each in (gone, path):
            for key, value in _numbers(each):
                total[key] = total.get(key, 0.0) + value
        draft = gone.with_suffix(".draft")
        try:
            draft.write_bytes(_encoded(total))
            draft.replace(gone)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        path.unlink(missing_ok=True)


def _numbers(path: Path) -> Iterator[tuple[str, float]]:
    """Those of this release: another one's may have other labels or buckets. Whoever was killed while it made the file
    has written nothing into it."""
    if not path.exists() or path.stat().st_size < HEADER_BYTES or not _can_be_read(str(path)):
        return
    for key, value, _, _ in MmapedDict.read_all_values_from_file(str(path)):
        family, _, labels, _ = msgspec.json.decode(key, type=tuple[str, str, dict[str, str], str])
        metric = BY_FAMILY.get(family)
        if metric is not None and _fits(metric, labels):
            yield key, value


def _fits(metric: Metric, labels: dict[str, str]) -> bool:
    bound = labels.pop("le", INFINITE)
    return labels.keys() == set(metric.labels) and (bound == INFINITE or float(bound) in metric.buckets)


def _encoded(numbers: dict[str, float]) -> bytes:
    """A file as `MmapedDict` has them: how much is used; then length, padded key, value and time of each. Written
    whole, and not through a map: a full disk is an error here, and nothing worse."""
    entries = bytearray()
    for key, value in numbers.items():
        data = key.encode()
        padding = b" " * (8 - (len(data) + 4) % 8)
        entries += struct.pack("i", len(data)) + data + padding + struct.pack("dd", value, 0.0)
    return struct.pack("ii", 8 + len(entries), 0) + bytes(entries)
