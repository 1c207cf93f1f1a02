"""A file at rest: Tink's streaming AEAD AES256_GCM_HKDF_1MB (RAW), so that any Tink opens it given the key.

Layout: 0x28 ‖ salt (32) ‖ nonce prefix (7), then segments of 1,048,576 ciphertext bytes, the last one
shorter; the first shares its slot with the header. Segment nonce: prefix ‖ index (uint32, big-endian) ‖ 1 if
last else 0. Segment key: HKDF-SHA256(blob key, salt, info = associated data). Source: Tink's wire format,
"Streaming AEAD".
"""

import os
import secrets
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vault import durable
from vault.errors import BlobBroken
from vault.hashing import Sha256Beside
from vault.seal import KEY_BYTES, TAG_BYTES, cipher

SCHEME: Final = "AES256_GCM_HKDF_1MB"
SEGMENT_BYTES: Final = 1 << 20
SALT_BYTES: Final = 32
NONCE_PREFIX_BYTES: Final = 7
HEADER_BYTES: Final = 1 + SALT_BYTES + NONCE_PREFIX_BYTES
FIRST_PLAIN_BYTES: Final = SEGMENT_BYTES - HEADER_BYTES - TAG_BYTES
PLAIN_BYTES: Final = SEGMENT_BYTES - TAG_BYTES
PART_SUFFIX: Final = ".part"
"""Ends the name of a blob not yet committed; once abandoned (`durable.is_abandoned`) it can be swept."""

_pack_nonce: Final = struct.Struct(">7sIB").pack


class Sink(Protocol):
    """Where ciphertext goes. May take less than it is given, as raw files do."""

    def write(self, data: memoryview, /) -> int | None: ...


class Source(Protocol):
    """An open file, read by position: the file's own position is neither used nor moved."""

    def fileno(self) -> int: ...


@dataclass(frozen=True, slots=True)
class BlobSeal:
    """What a finished blob is: plaintext bytes, ciphertext bytes (the file's size), SHA-256 of the whole
    ciphertext.
    """

    size_bytes: int
    ciphertext_bytes: int
    ciphertext_sha256: bytes


def blob_associated_data(user: str, file_id: str, rendition: str = "original") -> bytes:
    """What a blob is bound to: each text after its uint32 length, so that no two triples meet in the same
    bytes.
    """
    fields = [text.encode() for text in ("strongroom/v1/blob", user, file_id, rendition)]
    return b"".join(len(field).to_bytes(4, "big") + field for field in fields)


class BlobWriter:
    """Encrypts and hashes in one pass, in 3 MiB of memory; call `finish` or the blob does not open.

    Hashing is the dear part, so one segment is hashed while the next is encrypted and written.
    """

    __slots__ = (
        "_gcm",
        "_hash",
        "_held",
        "_held_bytes",
        "_index",
        "_outs",
        "_sink",
        "_size_bytes",
        "_written_bytes",
        "nonce_prefix",
    )

    def __init__(self, file: Sink, key: bytes, associated_data: bytes) -> None:
        salt = os.urandom(SALT_BYTES)
        self.nonce_prefix = os.urandom(NONCE_PREFIX_BYTES)
        self._gcm = _segment_cipher(key, salt, associated_data)
        self._sink = file
        self._hash = Sha256Beside()
        self._held = memoryview(bytearray(PLAIN_BYTES))
        # Two: the hash reads one while the other is filled, and is done with it before it takes the next.
        self._outs = [memoryview(bytearray(SEGMENT_BYTES)) for _ in range(2)]
        self._held_bytes = self._index = self._size_bytes = self._written_bytes = 0
        self._emit(memoryview(bytes((HEADER_BYTES,)) + salt + self.nonce_prefix))

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Takes plaintext in pieces of any size. What the sink raises passes through; the blob is then
        lost.
        """
        rest = memoryview(data)
        self._size_bytes += len(rest)
        while rest:
            capacity = self._capacity()
            # A full segment waits for the byte after it: only then it is known not to be the last.
            if self._held_bytes == capacity:
                self._seal(self._held[:capacity], last=False)
                self._held_bytes = 0
            elif self._held_bytes == 0 and len(rest) > capacity:
                self._seal(rest[:capacity], last=False)
                rest = rest[capacity:]
            else:
                piece = rest[: capacity - self._held_bytes]
                self._held[self._held_bytes : self._held_bytes + len(piece)] = piece
                self._held_bytes += len(piece)
                rest = rest[len(piece) :]

    def finish(self) -> BlobSeal:
        """Seals the last segment, empty only in an empty blob. Durability is the file's own matter."""
        self._seal(self._held[: self._held_bytes], last=True)
        return BlobSeal(self._size_bytes, self._written_bytes, self._hash.digest())

    def _capacity(self) -> int:
        return PLAIN_BYTES if self._index else FIRST_PLAIN_BYTES

    def _seal(self, plaintext: memoryview, *, last: bool) -> None:
        segment = self._outs[self._index & 1][: len(plaintext) + TAG_BYTES]
        self._gcm.encrypt_into(_pack_nonce(self.nonce_prefix, self._index, last), plaintext, None, segment)
        self._index += 1
        self._emit(segment)

    def _emit(self, ciphertext: memoryview) -> None:
        self._hash.start(ciphertext)
        self._written_bytes += len(ciphertext)
        while ciphertext:
            ciphertext = ciphertext[self._sink.write(ciphertext) or 0 :]


class BlobReader:
    """Opens any range of a blob by decrypting only the segments it touches; holds one decrypted segment.

    The size comes from the file's length and the last segment is opened first: a blob cut short, at a
    segment's end too, has no segment marked as last where the length says it must be. BlobBroken then, before
    a byte is given out.
    """

    __slots__ = ("_fd", "_file_bytes", "_gcm", "_kept", "_last", "_nonce_prefix", "size_bytes")

    def __init__(self, file: Source, key: bytes, associated_data: bytes) -> None:
        self._fd = file.fileno()
        self._file_bytes = os.fstat(self._fd).st_size
        header = os.pread(self._fd, HEADER_BYTES, 0)
        if len(header) != HEADER_BYTES or header[0] != HEADER_BYTES:
            raise BlobBroken
        self._nonce_prefix = header[1 + SALT_BYTES :]
        self._gcm = _segment_cipher(key, header[1 : 1 + SALT_BYTES], associated_data)
        self._last = (self._file_bytes - 1) // SEGMENT_BYTES
        self._kept: tuple[int, bytes] = (-1, b"")
        tail = self._segment(self._last)
        if self._last and not tail:
            raise BlobBroken  # No writer ends a blob with an empty segment: one plaintext, one segmentation.
        self.size_bytes = _segment_start(self._last) + len(tail)

    def read_range(self, start: int, end: int) -> Iterator[bytes]:
        """Plaintext [start, end) in pieces of at most 1 MiB. ValueError outside 0 ≤ start ≤ end ≤ size;
        BlobBroken from the iterator when it comes upon a changed segment."""
        if not 0 <= start <= end <= self.size_bytes:
            raise ValueError(f"range {start}..{end} of a blob of {self.size_bytes} bytes")
        return self._pieces(start, end)

    def _pieces(self, start: int, end: int) -> Iterator[bytes]:
        while start < end:
            index = _segment_of(start)
            origin = _segment_start(index)
            plaintext = self._segment(index)
            piece = plaintext[start - origin : end - origin]
            start += len(piece)
            yield piece

    def _segment(self, index: int) -> bytes:
        kept_index, kept = self._kept
        if index == kept_index:
            return kept
        start = index * SEGMENT_BYTES if index else HEADER_BYTES
        end = min((index + 1) * SEGMENT_BYTES, self._file_bytes)
        ciphertext = os.pread(self._fd, end - start, start)
        if len(ciphertext) != end - start:
            raise BlobBroken  # The file has shrunk since it was opened.
        try:
            nonce = _pack_nonce(self._nonce_prefix, index, index == self._last)
            plaintext = self._gcm.decrypt(nonce, ciphertext, None)
        except InvalidTag:
            raise BlobBroken from None
        self._kept = (index, plaintext)
        return plaintext


class PendingBlob:
    """A blob being written beside its final place; `commit` makes it durable and gives it its name."""

    __slots__ = ("_behind", "_fd", "_part", "_path", "_size_bytes", "committed")

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(f".{path.name}.{secrets.token_hex(8)}{PART_SUFFIX}")
        self._fd = durable.create_locked(self._part)
        self._behind = durable.WriteBehind(self._fd)
        self._size_bytes = 0
        self.committed = False

    def write(self, data: memoryview) -> int:
        """Appends all of `data`."""
        durable.write_all(self._fd, data, self._size_bytes)
        self._size_bytes += len(data)
        self._behind.advance(self._size_bytes)
        return len(data)

    def commit(self) -> None:
        """fsync, rename, fsync of the folder: after a crash there is the whole blob under its name, or
        nothing.
        """
        os.fsync(self._fd)
        self._part.rename(self._path)
        self.committed = True
        durable.fsync_directory(self._path.parent)

    def close(self) -> None:
        """Removes what was not committed."""
        if not self.committed:
            self._part.unlink(missing_ok=True)
        os.close(self._fd)


@contextmanager
def create_blob(path: Path) -> Iterator[PendingBlob]:
    """A new blob file, mode 0600; gone again unless `commit` is reached.

    A committed one replaces its namesake.
    """
    pending = PendingBlob(path)
    try:
        yield pending
    finally:
        pending.close()


def _segment_cipher(key: bytes, salt: bytes, associated_data: bytes) -> AESGCM:
    if len(key) != KEY_BYTES:
        raise ValueError(f"blob key of {len(key)} bytes; expected {KEY_BYTES}")
    return cipher(HKDF(hashes.SHA256(), KEY_BYTES, salt, associated_data).derive(key))


def _segment_start(index: int) -> int:
    """Plaintext offset of a segment's first byte."""
    return FIRST_PLAIN_BYTES + (index - 1) * PLAIN_BYTES if index else 0


def _segment_of(offset: int) -> int:
    """Index of the segment that holds the plaintext byte at `offset`."""
    return 0 if offset < FIRST_PLAIN_BYTES else 1 + (offset - FIRST_PLAIN_BYTES) // PLAIN_BYTES
