"""The frames of a spool: found, opened and written one by one. What order they are in is their callers' matter.

Layout: "SRSPL" 0x00 ‖ format (1) ‖ suite (1), then frames: head (uint32, big-endian: bytes that follow; the
top bit marks the end frame) ‖ nonce (12) ‖ ciphertext ‖ tag (16). The end frame seals size (uint64) ‖ SHA-256
of all plaintext. AAD: format ‖ suite ‖ "spool" ‖ upload id (each text after its uint32 length) ‖ frame index
(uint64) ‖ plaintext offset (uint64) ‖ kind (1). See docs/formats.md.
"""

import os
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from cryptography.exceptions import InvalidTag

from vault import durable
from vault.errors import SpoolBroken
from vault.seal import FORMAT, NONCE_BYTES, SUITE_AES_256_GCM, TAG_BYTES, cipher

FRAME_PLAIN_BYTES: Final = 1 << 20
HEADER: Final = b"SRSPL\x00" + bytes((FORMAT, SUITE_AES_256_GCM))

_HEAD_BYTES: Final = 4
_FRAME_OVERHEAD_BYTES: Final = NONCE_BYTES + TAG_BYTES
_END_FLAG: Final = 1 << 31
SUMMARY: Final = struct.Struct(">Q32s")
_PLACE: Final = struct.Struct(">QQB")
_FRAME_HEAD: Final = struct.Struct(">I12s")


class Kind(IntEnum):
    DATA = 0
    END = 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where a frame begins: its index, its byte in the file, its byte in the plaintext."""

    index: int
    file_bytes: int
    plain_bytes: int


@dataclass(frozen=True, slots=True)
class Frame:
    place: Place
    kind: Kind
    plain_bytes: int

    @property
    def after(self) -> Place:
        file_bytes = self.place.file_bytes + _HEAD_BYTES + _FRAME_OVERHEAD_BYTES + self.plain_bytes
        return Place(self.place.index + 1, file_bytes, self.place.plain_bytes + self.plain_bytes)


START: Final = Place(0, len(HEADER), 0)


class Frames:
    """Frames of one open file: finds, opens and writes them. Knows no order; its callers do."""

    __slots__ = ("_aad", "_gcm", "_out", "fd")

    def __init__(self, fd: int, key: bytes, upload_id: str) -> None:
        self.fd = fd
        self._gcm = cipher(key)
        upload = upload_id.encode()
        self._aad = HEADER[-2:] + b"\0\0\0\x05spool" + len(upload).to_bytes(4, "big") + upload
        self._out = memoryview(b"")

    def forget(self) -> None:
        """Lets go of the buffer in which frames are sealed: a MiB. The next write makes another."""
        self._out = memoryview(b"")

    def find(self, place: Place) -> Frame | None:
        """The whole frame at `place` by its head alone, unauthenticated; None where there is none or a torn
        one.
        """
        head = os.pread(self.fd, _HEAD_BYTES, place.file_bytes)
        if len(head) < _HEAD_BYTES:
            return None
        word = int.from_bytes(head, "big")
        kind = Kind.END if word & _END_FLAG else Kind.DATA
        plain_bytes = (word & ~_END_FLAG) - _FRAME_OVERHEAD_BYTES
        fits = plain_bytes == SUMMARY.size if kind is Kind.END else 1 <= plain_bytes <= FRAME_PLAIN_BYTES
        frame = Frame(place, kind, plain_bytes)
        return frame if fits and frame.after.file_bytes <= os.fstat(self.fd).st_size else None

    def open(self, frame: Frame) -> bytes:
        """The frame's plaintext. SpoolBroken unless it was written for this upload, place and kind."""
        sealed = os.pread(self.fd, _FRAME_OVERHEAD_BYTES + frame.plain_bytes, frame.place.file_bytes + _HEAD_BYTES)
        try:
            nonce, ciphertext = sealed[:NONCE_BYTES], memoryview(sealed)[NONCE_BYTES:]
            return self._gcm.decrypt(nonce, ciphertext, self._place_aad(frame.place, frame.kind))
        except (InvalidTag, ValueError):  # ValueError: the file shrank, and less than a nonce was read.
            raise SpoolBroken from None

    def write(self, place: Place, kind: Kind, plaintext: memoryview) -> Place:
        """Seals and writes one frame; the place after it.

        Nonces are random, never counted: after a crash other bytes are written at the same index under the
        same key, and a counter would then repeat.
        """
        if not self._out:
            self._out = memoryview(bytearray(_HEAD_BYTES + _FRAME_OVERHEAD_BYTES + FRAME_PLAIN_BYTES))
        nonce = os.urandom(NONCE_BYTES)
        sealed_bytes = _FRAME_OVERHEAD_BYTES + len(plaintext)
        _FRAME_HEAD.pack_into(self._out, 0, sealed_bytes | (_END_FLAG if kind is Kind.END else 0), nonce)
        out = self._out[: _HEAD_BYTES + sealed_bytes]
        self._gcm.encrypt_into(nonce, plaintext, self._place_aad(place, kind), out[_FRAME_HEAD.size :])
        durable.write_all(self.fd, out, place.file_bytes)
        return Frame(place, kind, len(plaintext)).after

    def _place_aad(self, place: Place, kind: Kind) -> bytes:
        return self._aad + _PLACE.pack(place.index, place.plain_bytes, kind)
