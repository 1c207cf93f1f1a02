"""Who is asking: a token, and what it opens for the length of one request."""

from __future__ import annotations

import base64
import binascii

from domain.errors import BadCredentials
from service.house import House
from vault.errors import SealBroken
from vault.keys import UserKeys, token_hash, token_key, unwrap_user_key

TOKEN_PREFIX = "sr_"  # noqa: S105  (the public beginning of every token)
TOKEN_BYTES = 32
TOKEN_CHARS = len(TOKEN_PREFIX) + 43


class Principal:
    """The person behind a request. Holds the user key: never stored, logged or kept past the request."""

    __slots__ = ("expires_at_us", "keys", "session_id", "user")

    def __init__(self, user: str, session_id: str, expires_at_us: int, keys: UserKeys) -> None:
        self.user = user
        self.session_id = session_id
        self.expires_at_us = expires_at_us
        self.keys = keys


def encode_token(token: bytes) -> str:
    """`sr_` and 43 characters of unpadded base64url: a shape that secret scanners can know."""
    return TOKEN_PREFIX + base64.urlsafe_b64encode(token).rstrip(b"=").decode()


def decode_token(text: str) -> bytes | None:
    """32 bytes, or None for what cannot be a token."""
    if len(text) != TOKEN_CHARS or not text.startswith(TOKEN_PREFIX) or not text.isascii():
        return None
    try:
        return base64.b64decode(text[len(TOKEN_PREFIX) :] + "=", altchars=b"-_", validate=True)
    except binascii.Error:
        return None


def authenticate(house: House, text: str) -> Principal:
    """BadCredentials for a token that is malformed, unknown, closed or expired: one answer for all."""
    token = decode_token(text)
    session = None if token is None else house.keyring.session_by_token(token_hash(token))
    if token is None or session is None or session.expires_at_us <= house.clock_us():
        raise BadCredentials("The session has ended. Sign in again.")
    try:
        user_key = unwrap_user_key(token_key(token), session.user_by_token, session.user_id, session.session_id)
    except SealBroken:
        raise BadCredentials("The session has ended. Sign in again.") from None
    return Principal(session.user_id, session.session_id, session.expires_at_us, UserKeys(session.user_id, user_key))
