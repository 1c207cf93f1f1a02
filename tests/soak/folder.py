"""What the data folder and the log of the processes show once all is done: nothing died, nothing was given up, and
nothing is kept of what was forgotten."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from service.house.queue_report import QueueReport, told
from service.machine.layout import Layout
from tests.soak.ledger import Ledger

FAULTS_SHOWN: Final = 20
SHOWN_CHARS: Final = 400
BAD_LEVELS: Final = frozenset(("error", "critical"))
DEATHS: Final = frozenset(("child died", "child killed"))


def cries(lines: Iterable[str]) -> Iterator[str]:
    """Of the standard error of all processes: errors, tracebacks, and children that died. At most FAULTS_SHOWN, and how
    many more there are."""
    found = 0
    for line in lines:
        if _is_cry(line):
            found += 1
            if found <= FAULTS_SHOWN:
                yield f"in the log: {line.strip()[:SHOWN_CHARS]}"
    if found > FAULTS_SHOWN:
        yield f"in the log: {found - FAULTS_SHOWN} more of these"


def _is_cry(line: str) -> bool:
    if "Traceback (most recent call last)" in line:
        return True
    try:
        event = json.loads(line)
    except ValueError:
        return False  # Valkey writes as it likes; and where a traceback begins has been seen.
    return isinstance(event, dict) and (
        event.get("level") in BAD_LEVELS or "exception" in event or event.get("event") in DEATHS
    )


def is_idle(data: Path, since_us: int) -> bool:
    """Whether it was told since then that nobody has anything left to do. Once it is, nothing comes after it: each job
    sends the next before it ends."""
    report = told(Layout(data))
    return (
        report is not None
        and report.at_us > since_us
        and not any(state.waiting or state.delayed for state in report.queues.values())
        and not any(Layout(data).spool.iterdir())
    )


def given_up(report: QueueReport | None) -> Iterator[str]:
    """A line for each queue that has jobs nobody will do."""
    if report is None:
        yield "nobody told how the queues stand"
        return
    for name, state in report.queues.items():
        if state.failed:
            errors = sorted({f"{job.actor}: {job.error}" for job in report.failed if job.queue == name})
            yield f"queue {name}: {state.failed} jobs were given up ({', '.join(errors)})"


def failed_commits(metrics: str) -> Iterator[str]:
    """Of the text of /metrics: it has no line for what never happened."""
    samples = [line.split() for line in metrics.splitlines() if line.startswith("strongroom_")]
    if not any(sample[0] == "strongroom_log_position" for sample in samples):
        yield "/metrics does not say how long the log is"
    failed = sum(float(sample[-1]) for sample in samples if sample[0].startswith("strongroom_commits_failed_total"))
    if failed:
        yield f"{failed:.0f} commits failed"


@dataclass(frozen=True, slots=True)
class Remains:
    """What a folder that nobody works on has. `keys`: the streams (`chat-…`, `file-…`) that have one. `lies_in`: each
    file's blob. `blobs`: ids of what lies in `blobs/` as itself. `renditions`: ids that something derived lies there
    of. `spools`: what lies in `spool/`, and keys for it."""

    keys: frozenset[str]
    lies_in: dict[str, str]
    blobs: frozenset[str]
    renditions: frozenset[str]
    spools: frozenset[str]


def remains(data: Path) -> Remains:
    layout = Layout(data)
    with closing(sqlite3.connect(f"file:{layout.keyring}?mode=ro", uri=True)) as keyring:
        keys = frozenset(stream for (stream,) in keyring.execute("SELECT stream FROM stream_key"))
        lies_in = dict(keyring.execute("SELECT file_id, blob_id FROM blob_key"))
        spool_keys = {file_id for (file_id,) in keyring.execute("SELECT file_id FROM spool_key")}
    names = [path.name.split(".") for path in layout.blobs.rglob("*") if path.is_file()]
    return Remains(
        keys=keys,
        lies_in=lies_in,
        blobs=frozenset(name[0] for name in names if len(name) == 2),
        renditions=frozenset(name[0] for name in names if len(name) != 2),
        spools=frozenset({path.name.split(".")[0] for path in layout.spool.iterdir()} | spool_keys),
    )


def unforgotten(there: Remains, ledgers: Iterable[Ledger]) -> Iterator[str]:
    """A line for each key or file that is too many or too few for what there still is."""
    ledgers = list(ledgers)
    files = {one for ledger in ledgers for one in ledger.files}
    chats = {one for ledger in ledgers for one in ledger.chats}
    yield from _unlike("key", there.keys, {f"file-{one}" for one in files} | {f"chat-{one}" for one in chats})
    yield from _unlike("way to a blob", there.lies_in.keys(), files)
    # Files of one person that have the same content lie in one blob, so it is their blobs that are counted.
    yield from _unlike("blob", there.blobs, set(there.lies_in.values()))
    for one in there.renditions - there.blobs:
        yield f"blob {one}: what was derived from it is left over"
    for one in there.spools:
        yield f"spool {one}: left over"


def _unlike(what: str, there: Iterable[str], wanted: set[str]) -> Iterator[str]:
    for one in there:
        if one not in wanted:
            yield f"{what} {one}: left over"
    for one in wanted.difference(there):
        yield f"{what} {one}: missing"
