"""A log of any size, signed: `python -m tests.eventstore.made_log EVENTS FOLDER`.

The rows go in through the writer's own planning, many to a transaction, with no business behind them: chats of many
messages, files with their steps, and sessions, of a hundred people, in sizes as they occur.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from eventstore.batch import Batch
from eventstore.checkpoint import Checkpoint
from eventstore.log import Log
from eventstore.merkle import tree_root
from eventstore.note import Note, SignerKey
from eventstore.record import Append, NewRecord, RequestTag
from eventstore.schema import open_database
from eventstore.tiles import TileFolder, Tree

SIGNER: Final = SignerKey("example.org/log", bytes(range(32)))
START_US: Final = 1_750_000_000_000_000
PEOPLE: Final = 100
_NOISE: Final = random.Random(1).randbytes(1 << 16)


def made_log(folder: Path, events: int, *, sign: bool = True) -> None:
    """A data folder with `events.db`, and with `log/` if it is to be signed."""
    fill(folder, events)
    if sign:
        sign_log(folder)


def fill(folder: Path, events: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    connection = open_database(folder / "events.db", read_only=False)
    try:
        connection.execute("PRAGMA synchronous = OFF")
        done = 0
        for appends in _chunks(_records(events), 500):
            connection.execute("BEGIN IMMEDIATE")
            batch = Batch(connection, appends, START_US + done * 1_000)
            for append in appends:
                outcome = batch.plan(append)
                assert not isinstance(outcome, Exception), outcome
            batch.write()
            connection.execute("COMMIT")
            done += len(appends)
    finally:
        connection.close()


def sign_log(folder: Path, signer: SignerKey = SIGNER, size: int | None = None) -> bytes:
    """Tiles, `key`, `signed` and `checkpoint` for the whole log, or for its first `size` events; the checkpoint."""
    place = folder / "log"
    with closing(Log(folder / "events.db")) as log:
        size = log.head() if size is None else size
        tree = Tree(TileFolder(place), log.read_leaves)
        tree.materialise(0, size)
        root = tree_root(size, tree.node)
    data = signed(size, root, signer)
    place.mkdir(exist_ok=True)
    for name, content in (("key", f"{signer.verifier}\n".encode()), ("signed", data), ("checkpoint", data)):
        (place / name).write_bytes(content)
    return data


def signed(size: int, root: bytes, signer: SignerKey = SIGNER) -> bytes:
    text = Checkpoint(signer.verifier.name, size, root).text
    return Note(text, (signer.sign(text),)).encode()


def _chunks(records: Iterator[NewRecord], size: int) -> Iterator[list[Append]]:
    chunk: list[Append] = []
    for record in records:
        chunk.append(Append((record,)))
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _records(count: int) -> Iterator[NewRecord]:
    """Messages for the most part, each a stream of three events; chats, sessions and files between them."""
    chance = random.Random(2)
    steps: list[tuple[str, int, str]] = []  # (stream, version, type) that are still to come.
    for number in range(count):
        name = f"{0x01975F00_0000_7000_8000_000000000000 + number:032x}"
        user = f"{number * 7 % PEOPLE:08x}-0000-7000-8000-000000000000"
        if steps and chance.random() < 0.6:
            stream, version, kind = steps.pop(chance.randrange(len(steps)))
        else:
            stream, version, kind, follows = _first(chance.random(), name)
            steps += [(stream, then, follow) for then, follow in follows[:1]]
            steps = steps[-200:]
        yield NewRecord(
            stream=stream,
            version=version,
            type=kind,
            schema=1,
            user=user,
            public={"chat": f"chat-{name}", "content_type": "text/plain", "role": "user"} if "Sent" in kind else {},
            key_id=f"chat-{name}" if "Sent" in kind or "Started" in kind else "",
            sealed=_NOISE[: chance.randrange(60, 600)] if "Sent" in kind or "Started" in kind else b"",
            request=RequestTag(number.to_bytes(16), b"\x01" * 16) if "Sent" in kind else None,
        )


def _first(draw: float, name: str) -> tuple[str, int, str, list[tuple[int, str]]]:
    if draw < 0.8:
        return f"message-{name}", 1, "MessageSent", [(2, "MessageDelivered")]
    if draw < 0.9:
        return f"file-{name}", 1, "FileUploaded", [(2, "FileStored")]
    if draw < 0.95:
        return f"session-{name}", 1, "SessionOpened", [(2, "SessionClosed")]
    return f"chat-{name}", 1, "ChatStarted", [(2, "ChatRenamed")]


if __name__ == "__main__":
    made_log(Path(sys.argv[2]), int(sys.argv[1]))
