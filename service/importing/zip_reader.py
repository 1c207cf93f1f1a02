"""Reading a ZIP as it comes, from its first byte on, without its directory: local headers, and what follows them.

PKWARE APPNOTE 6.3.10, as far as archives are made today: stored and deflated entries, ZIP64, sizes behind the bytes.
`zipfile` cannot do that, as it needs the end first; and libraries that can bring decryption and old methods along: code
for what is refused here. Every size that a header names is held against what came, every entry against its CRC, and
never more than a piece is inflated at a time.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final, Literal, assert_never

import msgspec

from domain.errors import BadExport

OUT_BYTES: Final = 1 << 20
NAME_MAX: Final = 1_024
ENTRIES_MAX: Final = 2_000_000
_LOCAL: Final = b"PK\x03\x04"
_DESCRIPTOR: Final = b"PK\x07\x08"
_DIRECTORY: Final = (b"PK\x01\x02", b"PK\x06\x06", b"PK\x05\x06")
_HEAD: Final = struct.Struct("<4sHHHHHIIIHH")
_STORED: Final = 0
_DEFLATED: Final = 8
_ENCRYPTED: Final = 0x2041  # Plainly, strongly, or with its headers masked.
_SIZES_BEHIND: Final = 0x0008
_PATCH: Final = 0x0020
_FULL: Final = 0xFFFFFFFF
_ZIP64: Final = 0x0001
_UNICODE_PATH: Final = 0x7075


class Begin(msgspec.Struct, frozen=True):
    """An entry begins. `path` as it stands there: no file is ever made under it."""

    path: str


class Data(msgspec.Struct, frozen=True, gc=False):
    """Some of its bytes, as they were before they were packed. `packed_bytes`: of the entry, taken by now."""

    data: bytes
    packed_bytes: int


class End(msgspec.Struct, frozen=True):
    """The entry is whole: its sizes and CRC are what they are said to be."""


Event = Begin | Data | End
_Place = Literal["head", "data", "descriptor", "directory"]


class _Entry:
    """The entry that is being read: what its header says of it, and what has come."""

    __slots__ = ("behind", "crc", "inflate", "long_sizes", "packed_bytes", "said", "size_bytes")

    def __init__(self, method: int, *, behind: bool, long_sizes: bool, said: tuple[int, int, int]) -> None:
        """`behind`: sizes and CRC follow the bytes. `said`: CRC, packed size, size."""
        self.behind = behind
        self.long_sizes = long_sizes
        self.said = said
        self.inflate = zlib.decompressobj(-zlib.MAX_WBITS) if method == _DEFLATED else None
        self.crc = self.packed_bytes = self.size_bytes = 0

    def take(self, data: bytes) -> tuple[bytes, int, bool]:
        """Some of what has come, unpacked; how many bytes that took; whether it was the last."""
        left = len(data) if self.behind and self.inflate is not None else self.said[1] - self.packed_bytes
        given = data[:left]
        if self.inflate is None:
            out, used = given[:OUT_BYTES], min(len(given), OUT_BYTES)
            last = used == left
        else:
            out, used = self._unpack(self.inflate, given)
            last = self.inflate.eof
            if not (out or used or last) and not self.behind and left == 0:
                raise BadExport("The archive is damaged: an entry is longer than it says.")
        self.packed_bytes += used
        self.size_bytes += len(out)
        self.crc = zlib.crc32(out, self.crc)
        return out, used, last

    @staticmethod
    def _unpack(inflate: zlib._Decompress, given: bytes) -> tuple[bytes, int]:
        try:
            out = inflate.decompress(given, OUT_BYTES)
        except zlib.error:
            raise BadExport("The archive is damaged: an entry cannot be unpacked.") from None
        return out, len(given) - len(inflate.unused_data if inflate.eof else inflate.unconsumed_tail)

    def require_sound(self, said: tuple[int, int, int]) -> None:
        if said != (self.crc, self.packed_bytes, self.size_bytes):
            raise BadExport("The archive is damaged: an entry is not what its sizes and checksum say.")


class ZipReader:
    """Bytes in, events out; nothing of it touches the disk. `feed` some bytes, then take `events` until there are none.
    BadExport for what is no ZIP, is damaged, or is packed in a way that cannot be read in one pass."""

    def __init__(self) -> None:
        self._waiting = b""
        self._entry: _Entry | None = None
        self._place: _Place = "head"
        self._entries = 0

    @property
    def ended(self) -> bool:
        """Whether all entries have come: the directory has begun, which says nothing new."""
        return self._place == "directory"

    def feed(self, data: bytes) -> None:
        self._waiting = self._waiting + data if self._waiting else data

    def events(self) -> list[Event]:
        """What has come, up to about a MiB of data; nothing when more bytes are needed."""
        found: list[Event] = []
        out_bytes = 0
        while out_bytes < OUT_BYTES:
            match self._place:
                case "head":
                    went_on = self._read_head(found)
                case "data":
                    before = len(found)
                    went_on = self._read_data(found)
                    out_bytes += sum(len(each.data) for each in found[before:] if isinstance(each, Data))
                case "descriptor":
                    went_on = self._read_descriptor(found)
                case "directory":
                    self._waiting = b""
                    went_on = False
                case _:
                    assert_never(self._place)
            if not went_on:
                break
        return found

    def _read_head(self, found: list[Event]) -> bool:
        magic = self._waiting[:4]
        if len(magic) == len(_LOCAL) and magic in _DIRECTORY:
            self._place = "directory"
            return True
        if not _LOCAL.startswith(magic[:4]) and not any(each.startswith(magic) for each in _DIRECTORY):
            raise BadExport("This is not a ZIP, or damaged." if self._entries == 0 else "The archive is damaged.")
        if len(self._waiting) < _HEAD.size:
            return False
        fields = _HEAD.unpack_from(self._waiting)
        _, _, flags, method, _, _, *said, name_bytes, extra_bytes = fields
        end = _HEAD.size + name_bytes + extra_bytes
        if len(self._waiting) < end:
            return False
        name = self._waiting[_HEAD.size : _HEAD.size + name_bytes]
        extra = _extra_fields(self._waiting[_HEAD.size + name_bytes : end])
        self._waiting = self._waiting[end:]
        self._entries += 1
        if self._entries > ENTRIES_MAX:
            raise BadExport(f"The archive has more than {ENTRIES_MAX:,} entries.")
        path = _path(name, extra)
        self._entry = _entry(path, flags, method, said, extra)
        self._place = "data"
        found.append(Begin(path))
        return True

    def _read_data(self, found: list[Event]) -> bool:
        entry = self._entry
        assert entry is not None
        out, used, last = entry.take(self._waiting)
        self._waiting = self._waiting[used:]
        if out:
            found.append(Data(out, entry.packed_bytes))
        if not last:
            return bool(out or used)
        if entry.behind:
            self._place = "descriptor"
        else:
            self._end(found, entry.said)
        return True

    def _read_descriptor(self, found: list[Event]) -> bool:
        """`[PK78] CRC, packed size, size`; the sizes have 8 bytes in ZIP64. The signature may be missing, so it is one
        unless it is the very CRC."""
        entry = self._entry
        assert entry is not None
        sizes = struct.Struct("<IQQ" if entry.long_sizes or entry.size_bytes > _FULL else "<III")
        if len(self._waiting) < len(_DESCRIPTOR) + sizes.size:
            return False
        start = len(_DESCRIPTOR) if self._waiting.startswith(_DESCRIPTOR) else 0
        said = sizes.unpack_from(self._waiting, start)
        self._waiting = self._waiting[start + sizes.size :]
        self._end(found, said)
        return True

    def _end(self, found: list[Event], said: tuple[int, int, int]) -> None:
        assert self._entry is not None
        self._entry.require_sound(said)
        self._entry = None
        self._place = "head"
        found.append(End())


def _entry(path: str, flags: int, method: int, said: list[int], extra: dict[int, bytes]) -> _Entry:
    """BadExport for what is not read here."""
    if flags & (_ENCRYPTED | _PATCH):
        raise BadExport("The archive is encrypted. Pack it without a password.")
    if method not in (_STORED, _DEFLATED):
        raise BadExport("The archive is packed by a method that is not read here. Use deflate.")
    crc, packed, size = said
    long_sizes = _ZIP64 in extra
    if long_sizes:
        packed, size = _long(extra[_ZIP64], packed, size)
    behind = bool(flags & _SIZES_BEHIND)
    if method == _STORED:
        if behind and not path.endswith("/"):
            raise BadExport("An entry is stored without its size before it. Pack the archive with deflate.")
        if packed != size:
            raise BadExport("The archive is damaged: a stored entry has two sizes.")
    return _Entry(method, behind=behind, long_sizes=long_sizes, said=(crc, packed, size))


def _long(data: bytes, packed: int, size: int) -> tuple[int, int]:
    """The sizes of a ZIP64 field: those that have no room in the header, the unpacked one first."""
    wanted = [each for each in (size, packed) if each == _FULL]
    if len(data) < 8 * len(wanted):
        raise BadExport("The archive is damaged: sizes are missing.")
    longs = iter(struct.unpack_from(f"<{len(wanted)}Q", data))
    size = next(longs) if size == _FULL else size
    return (next(longs) if packed == _FULL else packed), size


def _extra_fields(data: bytes) -> dict[int, bytes]:
    fields: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(data):
        kind, length = struct.unpack_from("<HH", data, at)
        fields.setdefault(kind, data[at + 4 : at + 4 + length])
        at += 4 + length
    return fields


def _path(name: bytes, extra: dict[int, bytes]) -> str:
    """UTF-8, flagged or not: tools forget the flag. BadExport for what would lead out of a folder."""
    unicode_path = extra.get(_UNICODE_PATH, b"")
    if len(unicode_path) > 5 and unicode_path[1:5] == struct.pack("<I", zlib.crc32(name)):
        name = unicode_path[5:]
    try:
        path = name.decode()
    except UnicodeDecodeError:
        path = name.decode("cp437")
    parts = path.split("/")
    if not path or len(name) > NAME_MAX or "\x00" in path or "\\" in path or parts[0].endswith(":"):
        raise BadExport("The archive has an entry with a name that cannot be.")
    if parts[0] == "" or ".." in parts or "." in parts or "" in parts[:-1]:
        raise BadExport("The archive has an entry that would lie outside of it.")
    return path
