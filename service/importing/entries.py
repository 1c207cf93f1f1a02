"""Entries of an archive that are not a file's bytes: what is passed over, and the manifest."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import msgspec

from domain.errors import BadExport
from service.house.house import House
from service.importing import zip_reader
from service.uploads.drafts import Draft

DATA: Final = "data.ndjson"
MANIFEST_MAX: Final = 64 << 20
FREE_BYTES: Final = 16 << 20
Work = Callable[[Callable[[], None]], Awaitable[None]]
RATIO_MAX: Final = 100  # Texts of an export are deflated to a tenth; a bomb to a thousandth.


class Taking(Protocol):
    """What becomes of one entry."""

    async def take(self, piece: zip_reader.Data) -> None: ...

    async def end(self) -> None: ...

    async def abandon(self) -> None:
        """Harmless after `end`."""


class Manifest(msgspec.Struct, frozen=True):
    """Of it, what an import has a use for. `data_sha256`: of `data.ndjson`; "" if it is not listed. `missing`: the ids
    of what is not in the archive."""

    export_id: str
    data_sha256: str
    missing: frozenset[str]


class _Whole(msgspec.Struct, frozen=True):
    """As it was written. What is listed is read one by one: to decode it in one go would keep every other thread
    from running for as long as it takes."""

    export_id: str
    entries: msgspec.Raw
    missing: msgspec.Raw


class _Listed(msgspec.Struct, frozen=True):
    path: str
    sha256: str


class _Missing(msgspec.Struct, frozen=True):
    id: str


_OBJECT: Final = re.compile(rb'\{(?:[^"{}]{1,64}+|"(?:[^"\\]{1,64}+|\\.){0,2048}+"){0,64}+\}')
"""A JSON object without others in it, of a length that entries have. Possessive: it never goes back over what it has
read. Bounded: a match is one piece of work that no other thread can come between."""
_whole = msgspec.json.Decoder(_Whole).decode
_listed = msgspec.json.Decoder(_Listed).decode
_missing = msgspec.json.Decoder(_Missing).decode


def read_manifest(data: bytes) -> Manifest:
    """Blocks. BadExport."""
    try:
        whole = _whole(data)
        data_sha256 = ""
        for found in _OBJECT.finditer(_list(whole.entries)):
            if b"data.ndjson" in found[0] and (entry := _listed(found[0])).path == DATA:
                data_sha256 = entry.sha256
        missing = frozenset(_missing(found[0]).id for found in _OBJECT.finditer(_list(whole.missing)))
    except (ValueError, RecursionError):  # Of msgspec, too.
        raise BadExport("manifest.json is not what an export says.") from None
    return Manifest(whole.export_id, data_sha256, missing)


def _list(raw: msgspec.Raw) -> memoryview:
    data = memoryview(raw)
    if bytes(data[:1]) != b"[":
        raise ValueError("not a list")
    return data


class Plausible:
    """Of all entries of one archive whose size nothing names. BadExport when they unpack to far more than text does."""

    def __init__(self) -> None:
        self._size_bytes = 0
        self._packed_bytes = 0  # Of the entries before this one.
        self._entry_packed_bytes = 0

    def begin(self) -> None:
        """Another entry."""
        self._packed_bytes += self._entry_packed_bytes
        self._entry_packed_bytes = 0

    def count(self, piece: zip_reader.Data) -> None:
        self._size_bytes += len(piece.data)
        self._entry_packed_bytes = piece.packed_bytes
        if self._size_bytes > FREE_BYTES + RATIO_MAX * (self._packed_bytes + piece.packed_bytes):
            raise BadExport("The archive unpacks to far more than it should.")


class Skipping:
    """Nobody needs it."""

    def __init__(self, plausible: Plausible) -> None:
        self._plausible = plausible
        plausible.begin()

    async def take(self, piece: zip_reader.Data) -> None:
        self._plausible.count(piece)

    async def end(self) -> None:
        """It is over."""

    async def abandon(self) -> None:
        """There is nothing to take back."""


class SkippingFile:
    """A file that is here from an earlier try. `size_bytes`: as its row says."""

    def __init__(self, size_bytes: int) -> None:
        self._left_bytes = size_bytes

    async def take(self, piece: zip_reader.Data) -> None:
        self._left_bytes -= len(piece.data)
        if self._left_bytes < 0:
            raise BadExport("A file in the archive is longer than its row says.")

    async def end(self) -> None:
        """It is over."""

    async def abandon(self) -> None:
        """There is nothing to take back."""


class ManifestTaking:
    """`manifest.json`, put by as it comes and read when it is whole. `found` when it has ended."""

    def __init__(self, house: House, work: Work, plausible: Plausible) -> None:
        """`work`: does what blocks, on a thread."""
        self._house = house
        self._work = work
        self._plausible = plausible
        self._draft: Draft | None = None
        self.found: Manifest | None = None
        plausible.begin()

    async def take(self, piece: zip_reader.Data) -> None:
        self._plausible.count(piece)
        await self._work(lambda: self._put_by(piece.data))

    async def end(self) -> None:
        await self._work(self._read)

    async def abandon(self) -> None:
        await self._work(self._close)

    def _put_by(self, data: bytes) -> None:
        if self._draft is None:
            self._draft = Draft(self._house)
        self._draft.write(data)
        if self._draft.size_bytes > MANIFEST_MAX:
            raise BadExport("manifest.json is too long.")

    def _read(self) -> None:
        if self._draft is None:
            raise BadExport("manifest.json is empty.")
        try:
            self._draft.finish()
            self.found = read_manifest(b"".join(self._draft.pieces()))
        finally:
            self._close()

    def _close(self) -> None:
        if self._draft is not None:
            self._draft.close()
            self._draft = None
