"""What a write-only token seals with: the account opens it, and the token does not."""

from __future__ import annotations

import os

import pytest

from vault.errors import SealBroken
from vault.hpke import SECRET_BYTES, generate_account_keys
from vault.keys import UserKeys, new_key
from vault.seal import derive
from vault.write_keys import TokenKeys, is_sealed_to_account, open_sealed_stream

STREAM = "message-1"


def test_the_account_opens_what_a_token_sealed_and_only_where_it_belongs() -> None:
    pair, key = generate_account_keys(), new_key()
    sealed = TokenKeys("ann", os.urandom(32), pair.public).wrap_stream(STREAM, key)
    assert is_sealed_to_account(sealed)
    assert open_sealed_stream(pair.secret, sealed, "ann", STREAM) == key
    for user, stream in (("ben", STREAM), ("ann", "message-2")):
        with pytest.raises(SealBroken):
            open_sealed_stream(pair.secret, sealed, user, stream)
    with pytest.raises(SealBroken):
        open_sealed_stream(generate_account_keys().secret, sealed, "ann", STREAM)


def test_the_two_kinds_of_wrap_are_never_taken_for_each_other() -> None:
    pair, user_keys = generate_account_keys(), UserKeys("ann", new_key())
    by_user = user_keys.wrap_stream(STREAM, new_key())
    assert not is_sealed_to_account(by_user)
    assert not is_sealed_to_account(b"")
    assert not is_sealed_to_account(b"\x01")
    with pytest.raises(SealBroken):
        open_sealed_stream(pair.secret, by_user[:1] + b"\x02" + by_user[2:], "ann", STREAM)
    sealed = TokenKeys("ann", os.urandom(32), pair.public).wrap_stream(STREAM, new_key())
    with pytest.raises(SealBroken):
        user_keys.open_stream(STREAM, sealed[:1] + b"\x01" + sealed[2:])


def test_tags_are_the_tokens_own() -> None:
    public, one, two = generate_account_keys().public, os.urandom(32), os.urandom(32)
    first, again, other = (TokenKeys("ann", token, public) for token in (one, one, two))
    assert first.request_tag(b"a", b"b") == again.request_tag(b"a", b"b")
    assert first.request_tag(b"a", b"b") != first.request_tag(b"ab", b"")
    assert first.request_tag(b"a", b"b") != other.request_tag(b"a", b"b")
    assert first.upload_key() == again.upload_key() != other.upload_key()
    assert first.content_tag(1, b"x" * 32) != first.content_tag(1, b"x" * 32)  # Never known again.


def test_nothing_shows_what_it_holds() -> None:
    token = os.urandom(32)
    keys = TokenKeys("ann", token, generate_account_keys().public)
    assert token.hex() not in repr(keys)
    assert repr(keys) == "TokenKeys(…)"


def test_no_key_of_a_token_opens_what_the_account_holds() -> None:
    """The secret key lies under the user key; what a token makes is made from the token alone."""
    user_keys, token = UserKeys("ann", new_key()), os.urandom(32)
    public, secret_by_user = user_keys.new_account_keys()
    keys = TokenKeys("ann", token, public)
    assert len(user_keys.open_secret(secret_by_user)) == SECRET_BYTES
    for key in (token, derive(token, "token-wrap"), derive(token, "token-writing"), keys.upload_key()):
        with pytest.raises(SealBroken):
            UserKeys("ann", key).open_secret(secret_by_user)


def test_what_a_person_calls_a_token_opens_for_that_token_only() -> None:
    keys = UserKeys("ann", new_key())
    sealed = keys.seal_label("token-1", "the porch light")
    assert b"porch" not in sealed
    assert keys.open_label("token-1", sealed) == "the porch light"
    for other, thing in ((keys, "token-2"), (UserKeys("ann", new_key()), "token-1")):
        with pytest.raises(SealBroken):
            other.open_label(thing, sealed)
