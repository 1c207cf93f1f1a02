"""What everybody may have of the log: its published checkpoint, tiles and entries up to there, and proofs.

Nothing of it is secret: envelopes hold no content. It is read on a thread of its own, one piece after the other, so
that auditors who fetch the whole log never stand between a person and their messages.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import msgspec

from eventstore.bundles import encode_bundle
from eventstore.checkpoint import Proof, parse_checkpoint
from eventstore.log import Log
from eventstore.merkle import inclusion_proof
from eventstore.note import Note, NoteInvalid, parse_note
from eventstore.tiles import Tile, TileFolder, Tree, hashes_at
from service.errors import Busy
from service.layout import Layout
from service.log_key import read_file

Result = TypeVar("Result")
MOST_WAITING: Final = 64
PROOF_WAIT_S: Final = 3.0
LOOK_AGAIN_S: Final = 0.05
GZIP_LEVEL: Final = 6


class Published(msgspec.Struct, frozen=True):
    """The checkpoint that is out: its size, its bytes as they are served, and the note they are."""

    size: int
    data: bytes
    note: Note


class PublicLog:
    """One per process, used from its event loop."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._waiting = 0
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="public-log")
        self._opened: tuple[Log, Tree] | None = None  # The thread's own.
        self._published: tuple[tuple[int, int, int], Published] | None = None

    def key(self) -> bytes | None:
        """The verifier key and a newline; None before there is one."""
        return read_file(self._layout.log_key)

    def published(self) -> Published | None:
        """None before the first one, and while the file is damaged. It was verified by whoever put it there."""
        try:
            found = self._layout.checkpoint.stat()
        except FileNotFoundError:
            return None
        identity = found.st_ino, found.st_mtime_ns, found.st_size
        if self._published is None or self._published[0] != identity:
            data = read_file(self._layout.checkpoint) or b""
            try:
                note = parse_note(data)
                self._published = identity, Published(parse_checkpoint(note.text).size, data, note)
            except NoteInvalid:
                return None
        return self._published[1]

    async def published_at(self, size: int) -> Published | None:
        """A checkpoint of at least that size; waits a moment for it, as one is signed each second. None past that."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + PROOF_WAIT_S
        while (found := self.published()) is None or found.size < size:
            if loop.time() >= until_s:
                return None
            await asyncio.sleep(LOOK_AGAIN_S)
        return found

    async def tile(self, tile: Tile) -> bytes | None:
        """Its hashes; None when the published tree has not so many. Busy."""
        if not self._covers(tile):
            return None
        return await self._aside(lambda _, tree: tree.tile(tile))

    async def entries(self, tile: Tile, *, compressed: bool) -> bytes | None:
        """The entry bundle beside a level-0 tile, gzipped if asked for; None as for `tile`. Busy."""
        if not self._covers(tile):
            return None
        return await self._aside(lambda log, _: _bundle(log, tile, compressed=compressed))

    async def proof(self, position: int, envelope: bytes, published: Published) -> Proof:
        """That the envelope stands at its position in the published tree, which covers it. Busy."""
        index = position - 1
        hashes = await self._aside(lambda _, tree: inclusion_proof(index, published.size, tree.node))
        return Proof(index, tuple(hashes), published.note, envelope)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        if self._opened is not None:
            self._opened[0].close()
            self._opened = None

    def _covers(self, tile: Tile) -> bool:
        published = self.published()
        return published is not None and tile.width <= hashes_at(tile.level, tile.index, published.size)

    async def _aside(self, work: Callable[[Log, Tree], Result]) -> Result:
        if self._waiting >= MOST_WAITING:
            raise Busy("Many ask for the log at this moment. Try again.")
        self._waiting += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(*self._here()))
        # The place is given back when the work ends, not when the client goes away.
        future.add_done_callback(self._leave)
        return await asyncio.shield(future)

    def _leave(self, _: object) -> None:
        self._waiting -= 1

    def _here(self) -> tuple[Log, Tree]:
        if self._opened is None:
            log = Log(self._layout.events)
            self._opened = log, Tree(TileFolder(self._layout.log), log.read_leaves)
        return self._opened


def _bundle(log: Log, tile: Tile, *, compressed: bool) -> bytes:
    entries = log.read_entries(tile.start, tile.width)
    if len(entries) != tile.width:
        raise ValueError(f"the log has no {tile.width} entries from {tile.start} on")
    data = encode_bundle(entries)
    return gzip.compress(data, GZIP_LEVEL, mtime=0) if compressed else data
