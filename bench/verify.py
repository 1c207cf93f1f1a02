"""Auditing a data folder, in a process of its own: what it must hash alone, then all of it, with one process at work
and with one for each core."""

from __future__ import annotations

import hashlib
import resource
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.child import Child, carry_out, cpu_s
from bench.figures import MEGABYTE
from bench.report import Row, Target
from bench.stage import Stage
from eventstore.merkle import perfect_root
from eventstore.tiles import WIDTH
from eventstore.verify.checkpoints import Policy
from eventstore.verify.crew import without_collector
from eventstore.verify.data_folder import verify_folder
from eventstore.verify.database import reading
from eventstore.verify.envelopes import leaf_hashes
from eventstore.verify.rows import PAGE_ROWS
from service.audit.auditing import most_hands
from tests.eventstore.made_log import SIGNER, made_log

MOST_S: Final = 600.0
HASHED_EVENTS: Final = 256 * WIDTH  # Hashed alone: enough of them to be measured.


class Audit(msgspec.Struct, frozen=True):
    """`hands` = 0: only the hashing, of rows that are in memory already."""

    data: str
    hands: int


class Audited(msgspec.Struct, frozen=True):
    """`cpu_s` and `peak_bytes` are those of all processes together and of the largest one."""

    events: int
    took_s: float
    cpu_s: float
    peak_bytes: int


def measure(stage: Stage) -> None:
    data = stage.room("verify") / "data"
    made_log(data, stage.scale.audited_events)
    _hashing(stage, data)
    alone = _whole(stage, data, 1)
    together = _whole(stage, data, most_hands())
    row = Row(
        key="verify.memory",
        what="audit, largest process",
        value=max(alone.peak_bytes, together.peak_bytes) / MEGABYTE,
        unit="MB",
        detail=f"peak memory, {alone.events:,} events",
        target=Target(100, at_least=False),
    )
    stage.report.add(row)


def _hashing(stage: Stage, data: Path) -> None:
    found = _audited(data, 0)
    row = Row(
        key="verify.hashing",
        what="audit, its hashing alone, a core",
        value=found.events / found.cpu_s,
        unit="/s",
        detail=f"leaf hash, sealed part and tree of {found.events:,} events, by processor time",
        target=Target(300_000),
    )
    stage.report.add(row)


def _whole(stage: Stage, data: Path, hands: int) -> Audited:
    found = _audited(data, hands)
    cpu_us = found.cpu_s / found.events * 1e6
    row = Row(
        key=f"verify.{hands}",
        what=f"audit, all of it, {hands} process{'es' if hands > 1 else ''}",
        value=found.events / found.took_s,
        unit="/s",
        detail=f"{found.events:,} events of a data folder; {cpu_us:.1f} processor µs an event",
        against=("verify.1",) if hands > 1 else (),
    )
    stage.report.add(row)
    return found


def _audited(data: Path, hands: int) -> Audited:
    return Child("bench.verify", Audit(str(data), hands), Audited, MOST_S).outcome()


def _carry_out(order: Audit) -> Audited:
    if order.hands == 0:
        return _hash(Path(order.data))
    began_s, spent_s = time.perf_counter(), _all_cpu_s()
    verdict = verify_folder(Path(order.data), Policy(key=SIGNER.verifier), lambda _done, _total: None, order.hands)
    if not verdict.sound:
        raise RuntimeError(verdict.findings[0].line)
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10
    took_s, cpu_all_s = time.perf_counter() - began_s, _all_cpu_s() - spent_s
    return Audited(verdict.checked, took_s, cpu_all_s, max(_peak_bytes(), children))


def _hash(data: Path) -> Audited:
    events, took_s, spent_s = 0, 0.0, 0.0
    sql = "SELECT envelope, sealed FROM events WHERE position > ? ORDER BY position LIMIT ?"
    with reading(data / "events.db") as connection, without_collector():
        page: list[tuple[Any, ...]]
        while events < HASHED_EVENTS and (page := connection.execute(sql, (events, PAGE_ROWS)).fetchall()):
            envelopes: tuple[bytes, ...]
            sealed: tuple[bytes, ...]
            envelopes, sealed = zip(*page, strict=True)
            began_s, began_cpu_s = time.perf_counter(), cpu_s()
            leaves = leaf_hashes(envelopes)
            for start in range(0, len(leaves) - WIDTH + 1, WIDTH):
                perfect_root(leaves[start : start + WIDTH])
            for part in sealed:
                hashlib.sha256(part).hexdigest()
            took_s, spent_s = took_s + time.perf_counter() - began_s, spent_s + cpu_s() - began_cpu_s
            events += len(page)
    return Audited(events, took_s, spent_s, _peak_bytes())


def _all_cpu_s() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return cpu_s() + children.ru_utime + children.ru_stime


def _peak_bytes() -> int:
    """Of this process. Its `ru_maxrss` would begin with that of whoever started it."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM"))


if __name__ == "__main__":
    carry_out(Audit, _carry_out)
