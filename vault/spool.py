"""An upload on its way: append-only encrypted frames, durable piece by piece, read back once by a worker.

Layout: "SRSPL" 0x00 ‖ format (1) ‖ suite (1), then frames: head (uint32, big-endian: bytes that follow; the
top bit marks the end frame) ‖ nonce (12) ‖ ciphertext ‖ tag (16). The end frame seals size (uint64) ‖ SHA-256
of all plaintext. AAD: format ‖ suite ‖ "spool" ‖ upload id (each text after its uint32 length) ‖ frame index
(uint64) ‖ plaintext offset (uint64) ‖ kind (1). See docs/formats.md.
"""

import hashlib
import os
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import InvalidTag

from vault import durable
from vault.durable import is_abandoned
from vault.errors import SpoolBroken, SpoolBusy, SpoolFinished
from vault.hashing import Sha256Beside
from vault.seal import FORMAT, NONCE_BYTES, SUITE_AES_256_GCM, TAG_BYTES, cipher

__all__ = ["FRAME_PLAIN_BYTES", "HEADER", "SpoolReader", "SpoolSummary", "SpoolWriter", "is_abandoned"]

FRAME_PLAIN_BYTES: Final = 1 << 20
HEADER: Final = b"SRSPL\x00" + bytes((FORMAT, SUITE_AES_256_GCM))

_HEAD_BYTES: Final = 4
_FRAME_OVERHEAD_BYTES: Final = NONCE_BYTES + TAG_BYTES
_END_FLAG: Final = 1 << 31
_SUMMARY: Final = struct.Struct(">Q32s")
_PLACE: Final = struct.Struct(">QQB")
_FRAME_HEAD: Final = struct.Struct(">I12s")


class _Kind(IntEnum):
    DATA = 0
    END = 1


@dataclass(frozen=True, slots=True)
class SpoolSummary:
    """What a finished spool holds: plaintext bytes and their SHA-256."""

    size_bytes: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a frame begins: its index, its byte in the file, its byte in the plaintext."""

    index: int
    file_bytes: int
    plain_bytes: int


@dataclass(frozen=True, slots=True)
class _Frame:
    place: _Place
    kind: _Kind
    plain_bytes: int

    @property
    def after(self) -> _Place:
        file_bytes = self.place.file_bytes + _HEAD_BYTES + _FRAME_OVERHEAD_BYTES + self.plain_bytes
        return _Place(self.place.index + 1, file_bytes, self.place.plain_bytes + self.plain_bytes)


_START: Final = _Place(0, len(HEADER), 0)


class _Frames:
    """Frames of one open file: finds, opens and writes them. Knows no order; its callers do."""

    __slots__ = ("_aad", "_gcm", "_out", "fd")

    def __init__(self, fd: int, key: bytes, upload_id: str) -> None:
        self.fd = fd
        self._gcm = cipher(key)
        upload = upload_id.encode()
        self._aad = HEADER[-2:] + b"\0\0\0\x05spool" + len(upload).to_bytes(4, "big") + upload
        self._out = memoryview(b"")

    def find(self, place: _Place) -> _Frame | None:
        """The whole frame at `place` by its head alone, unauthenticated; None where there is none or a torn
        one.
        """
        head = os.pread(self.fd, _HEAD_BYTES, place.file_bytes)
        if len(head) < _HEAD_BYTES:
            return None
        word = int.from_bytes(head, "big")
        kind = _Kind.END if word & _END_FLAG else _Kind.DATA
        plain_bytes = (word & ~_END_FLAG) - _FRAME_OVERHEAD_BYTES
        fits = plain_bytes == _SUMMARY.size if kind is _Kind.END else 1 <= plain_bytes <= FRAME_PLAIN_BYTES
        frame = _Frame(place, kind, plain_bytes)
        return frame if fits and frame.after.file_bytes <= os.fstat(self.fd).st_size else None

    def open(self, frame: _Frame) -> bytes:
        """The frame's plaintext. SpoolBroken unless it was written for this upload, place and kind."""
        sealed = os.pread(self.fd, _FRAME_OVERHEAD_BYTES + frame.plain_bytes, frame.place.file_bytes + _HEAD_BYTES)
        try:
            nonce, ciphertext = sealed[:NONCE_BYTES], memoryview(sealed)[NONCE_BYTES:]
            return self._gcm.decrypt(nonce, ciphertext, self._place_aad(frame.place, frame.kind))
        except (InvalidTag, ValueError):  # ValueError: the file shrank, and less than a nonce was read.
            raise SpoolBroken from None

    def write(self, place: _Place, kind: _Kind, plaintext: memoryview) -> _Place:
        """Seals and writes one frame; the place after it.

        Nonces are random, never counted: after a crash other bytes are written at the same index under the
        same key, and a counter would then repeat.
        """
        if not self._out:
            self._out = memoryview(bytearray(_HEAD_BYTES + _FRAME_OVERHEAD_BYTES + FRAME_PLAIN_BYTES))
        nonce = os.urandom(NONCE_BYTES)
        sealed_bytes = _FRAME_OVERHEAD_BYTES + len(plaintext)
        _FRAME_HEAD.pack_into(self._out, 0, sealed_bytes | (_END_FLAG if kind is _Kind.END else 0), nonce)
        out = self._out[: _HEAD_BYTES + sealed_bytes]
        self._gcm.encrypt_into(nonce, plaintext, self._place_aad(place, kind), out[_FRAME_HEAD.size :])
        durable.write_all(self.fd, out, place.file_bytes)
        return _Frame(place, kind, len(plaintext)).after

    def _place_aad(self, place: _Place, kind: _Kind) -> bytes:
        return self._aad + _PLACE.pack(place.index, place.plain_bytes, kind)


class SpoolWriter:
    """Appends plaintext of one upload; hashes, seals and writes as it goes. Holds an flock while open.

    About 1 ms for a MiB: SHA-256 (0.7) in a thread beside AES-GCM (0.3) and the write (0.4), all without the
    GIL. One writer belongs to one thread at a time. After an OSError (disk full) only `abandon`
    and `close` are of use: the torn frame is past the last durable one, and `resume` cuts it off.
    """

    __slots__ = (
        "_behind",
        "_buffer",
        "_buffered_bytes",
        "_durable",
        "_entry_durable",
        "_failed",
        "_frames",
        "_hash",
        "_path",
        "_place",
    )

    def __init__(self, path: Path, frames: _Frames, place: _Place, *, resumed: bool) -> None:
        """Made by `create` and `resume`."""
        self._path = path
        self._frames = frames
        self._place = place
        self._durable = place if resumed else _START
        self._entry_durable = False
        self._failed = False
        # A resumed spool is hashed once, at its finish: else an upload of n pieces would be read n times.
        self._hash = None if place.plain_bytes else Sha256Beside()
        self._behind = durable.WriteBehind(frames.fd, place.file_bytes)
        self._buffer = memoryview(bytearray(FRAME_PLAIN_BYTES))
        self._buffered_bytes = 0

    @classmethod
    def create(cls, path: Path, key: bytes, upload_id: str) -> Self:
        """A new spool, mode 0600. FileExistsError if there is one; durable only after `sync` or `finish`."""
        fd = durable.create_locked(path)
        try:
            frames = _Frames(fd, key, upload_id)
            durable.write_all(fd, memoryview(HEADER), 0)
        except BaseException:
            path.unlink(missing_ok=True)
            os.close(fd)
            raise
        return cls(path, frames, _START, resumed=False)

    @classmethod
    def resume(cls, path: Path, key: bytes, upload_id: str, durable_bytes: int = 0) -> Self:
        """Goes on after the last whole authentic frame; what follows it is cut off.

        durable_bytes: plaintext that an earlier `sync` answered for. Frames below it are taken by their
        lengths (`finish` opens them all), those after it are opened one by one: a crash may leave them half
        on disk. SpoolBroken if less than that is there, or not one frame opens (wrong key: nothing is cut
        then). SpoolFinished if the end frame is there, SpoolBusy while another writer has it.
        """
        fd = durable.open_locked(path)
        if fd is None:
            raise SpoolBusy("another writer holds the spool")
        try:
            frames = _Frames(fd, key, upload_id)
            place = _last_whole_place(frames, durable_bytes)
            os.ftruncate(fd, place.file_bytes)
            durable.write_all(fd, memoryview(HEADER), 0)
            os.fsync(fd)
        except BaseException:
            os.close(fd)
            raise
        return cls(path, frames, place, resumed=True)

    @property
    def offset_bytes(self) -> int:
        """Plaintext bytes taken so far; durable only up to `durable_bytes`."""
        return self._place.plain_bytes + self._buffered_bytes

    @property
    def durable_bytes(self) -> int:
        """Plaintext bytes that survive a crash, as of the last `sync`."""
        return self._durable.plain_bytes

    def append(self, data: bytes | bytearray | memoryview) -> None:
        """Takes plaintext in pieces of any size; keeps less than 1 MiB back.

        OSError as the system gives it; SpoolBroken from here, `sync` and `finish` ever after.
        """
        rest = memoryview(data)
        while rest:
            if not self._buffered_bytes and len(rest) >= FRAME_PLAIN_BYTES:
                self._write_data(rest[:FRAME_PLAIN_BYTES])
                rest = rest[FRAME_PLAIN_BYTES:]
                continue
            piece = rest[: FRAME_PLAIN_BYTES - self._buffered_bytes]
            self._buffer[self._buffered_bytes : self._buffered_bytes + len(piece)] = piece
            self._buffered_bytes += len(piece)
            rest = rest[len(piece) :]
            if self._buffered_bytes == FRAME_PLAIN_BYTES:
                self._flush()

    def sync(self) -> int:
        """Makes all that was appended durable, the kept-back rest as a short frame; `durable_bytes`."""
        self._flush()
        self._fsync()
        return self.durable_bytes

    def finish(self) -> SpoolSummary:
        """Writes the end frame, makes file and folder entry durable, closes.

        Reads all back first if it was resumed.
        """
        self._flush()
        digest = self._hash.digest() if self._hash is not None else self._rehash()
        summary = SpoolSummary(self._place.plain_bytes, digest)
        self._write(_Kind.END, memoryview(_SUMMARY.pack(summary.size_bytes, summary.sha256)))
        self._fsync()
        self.close()
        return summary

    def close(self) -> None:
        """Lets go of the file and its lock and leaves it for `resume`; what was not synced may be lost."""
        if self._frames.fd >= 0:
            os.close(self._frames.fd)
            self._frames.fd = -1
        if self._hash is not None:
            self._hash.close()

    def abandon(self) -> None:
        """Removes the file, then lets go of it: in this order nobody can resume what is going away."""
        self._path.unlink(missing_ok=True)
        self.close()

    def _flush(self) -> None:
        if self._buffered_bytes:
            buffered, self._buffered_bytes = self._buffered_bytes, 0
            self._write_data(self._buffer[:buffered])

    def _write_data(self, plaintext: memoryview) -> None:
        if self._hash is None:
            self._write(_Kind.DATA, plaintext)
            return
        self._hash.start(plaintext)
        try:
            self._write(_Kind.DATA, plaintext)
        finally:
            self._hash.wait()  # The buffer, ours or the caller's, is free again when this returns.

    def _write(self, kind: _Kind, plaintext: memoryview) -> None:
        self._begin()
        self._place = self._frames.write(self._place, kind, plaintext)
        self._behind.advance(self._place.file_bytes)
        self._failed = False

    def _fsync(self) -> None:
        self._begin()
        os.fsync(self._frames.fd)
        if not self._entry_durable:
            durable.fsync_directory(self._path.parent)
            self._entry_durable = True
        self._durable = self._place
        self._failed = False

    def _begin(self) -> None:
        # Failed until proven otherwise. What a failed write left out cannot be made up for, and an fsync
        # tried again after an error may succeed without having saved anything.
        if self._failed:
            raise SpoolBroken("an earlier write failed")
        self._failed = True

    def _rehash(self) -> bytes:
        digest = Sha256Beside()
        place = _START
        while place.plain_bytes < self._place.plain_bytes:
            frame = self._frames.find(place)
            if frame is None:
                raise SpoolBroken
            digest.start(self._frames.open(frame))
            place = frame.after
        return digest.digest()


class SpoolReader:
    """The plaintext frames of a finished spool, in order.

    `summary` is known from the start, authentic but unproven. Iterating proves it: SpoolBroken, at the latest
    after the last frame, unless every frame is in its place and the whole has the size and SHA-256 that the
    end frame names. Nothing derived may be kept before the iterator has ended.
    """

    __slots__ = ("_frames", "summary")

    def __init__(self, path: Path, key: bytes, upload_id: str) -> None:
        self._frames = _Frames(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), key, upload_id)
        try:
            self.summary = self._read_summary()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[bytes]:
        digest = hashlib.sha256()
        read = durable.ReadOnce(self._frames.fd)

        def take(place: _Place) -> tuple[bytes, _Place] | None:
            frame = self._frames.find(place)
            if frame is None or frame.kind is not _Kind.DATA:
                return None
            plaintext = self._frames.open(frame)
            digest.update(plaintext)
            read.advance(frame.after.file_bytes)
            return plaintext, frame.after

        place = _START
        # One frame ahead, on a thread: reading, opening and hashing run beside what the caller does with the last.
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="spool") as ahead:
            coming = ahead.submit(take, place)
            while (taken := coming.result()) is not None:
                plaintext, place = taken
                coming = ahead.submit(take, place)
                yield plaintext
        if SpoolSummary(place.plain_bytes, digest.digest()) != self.summary:
            raise SpoolBroken

    def close(self) -> None:
        """Lets go of the file."""
        if self._frames.fd >= 0:
            os.close(self._frames.fd)
            self._frames.fd = -1

    def _read_summary(self) -> SpoolSummary:
        if os.pread(self._frames.fd, len(HEADER), 0) != HEADER:
            raise SpoolBroken
        place = _START
        while (frame := self._frames.find(place)) is not None and frame.kind is _Kind.DATA:
            place = frame.after
        if frame is None or frame.after.file_bytes != os.fstat(self._frames.fd).st_size:
            raise SpoolBroken  # No end frame: the upload never finished. Bytes after it: not ours.
        summary = SpoolSummary(*_SUMMARY.unpack(self._frames.open(frame)))
        if summary.size_bytes != place.plain_bytes:
            raise SpoolBroken
        return summary


def _last_whole_place(frames: _Frames, durable_bytes: int) -> _Place:
    """Where to go on writing.

    Opens the first frame always, and every frame that reaches past `durable_bytes`.
    """
    if not HEADER.startswith(os.pread(frames.fd, len(HEADER), 0)):
        raise SpoolBroken
    place = _START
    while (frame := frames.find(place)) is not None:
        if frame.kind is _Kind.END or frame.place.index == 0 or frame.after.plain_bytes > durable_bytes:
            try:
                frames.open(frame)
            except SpoolBroken:
                if frame.place.index == 0:
                    raise  # Most likely the wrong key: cutting here would destroy a sound spool.
                break
        if frame.kind is _Kind.END:
            raise SpoolFinished("the spool has its end frame")
        place = frame.after
    if place.plain_bytes < durable_bytes:
        raise SpoolBroken
    return place
