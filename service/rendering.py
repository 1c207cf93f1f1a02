"""Renditions that are made when somebody first asks for them, from what the owner's request can open."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from domain.errors import NoRendition, NotReady
from service.errors import Busy, StorageFull
from service.house import House
from service.media import opening
from service.media.errors import MediaFailed
from service.renditions import Shelf, write
from vault.blobs import BlobReader, blob_associated_data

WAIT_S: Final = 20.0  # Some forty minutes of sound are encoded by then; of longer ones the next request finds more.
AT_ONCE: Final = 1  # A core's work each, and the machine has other things to do.
WAITING_MAX: Final = 16


class Renderings:
    """One per process. Two that ask for the same wait for the same; it goes on when those who asked have left."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def aac(self, file_id: str, shelf: Shelf, key: bytes) -> None:
        """Returns once the rendition is there. NotReady past WAIT_S; NoRendition when it cannot be made; Busy;
        StorageFull."""
        task = self._under_way.get(file_id)
        if task is None:
            if len(self._under_way) >= WAITING_MAX:
                raise Busy("Too many files are being converted. Try again.")
            task = asyncio.ensure_future(self._make(shelf, key))
            self._under_way[file_id] = task
            task.add_done_callback(lambda _: self._under_way.pop(file_id, None))
        try:
            await asyncio.wait_for(asyncio.shield(task), WAIT_S)
        except TimeoutError:
            raise NotReady("The file is being converted. Ask again.") from None
        except MediaFailed as failure:
            raise NoRendition(f"The file cannot be converted: {failure.code}.") from None
        except OSError as error:
            raise StorageFull("The disk is full.") from error

    async def _make(self, shelf: Shelf, key: bytes) -> None:
        async with self._turn:
            path = self._house.layout.blob_file(shelf.blob_id)
            work = asyncio.to_thread(_encode, self._house, path, shelf, key)
            await asyncio.shield(asyncio.ensure_future(work))


def _encode(house: House, path: Path, shelf: Shelf, key: bytes) -> None:
    with path.open("rb") as file:
        reader = BlobReader(file, key, blob_associated_data(shelf.user, shelf.blob_id))
        source = _BlobSource(reader)
        write(house, shelf, "aac", lambda out: opening.to_aac(source, out))


class _BlobSource:
    """A blob as the child reads it: by position."""

    def __init__(self, reader: BlobReader) -> None:
        self._reader = reader
        self.size_bytes: int = reader.size_bytes

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        return b"".join(self._reader.read_range(offset_bytes, offset_bytes + length_bytes))
