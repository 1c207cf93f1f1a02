"""One sealed payload: what it binds, what it refuses, and the primitives against published vectors."""

import hmac
import itertools

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from tests.vault.vectors import VectorGroup, wycheproof
from vault.errors import SealBroken
from vault.seal import OVERHEAD_BYTES, Binding, Sealer, cipher, derive, open_sealed, seal

KEY = bytes(range(32))
BINDING = Binding(user="u1", stream="message-m1", version=0, type="MessageSent", purpose="content")


def test_what_was_sealed_opens_again() -> None:
    sealed = seal(KEY, b"hello", BINDING)
    assert open_sealed(KEY, sealed, BINDING) == b"hello"
    assert len(sealed) == len(b"hello") + OVERHEAD_BYTES


def test_sealing_twice_never_gives_the_same_bytes() -> None:
    assert seal(KEY, b"hello", BINDING) != seal(KEY, b"hello", BINDING)


@pytest.mark.parametrize(
    "other",
    [
        Binding("u2", "message-m1", 0, "MessageSent", "content"),
        Binding("u1", "message-m2", 0, "MessageSent", "content"),
        Binding("u1", "message-m1", 1, "MessageSent", "content"),
        Binding("u1", "message-m1", 0, "MessageRead", "content"),
        Binding("u1", "message-m1", 0, "MessageSent", "title"),
        Binding("u1m", "essage-m1", 0, "MessageSent", "content"),
        Binding("u1", "message-m1", 0, "MessageSentc", "ontent"),
    ],
)
def test_bytes_moved_to_another_place_do_not_open(other: Binding) -> None:
    with pytest.raises(SealBroken):
        open_sealed(KEY, seal(KEY, b"hello", BINDING), other)


def test_every_changed_bit_is_refused_with_the_same_words() -> None:
    sealed = seal(KEY, b"hi", BINDING)
    messages = set()
    for place, bit in itertools.product(range(len(sealed)), range(8)):
        changed = bytearray(sealed)
        changed[place] ^= 1 << bit
        with pytest.raises(SealBroken) as caught:
            open_sealed(KEY, bytes(changed), BINDING)
        messages.add(str(caught.value))
    assert len(messages) == 1


def test_every_shortened_payload_is_refused() -> None:
    sealed = seal(KEY, b"hi", BINDING)
    for length in range(len(sealed)):
        with pytest.raises(SealBroken):
            open_sealed(KEY, sealed[:length], BINDING)


def test_another_key_does_not_open() -> None:
    with pytest.raises(SealBroken):
        open_sealed(bytes(32), seal(KEY, b"hello", BINDING), BINDING)


def test_a_short_key_is_refused_rather_than_used_as_aes_128() -> None:
    with pytest.raises(ValueError, match="AES-256"):
        seal(bytes(16), b"hello", BINDING)


def test_the_bound_bytes_are_laid_out_as_documented() -> None:
    assert Binding("u", "st", 258, "T", "").aad() == bytes.fromhex(
        "01 01  00000001 75  00000002 7374  0000000000000102  00000001 54  00000000"
    )
    assert Binding("u", "st", 258, "T", "").aad(suite=2)[:2] == b"\x01\x02"


@given(st.binary(max_size=300), st.text(), st.text(), st.integers(0, 2**64 - 1))
def test_any_payload_and_binding_round_trips(plaintext: bytes, user: str, purpose: str, version: int) -> None:
    try:
        binding = Binding(user, "chat-1", version, "ChatStarted", purpose)
        binding.aad()
    except UnicodeEncodeError:
        return  # Lone surrogates have no UTF-8; ids never hold them.
    sealer = Sealer(KEY)
    assert sealer.open(sealer.seal(plaintext, binding), binding) == plaintext


def test_keys_for_two_purposes_differ_and_follow_hkdf() -> None:
    # HKDF-SHA256, ikm 32 zero bytes, no salt, info "strongroom/v1/chat": computed by hand from two HMACs.
    extracted = hmac.digest(bytes(32), bytes(32), "sha256")
    assert derive(bytes(32), "chat") == hmac.digest(extracted, b"strongroom/v1/chat\x01", "sha256")
    assert derive(KEY, "chat") != derive(KEY, "file")
    assert len(derive(KEY, "chat", length=64)) == 64


USED_GROUPS = [
    group
    for group in wycheproof("Cipher", "aes_gcm_test.json")
    if (group.header["keySize"], group.header["ivSize"]) == (256, 96)
]


def test_there_are_aes_gcm_vectors_of_the_sizes_in_use() -> None:
    assert sum(len(group.tests) for group in USED_GROUPS) >= 60


@pytest.mark.parametrize("group", USED_GROUPS, ids=str)
def test_aes_gcm_agrees_with_wycheproof(group: VectorGroup) -> None:
    for vector in group.tests:
        key, iv, aad = (bytes.fromhex(vector[name]) for name in ("key", "iv", "aad"))
        message, sealed = bytes.fromhex(vector["msg"]), bytes.fromhex(vector["ct"] + vector["tag"])
        if vector["result"] == "valid":
            assert cipher(key).encrypt(iv, message, aad) == sealed
            assert cipher(key).decrypt(iv, sealed, aad) == message
        else:
            with pytest.raises(InvalidTag):
                cipher(key).decrypt(iv, sealed, aad)


@pytest.mark.parametrize("group", wycheproof("Protocol", "hkdf_sha256_test.json"), ids=str)
def test_hkdf_agrees_with_wycheproof_and_rfc_5869(group: VectorGroup) -> None:
    for vector in group.tests:
        ikm, salt, info = (bytes.fromhex(vector[name]) for name in ("ikm", "salt", "info"))
        if vector["result"] == "valid":
            okm = HKDF(hashes.SHA256(), vector["size"], salt, info).derive(ikm)
            assert okm == bytes.fromhex(vector["okm"]), vector["comment"]
        else:
            with pytest.raises(ValueError, match="larger"):
                HKDF(hashes.SHA256(), vector["size"], salt, info).derive(ikm)
