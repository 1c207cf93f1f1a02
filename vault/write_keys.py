"""What a request writes with: a person's own keys, or, for a token that may write and read nothing, the account's
public key.

write-only token ── derives ──▶ the key of request tags
                 └── derives ──▶ the key of what its uploads under way are called

It has no user key, and none can be made from it. The keys of what it begins are drawn by the request, sealed to the
account and forgotten with the request; the next read, by somebody who has the user key, puts them under that.
"""

from __future__ import annotations

import hmac
import os
from typing import Final, Protocol

from vault.hpke import SUITE_XWING_AES_256_GCM, open_with, seal_to
from vault.keys import TAG_BYTES, stream_key_binding
from vault.seal import derive

CONTENT_TAG_BYTES: Final = 32


class WriteKeys(Protocol):
    """Enough to begin streams and to know one's own requests again. `vault.keys.UserKeys` has all of it, too."""

    user: str

    def wrap_stream(self, stream: str, key: bytes) -> bytes:
        """The key of a new stream, as the keyring keeps it."""

    def upload_key(self) -> bytes:
        """Seals what an upload under way is called and where it belongs."""

    def request_tag(self, *parts: bytes) -> bytes:
        """16 bytes: HMAC over length-prefixed parts."""

    def content_tag(self, size_bytes: int, sha256: bytes, /) -> bytes:
        """32 bytes by which the same content can be known again, or not."""


class TokenKeys:
    """A write-only token's. `public_key`: the account's. No repr, never stored, never logged."""

    __slots__ = ("_public_key", "_root", "user")

    def __init__(self, user: str, token: bytes, public_key: bytes) -> None:
        self.user = user
        self._root = derive(token, "token-writing")
        self._public_key = public_key

    def __repr__(self) -> str:
        return "TokenKeys(…)"

    def wrap_stream(self, stream: str, key: bytes) -> bytes:
        return seal_to(self._public_key, key, stream_key_binding(self.user, stream))

    def upload_key(self) -> bytes:
        return derive(self._root, "upload-words")

    def request_tag(self, *parts: bytes) -> bytes:
        message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hmac.digest(derive(self._root, "request-tag"), message, "sha256")[:TAG_BYTES]

    def content_tag(self, _size_bytes: int, _sha256: bytes, /) -> bytes:
        """Random: who cannot read must not learn, from what is stored sooner, what is there already."""
        return os.urandom(CONTENT_TAG_BYTES)


def is_sealed_to_account(wrapped: bytes) -> bool:
    """Whether a stream's key lies as `TokenKeys` left it; else it is under the user key."""
    return wrapped[1:2] == bytes((SUITE_XWING_AES_256_GCM,))


def open_sealed_stream(secret: bytes, wrapped: bytes, user: str, stream: str) -> bytes:
    """The stream key that `TokenKeys.wrap_stream` sealed. SealBroken. `secret`: the account's."""
    return open_with(secret, wrapped, stream_key_binding(user, stream))
