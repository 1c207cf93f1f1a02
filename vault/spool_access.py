"""A finished spool, read at any place: what an analysis does, which jumps about in a file to understand it."""

from __future__ import annotations

import bisect
import os
from collections import OrderedDict
from pathlib import Path
from typing import Final, Self

from vault.errors import SpoolBroken
from vault.frames import START, SUMMARY, Frame, Frames, Kind

KEPT_FRAMES: Final = 4  # A parser goes to and fro between the head and one place: a MiB each.


class SpoolAccess:
    """The plaintext by offset. SpoolBroken where a frame does not open, or the spool is unfinished.

    Every frame is bound to its index and offset, so what is read is what was written there; that nothing is missing
    is told by the end frame's size. The whole's SHA-256 was proven when the file was stored."""

    __slots__ = ("_frames", "_kept", "_places", "_starts", "size_bytes")

    def __init__(self, path: Path, key: bytes, upload_id: str) -> None:
        self._frames = Frames(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), key, upload_id)
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._places: list[Frame] = []
        try:
            self.size_bytes: int = self._index()
        except BaseException:
            self.close()
            raise
        self._starts = [frame.place.plain_bytes for frame in self._places]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the file."""
        if self._frames.fd >= 0:
            os.close(self._frames.fd)
            self._frames.fd = -1

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Exactly these bytes. ValueError past the end."""
        if offset_bytes < 0 or length_bytes < 0 or offset_bytes + length_bytes > self.size_bytes:
            raise ValueError(f"{length_bytes} bytes at {offset_bytes} of {self.size_bytes}")
        pieces: list[bytes] = []
        at = bisect.bisect_right(self._starts, offset_bytes) - 1
        while length_bytes:
            plaintext = self._frame(at)
            within = offset_bytes - self._starts[at]
            piece = plaintext[within : within + length_bytes]
            pieces.append(piece)
            offset_bytes += len(piece)
            length_bytes -= len(piece)
            at += 1
        return b"".join(pieces)

    def _frame(self, at: int) -> bytes:
        plaintext = self._kept.pop(at, None)
        if plaintext is None:
            plaintext = self._frames.open(self._places[at])
            if len(self._kept) >= KEPT_FRAMES:
                self._kept.popitem(last=False)
        self._kept[at] = plaintext
        return plaintext

    def _index(self) -> int:
        """Walks the frames' heads, some hundred bytes of memory for each; the size that the end frame names."""
        place = START
        while (frame := self._frames.find(place)) is not None and frame.kind is Kind.DATA:
            self._places.append(frame)
            place = frame.after
        if frame is None:
            raise SpoolBroken
        size_bytes, _ = SUMMARY.unpack(self._frames.open(frame))
        if size_bytes != place.plain_bytes:
            raise SpoolBroken
        return int(size_bytes)
