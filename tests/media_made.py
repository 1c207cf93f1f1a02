"""Small media made with the standard library: for tests that do not care how they are decoded."""

from __future__ import annotations

import io
import math
import struct
import wave
import zlib

RATE_HZ = 8_000


def tone_wav(seconds: float = 1.0) -> bytes:
    """A quiet tone, mono, 16 bits, 8 kHz."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        samples = [int(8_000 * math.sin(at * 0.35)) for at in range(int(seconds * RATE_HZ))]
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return out.getvalue()


def grey_png(width: int, height: int) -> bytes:
    """A picture of one colour. PNG, third edition, §11."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\0" + b"\x80" * width) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
