"""What anybody can tell of a blob without its key: that its frame is sound, how long it is, what it hashes to.

Whether the bytes open is their owner's to see. But the log commits to their hash, so bytes that hash to it are the
ones that were written.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vault.blobs import HEADER_BYTES, NONCE_PREFIX_BYTES, SEGMENT_BYTES
from vault.durable import ReadOnce
from vault.errors import BlobBroken
from vault.hashing import Sha256Beside
from vault.seal import TAG_BYTES

SMALLEST_BYTES: Final = HEADER_BYTES + TAG_BYTES  # An empty blob: its only segment is a tag.


@dataclass(frozen=True, slots=True)
class ScannedBlob:
    """`size_bytes`: of the plaintext, told by the length of the whole."""

    size_bytes: int
    ciphertext_bytes: int
    ciphertext_sha256: bytes
    nonce_prefix: bytes


def scan_blob(path: Path, advance: Callable[[int], object]) -> ScannedBlob:
    """Reads all of it once, 1 MiB at a time, and drops the pages behind; `advance` gets the bytes of each piece.

    BlobBroken for what cannot be a blob; OSError as the system gives it; whatever `advance` raises."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    digest = Sha256Beside()
    try:
        header, size_bytes, length_bytes = _frame(descriptor)
        pieces = [memoryview(bytearray(SEGMENT_BYTES)) for _ in range(2)]  # One is hashed while the other is filled.
        read, done_bytes, turn = ReadOnce(descriptor), 0, 0
        while count := os.preadv(descriptor, [pieces[turn]], done_bytes):
            digest.start(pieces[turn][:count])
            done_bytes, turn = done_bytes + count, 1 - turn
            read.advance(done_bytes)
            advance(count)
        if done_bytes != length_bytes:
            raise BlobBroken  # It grew or shrank meanwhile: a blob under its name never does.
        return ScannedBlob(size_bytes, length_bytes, digest.digest(), header[-NONCE_PREFIX_BYTES:])
    finally:
        digest.close()
        os.close(descriptor)


def probe_blob(path: Path) -> int:
    """The bytes of a file that may be a blob by its first byte and its length. BlobBroken, OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        return _frame(descriptor)[2]
    finally:
        os.close(descriptor)


def _frame(descriptor: int) -> tuple[bytes, int, int]:
    """(header, plaintext bytes, ciphertext bytes). BlobBroken if no writer makes such a file."""
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "not a regular file")  # A pipe, say: it is opened without waiting, and left.
    length_bytes = found.st_size
    header = os.pread(descriptor, HEADER_BYTES, 0)
    if length_bytes < SMALLEST_BYTES or header[0] != HEADER_BYTES:
        raise BlobBroken
    segments = -(-length_bytes // SEGMENT_BYTES)
    last_bytes = length_bytes - (segments - 1) * SEGMENT_BYTES
    if segments > 1 and last_bytes <= TAG_BYTES:
        raise BlobBroken  # Only an empty blob has an empty segment.
    return header, length_bytes - HEADER_BYTES - segments * TAG_BYTES, length_bytes
