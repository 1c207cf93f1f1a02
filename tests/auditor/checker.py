"""Follows a log from the checkpoint it accepted last to the one it finds, and accepts that or says why not.

`python -m tests.auditor.checker URL VKEY [--state FILE]`: 0 accepted, 1 refused, 2 wrong usage or nobody answers.

What is new is read in full, once, and hashed; what was accepted before is tied to it through the right edge of the old
tree. Memory is that edge, one tile and one bundle, whatever the log's size.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.auditor.notes import Checkpoint, VerifierKey
from tests.auditor.refusal import Reason, Refused
from tests.auditor.serving import MAX_NOTE_BYTES, ServedLog, Unreachable
from tests.auditor.tree import NOTHING, WIDTH, Edge, leaf_hash


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at on the way from `before` entries to those of `checkpoint`."""

    before: int
    checkpoint: Checkpoint
    tiles: int
    bundles: int
    read_bytes: int

    def __str__(self) -> str:
        now = self.checkpoint
        return (
            f"{now.origin}: {self.before} to {now.size} entries, root {now.root.hex()}, "
            f"from {self.bundles} bundles and {self.tiles} tiles ({self.read_bytes} bytes)"
        )


def follow(url: str, key: VerifierKey, remembered: Checkpoint | None = None) -> Checked:
    """From nothing, or from what was accepted before. Refused says what is wrong; Unreachable, that nobody answers."""
    with ServedLog(url) as log:
        now = Checkpoint.open(log.checkpoint(), key)
        size, root = (remembered.size, remembered.root) if remembered else (0, NOTHING)
        if now.size < size:
            raise Refused(Reason.SMALLER, f"{now.size} entries, {size} before")
        edge = _edge_of_old(log, size, now.size)
        if edge.root() != root:
            raise Refused(Reason.HISTORY, f"the first {size} entries had the root {root.hex()}")
        for index in range(size // WIDTH, -(-now.size // WIDTH) if now.size > size else 0):
            _take_bundle(log, edge, index, min(WIDTH, now.size - index * WIDTH))
        if now.size > size:
            for level, hashes in enumerate(edge.levels):
                if level and hashes:
                    _require_tile(log, level, now.size // WIDTH ** (level + 1), hashes)
        if edge.root() != now.root:
            reason = Reason.HISTORY if now.size == size else Reason.ROOT
            raise Refused(reason, f"{now.size} entries lead to {edge.root().hex()}, signed is {now.root.hex()}")
        return Checked(size, now, log.read_tiles, log.read_bundles, log.read_bytes)


def _edge_of_old(log: ServedLog, size: int, new_size: int) -> Edge:
    """The right edge of the tree of `size`, out of the tiles of the tree that has grown from it (or has it)."""
    levels: list[list[bytes]] = []
    old, new = size, new_size
    while old:
        (index, width), (new_index, new_width) = divmod(old, WIDTH), divmod(new, WIDTH)
        served = WIDTH if index < new_index else new_width
        levels.append(log.tile(len(levels), index, served)[:width] if width else [])
        old, new = old // WIDTH, new // WIDTH
    return Edge(levels)


def _take_bundle(log: ServedLog, edge: Edge, index: int, width: int) -> None:
    leaves = [leaf_hash(entry) for entry in log.bundle(index, width)]
    for at, (made, served) in enumerate(zip(leaves, log.tile(0, index, width), strict=True)):
        if made != served:
            raise Refused(Reason.LEAF, f"entry {index * WIDTH + at}")
    known = edge.levels[0]
    if leaves[: len(known)] != known:
        raise Refused(Reason.HISTORY, f"entries of bundle {index}")
    for level, hashes in edge.add(0, leaves[len(known) :]):
        if level:
            # The tile is full with this bundle: of those that hold it, it is the last.
            _require_tile(log, level, index // WIDTH**level, hashes)


def _require_tile(log: ServedLog, level: int, index: int, hashes: Sequence[bytes]) -> None:
    for at, (made, served) in enumerate(zip(hashes, log.tile(level, index, len(hashes)), strict=True)):
        if made != served:
            raise Refused(Reason.TILE, f"level {level}, tile {index}, hash {at}")


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.auditor.checker", description="Follows a transparency log.")
    parser.add_argument("url", help="under which checkpoint and tile/ are served")
    parser.add_argument("vkey", type=VerifierKey.parse, help="the log's verifier key")
    parser.add_argument("--state", type=Path, help="the checkpoint accepted last; written anew when one is accepted")
    given = parser.parse_args(words)
    state: Path | None = given.state
    try:
        checked = follow(given.url, given.vkey, _remembered(state, given.vkey))
        if state is not None:
            _keep(state, checked.checkpoint.note)
    except Refused as refused:
        sys.stdout.write(f"refused: {refused}\n")
        return 1
    except (Unreachable, OSError, ValueError) as error:
        sys.stderr.write(f"not checked: {error}\n")
        return 2
    sys.stdout.write(f"accepted {checked}\n")
    return 0


def _remembered(state: Path | None, key: VerifierKey) -> Checkpoint | None:
    if state is None or not state.exists():
        return None
    with state.open("rb") as file:
        return Checkpoint.open(file.read(MAX_NOTE_BYTES), key)


def _keep(state: Path, note: bytes) -> None:
    """Whole or not at all: a torn state would be taken for an unknown log, or for none."""
    draft = state.with_name(f"{state.name}.draft")
    with draft.open("wb") as file:
        file.write(note)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(state)


if __name__ == "__main__":
    sys.exit(main())
