"""Bytes for an upload under way: received at the place where it stands, and kept as far as they came.

Durable, recorded, answered, in this order. After a crash the upload goes on from what was recorded.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final, Literal

import msgspec

from domain.errors import (
    ChecksumMismatch,
    FileTooLarge,
    NotFound,
    OffsetConflict,
    QuotaExceeded,
    UploadJoined,
    UploadTakenOver,
)
from service.desk.desk import Desk
from service.house.house import House
from service.house.principal import Principal
from service.house.room import folder_away, require_reserve, storage_full
from service.house.still import Still
from service.machine.errors import BodyCut, Busy
from service.uploads.incoming import Spooling, room_for, too_large
from service.uploads.pending import (
    Upload,
    at_turn,
    expiry_us,
    kept_bytes,
    open_spool,
    remove,
    require_known,
    require_size,
    settle,
)
from service.uploads.turns import Turn
from vault.errors import QuotaReached, SpoolBroken
from vault.pending import Form, PendingRow
from vault.spool import SpoolSummary, SpoolWriter

PIECE_BYTES: Final = 1 << 20
KEEP_BYTES: Final = 16 << 20  # At the most so much is sent again after a crash.
LAST_S: Final = 1.5  # For pieces that are nearly there, once the process has been told to end.
KEEP_S: Final = 10.0  # On a thin line, so much time's worth.
# Each piece ends one frame, and whoever reads the spool at any place keeps some hundred bytes for each.
MAX_FRAMES: Final = 200_000
Algorithm = Literal["sha1", "sha256"]


class Checksum(msgspec.Struct, frozen=True):
    algorithm: Algorithm
    digest: bytes


class Piece(msgspec.Struct, frozen=True):
    """What a sender says of the bytes that are coming. `length_bytes`: of them, None when not known beforehand;
    `size_bytes`: of the whole upload, for one that was begun without."""

    offset_bytes: int
    length_bytes: int | None = None
    size_bytes: int | None = None
    checksum: Checksum | None = None


async def append(desk: Desk, who: Principal, upload_id: str, piece: Piece, source: AsyncIterator[bytes]) -> Upload:
    """All of the piece, durable, and the file if it was the last.

    Changed nothing: NotFound, UploadLocked, UploadJoined, OffsetConflict, ChecksumMismatch; FileTooLarge, QuotaExceeded
    and StorageFull at once. Kept what came, unless a checksum guards it: UploadTakenOver, BodyCut; FileTooLarge,
    QuotaExceeded and StorageFull in the middle. The last byte brings what `settle` raises."""
    await require_known(desk, who, upload_id)
    gone = asyncio.Event()
    try:
        return await at_turn(desk, upload_id, lambda turn: _append(desk, who, upload_id, piece, source, turn, gone))
    finally:
        gone.set()


async def _append(
    desk: Desk,
    who: Principal,
    upload_id: str,
    piece: Piece,
    source: AsyncIterator[bytes],
    turn: Turn,
    gone: asyncio.Event,
) -> Upload:
    upload = await settle(desk, who, upload_id)
    row = await _agree(desk, who, upload, piece)
    if row.size_bytes == row.offset_bytes and not piece.length_bytes:
        await _require_empty(source)
        return await settle(desk, who, upload_id)
    room_bytes = await desk.aside(lambda: _room(desk.house, who, row))
    receiving = Receiving(desk, who, row, piece, room_bytes)
    try:
        summary = await receiving.take(source, turn, gone)
    except (SpoolBroken, FileNotFoundError) as error:
        await receiving.close()
        if isinstance(error, OSError) and folder_away(error):
            raise storage_full(error) from error
        await desk.aside(lambda: remove(desk.house, upload_id))
        raise NotFound("No such upload.") from None
    finally:
        await receiving.close()
    return await settle(desk, who, upload_id, summary)


async def _agree(desk: Desk, who: Principal, upload: Upload, piece: Piece) -> PendingRow:
    """The row, if the piece fits it; its size is told by now if the piece does."""
    house = desk.house
    if upload.form is Form.JOINED:
        raise UploadJoined("This upload is made of parts.")
    if piece.offset_bytes != upload.offset_bytes:
        raise OffsetConflict(f"The upload stands at {upload.offset_bytes}.")
    size_bytes = upload.size_bytes if piece.size_bytes is None else piece.size_bytes
    if upload.size_bytes not in (None, size_bytes):
        raise OffsetConflict("The size of this upload was told before, and was another.")
    require_size(house, size_bytes)
    if size_bytes is not None and size_bytes < piece.offset_bytes + (piece.length_bytes or 0):
        raise FileTooLarge("These are more bytes than the upload is to have.")
    require_reserve(house)
    if upload.size_bytes is None and size_bytes is not None:
        quota, told = house.settings.quota_bytes, size_bytes
        try:
            await desk.aside(
                lambda: house.pending.tell_size(upload.upload_id, told, quota, lambda: kept_bytes(house, who.user))
            )
        except QuotaReached:
            raise QuotaExceeded("There is no room left for this file in your quota.") from None
    row = await require_known(desk, who, upload.upload_id)
    if row.last_index >= MAX_FRAMES:
        raise FileTooLarge("This upload came in too many small pieces. Begin anew, with larger ones.")
    return row


async def _require_empty(source: AsyncIterator[bytes]) -> None:
    async for data in source:
        if data:
            raise FileTooLarge("These are more bytes than the upload is to have.")


class Receiving:
    """One piece on its way into the spool."""

    def __init__(self, desk: Desk, who: Principal, row: PendingRow, piece: Piece, room_bytes: int) -> None:
        self._desk = desk
        self._who = who
        self._row = row
        self._room_bytes = room_bytes
        self._checksum = piece.checksum
        self._digest = None if piece.checksum is None else hashlib.new(piece.checksum.algorithm, usedforsecurity=False)
        self._spooling = Spooling(desk, lambda: open_spool(desk.house, row))
        self._buffer = bytearray()
        self._taken_bytes = 0
        self._unkept_bytes = 0
        self._kept_at_s = asyncio.get_running_loop().time()
        if piece.length_bytes is not None and piece.length_bytes > self._room_bytes:
            raise self._too_much(piece.length_bytes)

    async def take(self, source: AsyncIterator[bytes], turn: Turn, gone: asyncio.Event) -> SpoolSummary | None:
        """To the end of the source, or until somebody claims the turn. The spool's summary if this was all."""
        receiving = asyncio.ensure_future(self._receive(source))
        ended = asyncio.ensure_future(self._desk.leave_taken(LAST_S))
        leaving = [asyncio.ensure_future(turn.claimed()), asyncio.ensure_future(gone.wait()), ended]
        try:
            await asyncio.wait([receiving, *leaving], return_when=asyncio.FIRST_COMPLETED)
            if not receiving.done():
                await self._stop(receiving)
                await self._keep_what_came()
                if ended.done():
                    raise Busy("This process ends. Go on from where the upload stands.")
                raise UploadTakenOver("Somebody has come back to this upload on another connection.")
            try:
                receiving.result()
            except BodyCut:
                await self._keep_what_came()
                raise
        finally:
            for task in (receiving, *leaving):
                task.cancel()
        return await self._end()

    async def close(self) -> None:
        """Lets go of the spool. What was not kept may be cut off."""
        await self._spooling.end(lambda writer: None if writer is None else writer.close())

    async def _receive(self, source: AsyncIterator[bytes]) -> None:
        async for data in source:
            self._taken_bytes += len(data)
            if self._taken_bytes > self._room_bytes:
                raise self._too_much(self._taken_bytes)
            self._buffer += data
            self._unkept_bytes += len(data)
            if len(self._buffer) >= PIECE_BYTES:
                await self._hand_over()
            if self._digest is None and self._keep_is_due():
                await self._keep()

    @staticmethod
    async def _stop(receiving: asyncio.Task[None]) -> None:
        """Between two pieces: what was received stands in the buffer or in the spool."""
        receiving.cancel()
        with suppress(asyncio.CancelledError):
            await receiving

    async def _hand_over(self) -> None:
        """The buffer to the thread. It is emptied only then: who is stopped while waiting here still has it."""
        if self._buffer:
            await self._spooling.append(bytes(self._buffer), None if self._digest is None else self._digest.update)
            self._buffer.clear()

    def _keep_is_due(self) -> bool:
        waited_s = asyncio.get_running_loop().time() - self._kept_at_s
        return self._unkept_bytes >= KEEP_BYTES or waited_s >= KEEP_S

    async def _keep(self) -> None:
        """Durable, then recorded. QuotaExceeded for one whose size nobody knows; BadCredentials for who may not be here
        any more."""
        Still(self._desk.house, self._who).require()
        await self._hand_over()
        try:
            await self._spooling.then(self._sync)
        except QuotaReached:
            raise QuotaExceeded("There is no room left for this file in your quota.") from None
        self._unkept_bytes = 0
        self._kept_at_s = asyncio.get_running_loop().time()

    async def _keep_what_came(self) -> None:
        """Before giving up; with a checksum nothing is known to be right, and nothing stays."""
        if self._digest is None and self._unkept_bytes:
            await self._keep()

    async def _end(self) -> SpoolSummary | None:
        await self._hand_over()
        if self._checksum is not None and self._digest is not None:
            await self._spooling.written()
            if not hmac.compare_digest(self._digest.digest(), self._checksum.digest):
                if self._taken_bytes:
                    await self._spooling.then(SpoolWriter.rewind)
                raise ChecksumMismatch("The checksum does not match. None of these bytes was kept.")
        if self._row.offset_bytes + self._taken_bytes != self._row.size_bytes:
            if self._unkept_bytes:
                await self._keep()
            return None
        if not self._row.offset_bytes:
            return await self._spooling.then(self._finish)
        await self._keep()  # All of it is about to be read back, which takes a while.
        async with self._desk.long_work:
            return await self._spooling.then(self._finish)

    def _sync(self, writer: SpoolWriter) -> None:
        house, row = self._desk.house, self._row
        durable_bytes = writer.sync()
        house.pending.advance(
            row.upload_id,
            durable_bytes,
            expiry_us(house),
            house.settings.quota_bytes,
            lambda: kept_bytes(house, self._who.user),
            writer.durable_last,
        )

    def _finish(self, writer: SpoolWriter) -> SpoolSummary:
        summary = writer.finish()
        self._desk.house.pending.fill(self._row.upload_id, expiry_us(self._desk.house))
        return summary

    def _too_much(self, taken_bytes: int) -> Exception:
        if self._row.size_bytes is not None:
            return FileTooLarge("These are more bytes than the upload is to have.")
        return too_large(self._desk.house, self._row.offset_bytes + taken_bytes)


def _room(house: House, who: Principal, row: PendingRow) -> int:
    """Bytes that may still come. StorageFull."""
    if row.size_bytes is not None:
        return row.size_bytes - row.offset_bytes
    return min(house.settings.max_file_bytes - row.offset_bytes, room_for(house, who))
