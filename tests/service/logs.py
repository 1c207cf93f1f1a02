"""Logs that grow, and what an auditor would say of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from eventstore.checkpoint import Checkpoint, open_checkpoint
from eventstore.merkle import Frontier
from eventstore.note import Note, Signature, parse_key
from eventstore.record import Append
from eventstore.witness import Prove
from service.house.house import House
from service.house.log_key import LogRefused
from service.machine.layout import Layout
from service.signing.continuity import require_history
from service.signing.signer import Signer
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


def nobody(_checkpoint: Checkpoint, _note: Note, _prove: Prove) -> Sequence[Signature]:
    return ()


class Asking:
    """Witnesses who do what a function does, and are asked again when a test says so."""

    def __init__(self, ask: Callable[[Checkpoint, Note, Prove], Sequence[Signature]] = nobody) -> None:
        self.ask = ask
        self.again = False
        self.closed = False

    def __call__(self, checkpoint: Checkpoint, note: Note, prove: Prove) -> Sequence[Signature]:
        return () if self.closed else self.ask(checkpoint, note, prove)

    def wanting(self, _note: Note) -> bool:
        return self.again

    def close(self) -> None:
        self.closed = True


def signer_of(house: House, asking: Asking | None = None, origin: str = "") -> Signer:
    return Signer(house.layout, house.server, origin, asking or Asking())


def sign(house: House, asking: Asking | None = None, origin: str = "") -> Checkpoint:
    """As a process that begins, signs what is new and ends."""
    with closing(signer_of(house, asking, origin)) as signer:
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
    """What lies in `log/`, but for the keyring's mark, which is no part of the log."""
    files = (path for path in layout.log.rglob("*") if path.is_file() and path != layout.keyring_mark)
    return {str(path.relative_to(layout.log)): path.read_bytes() for path in files}


def refused(house: House, why: str) -> None:
    """Neither signed nor started, for this reason and with a way out; and nothing that was signed is touched."""
    before = files_of(house.layout)
    for attempt in (lambda: sign(house), lambda: require_history(house.layout, house.settings)):
        with pytest.raises(LogRefused, match=why) as told:
            attempt()
        assert "begin-anew" in str(told.value)
        assert "\n" not in str(told.value)
    assert files_of(house.layout) == before


def reopened(house: House) -> House:
    """The same folder in a process that begins now."""
    return House(house.settings)


def spoil(path: Path, data: bytes | None) -> None:
    path.unlink() if data is None else path.write_bytes(data)
