"""A ZIP that is written as it is sent: ZIP64, sizes and CRC behind each entry, in bounded memory.

Everything is deflated, media at level 0: stored blocks. A stored entry whose CRC is not known beforehand has no end
that a reader could find on its way through, and the CRC of what comes out of a sealed blob is not known beforehand.
"""

from __future__ import annotations

import hashlib
import zipfile
from typing import IO, Final

import msgspec

TEXT: Final = 6
MEDIA: Final = 0
SEND_BYTES: Final = 256 * 1024


class Entry(msgspec.Struct, frozen=True, gc=False):
    """What the manifest says of one entry."""

    path: str
    size_bytes: int
    sha256: str


class _Sink:
    """What zipfile writes into, and what is sent is taken from. It cannot be sought: zipfile then writes sizes behind
    the bytes."""

    def __init__(self) -> None:
        self._written: list[bytes] = []
        self.size_bytes = 0

    def write(self, data: bytes) -> int:
        self._written.append(bytes(data))
        self.size_bytes += len(data)
        return len(data)

    def flush(self) -> None:
        """There is nothing behind it."""

    def close(self) -> None:
        """Nor anything to be closed."""

    def take(self) -> bytes:
        data = b"".join(self._written)
        self._written.clear()
        self.size_bytes = 0
        return data


class Archive:
    """One entry after the other: `begin`, `write`, `end`. Each blocks, as deflating does, and gives what there is to be
    sent by now, mostly nothing. Of each entry some hundred bytes stay in memory, for the directory at the end."""

    def __init__(self, at: tuple[int, int, int, int, int, int]) -> None:
        """`at`: the time that all entries bear: year, month, day, hour, minute, second."""
        self._at = at
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED)
        self._writing: IO[bytes] | None = None
        self._path = ""
        self._size_bytes = 0
        self._hash = hashlib.sha256()

    def begin(self, path: str, level: int) -> bytes:
        info = zipfile.ZipInfo(path, self._at)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o100600 << 16  # A plain file, for its owner.
        info._compresslevel = level  # type: ignore[attr-defined]  # noqa: SLF001  (public from Python 3.13 on)
        self._writing = self._zip.open(info, "w", force_zip64=True)
        self._path, self._size_bytes, self._hash = path, 0, hashlib.sha256()
        return self._ready()

    def write(self, data: bytes) -> bytes:
        assert self._writing is not None
        self._size_bytes += len(data)
        self._hash.update(data)
        self._writing.write(data)
        return self._ready()

    def end(self) -> tuple[Entry, bytes]:
        assert self._writing is not None
        self._writing.close()
        self._writing = None
        return Entry(self._path, self._size_bytes, self._hash.hexdigest()), self._ready()

    def whole(self, path: str, level: int, data: bytes) -> tuple[Entry, bytes]:
        """An entry in one go: thousands of chats are as many short pages."""
        begun = self.begin(path, level)
        written = self.write(data)
        entry, ended = self.end()
        return entry, begun + written + ended

    def finish(self) -> bytes:
        """The directory, and all that was kept back."""
        self._zip.close()
        return self._sink.take()

    def _ready(self) -> bytes:
        return self._sink.take() if self._sink.size_bytes >= SEND_BYTES else b""
