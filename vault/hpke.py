"""Sealing to an account: whoever has the public key can write, only the owner of the secret key reads.

A worker stores a person's blob keys this way and cannot read them back. HPKE base mode (RFC 9180) with the
X-Wing hybrid KEM (ML-KEM-768 and X25519 together: safe while either stands), HKDF-SHA256 and AES-256-GCM.
Layout: format (1 byte) ‖ suite (1) ‖ encapsulated key (1,120) ‖ ciphertext ‖ tag (16). See docs/formats.md.
"""

from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from vault.errors import SealBroken
from vault.seal import FORMAT, Binding

SUITE_XWING_AES_256_GCM: Final = 2

MLKEM_PUBLIC_BYTES: Final = 1184
MLKEM_SEED_BYTES: Final = 64
X25519_BYTES: Final = 32
PUBLIC_BYTES: Final = MLKEM_PUBLIC_BYTES + X25519_BYTES
SECRET_BYTES: Final = MLKEM_SEED_BYTES + X25519_BYTES
ENCAPSULATED_BYTES: Final = 1088 + X25519_BYTES
OVERHEAD_BYTES: Final = 2 + ENCAPSULATED_BYTES + 16

_HEADER: Final = bytes((FORMAT, SUITE_XWING_AES_256_GCM))


@dataclass(frozen=True, slots=True, eq=False)
class AccountKeys:
    """An account's key pair. public: ML-KEM-768 (1,184) ‖ X25519 (32); secret: ML-KEM seed (64) ‖ X25519
    (32).
    """

    public: bytes
    secret: bytes = field(repr=False)


def generate_account_keys() -> AccountKeys:
    """A new pair from the operating system's randomness."""
    mlkem, x25519 = MLKEM768PrivateKey.generate(), X25519PrivateKey.generate()
    return AccountKeys(
        public=mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw(),
        secret=mlkem.private_bytes_raw() + x25519.private_bytes_raw(),
    )


def seal_to(public: bytes, plaintext: bytes, binding: Binding) -> bytes:
    """`plaintext` for the owner of `public`: OVERHEAD_BYTES longer. ValueError for a malformed public key."""
    if len(public) != PUBLIC_BYTES:
        raise ValueError(f"public key of {len(public)} bytes; expected {PUBLIC_BYTES}")
    key = MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(public[:MLKEM_PUBLIC_BYTES]),
        X25519PublicKey.from_public_bytes(public[MLKEM_PUBLIC_BYTES:]),
    )
    return _HEADER + _suite().encrypt(plaintext, key, info=binding.aad(SUITE_XWING_AES_256_GCM))


def open_with(secret: bytes, sealed: bytes, binding: Binding) -> bytes:
    """The plaintext of `sealed`. SealBroken for wrong key, binding or bytes; ValueError for a malformed
    secret.
    """
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"secret key of the wrong length; expected {SECRET_BYTES} bytes")
    if sealed[:2] != _HEADER or len(sealed) < OVERHEAD_BYTES:
        raise SealBroken
    key = MLKEM768X25519PrivateKey(
        MLKEM768PrivateKey.from_seed_bytes(secret[:MLKEM_SEED_BYTES]),
        X25519PrivateKey.from_private_bytes(secret[MLKEM_SEED_BYTES:]),
    )
    try:
        return _suite().decrypt(sealed[2:], key, info=binding.aad(SUITE_XWING_AES_256_GCM))
    except InvalidTag:
        raise SealBroken from None


def _suite() -> Suite:
    return Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
