"""Whether a file can be sought as it is: told from its own structure, which FFmpeg's demuxers do not show."""

from __future__ import annotations

import io
from typing import Final

BOXES_MAX: Final = 64
HEAD_BYTES: Final = 64 << 10
# SeekHead's entry for Cues: SeekID (53AB), 4 bytes, the id of Cues. RFC 9559 §5.1.1.
_CUES_ENTRY: Final = bytes.fromhex("53ab841c53bb6b")


def has_cues(file: io.BufferedReader) -> bool:
    """A Matroska or WebM file whose index can be found from its head."""
    file.seek(0)
    return _CUES_ENTRY in file.read(HEAD_BYTES)


def is_fragmented(file: io.BufferedReader, size_bytes: int) -> bool:
    """An mp4 written piece by piece, as recorders do. ISO/IEC 14496-12 §8.8."""
    at = 0
    for _ in range(BOXES_MAX):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return False
        if head[4:8] == b"moof":
            return True
        length = int.from_bytes(head[:4])
        if length == 1:  # The length stands after the name, in 64 bits.
            length = int.from_bytes(head[8:16])
        if length < 8 or at + length >= size_bytes:
            return False
        at += length
    return False
