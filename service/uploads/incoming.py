"""Receiving one file: request body → encrypted spool, hashed on the way. Nobody's file yet; `uploads` acknowledges it.

A crash leaves a spool that nobody can open, and that is swept by its age.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from domain.errors import FileTooLarge, QuotaExceeded, Rejected
from domain.events import FileKind
from service.desk.desk import Desk
from service.house.house import House
from service.house.principal import Principal
from service.house.room import claimed_bytes, require_reserve, storage_full
from service.machine.errors import BodyCut
from service.machine.ids import new_id
from service.machine.locks import FileLock
from vault.durable import open_locked
from vault.errors import SpoolBusy
from vault.keys import new_key
from vault.spool import SpoolSummary, SpoolWriter

Result = TypeVar("Result")
RESERVE_CHECK_BYTES: Final = 64 << 20  # Written between two looks at the disk's reserve.


class Received(msgspec.Struct, frozen=True):
    """A file that lies whole and durable in its spool, not yet acknowledged. No repr: it holds the spool's key.

    `hold`: the spool's lock. Until its key is in the keyring, nothing else tells the sweeper that it is wanted, and the
    other files of the same request may take hours. `resumable`: an upload under way names it, and tries again if it is
    refused now; its spool stays. `stream_key`: of an upload whose sender cannot read, the key that its file is to have;
    b"": drawn when its time has come. `uploaded_at_us`: of what was uploaded elsewhere before, and is imported."""

    file_id: str
    name: str
    declared_type: str
    kind: FileKind
    summary: SpoolSummary
    spool_key: bytes
    hold: FileLock
    resumable: bool = False
    stream_key: bytes = b""
    uploaded_at_us: int | None = None

    def __repr__(self) -> str:
        return f"Received({self.file_id!r}, …)"


class Known(msgspec.Struct, frozen=True):
    """What an import knows of a file beforehand: always the same id for it, and the key of the spool that an earlier
    try may have left. Acknowledged as what is resumable: a second try goes on with the keys of the first. No repr."""

    file_id: str
    spool_key: bytes
    uploaded_at_us: int

    def __repr__(self) -> str:
        return f"Known({self.file_id!r}, …)"


def room_for(house: House, who: Principal, *, keyed: bool = False) -> int:
    """Bytes that one more file may have. StorageFull when the disk is at its reserve. Waits for commits: on a thread.

    Under an Idempotency-Key (`keyed`), what is left of the quota does not count yet: the first copy of the request has
    used some of it, and the second must be read to the same end to be known again. `commit` counts it. What resumable
    uploads have claimed is not there for others."""
    require_reserve(house)
    used = 0 if keyed else house.keyring.used_bytes(who.user) + claimed_bytes(house, who.user)
    left = house.settings.quota_bytes - used
    return max(0, min(left, house.settings.max_file_bytes))


class Spooling:
    """Bytes on their way into one spool. Hashing, sealing and writing happen on a thread, while the next piece is
    received and other requests go on. At most two pieces are in memory."""

    def __init__(self, desk: Desk, opening: Callable[[], SpoolWriter]) -> None:
        """`opening` makes or resumes the spool, on the thread, before the first piece."""
        self._desk = desk
        self._opening = opening
        self._writer: SpoolWriter | None = None
        self._turn = threading.Lock()
        self._ended = False
        self._writing: asyncio.Future[None] | None = None
        self._unchecked_bytes = 0

    async def append(self, data: bytes, beside: Callable[[bytes], object] | None = None) -> None:
        """StorageFull from the disk or for its reserve, for the piece before. End it after that. `beside` gets the
        piece, too, on the thread."""
        await self.written()
        self._writing = asyncio.get_running_loop().run_in_executor(None, self._append, data, beside)

    async def written(self) -> None:
        """The piece before is in the spool."""
        if self._writing is not None:
            await asyncio.shield(self._writing)

    async def then(self, work: Callable[[SpoolWriter], Result]) -> Result:
        """`work` on the thread, after the pieces before. StorageFull when the disk refuses."""
        await self.written()
        return await self._desk.aside(lambda: self._then(work))

    async def end(self, how: Callable[[SpoolWriter | None], None]) -> None:
        """`how` lets go of the writer, if there is one. A write whose request was cancelled still runs on its thread:
        it comes first, or finds that all has ended."""
        await self._desk.aside(lambda: self._end(how))
        if self._writing is not None:
            await asyncio.wait([self._writing])
            self._writing.exception()  # Whatever it was: there is nothing left that it could spoil.

    def _open(self) -> SpoolWriter:
        if self._ended:
            raise BodyCut("the upload was abandoned")
        if self._writer is None:
            self._writer = self._opening()
        return self._writer

    def _append(self, data: bytes, beside: Callable[[bytes], object] | None) -> None:
        def write(writer: SpoolWriter) -> None:
            self._check_reserve(len(data))
            if beside is not None:
                beside(data)
            writer.append(data)

        self._then(write)

    def _then(self, work: Callable[[SpoolWriter], Result]) -> Result:
        with self._turn:
            try:
                return work(self._open())
            except OSError as error:
                raise storage_full(error) from error

    def _end(self, how: Callable[[SpoolWriter | None], None]) -> None:
        with self._turn:
            self._ended = True
            writer, self._writer = self._writer, None
            how(writer)

    def _check_reserve(self, coming_bytes: int) -> None:
        """There was room when the file began; since then it and others have been written."""
        self._unchecked_bytes += coming_bytes
        if self._unchecked_bytes >= RESERVE_CHECK_BYTES:
            self._unchecked_bytes = 0
            require_reserve(self._desk.house)


class Incoming:
    """One file on its way in, in one go."""

    def __init__(
        self,
        desk: Desk,
        name: str,
        declared_type: str,
        kind: FileKind,
        room_bytes: int,
        known: Known | None = None,
    ) -> None:
        self._desk = desk
        self._room_bytes = room_bytes
        self._name = name
        self._declared_type = declared_type
        self._kind = kind
        self._known = known
        self._file_id = new_id() if known is None else known.file_id
        self._key = new_key() if known is None else known.spool_key
        self._hold: FileLock | None = None
        self._size_bytes = 0
        path, key, file_id = self._path, self._key, self._file_id
        # Not by way of this object: what refers to itself stays until the collector comes, and the key with it.
        self._spooling = Spooling(desk, lambda: SpoolWriter.create(path, key, file_id))

    async def append(self, data: bytes) -> None:
        """FileTooLarge or QuotaExceeded past the bound; StorageFull from the disk or for its reserve, for this piece or
        the one before. Abandon after any of them."""
        self._size_bytes += len(data)
        if self._size_bytes > self._room_bytes:
            raise too_large(self._desk.house, self._size_bytes)
        await self._spooling.append(data)

    async def finish(self) -> Received:
        """Durable, and still nobody's: `commit` acknowledges it. Until it is returned, `abandon` takes all of it back:
        who is cancelled here loses the answer, but not the lock that came with it."""
        summary = await self._spooling.then(self._finish)
        hold, self._hold = self._hold, None
        assert hold is not None
        return Received(
            self._file_id,
            self._name,
            self._declared_type,
            self._kind,
            summary,
            self._key,
            hold,
            resumable=self._known is not None,
            uploaded_at_us=None if self._known is None else self._known.uploaded_at_us,
        )

    async def abandon(self) -> None:
        """Removes what was spooled."""
        await self._spooling.end(self._abandon)

    @property
    def _path(self) -> Path:
        return self._desk.house.layout.spool_file(self._file_id)

    def _finish(self, writer: SpoolWriter) -> SpoolSummary:
        summary = writer.finish()
        self._hold = hold_spool(self._path)
        return summary

    def _abandon(self, writer: SpoolWriter | None) -> None:
        if writer is not None:
            writer.abandon()
        if self._hold is not None:
            self._hold.release()
            self._hold = None


def hold_spool(path: Path) -> FileLock:
    """The lock of a finished spool. SpoolBusy if somebody has it."""
    descriptor = open_locked(path)
    if descriptor is None:
        raise SpoolBusy("somebody else holds a spool that nobody knows of")
    return FileLock(descriptor)


def too_large(house: House, size_bytes: int) -> Rejected:
    """Why a file of so many bytes, or more, has no room."""
    bound = house.settings.max_file_bytes
    if size_bytes > bound:
        return FileTooLarge(f"A file may have at most {bound} bytes.")
    return QuotaExceeded("There is no room left for this file in your quota.")
