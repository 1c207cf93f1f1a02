"""Reading a ZIP as it comes: what other tools pack, cut anywhere, and what nobody packs in good faith."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BadExport
from service.export.archive import MEDIA, TEXT, Archive
from service.importing.zip_reader import OUT_BYTES, Begin, Data, End, ZipReader
from tests.service.archives import packed

PATHS = st.text(st.sampled_from("abcä漢 ._-"), min_size=1, max_size=12).filter(lambda text: text.strip(".") != "")
PARTS = st.dictionaries(PATHS, st.binary(max_size=400), max_size=5)


def read(archive: bytes, step: int = 1 << 20) -> dict[str, bytes]:
    """All entries, the archive fed in steps; BadExport unless its end was seen."""
    reader, found, path = ZipReader(), dict[str, bytes](), ""
    for start in range(0, len(archive), step):
        reader.feed(archive[start : start + step])
        while events := reader.events():
            for event in events:
                match event:
                    case Begin(path=path):
                        found[path] = b""
                    case Data(data=data):
                        assert 0 < len(data) <= OUT_BYTES
                        found[path] += data
                    case End():
                        pass
    if not reader.ended:
        raise BadExport("cut")
    return found


def ours(parts: dict[str, bytes]) -> bytes:
    archive = Archive((2026, 1, 31, 9, 30, 0))
    out = []
    for at, (path, data) in enumerate(parts.items()):
        out += [archive.begin(path, TEXT if at % 2 else MEDIA), archive.write(data)]
        out.append(archive.end()[1])
    return b"".join([*out, archive.finish()])


def stored(parts: dict[str, bytes]) -> bytes:
    return packed(parts, zipfile.ZIP_STORED)


@given(PARTS, st.sampled_from([ours, packed, stored]), st.integers(min_value=1, max_value=70))
def test_what_was_packed_is_read_in_whatever_pieces_it_comes(
    parts: dict[str, bytes], pack: Callable[[dict[str, bytes]], bytes], step: int
) -> None:
    assert read(pack(parts), step) == parts


@given(PARTS.filter(bool), st.data())
def test_an_archive_that_is_cut_is_never_whole(parts: dict[str, bytes], data: st.DataObject) -> None:
    archive = ours(parts)
    directory = archive.index(b"PK\x01\x02")
    end = data.draw(st.integers(min_value=0, max_value=directory + 3))
    with pytest.raises(BadExport):
        read(archive[:end])


@given(PARTS, st.data())
def test_a_changed_byte_gives_the_same_or_a_refusal(parts: dict[str, bytes], data: st.DataObject) -> None:
    """Content is never another; names have no checksum, and times and versions do not matter."""
    archive = bytearray(ours({"a": b"some text, and some more text", **parts}))
    at = data.draw(st.integers(min_value=0, max_value=len(archive) - 1))
    archive[at] ^= data.draw(st.integers(min_value=1, max_value=255))
    try:
        found = read(bytes(archive))
    except BadExport:
        return
    assert set(found.values()) <= {b"some text, and some more text", *parts.values()}


@given(st.binary(max_size=300), st.integers(min_value=1, max_value=50))
def test_noise_is_refused_and_nothing_worse(noise: bytes, step: int) -> None:
    for data in (noise, b"PK\x03\x04" + noise):
        try:
            read(data, step)
        except BadExport:
            continue
        assert data.startswith((b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06"))


def test_folders_have_no_content() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.mkdir("files")
        archive.writestr("files/a", b"x")
    assert read(out.getvalue()) == {"files/": b"", "files/a": b"x"}


def test_a_bomb_comes_in_small_pieces() -> None:
    bomb = packed({"zeros": bytes(16 << 20)})
    assert len(bomb) < 20_000
    assert len(read(bomb)["zeros"]) == 16 << 20  # Each piece was looked at on its way.


# -- made by hand ------------------------------------------------------------------------------------------------


def local(
    name: bytes = b"a",
    data: bytes = b"text",
    *,
    flags: int = 0,
    method: int = 0,
    crc: int | None = None,
    sizes: tuple[int, int] | None = None,
    extra: bytes = b"",
    behind: bytes = b"",
) -> bytes:
    """One entry, and the beginning of a directory."""
    packed_size, size = sizes or (len(data), len(data))
    said = zlib.crc32(data) if crc is None else crc
    head = struct.pack(
        "<4sHHHHHIIIHH", b"PK\x03\x04", 45, flags, method, 0, 33, said, packed_size, size, len(name), len(extra)
    )
    return head + name + extra + data + behind + b"PK\x01\x02" + bytes(60)


def deflated(data: bytes) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return deflate.compress(data) + deflate.flush()


FULL = 0xFFFFFFFF
PLAIN = deflated(b"text")
CRC = zlib.crc32(b"text")


def zip64(size: int, packed_size: int) -> bytes:
    return struct.pack("<HHQQ", 1, 16, size, packed_size)


@pytest.mark.parametrize(
    "archive",
    [
        local(),
        local(data=PLAIN, method=8, crc=CRC, sizes=(len(PLAIN), 4)),
        local(sizes=(FULL, FULL), extra=zip64(4, 4)),
        local(data=PLAIN, method=8, flags=8, crc=0, sizes=(0, 0), behind=struct.pack("<III", CRC, len(PLAIN), 4)),
        local(
            data=PLAIN, method=8, flags=8, crc=0, sizes=(0, 0),
            behind=b"PK\x07\x08" + struct.pack("<III", CRC, len(PLAIN), 4),
        ),
        local(
            data=PLAIN, method=8, flags=8, crc=0, sizes=(FULL, FULL), extra=zip64(0, 0),
            behind=b"PK\x07\x08" + struct.pack("<IQQ", CRC, len(PLAIN), 4),
        ),
    ],
    ids=["stored", "deflated", "zip64", "sizes behind", "with a signature", "long sizes behind"],
)  # fmt: skip
def test_each_way_of_telling_sizes_is_understood(archive: bytes) -> None:
    for step in (1, 1_000):
        assert read(archive, step) == {"a": b"text"}


@pytest.mark.parametrize(
    ("archive", "why"),
    [
        (b"GIF89a" + bytes(90), "not a ZIP"),
        (b"PK\x07\x08" + local(), "not a ZIP"),
        (local(flags=1), "encrypted"),
        (local(flags=0x41), "encrypted"),
        (local(method=12), "method"),
        (local(crc=1), "checksum"),
        (local(flags=8), "stored without its size"),
        (local(sizes=(4, 5)), "two sizes"),
        (local(sizes=(5, 5)), "damaged"),
        (local(sizes=(FULL, FULL)), "before its end|cut"),
        (local(sizes=(FULL, FULL), extra=zip64(2**64 - 1, 2**64 - 1)), "before its end|cut"),
        (local(sizes=(FULL, FULL), extra=struct.pack("<HHQ", 1, 8, 4)), "sizes are missing"),
        (local(data=PLAIN, method=8, crc=CRC, sizes=(len(PLAIN), 3)), "sizes and checksum"),
        (local(data=PLAIN, method=8, crc=CRC, sizes=(len(PLAIN) - 1, 4)), "longer than it says|sizes and checksum"),
        (local(data=PLAIN + b"x", method=8, crc=CRC, sizes=(len(PLAIN) + 1, 4)), "sizes and checksum"),
        (local(data=b"\xff\xff\xff\xff", method=8), "cannot be unpacked"),
        (local(name=b"../a"), "outside"),
        (local(name=b"/etc/passwd"), "outside"),
        (local(name=b"a/../../b"), "outside"),
        (local(name=b"C:/a"), "cannot be"),
        (local(name=b"a\\b"), "cannot be"),
        (local(name=b"a\0b"), "cannot be"),
        (local(name=b""), "cannot be"),
        (local(name=b"a" * 2_000), "cannot be"),
    ],
)
def test_what_is_not_read_is_refused_by_name(archive: bytes, why: str) -> None:
    for step in (7, 1 << 20):
        with pytest.raises(BadExport, match=why):
            read(archive, step)
