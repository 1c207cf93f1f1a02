"""New ids: UUID version 7, so that what is made later sorts later. RFC 9562 §5.7."""

from __future__ import annotations

import os
import time
import uuid


def now_us() -> int:
    """Microseconds since the Unix epoch, UTC."""
    return time.time_ns() // 1_000


def new_id() -> str:
    """48 bits of milliseconds, 74 random bits; in canonical lower case."""
    return uuid7_from(time.time_ns() // 1_000_000, os.urandom(10))


def uuid7_from(unix_ms: int, random: bytes) -> str:
    """The UUIDv7 of a time and 10 random (or derived) bytes."""
    value = (unix_ms & (1 << 48) - 1) << 80 | int.from_bytes(random, "big")
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 2 << 62
    return str(uuid.UUID(int=value))
