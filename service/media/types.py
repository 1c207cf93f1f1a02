"""What a file is, told from its first bytes. What the sender says of it is never believed."""

from __future__ import annotations

import codecs
import re
from typing import Final

import puremagic

from domain.events import FileKind

SNIFF_BYTES: Final = 8_192
UNKNOWN: Final = "application/octet-stream"
_CONFIDENCE: Final = 0.4  # Below it, puremagic goes by two or three bytes, which any file may begin with.
_NOT_TEXT: Final = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")

# Those that puremagic answers with several names at once, or with less than the bytes tell.
_SIGNATURES: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypavif", "image/avif"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"PK\x05\x06", "application/zip"),
    (0, b"\x1f\x8b\x08", "application/gzip"),
    (8, b"WAVE", "audio/wav"),
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "application/ogg"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftypM4B", "audio/mp4"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftyp", "video/mp4"),
)
_RIFF: Final = frozenset(("image/webp", "audio/wav"))
_EBML: Final = b"\x1a\x45\xdf\xa3"
_MP3_FRAME: Final = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb][\x10-\xeb]")
AUDIO_OF: Final = {"video/webm": "audio/webm", "video/mp4": "audio/mp4", "application/ogg": "audio/ogg"}


def media_type(head: bytes, kind: FileKind = "file") -> str:
    """The media type of a file that begins with `head` (SNIFF_BYTES of it are enough).

    Text of any sort is text/plain, HTML and SVG too: served under their own type they would run. A container
    that may hold sound or pictures is taken for sound if it was sent as audio.
    """
    found = _sniff(head[:SNIFF_BYTES])
    return AUDIO_OF.get(found, found) if kind == "audio" else found


def _sniff(head: bytes) -> str:
    for offset, signature, name in _SIGNATURES:
        if head[offset : offset + len(signature)] == signature and (name not in _RIFF or head[:4] == b"RIFF"):
            return name
    if head.startswith(_EBML):
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    if head and _is_text(head):
        return "text/plain"
    if head.startswith(b"ID3") or _MP3_FRAME.match(head):
        return "audio/mpeg"
    return _ask_puremagic(head)


def _is_text(head: bytes) -> bool:
    try:
        # Not final: the head may end amid a character.
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return _NOT_TEXT.search(text) is None


def _ask_puremagic(head: bytes) -> str:
    try:
        matches = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):  # ValueError: an empty file.
        return UNKNOWN
    named = [
        match
        for match in matches
        if "/" in match.mime_type and not match.mime_type.startswith("text/") and match.confidence >= _CONFIDENCE
    ]
    return str(max(named, key=lambda match: match.confidence).mime_type) if named else UNKNOWN
