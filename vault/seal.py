"""One small payload, sealed: AES-256-GCM with a random nonce, bound to its place in the log.

Layout: format (1 byte) ‖ suite (1) ‖ nonce (12) ‖ ciphertext ‖ tag (16). See docs/formats.md.
References: NIST SP 800-38D (GCM, §8.2.2 random nonces), RFC 5869 (HKDF).
"""

import os
import struct
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vault.errors import SealBroken

FORMAT: Final = 1
SUITE_AES_256_GCM: Final = 1

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
OVERHEAD_BYTES: Final = 2 + NONCE_BYTES + TAG_BYTES
MAX_PLAINTEXT_BYTES: Final = 16 << 20  # Larger things are blobs: one payload has to fit into memory several times.

_HEADER: Final = bytes((FORMAT, SUITE_AES_256_GCM))
_SHA256: Final = hashes.SHA256()
_pack_head: Final = struct.Struct(">BBI").pack
_pack_length: Final = struct.Struct(">I").pack
_pack_version: Final = struct.Struct(">QI").pack


class Binding(msgspec.Struct, frozen=True, gc=False):
    """Where a payload belongs. Opening under any other binding fails, so bytes cannot be moved between
    places.

    user, stream: ids; version: the event's version in its stream, 0 to 2^64-1; type: the event's or record's
    type; purpose: what the bytes are to their owner ("content", "wrap", …).
    """

    user: str
    stream: str
    version: int
    type: str
    purpose: str

    def aad(self, suite: int = SUITE_AES_256_GCM) -> bytes:
        """format ‖ suite ‖ user ‖ stream ‖ version (8 bytes) ‖ type ‖ purpose, each text after its uint32
        length.

        Lengths keep ("ab", "c") and ("a", "bc") apart; format and suite keep one suite's bytes from
        another's.
        """
        user, stream = self.user.encode(), self.stream.encode()
        kind, purpose = self.type.encode(), self.purpose.encode()
        return b"".join(
            (
                _pack_head(FORMAT, suite, len(user)),
                user,
                _pack_length(len(stream)),
                stream,
                _pack_version(self.version, len(kind)),
                kind,
                _pack_length(len(purpose)),
                purpose,
            )
        )


class Sealer:
    """Seals and opens many payloads under one key; saves the key schedule for each but the first.

    One key may seal at most 2^32 payloads (random 96-bit nonces, SP 800-38D §8.3).
    """

    __slots__ = ("_gcm",)

    def __init__(self, key: bytes) -> None:
        self._gcm = cipher(key)

    def seal(self, plaintext: bytes, binding: Binding) -> bytes:
        """`plaintext` sealed for `binding`: OVERHEAD_BYTES longer. ValueError above MAX_PLAINTEXT_BYTES."""
        return _seal(self._gcm, plaintext, binding)

    def open(self, sealed: bytes, binding: Binding) -> bytes:
        """The plaintext of `sealed`. SealBroken for every reason there can be."""
        return _open(self._gcm, sealed, binding)


def seal(key: bytes, plaintext: bytes, binding: Binding) -> bytes:
    """`plaintext` sealed under a 32-byte `key` for `binding`: OVERHEAD_BYTES longer."""
    return _seal(cipher(key), plaintext, binding)


def open_sealed(key: bytes, sealed: bytes, binding: Binding) -> bytes:
    """The plaintext that `seal` was given under the same key and binding, or SealBroken."""
    return _open(cipher(key), sealed, binding)


def cipher(key: bytes) -> AESGCM:
    """AES-256-GCM under `key`. ValueError unless it has 32 bytes: the library would quietly fall to
    AES-128.
    """
    if len(key) != KEY_BYTES:
        raise ValueError(f"key of {len(key)} bytes; AES-256 takes {KEY_BYTES}")
    return AESGCM(key)


def derive(key: bytes, purpose: str, length: int = KEY_BYTES, salt: bytes | None = None) -> bytes:
    """A key of `length` bytes for one purpose. HKDF-SHA256, no salt unless given, info "strongroom/v1/" + purpose.

    RFC 5869.
    """
    return HKDF(_SHA256, length, salt, b"strongroom/v1/" + purpose.encode()).derive(key)


def _seal(gcm: AESGCM, plaintext: bytes, binding: Binding) -> bytes:
    if len(plaintext) > MAX_PLAINTEXT_BYTES:
        raise ValueError(f"payload of {len(plaintext)} bytes; at most {MAX_PLAINTEXT_BYTES}")
    nonce = os.urandom(NONCE_BYTES)
    return _HEADER + nonce + gcm.encrypt(nonce, plaintext, binding.aad())


def _open(gcm: AESGCM, sealed: bytes, binding: Binding) -> bytes:
    if sealed[:2] != _HEADER or len(sealed) < OVERHEAD_BYTES:
        raise SealBroken
    try:
        return gcm.decrypt(sealed[2:14], sealed[14:], binding.aad())
    except InvalidTag:
        raise SealBroken from None
