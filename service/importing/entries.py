"""Entries of an archive that are not a file's bytes: what is passed over, and the manifest."""

from __future__ import annotations

from typing import Final, Protocol

import msgspec

from domain.errors import BadExport
from service.importing import zip_reader

MANIFEST_MAX: Final = 64 << 20
FREE_BYTES: Final = 16 << 20
RATIO_MAX: Final = 100  # Texts of an export are deflated to a tenth; a bomb to a thousandth.


class Taking(Protocol):
    """What becomes of one entry."""

    async def take(self, piece: zip_reader.Data) -> None: ...

    async def end(self) -> None: ...

    async def abandon(self) -> None:
        """Harmless after `end`."""


class Missing(msgspec.Struct, frozen=True):
    id: str


class Listed(msgspec.Struct, frozen=True):
    path: str
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """Of it, what an import has a use for."""

    export_id: str
    entries: list[Listed]
    missing: list[Missing]


_decode = msgspec.json.Decoder(Manifest).decode


class Plausible:
    """BadExport for an entry that unpacks to far more than text does."""

    def __init__(self) -> None:
        self._size_bytes = 0

    def count(self, piece: zip_reader.Data) -> None:
        self._size_bytes += len(piece.data)
        if self._size_bytes > FREE_BYTES + RATIO_MAX * piece.packed_bytes:
            raise BadExport("An entry of the archive unpacks to far more than it should.")


class Skipping:
    """Nobody needs it. `most_bytes`: how long it may be, where that is known."""

    def __init__(self, most_bytes: int | None = None) -> None:
        self._left_bytes = most_bytes
        self._plausible = Plausible()

    async def take(self, piece: zip_reader.Data) -> None:
        if self._left_bytes is None:
            self._plausible.count(piece)
            return
        self._left_bytes -= len(piece.data)
        if self._left_bytes < 0:
            raise BadExport("A file in the archive is longer than its row says.")

    async def end(self) -> None:
        """It is over."""

    async def abandon(self) -> None:
        """There is nothing to take back."""


class ManifestTaking:
    """`manifest.json`, whole. `found` when it has ended."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size_bytes = 0
        self._plausible = Plausible()
        self.found: Manifest | None = None

    async def take(self, piece: zip_reader.Data) -> None:
        self._plausible.count(piece)
        self._size_bytes += len(piece.data)
        if self._size_bytes > MANIFEST_MAX:
            raise BadExport("manifest.json is too long.")
        self._pieces.append(piece.data)

    async def end(self) -> None:
        try:
            self.found = _decode(b"".join(self._pieces))
        except msgspec.MsgspecError:
            raise BadExport("manifest.json is not what an export says.") from None
        self._pieces.clear()

    async def abandon(self) -> None:
        self._pieces.clear()
