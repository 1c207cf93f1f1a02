"""What everybody may have of the log: its published checkpoint, tiles and entries up to there, and proofs.

Nothing of it is secret: envelopes hold no content. It is read on threads of its own, so that auditors who fetch the
whole log never stand between a person and their messages; and people's proofs are made on one that no stranger uses.
"""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import msgspec

from eventstore.bundles import encode_bundle
from eventstore.checkpoint import Proof, parse_checkpoint
from eventstore.log import Log
from eventstore.merkle import inclusion_proof
from eventstore.note import Note, NoteInvalid, parse_note
from eventstore.pyramids import Pyramids
from eventstore.tiles import WIDTH, Tile, TileFolder, Tree, hashes_at
from service.house.log_key import read_file
from service.machine.layout import Layout
from service.machine.slots import Slots

Result = TypeVar("Result")
PIECES_AT_ONCE: Final = 256  # Tiles and bundles that are made or on their way out.
PIECES_SHARE: Final = 32  # Of one address.
PROOFS_AT_ONCE: Final = 64
PROOFS_SHARE: Final = 8  # Of one person.
PROOF_WAIT_S: Final = 3.0
LOOK_AGAIN_S: Final = 0.05
GZIP_LEVEL: Final = 6
PACKED_BYTES: Final = 16 << 20  # Of gzipped full bundles that are kept: about 100,000 events.


class Published(msgspec.Struct, frozen=True):
    """The checkpoint that is out: its size, its bytes as they are served, and the note they are."""

    size: int
    data: bytes
    note: Note


class PublicLog:
    """One per process, used from its event loop. `pieces`, `proofs`: how many may be under way, by address and by
    person; whoever asks for one takes a place before, and gives it back when the answer is sent."""

    def __init__(self, layout: Layout) -> None:
        self.pieces = Slots(PIECES_AT_ONCE, "Many ask for the log at this moment. Try again.", PIECES_SHARE)
        self.proofs = Slots(PROOFS_AT_ONCE, "Many ask for proofs at this moment. Try again.", PROOFS_SHARE)
        self._layout = layout
        self._packed = _Packed()
        self._for_all = _Reading(layout, "public-log")
        self._for_proofs = _Reading(layout, "proofs")
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
        """Its hashes; None when the published tree has not so many."""
        if not self._covers(tile):
            return None
        return await self._for_all.aside(lambda _, tree: tree.tile(tile))

    async def entries(self, tile: Tile, *, compressed: bool) -> bytes | None:
        """The entry bundle beside a level-0 tile, gzipped if asked for; None as for `tile`."""
        if not self._covers(tile):
            return None
        if not compressed:
            return await self._for_all.aside(lambda log, _: _bundle(log, tile))
        data = self._packed.find(tile)
        if data is None:
            data = await self._for_all.aside(lambda log, _: gzip.compress(_bundle(log, tile), GZIP_LEVEL, mtime=0))
            self._packed.keep(tile, data)
        return data

    async def proof(self, position: int, envelope: bytes, published: Published) -> Proof:
        """That the envelope stands at its position in the published tree, which covers it."""
        index = position - 1
        hashes = await self._for_proofs.aside(lambda _, tree: inclusion_proof(index, published.size, tree.node))
        return Proof(index, tuple(hashes), published.note, envelope)

    async def paths(self, positions: Sequence[int], published: Published) -> list[list[bytes]]:
        """Inclusion proofs of many entries that the published tree covers. Some at a time: others wait for theirs
        meanwhile."""

        def work(_: Log, tree: Tree) -> list[list[bytes]]:
            node = Pyramids(tree, published.size).node
            return [inclusion_proof(position - 1, published.size, node) for position in positions]

        return await self._for_proofs.aside(work)

    async def ask(self, work: Callable[[Log], Result]) -> Result:
        """Something else that anybody may ask the log, of bounded size, among what is read for auditors."""
        return await self._for_all.aside(lambda log, _: work(log))

    def close(self) -> None:
        self._for_all.close()
        self._for_proofs.close()

    def _covers(self, tile: Tile) -> bool:
        published = self.published()
        return published is not None and tile.width <= hashes_at(tile.level, tile.index, published.size)


class _Reading:
    """A thread that reads the log and its tree, one piece after the other. How many wait for it is bounded by whoever
    lets them in."""

    def __init__(self, layout: Layout, name: str) -> None:
        self._layout = layout
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._opened: tuple[Log, Tree] | None = None  # The thread's own.

    async def aside(self, work: Callable[[Log, Tree], Result]) -> Result:
        """Not shielded: what waits for its turn when who asked goes away is not done."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(*self._here()))

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        if self._opened is not None:
            self._opened[0].close()
            self._opened = None

    def _here(self) -> tuple[Log, Tree]:
        if self._opened is None:
            log = Log(self._layout.events)
            self._opened = log, Tree(TileFolder(self._layout.log), log.read_leaves)
        return self._opened


class _Packed:
    """The full bundles that were asked for last, gzipped: they cost milliseconds to make, and never change."""

    def __init__(self) -> None:
        self._data: OrderedDict[int, bytes] = OrderedDict()
        self._size_bytes = 0

    def find(self, tile: Tile) -> bytes | None:
        if tile.width != WIDTH or tile.index not in self._data:
            return None
        self._data.move_to_end(tile.index)
        return self._data[tile.index]

    def keep(self, tile: Tile, data: bytes) -> None:
        if tile.width != WIDTH or tile.index in self._data:
            return
        self._data[tile.index] = data
        self._size_bytes += len(data)
        while self._size_bytes > PACKED_BYTES:
            self._size_bytes -= len(self._data.popitem(last=False)[1])


def _bundle(log: Log, tile: Tile) -> bytes:
    entries = log.read_entries(tile.start, tile.width)
    if len(entries) != tile.width:
        raise ValueError(f"the log has no {tile.width} entries from {tile.start} on")
    return encode_bundle(entries)
