"""Renditions that are made when somebody first asks for them, from what the owner's request can open."""

from __future__ import annotations

import asyncio
import errno
from typing import Final

from domain.errors import NoRendition, NotFound, NotReady
from service.desk.renditions import Shelf, write
from service.house.house import House
from service.machine.errors import Busy, StorageFull
from service.media import opening
from service.media.errors import MediaFailed
from vault.blobs import BlobReader, blob_associated_data

WAIT_S: Final = 20.0  # Some forty minutes of sound are encoded by then; of longer ones the next request finds more.
LONG_S: Final = 1_800.0
AT_ONCE: Final = 1  # Of the long ones and of the others: a core's work each, and nobody's hour holds up a voice note.
WAITING_MAX: Final = 16
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


class Renderings:
    """One per process. Two that ask for the same wait for the same; it goes on when those who asked have left. Nobody
    waits for a turn longer than a request does, so keys are held for that long and for one conversion."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._short, self._long = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(AT_ONCE)
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._people: set[str] = set()

    async def aac(self, file_id: str, shelf: Shelf, key: bytes, duration_s: float) -> None:
        """Returns once the rendition is there. NotReady past WAIT_S; NotFound when the file is deleted meanwhile;
        NoRendition when it cannot be made; Busy; StorageFull."""
        task = self._under_way.get(shelf.blob_id)
        if task is None:
            if len(self._under_way) >= WAITING_MAX or shelf.user in self._people:
                raise Busy("Other files are being converted. Try again.")
            task = asyncio.ensure_future(
                self._make(file_id, shelf, key, self._long if duration_s > LONG_S else self._short)
            )
            self._under_way[shelf.blob_id] = task
            self._people.add(shelf.user)
            task.add_done_callback(lambda done: self._end(shelf, done))
        try:
            await asyncio.wait_for(asyncio.shield(task), WAIT_S)
        except TimeoutError:
            raise NotReady("The file is being converted. Ask again.") from None
        except MediaFailed as failure:
            raise NoRendition(f"The file cannot be converted: {failure.code}.") from None
        except OSError as error:
            raise StorageFull("The disk is full.") if error.errno in _FULL else error from None

    def _end(self, shelf: Shelf, done: asyncio.Task[None]) -> None:
        del self._under_way[shelf.blob_id]
        self._people.discard(shelf.user)
        if not done.cancelled():
            done.exception()  # Whoever still waits is told; if nobody does, it is nobody's.

    async def _make(self, file_id: str, shelf: Shelf, key: bytes, turn: asyncio.Semaphore) -> None:
        async with asyncio.timeout(WAIT_S):
            await turn.acquire()
        try:
            work = asyncio.to_thread(_encode, self._house, file_id, shelf, key)
            await asyncio.shield(asyncio.ensure_future(work))
        finally:
            turn.release()


def _encode(house: House, file_id: str, shelf: Shelf, key: bytes) -> None:
    """Looks before and after: what is deleted meanwhile is not to be opened, and leaves nothing behind."""
    _require_known(house, file_id, shelf)
    with house.layout.blob_file(shelf.blob_id).open("rb") as file:
        reader = BlobReader(file, key, blob_associated_data(shelf.user, shelf.blob_id))
        source = _BlobSource(reader)
        write(house, shelf, "aac", lambda out: opening.to_aac(source, out))
    try:
        _require_known(house, file_id, shelf)
    except NotFound:
        if not house.keyring.blob_in_use(shelf.blob_id):
            house.layout.blob_file(shelf.blob_id, "aac").unlink(missing_ok=True)
        raise


def _require_known(house: House, file_id: str, shelf: Shelf) -> None:
    if house.keyring.blob_key(file_id, shelf.user) is None:
        raise NotFound("No such file.")


class _BlobSource:
    """A blob as the child reads it: by position."""

    def __init__(self, reader: BlobReader) -> None:
        self._reader = reader
        self.size_bytes: int = reader.size_bytes

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        return b"".join(self._reader.read_range(offset_bytes, offset_bytes + length_bytes))
