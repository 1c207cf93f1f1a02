"""The key hierarchy: each wrap opens with its own key, in its own place, and nowhere else."""

from __future__ import annotations

import hashlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault import keys as keys_module
from vault.errors import SealBroken
from vault.hpke import seal_to
from vault.keys import (
    KEY_BYTES,
    TAG_BYTES,
    FindingKeys,
    UserKeys,
    blob_key_binding,
    commitment,
    details_key,
    is_committed,
    new_key,
    new_salt,
    open_blob_key,
    token_hash,
    token_key,
    unwrap_for_server,
    unwrap_user_key,
    wrap_for_server,
    wrap_user_key,
)
from vault.seal import Binding, derive, open_sealed

UK = bytes(range(32))
KEYS = UserKeys("ann", UK)


def test_keys_are_32_random_bytes() -> None:
    keys = {new_key() for _ in range(50)}
    assert len(keys) == 50
    assert {len(key) for key in keys} == {KEY_BYTES}


def test_the_user_key_opens_under_the_same_key_user_and_purpose() -> None:
    wrapping = new_key()
    assert unwrap_user_key(wrapping, wrap_user_key(wrapping, UK, "ann", "password"), "ann", "password") == UK
    assert unwrap_user_key(wrapping, KEYS.wrap(wrapping, "s1"), "ann", "s1") == UK


@pytest.mark.parametrize(("user", "purpose"), [("ben", "password"), ("ann", "recovery"), ("ann", "")])
def test_a_wrap_cannot_be_moved_to_another_user_or_purpose(user: str, purpose: str) -> None:
    wrapping = new_key()
    wrapped = wrap_user_key(wrapping, UK, "ann", "password")
    with pytest.raises(SealBroken):
        unwrap_user_key(wrapping, wrapped, user, purpose)
    with pytest.raises(SealBroken):
        unwrap_user_key(new_key(), wrapped, "ann", "password")


def test_a_stream_key_opens_for_its_owner_and_stream_only() -> None:
    key = new_key()
    wrapped = KEYS.wrap_stream("chat-a", key)
    assert KEYS.open_stream("chat-a", wrapped) == key
    for keys, stream in ((KEYS, "chat-b"), (UserKeys("ben", UK), "chat-a"), (UserKeys("ann", new_key()), "chat-a")):
        with pytest.raises(SealBroken):
            keys.open_stream(stream, wrapped)


def test_the_user_key_itself_seals_nothing() -> None:
    _, wrapped_secret = KEYS.new_account_keys()
    stream = Binding("ann", "chat-a", 0, "stream-key", "user")
    account = Binding("ann", "account-ann", 0, "account-secret", "user")
    for wrapped, binding in ((KEYS.wrap_stream("chat-a", new_key()), stream), (wrapped_secret, account)):
        with pytest.raises(SealBroken):
            open_sealed(UK, wrapped, binding)
        open_sealed(derive(UK, "user-wrap"), wrapped, binding)


def test_the_wrap_key_is_derived_once_and_not_before_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    derived: list[str] = []

    def counting(key: bytes, purpose: str) -> bytes:
        derived.append(purpose)
        return derive(key, purpose)

    monkeypatch.setattr(keys_module, "derive", counting)
    keys = UserKeys("ann", UK)
    assert derived == []
    for _ in range(3):
        keys.open_stream("chat-a", keys.wrap_stream("chat-a", new_key()))
    assert derived == ["user-wrap"]


def test_a_server_wrap_opens_in_its_place_only() -> None:
    master, key = new_key(), new_key()
    wrapped = wrap_for_server(master, key, "ann", "file-f1", "spool")
    assert unwrap_for_server(master, wrapped, "ann", "file-f1", "spool") == key
    for other in (("ben", "file-f1", "spool"), ("ann", "file-f2", "spool"), ("ann", "file-f1", "subject")):
        with pytest.raises(SealBroken):
            unwrap_for_server(master, wrapped, *other)


def test_whoever_has_the_public_key_writes_a_blob_key_and_only_the_owner_reads_it() -> None:
    public, wrapped_secret = KEYS.new_account_keys()
    blob_key = new_key()
    sealed = seal_to(public, blob_key, blob_key_binding("ann", "f1"))
    secret = KEYS.open_secret(wrapped_secret)
    assert open_blob_key(secret, sealed, "ann", "f1") == blob_key
    for user, file_id in (("ben", "f1"), ("ann", "f2")):
        with pytest.raises(SealBroken):
            open_blob_key(secret, sealed, user, file_id)
    with pytest.raises(SealBroken):
        UserKeys("ann", new_key()).open_secret(wrapped_secret)


def test_the_store_keeps_a_hash_of_the_token_that_opens_nothing() -> None:
    token = os.urandom(32)
    assert token_hash(token) == hashlib.sha256(b"strongroom/v1/token-hash\x00" + token).digest()
    assert token_hash(token) not in (token_key(token), hashlib.sha256(token).digest())
    assert token_key(token) == token_key(token) != token_key(os.urandom(32))


def test_every_derived_key_is_another() -> None:
    keys = [UK, derive(UK, "user-wrap"), KEYS.session_key(), token_key(UK), details_key(UK, b""), token_hash(UK)]
    assert len(set(keys)) == len(keys)


@given(st.lists(st.binary(max_size=6), max_size=4), st.lists(st.binary(max_size=6), max_size=4))
def test_request_tags_are_alike_only_for_the_same_parts(left: list[bytes], right: list[bytes]) -> None:
    assert (KEYS.request_tag(*left) == KEYS.request_tag(*right)) == (left == right)
    assert len(KEYS.request_tag(*left)) == TAG_BYTES


def test_request_tags_of_two_people_have_nothing_in_common() -> None:
    assert KEYS.request_tag(b"key") != UserKeys("ann", new_key()).request_tag(b"key")


def test_what_is_found_out_about_two_files_of_one_blob_is_sealed_apart() -> None:
    blob_key, (one, other) = new_key(), (FindingKeys.of_blob(UK, new_salt()) for _ in range(2))
    assert one.details != other.details
    assert one.rendition("waveform") == other.rendition("waveform") != one.rendition("play")
    assert FindingKeys.of_blob(blob_key, b"").rendition("waveform") != one.rendition("waveform")


def test_content_tags_are_alike_only_for_the_same_content_of_the_same_person() -> None:
    sha256 = os.urandom(32)
    tag = KEYS.content_tag(5, sha256)
    assert tag == KEYS.content_tag(5, sha256)
    others = [KEYS.content_tag(6, sha256), KEYS.content_tag(5, os.urandom(32))]
    others += [UserKeys("ann", new_key()).content_tag(5, sha256), KEYS.request_tag(sha256)]
    assert tag not in others
    assert len(tag) == KEY_BYTES


def test_a_commitment_is_of_one_blob_under_one_salt() -> None:
    salt, sha256 = new_salt(), os.urandom(32)
    stated = commitment(salt, sha256)
    assert is_committed(stated, salt, sha256)
    assert not is_committed(stated, new_salt(), sha256)
    assert not is_committed(stated, salt, os.urandom(32))
    assert sha256.hex() not in stated


def test_a_hash_that_was_stated_of_old_still_counts() -> None:
    sha256 = os.urandom(32)
    assert is_committed(f"sha256:{sha256.hex()}", new_salt(), sha256)
    assert not is_committed(f"sha256:{sha256.hex()}", new_salt(), os.urandom(32))


def test_keys_do_not_show_themselves() -> None:
    assert UK.hex() not in repr(KEYS)
    assert repr(KEYS) == str(KEYS) == "UserKeys(…)"
