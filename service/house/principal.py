"""Who is asking: a session's or a token's secret, and what it opens for the length of one request."""

from __future__ import annotations

import base64
import binascii
from typing import Final

import msgspec

from domain.errors import BadCredentials, NotAllowed, NotFound
from domain.events import TokenKind
from service.house import seen, token_use
from service.house.house import House
from vault.errors import SealBroken
from vault.keyring import SessionKeyRow
from vault.keyring_tokens import TokenRow
from vault.keys import UserKeys, token_hash, token_key, unwrap_user_key
from vault.write_keys import TokenKeys, WriteKeys

TOKEN_PREFIX = "sr_"  # noqa: S105  (the public beginning of every token)
TOKEN_BYTES = 32
TOKEN_CHARS = len(TOKEN_PREFIX) + 43
ENDED: Final = "The session has ended. Sign in again."


class Grant(msgspec.Struct, frozen=True):
    """What a token was issued for. `chats`: the only ones that it reaches; None: all."""

    token_id: str
    kind: TokenKind
    chats: frozenset[str] | None = None


class Principal:
    """The person behind a request, or what stands for them. Holds keys: never stored, logged or kept past the request.

    `grant`: of a token; None for a session, which may do everything. `session_id`: "" for a token. `writing`: what new
    streams are begun with; for whoever can read, too, it is `keys`."""

    __slots__ = ("_keys", "expires_at_us", "grant", "session_id", "user", "writing")

    def __init__(
        self, user: str, session_id: str, expires_at_us: int, keys: UserKeys | TokenKeys, grant: Grant | None = None
    ) -> None:
        self.user = user
        self.session_id = session_id
        self.expires_at_us = expires_at_us
        self.grant = grant
        self.writing: WriteKeys = keys
        self._keys = keys if isinstance(keys, UserKeys) else None

    @property
    def keys(self) -> UserKeys:
        """NotAllowed for a token that reads nothing: whatever asks for them by mistake is refused."""
        if self._keys is None:
            raise NotAllowed("This token may write, and read nothing.")
        return self._keys

    @property
    def reads(self) -> bool:
        """Whether there is a user key: False only for a write-only token."""
        return self._keys is not None

    @property
    def token_id(self) -> str:
        """ "" for a session."""
        return "" if self.grant is None else self.grant.token_id

    @property
    def chats(self) -> frozenset[str] | None:
        """The only chats that are reached; None: all of the person's, and what is in none."""
        return None if self.grant is None else self.grant.chats

    def reaches(self, chat_id: str | None) -> bool:
        """Whether what lies in this chat, or in none, is within reach."""
        return self.chats is None or chat_id in self.chats

    def require_chat(self, chat_id: str) -> None:
        """NotFound, as for a chat that is not there."""
        if not self.reaches(chat_id):
            raise NotFound("No such chat.")

    def require_everywhere(self) -> None:
        """NotAllowed for a token of some chats only, where something would come to lie in none of them."""
        if self.chats is not None:
            raise NotAllowed("This token reaches some chats only. Name one of them.")


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
    """BadCredentials for a secret that is malformed, unknown, closed, revoked, idle or expired: one answer for all.

    The keyring is asked each time, so what is closed or revoked is so at once, in every process."""
    secret = decode_token(text)
    if secret is None:
        raise BadCredentials(ENDED)
    hashed, now_us = token_hash(secret), house.clock_us()
    try:
        if (session := house.keyring.session_by_token(hashed)) is not None:
            return _of_session(house, secret, session, now_us)
        if (token := house.keyring.token_by_hash(hashed)) is not None:
            return _of_token(house, secret, token, now_us)
    except SealBroken:
        pass  # A damaged row opens nothing.
    raise BadCredentials(ENDED)


def _of_session(house: House, secret: bytes, row: SessionKeyRow, now_us: int) -> Principal:
    if row.expires_at_us <= now_us or seen.is_idle(house.settings, row, now_us):
        raise BadCredentials(ENDED)
    user_key = unwrap_user_key(token_key(secret), row.user_by_token, row.user_id, row.session_id)
    if seen.due(row, now_us):
        session_id = row.session_id
        house.errands.add(f"session-use/{session_id}", lambda: seen.note_use(house, session_id, now_us))
    return Principal(row.user_id, row.session_id, row.expires_at_us, UserKeys(row.user_id, user_key))


def _of_token(house: House, secret: bytes, row: TokenRow, now_us: int) -> Principal:
    if row.expires_at_us <= now_us:
        raise BadCredentials(ENDED)
    keys: UserKeys | TokenKeys
    if row.user_by_token is not None:
        keys = UserKeys(row.user_id, unwrap_user_key(token_key(secret), row.user_by_token, row.user_id, row.stream))
    elif (account := house.keyring.account(row.user_id)) is not None:
        keys = TokenKeys(row.user_id, secret, account.public_key)
    else:
        raise BadCredentials(ENDED)
    if token_use.due(row, now_us):
        house.errands.add(f"token-use/{row.token_id}", lambda: token_use.note(house, row, now_us))
    return Principal(row.user_id, "", row.expires_at_us, keys, Grant(row.token_id, row.kind, row.chats))
