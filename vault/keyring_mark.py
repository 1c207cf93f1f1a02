"""The newest generation of `keyring.db` that was ever here, in a small file outside it: an older copy that is put back
is told by it.

16 bytes: the generation (uint64), then the first 8 bytes of the SHA-256 of those. It is overwritten in place after a
commit that is on the disk, without an fsync of its own: after a power cut it may be older than the truth, and never
newer, so that it raises no false alarm. A file that is torn, damaged or missing says nothing.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

MARK_BYTES: Final = 16
GENERATION_BYTES: Final = 8
MAX_GENERATION: Final = 2**63 - 1


def read_mark(path: Path) -> int:
    """0 when nothing is remembered."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        return _generation(os.pread(descriptor, MARK_BYTES, 0))
    except OSError:  # A folder, a pipe.
        return 0
    finally:
        os.close(descriptor)


def raise_mark(path: Path, generation: int) -> None:
    """By the holder of the keyring's lock. It never goes down: an older keyring that is written to by somebody who did
    not look must not be forgotten by that. Never raises for a disk that is full: the keys count, not the tale of
    them."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
        try:
            if generation > _generation(os.pread(descriptor, MARK_BYTES, 0)):
                number = generation.to_bytes(GENERATION_BYTES)
                os.pwrite(descriptor, number + _check(number), 0)
        finally:
            os.close(descriptor)


def _generation(data: bytes) -> int:
    number = data[:GENERATION_BYTES]
    if len(data) != MARK_BYTES or data[GENERATION_BYTES:] != _check(number):
        return 0
    generation = int.from_bytes(number)
    return generation if generation <= MAX_GENERATION else 0


def _check(number: bytes) -> bytes:
    return hashlib.sha256(number).digest()[: MARK_BYTES - GENERATION_BYTES]
