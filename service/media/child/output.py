"""The file being made, for a muxer that goes back to its head while the sink takes bytes in order only.

A muxer writes its head first and comes back to it when it knows length and index; the sink seals what it gets and
cannot. A rendition of up to HELD_BYTES is kept until it is finished. A longer one is made twice: the first pass,
`Draft`, shows what the finished head will be; the second, `Fair`, gives out that head first and the rest as it comes.
Both passes make the same bytes, and a size that differs ends the task.
"""

from __future__ import annotations

import io
from typing import Final, NoReturn

from service.media.child.files import Parent, Refused

HEAD_BYTES: Final = 256 << 10
HELD_BYTES: Final = 32 << 20


class _Output:
    """What FFmpeg asks of a file it writes."""

    def __init__(self, parent: Parent) -> None:
        self._parent = parent
        self._at = 0
        self.size_bytes = 0

    def write(self, data: bytes) -> int:
        if self._at > self.size_bytes:
            raise Refused("media_unreadable")  # A hole: none of our muxers leaves one.
        self._take(data)
        self._at += len(data)
        self.size_bytes = max(self.size_bytes, self._at)
        self._parent.alive()
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size_bytes}[whence] + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def flush(self) -> None:
        """Nothing is held back."""

    def read(self, _size: int = -1) -> NoReturn:
        raise io.UnsupportedOperation("read")

    def _take(self, data: bytes) -> None:
        raise NotImplementedError

    def _patches(self, data: bytes, beyond: int) -> bool:
        """Whether `data` changes what was written at or after `beyond`."""
        return self._at < self.size_bytes and self._at + len(data) > beyond


class Draft(_Output):
    """First pass."""

    def __init__(self, parent: Parent, held_bytes: int = HELD_BYTES) -> None:
        super().__init__(parent)
        self._held_bytes = held_bytes
        self._kept = bytearray()

    @property
    def whole(self) -> bool:
        """Everything was kept: no second pass is needed."""
        return self.size_bytes <= self._held_bytes

    @property
    def kept(self) -> bytearray:
        """All of it, or only its head."""
        return self._kept

    def _take(self, data: bytes) -> None:
        end = self._at + len(data)
        if self.whole and end <= self._held_bytes:
            self._kept[self._at : end] = data
            return
        if self._patches(data, HEAD_BYTES):
            raise Refused("media_unreadable")  # None of our muxers patches anything but its head.
        if self._at < HEAD_BYTES:
            self._kept[self._at : end] = data
        del self._kept[HEAD_BYTES:]


class Fair(_Output):
    """Second pass."""

    def __init__(self, parent: Parent, head: bytearray) -> None:
        super().__init__(parent)
        self._head_bytes = len(head)
        parent.write(memoryview(head))

    def _take(self, data: bytes) -> None:
        if self._patches(data, self._head_bytes):
            raise Refused("media_unreadable")
        # What belongs to the head was given out before, patches and all.
        self._parent.write(memoryview(data)[max(0, self._head_bytes - self._at) :])
