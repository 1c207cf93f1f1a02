"""An upload on its way: append-only encrypted frames, durable piece by piece, read back once by a worker.

The frames themselves, and the layout of the file, are in vault/frames.py.
"""

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from vault import durable
from vault.durable import is_abandoned
from vault.errors import SpoolBroken, SpoolBusy, SpoolFinished
from vault.frames import FRAME_PLAIN_BYTES, HEADER, START, SUMMARY, Frames, Kind, Place
from vault.hashing import Sha256Beside

__all__ = ["FRAME_PLAIN_BYTES", "HEADER", "SpoolReader", "SpoolSummary", "SpoolWriter", "is_abandoned"]


@dataclass(frozen=True, slots=True)
class SpoolSummary:
    """What a finished spool holds: plaintext bytes and their SHA-256."""

    size_bytes: int
    sha256: bytes


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
        "_durable_last",
        "_entry_durable",
        "_failed",
        "_frames",
        "_hash",
        "_last",
        "_path",
        "_place",
    )

    def __init__(self, path: Path, frames: Frames, place: Place, last: Place, *, resumed: bool) -> None:
        """Made by `create` and `resume`."""
        self._path = path
        self._frames = frames
        self._place = place
        self._last = self._durable_last = last
        self._durable = place if resumed else START
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
            frames = Frames(fd, key, upload_id)
            durable.write_all(fd, memoryview(HEADER), 0)
        except BaseException:
            path.unlink(missing_ok=True)
            os.close(fd)
            raise
        return cls(path, frames, START, START, resumed=False)

    @classmethod
    def resume(
        cls,
        path: Path,
        key: bytes,
        upload_id: str,
        durable_bytes: int = 0,
        *,
        exactly: bool = False,
        last: Place = START,
    ) -> Self:
        """Goes on after the last whole authentic frame; what follows it is cut off.

        durable_bytes: plaintext that an earlier `sync` answered for. Frames below it are taken by their
        lengths (`finish` opens them all), those after it are opened one by one: a crash may leave them half
        on disk; with `exactly` they are cut off, too. SpoolBroken if less than that is there, or not one frame opens
        (wrong key: nothing is cut then). `last`: the `durable_last` of then; all before it is not looked at, if its
        frame opens there. SpoolFinished if the end frame is there, SpoolBusy while another writer has
        it.
        """
        fd = durable.open_locked(path)
        if fd is None:
            raise SpoolBusy("another writer holds the spool")
        try:
            frames = Frames(fd, key, upload_id)
            place, last = _last_whole_place(frames, durable_bytes, last, exactly=exactly)
            os.ftruncate(fd, place.file_bytes)
            durable.write_all(fd, memoryview(HEADER), 0)
            os.fsync(fd)
        except BaseException:
            os.close(fd)
            raise
        return cls(path, frames, place, last, resumed=True)

    @property
    def offset_bytes(self) -> int:
        """Plaintext bytes taken so far; durable only up to `durable_bytes`."""
        return self._place.plain_bytes + self._buffered_bytes

    @property
    def durable_bytes(self) -> int:
        """Plaintext bytes that survive a crash, as of the last `sync`."""
        return self._durable.plain_bytes

    @property
    def durable_last(self) -> Place:
        """Where the last frame of these begins; START if there is none."""
        return self._durable_last

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

    def rewind(self) -> int:
        """Takes back all that was appended since the last `sync`: it turned out to be wrong; `durable_bytes`.

        What it was is gone from the file when this returns. SpoolBroken as `append`."""
        self._begin()
        self._buffered_bytes = 0
        os.ftruncate(self._frames.fd, self._durable.file_bytes)
        os.fsync(self._frames.fd)
        self._place, self._last = self._durable, self._durable_last
        if self._hash is not None:
            # It has seen what is no longer there. Read back at the finish, unless there is nothing yet.
            self._hash.close()
            self._hash = None if self._place.plain_bytes else Sha256Beside()
        self._behind = durable.WriteBehind(self._frames.fd, self._place.file_bytes)
        self._failed = False
        return self.durable_bytes

    def finish(self) -> SpoolSummary:
        """Writes the end frame, makes file and folder entry durable, closes.

        Reads all back first if it was resumed. Closes when it fails, too: what is durable waits for `resume`.
        """
        try:
            self._flush()
            digest = self._hash.digest() if self._hash is not None else self._rehash()
            summary = SpoolSummary(self._place.plain_bytes, digest)
            self._write(Kind.END, memoryview(SUMMARY.pack(summary.size_bytes, summary.sha256)))
            self._fsync()
        except BaseException:
            self._failed = True
            raise
        finally:
            self.close()
        return summary

    def close(self) -> None:
        """Lets go of the file and its lock and leaves it for `resume`; what was not synced may be lost."""
        if self._frames.fd >= 0:
            os.close(self._frames.fd)
            self._frames.fd = -1
        if self._hash is not None:
            self._hash.close()
        self._buffer = memoryview(b"")  # A MiB, of plaintext: whoever still refers to this writer keeps it no longer.
        self._frames.forget()

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
            self._write(Kind.DATA, plaintext)
            return
        self._hash.start(plaintext)
        try:
            self._write(Kind.DATA, plaintext)
        finally:
            self._hash.wait()  # The buffer, ours or the caller's, is free again when this returns.

    def _write(self, kind: Kind, plaintext: memoryview) -> None:
        self._begin()
        begins, self._place = self._place, self._frames.write(self._place, kind, plaintext)
        self._last = begins
        self._behind.advance(self._place.file_bytes)
        self._failed = False

    def _fsync(self) -> None:
        self._begin()
        os.fsync(self._frames.fd)
        if not self._entry_durable:
            durable.fsync_directory(self._path.parent)
            self._entry_durable = True
        self._durable, self._durable_last = self._place, self._last
        self._failed = False

    def _begin(self) -> None:
        # Failed until proven otherwise. What a failed write left out cannot be made up for, and an fsync
        # tried again after an error may succeed without having saved anything.
        if self._failed:
            raise SpoolBroken("an earlier write failed")
        self._failed = True

    def _rehash(self) -> bytes:
        digest = Sha256Beside()
        place = START
        try:
            while place.plain_bytes < self._place.plain_bytes:
                frame = self._frames.find(place)
                if frame is None:
                    raise SpoolBroken
                digest.start(self._frames.open(frame))
                place = frame.after
            return digest.digest()
        finally:
            digest.close()


class SpoolReader:
    """The plaintext frames of a finished spool, in order.

    `summary` is known from the start, authentic but unproven. Iterating proves it: SpoolBroken, at the latest
    after the last frame, unless every frame is in its place and the whole has the size and SHA-256 that the
    end frame names. Nothing derived may be kept before the iterator has ended.
    """

    __slots__ = ("_frames", "summary")

    def __init__(self, path: Path, key: bytes, upload_id: str) -> None:
        self._frames = Frames(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), key, upload_id)
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

        def take(place: Place) -> tuple[bytes, Place] | None:
            frame = self._frames.find(place)
            if frame is None or frame.kind is not Kind.DATA:
                return None
            plaintext = self._frames.open(frame)
            digest.update(plaintext)
            read.advance(frame.after.file_bytes)
            return plaintext, frame.after

        place = START
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
        place = START
        while (frame := self._frames.find(place)) is not None and frame.kind is Kind.DATA:
            place = frame.after
        if frame is None or frame.after.file_bytes != os.fstat(self._frames.fd).st_size:
            raise SpoolBroken  # No end frame: the upload never finished. Bytes after it: not ours.
        summary = SpoolSummary(*SUMMARY.unpack(self._frames.open(frame)))
        if summary.size_bytes != place.plain_bytes:
            raise SpoolBroken
        return summary


def _last_whole_place(frames: Frames, durable_bytes: int, near: Place, *, exactly: bool) -> tuple[Place, Place]:
    """Where to go on writing, and where the frame before begins (START if there is none).

    Opens the first frame always, and every frame that reaches past `durable_bytes`; with `exactly` of those only an
    end frame. Where nothing was promised, nothing is there to be spared: then not even the first must open.
    """
    if not HEADER.startswith(os.pread(frames.fd, len(HEADER), 0)):
        raise SpoolBroken
    place = last = near if _opens(frames, near, durable_bytes) else START
    while (frame := frames.find(place)) is not None:
        past = frame.after.plain_bytes > durable_bytes
        if exactly and past and frame.kind is Kind.DATA:
            break
        if frame.kind is Kind.END or frame.place.index == 0 or past:
            try:
                frames.open(frame)
            except SpoolBroken:
                if frame.place.index == 0 and not (exactly and past):
                    raise  # Most likely the wrong key: cutting here would destroy a sound spool.
                break
        if frame.kind is Kind.END:
            raise SpoolFinished("the spool has its end frame")
        place, last = frame.after, place
    if place.plain_bytes < durable_bytes:
        raise SpoolBroken
    return place, last


def _opens(frames: Frames, near: Place, durable_bytes: int) -> bool:
    """Whether an authentic frame begins there, and ends within what was promised. It is bound to its index and its
    offset: so many frames, with so many bytes, came before it. Else all are walked: a resume each, n² heads in all."""
    frame = frames.find(near)
    if frame is None or frame.kind is not Kind.DATA or frame.after.plain_bytes > durable_bytes:
        return False
    try:
        frames.open(frame)
    except SpoolBroken:
        return False
    return True
