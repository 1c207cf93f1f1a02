"""Logs that grow, and what an auditor would say of them."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import apsw

from eventstore.checkpoint import Checkpoint, open_checkpoint
from eventstore.merkle import Frontier
from eventstore.note import parse_key
from eventstore.record import Append
from service.house import House
from service.layout import Layout
from service.signing import Cosign, Signer, nobody
from tests.eventstore.records import record

A_PAGE = 4_096


def grow(house: House, count: int, stream: str = "chat-a") -> int:
    """So many records more, on one stream; the newest position."""
    head = house.log.head()
    done = len(house.log.read_stream(stream)) if head < 9_000 else 0
    if head >= 9_000 or done + count > 9_000:
        stream, done = f"{stream}-{head}", 0
    for first in range(0, count, A_PAGE):
        versions = range(done + first + 1, done + min(first + A_PAGE, count) + 1)
        house.writer.append(Append(tuple(record(stream, version) for version in versions)))
    return house.log.head()


def rows_root(house: House, size: int) -> bytes:
    """From the rows alone."""
    frontier = Frontier()
    while frontier.size < size:
        leaves = house.log.read_leaves(frontier.size, min(8_192, size - frontier.size))
        for at in range(0, len(leaves), 32):
            frontier.add(leaves[at : at + 32])
    return frontier.root()


def signer_of(house: House, cosign: Cosign = nobody, origin: str = "") -> Signer:
    return Signer(house.layout, house.server, origin, cosign)


def sign(house: House, cosign: Cosign = nobody, origin: str = "") -> Checkpoint:
    """As a process that begins, signs what is new and ends."""
    with closing(signer_of(house, cosign, origin)) as signer:
        return signer.sign_news()


def verified(layout: Layout, name: str = "checkpoint") -> Checkpoint:
    """A checkpoint file that the published key signed."""
    key = parse_key((layout.log / "key").read_text().removesuffix("\n"))
    return open_checkpoint((layout.log / name).read_bytes(), key)[0]


def copy_log(layout: Layout, to: Path) -> None:
    """`events.db` as it is now, whole."""
    with (
        closing(apsw.Connection(str(layout.events))) as here,
        closing(apsw.Connection(str(to))) as there,
        there.backup("main", here, "main") as backup,
    ):
        backup.step()


def put_log_back(layout: Layout, copy: Path) -> None:
    """What restoring a backup does: another file lies there, and no write-ahead log of the old one."""
    for suffix in ("-wal", "-shm"):
        Path(f"{layout.events}{suffix}").unlink(missing_ok=True)
    restored = layout.events.with_name("restored")
    shutil.copyfile(copy, restored)
    restored.replace(layout.events)


def files_of(layout: Layout) -> dict[str, bytes]:
    """What lies in `log/`."""
    return {str(path.relative_to(layout.log)): path.read_bytes() for path in layout.log.rglob("*") if path.is_file()}
