"""The parent as the child sees it, and the file being opened, whose bytes are in the parent."""

from __future__ import annotations

import io
import socket
import time
from typing import Final

from service.media.errors import FailureCode
from service.media.wire import FRAME_MAX_BYTES, HEADER, RANGE, Kind, parse, send

WINDOW_BYTES: Final = 256 << 10
ALIVE_S: Final = 1.0


class Refused(Exception):
    """Ends the task with a code of our own choice."""

    def __init__(self, code: FailureCode) -> None:
        super().__init__(code)
        self.code: Final = code


class Parent:
    """The other end. The socket never times out: the parent has the clock, and poll(2) needs a file limit above 0."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._spoken_s = 0.0

    def send(self, kind: Kind, payload: bytes | bytearray | memoryview = b"") -> None:
        self._spoken_s = time.monotonic()
        send(self._link, kind, payload)

    def alive(self) -> None:
        """Call often while nothing else is said."""
        if time.monotonic() - self._spoken_s >= ALIVE_S:
            self.send(Kind.ALIVE)

    def receive(self, expected: Kind) -> bytes:
        """ConnectionError when the parent is gone."""
        kind, size_bytes = parse(self._exactly(HEADER.size))
        if kind is not expected:
            raise ConnectionError
        return self._exactly(size_bytes)

    def write(self, data: memoryview) -> None:
        """The next bytes of what is being made."""
        while data:
            self.send(Kind.OUTPUT, data[:FRAME_MAX_BYTES])
            data = data[FRAME_MAX_BYTES:]

    def _exactly(self, size_bytes: int) -> bytes:
        data = bytearray(size_bytes)
        rest = memoryview(data)
        while rest:
            count = self._link.recv_into(rest)
            if not count:
                raise ConnectionError
            rest = rest[count:]
        return bytes(data)


class Input(io.RawIOBase):
    """The file being opened. Sought and read anywhere; every read is a question to the parent."""

    def __init__(self, parent: Parent, size_bytes: int) -> None:
        self._parent = parent
        self._at = 0
        self.size_bytes: Final = size_bytes

    def opened(self) -> io.BufferedReader:
        """From its start, with a window of 256 KiB. Several may be open in turn, not at once."""
        self._at = 0
        return io.BufferedReader(self, WINDOW_BYTES)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size_bytes}[whence]
        if origin + offset < 0:
            raise ValueError("before the start")
        self._at = origin + offset
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # BufferedReader gives a memoryview.
        length_bytes = min(len(buffer), FRAME_MAX_BYTES, max(0, self.size_bytes - self._at))
        if not length_bytes:
            return 0
        self._parent.send(Kind.READ, RANGE.pack(self._at, length_bytes))
        data = self._parent.receive(Kind.DATA)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        """Stays open: a BufferedReader that is dropped closes what is below it."""
