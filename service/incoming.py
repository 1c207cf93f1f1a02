"""Receiving one file: request body → encrypted spool, hashed on the way. Nobody's file yet; `uploads` acknowledges it.

A crash leaves a spool that nobody can open, and that is swept by its age.
"""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from typing import Final

import msgspec

from domain.errors import FileTooLarge, QuotaExceeded, Rejected
from domain.events import FileKind
from service.desk import Desk
from service.errors import BodyCut, StorageFull
from service.house import House
from service.ids import new_id
from service.locks import FileLock
from service.principal import Principal
from vault.durable import open_locked
from vault.errors import SpoolBusy
from vault.keys import new_key
from vault.spool import SpoolSummary, SpoolWriter

RESERVE_CHECK_BYTES: Final = 64 << 20  # Written between two looks at the disk's reserve.


class Received(msgspec.Struct, frozen=True):
    """A file that lies whole and durable in its spool, not yet acknowledged. No repr: it holds the spool's key.

    `hold`: the spool's lock. Until its key is in the keyring, nothing else tells the sweeper that it is wanted, and the
    other files of the same request may take hours."""

    file_id: str
    name: str
    declared_type: str
    kind: FileKind
    summary: SpoolSummary
    spool_key: bytes
    hold: FileLock

    def __repr__(self) -> str:
        return f"Received({self.file_id!r}, …)"


def room_for(house: House, who: Principal, *, keyed: bool = False) -> int:
    """Bytes that one more file may have. StorageFull when the disk is at its reserve.

    Under an Idempotency-Key (`keyed`), what is left of the quota does not count yet: the first copy of the request has
    used some of it, and the second must be read to the same end to be known again. `commit` counts it."""
    require_reserve(house)
    left = house.settings.quota_bytes - (0 if keyed else house.keyring.used_bytes(who.user))
    return max(0, min(left, house.settings.max_file_bytes))


def require_reserve(house: House) -> None:
    """StorageFull when the disk of the data folder has less left than the reserve."""
    if free_bytes(house) < house.settings.reserve_bytes:
        raise StorageFull("The disk is full.")


def free_bytes(house: House) -> int:
    """What the disk of the data folder has left for us."""
    disk = os.statvfs(house.layout.data)
    return disk.f_bavail * disk.f_frsize


class Incoming:
    """One file on its way in. Hashing, sealing and writing happen on a thread, while the next piece is received and
    other requests go on. At most two pieces are in memory."""

    def __init__(self, desk: Desk, name: str, declared_type: str, kind: FileKind, room_bytes: int) -> None:
        self._desk = desk
        self._room_bytes = room_bytes
        self._name = name
        self._declared_type = declared_type
        self._kind = kind
        self._file_id = new_id()
        self._key = new_key()
        self._writer: SpoolWriter | None = None
        self._hold: FileLock | None = None
        self._turn = threading.Lock()
        self._abandoned = False
        self._writing: asyncio.Future[None] | None = None
        self._size_bytes = 0
        self._unchecked_bytes = 0

    async def append(self, data: bytes) -> None:
        """FileTooLarge or QuotaExceeded past the bound; StorageFull from the disk or for its reserve, for this piece or
        the one before. Abandon after any of them."""
        self._size_bytes += len(data)
        if self._size_bytes > self._room_bytes:
            raise self._too_large()
        await self._written()
        self._writing = asyncio.get_running_loop().run_in_executor(None, self._write, data)

    async def finish(self) -> Received:
        """Durable, and still nobody's: `commit` acknowledges it. Until it is returned, `abandon` takes all of it back:
        who is cancelled here loses the answer, but not the lock that came with it."""
        await self._written()
        summary = await self._desk.aside(self._finish)
        hold, self._hold, self._writer = self._hold, None, None
        assert hold is not None
        return Received(self._file_id, self._name, self._declared_type, self._kind, summary, self._key, hold)

    async def abandon(self) -> None:
        """Removes what was spooled. A write whose request was cancelled still runs on its thread: it comes first, or
        finds the upload abandoned."""
        await self._desk.aside(self._abandon)
        if self._writing is not None:
            await asyncio.wait([self._writing])
            self._writing.exception()  # Whatever it was: there is nothing left that it could spoil.

    async def _written(self) -> None:
        """The piece before is in the spool."""
        if self._writing is not None:
            await asyncio.shield(self._writing)

    def _too_large(self) -> Rejected:
        bound = self._desk.house.settings.max_file_bytes
        if self._size_bytes > bound:
            return FileTooLarge(f"A file may have at most {bound} bytes.")
        return QuotaExceeded("There is no room left for this file in your quota.")

    def _open(self) -> SpoolWriter:
        if self._abandoned:
            raise BodyCut("the upload was abandoned")
        if self._writer is None:
            path = self._desk.house.layout.spool_file(self._file_id)
            self._writer = SpoolWriter.create(path, self._key, self._file_id)
        return self._writer

    def _write(self, data: bytes) -> None:
        with self._turn:
            try:
                writer = self._open()
                self._check_reserve(len(data))
                writer.append(data)
            except OSError as error:
                raise _storage_full(error) from error

    def _check_reserve(self, coming_bytes: int) -> None:
        """There was room when the file began; since then it and others have been written."""
        self._unchecked_bytes += coming_bytes
        if self._unchecked_bytes >= RESERVE_CHECK_BYTES:
            self._unchecked_bytes = 0
            require_reserve(self._desk.house)

    def _finish(self) -> SpoolSummary:
        with self._turn:
            try:
                summary = self._open().finish()
                descriptor = open_locked(self._desk.house.layout.spool_file(self._file_id))
            except OSError as error:
                raise _storage_full(error) from error
            if descriptor is None:
                raise SpoolBusy("somebody else holds a spool that nobody knows of")
            self._hold = FileLock(descriptor)
            return summary

    def _abandon(self) -> None:
        with self._turn:
            self._abandoned = True
            if self._writer is not None:
                self._writer.abandon()
                self._writer = None
            if self._hold is not None:
                self._hold.release()
                self._hold = None


def _storage_full(error: OSError) -> Exception:
    return StorageFull("The disk is full.") if error.errno in (errno.ENOSPC, errno.EDQUOT) else error
