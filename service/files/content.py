"""The bytes of a stored file or of what was derived from it, opened range by range."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import msgspec

from domain.errors import NoRendition, NotFound, NotReady, ProcessingFailed
from service.desk.desk import Desk
from service.desk.renditions import RenditionName, Shelf
from service.files.files import describe
from service.house.house import House
from service.house.keychain import Keychain
from service.house.principal import Principal
from service.media.types import SNIFF_BYTES, media_type
from service.reading.views import FileView
from vault.blobs import BlobReader, blob_associated_data
from vault.keys import FindingKeys

Wanted = Literal["original", "play", "aac"]
PLAYED_EVERYWHERE = frozenset(("aac", "mp3"))


class Served(msgspec.Struct, frozen=True):
    """What a download says of itself. `tag`: equal for equal bytes, and nothing that can be looked up elsewhere."""

    name: str
    mime_type: str
    size_bytes: int
    tag: str


class Content:
    """One open file. Close it, or it stays open."""

    def __init__(self, path: Path, key: bytes, associated_data: bytes) -> None:
        """FileNotFoundError; BlobBroken if it is not what was stored. Blocks."""
        self._file = path.open("rb")
        try:
            self._reader = BlobReader(self._file, key, associated_data)
            self.size_bytes = self._reader.size_bytes
        except BaseException:
            self._file.close()
            raise

    def read_head(self) -> bytes:
        """Enough of the beginning to tell what it is. Blocks."""
        return b"".join(self._reader.read_range(0, min(SNIFF_BYTES, self.size_bytes)))

    async def pieces(self, start: int, end: int) -> AsyncIterator[bytes]:
        """[start, end) in pieces of at most 1 MiB, decrypted on a thread; closes the file at its end."""
        reading: asyncio.Future[bytes | None] | None = None
        try:
            pieces = self._reader.read_range(start, end)
            while True:
                reading = asyncio.get_running_loop().run_in_executor(None, next, pieces, None)
                piece = await asyncio.shield(reading)
                if piece is None:
                    return
                yield piece
        finally:
            # Whoever left may leave a thread in the middle of a segment: the file is closed after it, not under it.
            if reading is None or reading.done():
                self.close()
            else:
                reading.add_done_callback(lambda _: self.close())

    def close(self) -> None:
        self._file.close()


class Stored(msgspec.Struct, frozen=True):
    """A file that is ready, and its keys. No repr."""

    view: FileView
    blob_id: str
    key: bytes
    shelf: Shelf

    def __repr__(self) -> str:
        return "Stored(…)"


async def find_stored(desk: Desk, who: Principal, file_id: str) -> Stored:
    """NotFound; NotReady while it is processed; ProcessingFailed after it failed; Busy as `describe`."""
    described = await describe(desk, who, file_id)
    view = described.view
    if view.status == "error" and not described.stale:  # From an old row: it may have been retried since.
        raise ProcessingFailed("The file could not be processed. Retry it.")
    if view.status != "ready":
        raise NotReady("The file is still being processed.")
    row = desk.house.keyring.blob_key(file_id, who.user)
    key = Keychain(desk.house, who).blob(file_id)
    if row is None or key is None:
        raise NotFound("No such file.")
    return Stored(view, row.blob_id, key, Shelf(who.user, row.blob_id, FindingKeys.of_blob(key, row.salt)))


async def open_content(desk: Desk, who: Principal, file_id: str, wanted: Wanted) -> tuple[Content, Served]:
    """As `find_stored`; NoRendition; BlobBroken if the bytes are not what was stored.

    `play`: a copy that shows its length and can be sought, where the original does not; else the original. `aac`: made
    when first asked for; NotReady while that takes longer than a request should."""
    stored = await find_stored(desk, who, file_id)
    try:
        match wanted:
            case "original":
                return await _original(desk, who, stored)
            case "play":
                return await _play(desk, who, stored)
            case "aac":
                return await _aac(desk, who, stored)
    except FileNotFoundError:
        if desk.house.keyring.blob_key(file_id, who.user) is None:
            raise NotFound("No such file.") from None  # Deleted while we looked.
        raise


async def _original(desk: Desk, who: Principal, stored: Stored) -> tuple[Content, Served]:
    path = desk.house.layout.blob_file(stored.blob_id)
    data = blob_associated_data(who.user, stored.blob_id)
    content = await desk.aside(lambda: Content(path, stored.key, data))
    view = stored.view
    mime_type = view.mime_type or "application/octet-stream"
    return content, Served(view.name, mime_type, view.size_bytes, view.hash_sha256[:32])


async def _play(desk: Desk, who: Principal, stored: Stored) -> tuple[Content, Served]:
    if not _is_there(desk.house, stored.shelf, "play"):
        return await _original(desk, who, stored)
    return await _derived(desk, stored, "play")


async def _aac(desk: Desk, who: Principal, stored: Stored) -> tuple[Content, Served]:
    audio = stored.view.audio
    if audio is None:
        if desk.house.keyring.finding_key(stored.view.file_id) is not None:
            raise NotReady("The file is still being analysed.")
        raise NoRendition("There is no sound in this file.")
    if audio.codec in PLAYED_EVERYWHERE:
        return await _play(desk, who, stored)
    if not _is_there(desk.house, stored.shelf, "aac"):
        await desk.renderings.aac(stored.view.file_id, stored.shelf, stored.key, audio.duration_s)
    return await _derived(desk, stored, "aac")


async def _derived(desk: Desk, stored: Stored, name: RenditionName) -> tuple[Content, Served]:
    shelf = stored.shelf
    path = desk.house.layout.blob_file(shelf.blob_id, name)

    def open_it() -> tuple[Content, str]:
        content = Content(path, shelf.keys.rendition(name), shelf.associated_data(name))
        try:
            return content, media_type(content.read_head(), "audio")
        except BaseException:
            content.close()
            raise

    content, mime_type = await desk.aside(open_it)
    tag = hashlib.sha256(f"{stored.view.hash_sha256}/{name}/{content.size_bytes}".encode()).hexdigest()[:32]
    return content, Served(_renamed(stored.view.name, mime_type), mime_type, content.size_bytes, tag)


def _is_there(house: House, shelf: Shelf, name: RenditionName) -> bool:
    return house.layout.blob_file(shelf.blob_id, name).exists()


def _renamed(name: str, mime_type: str) -> str:
    """The name with the ending that belongs to another type."""
    ending = {"audio/mp4": ".m4a", "audio/webm": ".webm", "audio/ogg": ".ogg"}.get(mime_type, "")
    stem, dot, _ = name.rpartition(".")
    return f"{stem if dot else name}{ending}" if ending else name
