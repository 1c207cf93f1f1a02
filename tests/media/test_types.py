"""What a file is, by its first bytes."""

from __future__ import annotations

import io
import zipfile

import pytest

from domain.events import FileKind
from service.media.types import media_type


def zip_bytes() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", "hello")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(40), "image/jpeg"),
        (b"GIF89a" + bytes(40), "image/gif"),
        (b"RIFF\x24\0\0\0WEBPVP8 " + bytes(30), "image/webp"),
        (b"RIFF\x24\0\0\0WAVEfmt " + bytes(30), "audio/wav"),
        (b"%PDF-1.7\nplain", "application/pdf"),
        (zip_bytes(), "application/zip"),
        (b"\x1f\x8b\x08" + bytes(30), "application/gzip"),
        (b"ID3\x04\0\0\0\0\0\0" + bytes(30), "audio/mpeg"),
        (b"\xff\xfb\x90\x64" + bytes(30), "audio/mpeg"),
        (b"fLaC\0\0\0\x22" + bytes(30), "audio/flac"),
        (b"OggS\0\x02" + bytes(22) + b"\x01\x1eOpusHead", "application/ogg"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm" + bytes(30), "video/webm"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska" + bytes(30), "video/x-matroska"),
        (b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41", "video/mp4"),
        (b"\0\0\0\x20ftypM4A \0\0\x02\0", "audio/mp4"),
        (b"SQLite format 3\0" + bytes(80), "application/x-sqlite3"),
        (b"BMW is a car", "text/plain"),
        (b"ID3 is a tag", "text/plain"),
        (b"<!DOCTYPE html><script>alert(1)</script>", "text/plain"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "text/plain"),
        (b"ffconcat version 1.0\nfile /etc/passwd", "text/plain"),
        ("Grüße an alle".encode(), "text/plain"),
        ("ü".encode() * 8192, "text/plain"),
        (b"a" + "ü".encode() * 8192, "text/plain"),  # A character lies across the end of what is looked at.
        (bytes(range(128, 256)), "application/octet-stream"),
        (bytes(100), "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_a_file_is_what_its_first_bytes_say(head: bytes, expected: str) -> None:
    assert media_type(head) == expected


@pytest.mark.parametrize(
    ("head", "kind", "expected"),
    [
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm" + bytes(30), "audio", "audio/webm"),
        (b"OggS\0\x02" + bytes(22), "audio", "audio/ogg"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "audio", "image/png"),
    ],
)
def test_a_container_sent_as_audio_is_audio_and_nothing_else_changes(
    head: bytes, kind: FileKind, expected: str
) -> None:
    assert media_type(head, kind) == expected
