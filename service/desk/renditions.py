"""What is derived from a stored file — a waveform, a thumbnail, a playable copy —, sealed beside its blob.

The key of each is derived from the blob's, so that it needs no row of its own and dies with it. Written by whoever has
the finding keys (the analysis, or a request of the owner's), read with the owner's. Files that share a blob share its
renditions: the same bytes give the same ones.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Final, Literal

import msgspec

from service.house.house import House
from service.house.room import free_bytes
from service.machine.layout import make_folder
from vault.blobs import BlobReader, BlobWriter, blob_associated_data, create_blob
from vault.keys import FindingKeys

RenditionName = Literal["waveform", "play", "thumbnail", "aac"]
SMALL_BYTES: Final = 16 << 20  # Waveforms and thumbnails are far below; whatever is larger is not one.


class Shelf(msgspec.Struct, frozen=True):
    """Where one file's renditions lie, and what opens them. No repr: it holds keys."""

    user: str
    blob_id: str
    keys: FindingKeys

    def __repr__(self) -> str:
        return "Shelf(…)"

    def associated_data(self, name: RenditionName) -> bytes:
        return blob_associated_data(self.user, self.blob_id, name)


def write(house: House, shelf: Shelf, name: RenditionName, fill: Callable[[BlobWriter], object]) -> None:
    """Whole and durable under its name, or not there at all. Whatever `fill` raises; OSError (ENOSPC) when the disk is
    at its reserve. Written twice, the second replaces the first."""
    if free_bytes(house) < house.settings.reserve_bytes:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    path = house.layout.blob_file(shelf.blob_id, name)
    make_folder(path.parent)
    with create_blob(path) as pending:
        writer = BlobWriter(pending, shelf.keys.rendition(name), shelf.associated_data(name))
        fill(writer)
        writer.finish()
        pending.commit()


def read_small(house: House, shelf: Shelf, name: RenditionName) -> bytes | None:
    """All of a small rendition; None where there is none. BlobBroken when it is not what was written."""
    try:
        with house.layout.blob_file(shelf.blob_id, name).open("rb") as file:
            reader = BlobReader(file, shelf.keys.rendition(name), shelf.associated_data(name))
            return b"".join(reader.read_range(0, min(reader.size_bytes, SMALL_BYTES)))
    except FileNotFoundError:
        return None
