"""Sealing to an account: round trip, refusals, and agreement with a second reading of the specifications."""

import hashlib
import hmac
import itertools
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.vault.vectors import load
from vault.errors import SealBroken
from vault.hpke import (
    OVERHEAD_BYTES,
    PUBLIC_BYTES,
    SECRET_BYTES,
    SUITE_XWING_AES_256_GCM,
    AccountKeys,
    generate_account_keys,
    open_with,
    seal_to,
)
from vault.seal import Binding, seal

BINDING = Binding(user="u1", stream="file-f1", version=0, type="blob-key", purpose="wrap")
BLOB_KEY = bytes(range(32))


@pytest.fixture(scope="module")
def account() -> AccountKeys:
    return generate_account_keys()


def test_the_owner_opens_what_was_sealed_to_the_account(account: AccountKeys) -> None:
    sealed = seal_to(account.public, BLOB_KEY, BINDING)
    assert len(sealed) == len(BLOB_KEY) + OVERHEAD_BYTES
    assert open_with(account.secret, sealed, BINDING) == BLOB_KEY


def test_keys_have_the_documented_sizes_and_the_secret_is_not_shown(account: AccountKeys) -> None:
    assert (len(account.public), len(account.secret)) == (PUBLIC_BYTES, SECRET_BYTES) == (1216, 96)
    assert account.secret.hex() not in repr(account)
    assert repr(account.secret) not in repr(account)


def test_another_account_cannot_open(account: AccountKeys) -> None:
    with pytest.raises(SealBroken):
        open_with(generate_account_keys().secret, seal_to(account.public, BLOB_KEY, BINDING), BINDING)


def test_another_binding_cannot_open(account: AccountKeys) -> None:
    other = Binding(user="u1", stream="file-f2", version=0, type="blob-key", purpose="wrap")
    with pytest.raises(SealBroken):
        open_with(account.secret, seal_to(account.public, BLOB_KEY, BINDING), other)


def test_every_changed_byte_is_refused(account: AccountKeys) -> None:
    sealed = seal_to(account.public, BLOB_KEY, BINDING)
    for place in itertools.chain(range(0, len(sealed), 13), range(len(sealed) - 40, len(sealed))):
        changed = bytearray(sealed)
        changed[place] ^= 0x80 if place != 1121 else 1
        with pytest.raises(SealBroken):
            open_with(account.secret, bytes(changed), BINDING)


def test_short_and_low_order_bytes_are_refused(account: AccountKeys) -> None:
    sealed = seal_to(account.public, BLOB_KEY, BINDING)
    low_order_point = sealed[: 2 + 1088] + bytes(32) + sealed[2 + 1120 :]
    for broken in (b"", sealed[:1], sealed[: OVERHEAD_BYTES - 1], sealed[:-1], low_order_point):
        with pytest.raises(SealBroken):
            open_with(account.secret, broken, BINDING)


def test_a_payload_of_the_other_suite_is_refused(account: AccountKeys) -> None:
    with pytest.raises(SealBroken):
        open_with(account.secret, seal(BLOB_KEY, bytes(2000), BINDING), BINDING)


def test_malformed_keys_are_the_programmers_fault(account: AccountKeys) -> None:
    with pytest.raises(ValueError, match="public key"):
        seal_to(account.public[:-1], BLOB_KEY, BINDING)
    with pytest.raises(ValueError, match="secret key"):
        open_with(account.secret[:-1], bytes(2000), BINDING)


@pytest.mark.parametrize("number", range(3))
def test_the_public_key_is_the_one_the_x_wing_vectors_name(number: int) -> None:
    vector = load("PublicKey", "Hybrid", "test-vectors.json")["mlkem768_x25519"][number]
    secret = bytes.fromhex(vector["decapsulation_key_pq"] + vector["decapsulation_key_t"])
    public = bytes.fromhex(vector["encapsulation_key"])
    assert open_with(secret, seal_to(public, BLOB_KEY, BINDING), BINDING) == BLOB_KEY


def test_the_bytes_are_hpke_base_mode_with_x_wing(account: AccountKeys) -> None:
    """Opened by the specifications alone: X-Wing (draft-connolly-cfrg-xwing-kem), RFC 9180 §5.1."""
    sealed = seal_to(account.public, BLOB_KEY, BINDING)
    encapsulated, ciphertext = sealed[2:1122], sealed[1122:]
    x25519 = X25519PrivateKey.from_private_bytes(account.secret[64:])
    lattice = MLKEM768PrivateKey.from_seed_bytes(account.secret[:64]).decapsulate(encapsulated[:1088])
    curve = x25519.exchange(X25519PublicKey.from_public_bytes(encapsulated[1088:]))
    own_point = x25519.public_key().public_bytes_raw()
    shared = hashlib.sha3_256(
        lattice + curve + encapsulated[1088:] + own_point + bytes.fromhex("5c2e2f2f5e5c")
    ).digest()

    suite = b"HPKE" + struct.pack(">HHH", 0x647A, 1, 2)

    def extract(salt: bytes, label: bytes, secret: bytes) -> bytes:
        return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + secret, "sha256")

    def expand(secret: bytes, label: bytes, context: bytes, length: int) -> bytes:
        info = struct.pack(">H", length) + b"HPKE-v1" + suite + label + context
        return hmac.digest(secret, info + b"\x01", "sha256")[:length]

    info_hash = extract(b"", b"info_hash", BINDING.aad(SUITE_XWING_AES_256_GCM))
    context = b"\x00" + extract(b"", b"psk_id_hash", b"") + info_hash
    secret = extract(shared, b"secret", b"")
    key, nonce = expand(secret, b"key", context, 32), expand(secret, b"base_nonce", context, 12)
    assert AESGCM(key).decrypt(nonce, ciphertext, b"") == BLOB_KEY
