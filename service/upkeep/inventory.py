"""Taking stock: what lies in `blobs/` and `spool/` against what the log and the keyring say.

It needs nobody's key, and says as much as can be said without one: every stored file's blob is there, as long as its
event says, and hashes to what its event commits to, so it is what was written. That it opens, only its owner can tell;
of what was derived from it (a waveform, a thumbnail) the log has no hash, so those are only looked at from outside.

Runs beside a living Strongroom, at the speed of the disk and in constant memory: the log is read page by page, a blob
1 MiB at a time, and of shared blobs the hashes of the last few thousand are remembered.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Literal

import msgspec

from domain.events import AudioAnalysed, FileStored, ImageAnalysed, Parts, put_together
from eventstore.log import Log
from eventstore.record import Envelope
from service.house.house import House
from service.machine.progress import MibShown
from service.upkeep.leftovers import leftovers, original_bytes, remove
from vault.blob_scan import ScannedBlob, probe_blob, scan_blob
from vault.errors import BlobBroken
from vault.keyring import BlobKeyRow
from vault.keys import is_committed

Show = Callable[[int, int], None]
TYPES: Final = frozenset(("FileStored", "AudioAnalysed", "ImageAnalysed"))
MAX_LISTED: Final = 10_000
PAGE: Final = 500
REMEMBERED: Final = 4_096


class Found(msgspec.Struct, frozen=True):
    """`fault`: something that should be there is not, or is not what it was. `orphan`: nobody names it; `removed`: and
    now it is gone. `path`: within the data folder."""

    kind: Literal["fault", "orphan"]
    path: str
    why: str
    removed: bool = False


class Stock(msgspec.Struct):
    """What a check has come to. `found`: at most MAX_LISTED of them; the numbers count all."""

    files: int = 0
    forgotten: int = 0
    faults: int = 0
    orphans: int = 0
    removed: int = 0
    found: list[Found] = []

    def add(self, found: Found) -> None:
        self.faults += found.kind == "fault"
        self.orphans += found.kind == "orphan"
        self.removed += found.removed
        if len(self.found) < MAX_LISTED:
            self.found.append(found)


def check(house: House, show: Show, *, sweep: bool = False) -> Stock:
    """All of it. `show` is told MiB; with `sweep`, orphans past the orphan age are removed. LogError, OSError."""
    stock = Stock()
    before_us = house.clock_us() - house.settings.orphan_seconds * 1_000_000
    for left in leftovers(house):
        removed = sweep and remove(left, before_us)
        stock.add(Found("orphan", _within(house, left.path), left.why, removed))
    for found in _Blobs(house, stock, show).faults():
        stock.add(found)
    return stock


def lines(stock: Stock) -> Iterator[str]:
    """What a person is told."""
    for found in stock.found:
        yield f"{found.kind:7}{found.path} {found.why}{', removed' if found.removed else ''}"
    if (more := stock.faults + stock.orphans - len(stock.found)) > 0:
        yield f"… and {more} more"
    yield f"{stock.files} stored files, {stock.forgotten} of them forgotten since; {stock.faults} faults"
    yield f"{stock.orphans} files that nobody names, {stock.removed} of them removed"
    yield "not tried: to open any of it, which takes its owner's key"


def _within(house: House, path: Path) -> str:
    return str(path.relative_to(house.layout.data))


class _Blobs:
    """The blobs that the log names, one after the other."""

    def __init__(self, house: House, stock: Stock, show: Show) -> None:
        self._house = house
        self._stock = stock
        self._shown = MibShown(show, original_bytes(house))
        self._known: OrderedDict[str, ScannedBlob | str] = OrderedDict()

    def faults(self) -> Iterator[Found]:
        for envelope in _envelopes(self._house.log):
            public = Parts(type=envelope.type, schema=envelope.schema, public=envelope.public, private=None)
            match put_together(public):
                case FileStored() as stored:
                    yield from self._stored(envelope, stored)
                case AudioAnalysed(renditions=names) | ImageAnalysed(renditions=names):
                    yield from self._derived(envelope, names)
                case _:
                    pass

    def _stored(self, envelope: Envelope, stored: FileStored) -> Iterator[Found]:
        file_id, user = _file_id(envelope), envelope.user
        self._stock.files += 1
        row, has_key = self._row(file_id, user)
        if row is None:
            self._stock.forgotten += not has_key
            if has_key:
                yield self._fault(file_id, file_id, "", "the key to its bytes is not in the keyring")
            return
        why = self._wrong(row, stored)
        if why is None:
            return
        if self._house.keyring.blob_key(file_id, user) is None:
            self._stock.forgotten += 1  # While we looked: first the key went, then the bytes.
            return
        yield self._fault(file_id, row.blob_id, "", why)

    def _derived(self, envelope: Envelope, names: tuple[str, ...]) -> Iterator[Found]:
        file_id, user = _file_id(envelope), envelope.user
        row, _ = self._row(file_id, user)
        for name in names if row is not None else ():
            assert row is not None
            why = _wrong_outside(self._house.layout.blob_file(row.blob_id, name))
            if why is not None and self._house.keyring.blob_key(file_id, user) is not None:
                yield self._fault(file_id, row.blob_id, name, why)

    def _row(self, file_id: str, user: str) -> tuple[BlobKeyRow | None, bool]:
        """The file's way to its blob, and whether it has a key at all. Both are forgotten at once, so that a key that
        is still there after the row was not means that the row is missing."""
        row = self._house.keyring.blob_key(file_id, user)
        return row, row is not None or self._house.keyring.stream_key(f"file-{file_id}", user) is not None

    def _wrong(self, row: BlobKeyRow, stored: FileStored) -> str | None:
        found = self._scan(row.blob_id)
        if isinstance(found, str):
            return found
        if (found.size_bytes, found.ciphertext_bytes) != (stored.size_bytes, stored.ciphertext_bytes):
            return f"has {found.ciphertext_bytes} bytes where the log says {stored.ciphertext_bytes}"
        if not is_committed(stored.commitment, row.salt, found.ciphertext_sha256):
            return "is not what was stored: it hashes to something else"
        return None

    def _scan(self, blob_id: str) -> ScannedBlob | str:
        """What the blob is, or why nobody can say."""
        if blob_id in self._known:
            self._known.move_to_end(blob_id)
            return self._known[blob_id]
        found: ScannedBlob | str
        try:
            found = scan_blob(self._house.layout.blob_file(blob_id), self._shown.advance)
        except (OSError, BlobBroken) as error:
            found = _reason(error)
        self._known[blob_id] = found
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return found

    def _fault(self, file_id: str, blob_id: str, rendition: str, why: str) -> Found:
        path = self._house.layout.blob_file(blob_id, rendition)
        return Found("fault", _within(self._house, path), f"{why} (file {file_id})")


def _envelopes(log: Log) -> Iterator[Envelope]:
    """Those that name a blob or a rendition, in order."""
    after = 0
    while page := log.read_envelopes(after, PAGE):
        yield from (envelope for envelope in page if envelope.type in TYPES)
        after = page[-1].position


def _file_id(envelope: Envelope) -> str:
    return envelope.stream.removeprefix("file-")


def _wrong_outside(path: Path) -> str | None:
    try:
        probe_blob(path)
    except (OSError, BlobBroken) as error:
        return _reason(error)
    return None


def _reason(error: OSError | BlobBroken) -> str:
    match error:
        case FileNotFoundError():
            return "is not there"
        case BlobBroken():
            return "is no blob: its first byte or its length is wrong"
        case _:
            return f"cannot be read: {error.strerror}"
