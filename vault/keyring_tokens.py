"""The keyring's API tokens: what opens a user key for a program, or lets it write and opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from domain.events import TokenKind
from vault.errors import AccountGone, CredentialsReplaced, TokensFull
from vault.keyring_accounts import drop_tokens, require_account, require_password
from vault.keyring_store import KeyringStore

_COLUMNS: Final = (
    "token_id, token_hash, user_id, kind, user_by_token, name_by_user, chats, expires_at_us, created_at_us, used_at_us"
)


class TokenRow(msgspec.Struct, frozen=True):
    """One token. No repr: what it wraps is nobody's to see.

    `user_by_token`: the user key under the token's; None for one that only writes. `chats`: the only ones that it
    reaches; None: all."""

    token_id: str
    token_hash: bytes
    user_id: str
    kind: TokenKind
    user_by_token: bytes | None
    name_by_user: bytes
    chats: frozenset[str] | None
    expires_at_us: int
    created_at_us: int
    used_at_us: int | None = None

    @property
    def stream(self) -> str:
        return f"token-{self.token_id}"

    def __repr__(self) -> str:
        return f"TokenRow({self.token_id!r}, …)"


class StreamRewrap(msgspec.Struct, frozen=True):
    """A stream's key that lies sealed to the account, and the same under the user key."""

    stream: str
    user_id: str
    sealed: bytes
    by_user: bytes

    def __repr__(self) -> str:
        return f"StreamRewrap({self.stream!r}, …)"


class TokenKeyring(KeyringStore):
    # -- tokens --------------------------------------------------------------------------------------------------

    def add_token(self, row: TokenRow, verifier: bytes, session_id: str, most: int, now_us: int) -> bool:
        """False if it is there already, and then untouched: issued again under the same Idempotency-Key.

        `verifier`: of the password that was shown. CredentialsReplaced if that is not the password any more, or the
        session has ended: whatever closed it would have closed this token, too. TokensFull past `most` that have not
        expired; AccountGone."""
        with self._transaction() as write:
            require_password(write, row.user_id, verifier)
            held = "SELECT 1 FROM session WHERE session_id = ? AND user_id = ?"
            if write.execute(held, (session_id, row.user_id)).fetchone() is None:
                raise CredentialsReplaced
            if write.execute("SELECT 1 FROM api_token WHERE token_id = ?", (row.token_id,)).fetchone() is not None:
                return False
            lasting = "SELECT count(*) FROM api_token WHERE user_id = ? AND expires_at_us > ?"
            found = write.execute(lasting, (row.user_id, now_us)).fetchone()
            if found is not None and found[0] >= most:
                raise TokensFull
            chats = None if row.chats is None else msgspec.json.encode(sorted(row.chats)).decode()
            write.execute(
                f"INSERT INTO api_token ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608  (a constant)
                (
                    row.token_id, row.token_hash, row.user_id, row.kind, row.user_by_token, row.name_by_user, chats,
                    row.expires_at_us, row.created_at_us, row.used_at_us,
                ),
            )  # fmt: skip
            return True

    def token_by_hash(self, token_hash: bytes) -> TokenRow | None:
        return next(iter(self._tokens("token_hash = ?", (token_hash,))), None)

    def token(self, token_id: str) -> TokenRow | None:
        return next(iter(self._tokens("token_id = ?", (token_id,))), None)

    def tokens(self, user_id: str, now_us: int) -> list[TokenRow]:
        """Those that have not expired, the oldest first."""
        return self._tokens("user_id = ? AND expires_at_us > ? ORDER BY created_at_us, token_id", (user_id, now_us))

    def tokens_after(self, token_id: str, limit: int) -> list[TokenRow]:
        """Everybody's, in order of id, for sweeping."""
        return self._tokens("token_id > ? ORDER BY token_id LIMIT ?", (token_id, limit))

    def has_token(self, token_id: str) -> bool:
        return self._reader.execute("SELECT 1 FROM api_token WHERE token_id = ?", (token_id,)).fetchone() is not None

    def touch_token(self, token_id: str, was_us: int | None, now_us: int) -> bool:
        """It is used now. False if somebody has noted a use since `was_us`, or it is gone."""
        with self._transaction() as write:
            write.execute(
                "UPDATE api_token SET used_at_us = ? WHERE token_id = ? AND used_at_us IS ?", (now_us, token_id, was_us)
            )
            return write.changes() > 0

    def drop_token(self, token_id: str, user_id: str) -> bool:
        """True if it was there. It opens nothing any more, in any process."""
        with self._transaction() as write:
            write.execute("DELETE FROM api_token WHERE token_id = ? AND user_id = ?", (token_id, user_id))
            return write.changes() > 0

    def drop_expired_tokens(self, now_us: int) -> int:
        with self._transaction() as write:
            write.execute("DELETE FROM api_token WHERE expires_at_us <= ?", (now_us,))
            return write.changes()

    def seal(self, user_id: str) -> tuple[list[str], list[str]]:
        """All sessions and all tokens of the user, at once; their ids."""
        with self._transaction() as write:
            require_account(write, user_id)
            gone = write.execute("DELETE FROM session WHERE user_id = ? RETURNING session_id", (user_id,))
            return [str(session_id) for (session_id,) in gone.fetchall()], drop_tokens(write, user_id)

    def _tokens(self, where: str, values: tuple[str | bytes | int, ...]) -> list[TokenRow]:
        sql = f"SELECT {_COLUMNS} FROM api_token WHERE {where}"  # noqa: S608  (both are constants of this module)
        return [_token(row) for row in self._reader.execute(sql, values)]

    # -- streams that a write-only token has begun ---------------------------------------------------------------

    def add_message_key(self, message_id: str, chat_id: str, user_id: str, sealed: bytes, now_us: int) -> bool:
        """The key of one message in a chat, which goes with the chat's. False: the message has one already. AccountGone
        if the chat's key is gone, by itself or with its account: what is deleted must not be added to."""
        with self._transaction() as write:
            held = "SELECT 1 FROM stream_key WHERE stream = ? AND user_id = ?"
            if write.execute(held, (f"chat-{chat_id}", user_id)).fetchone() is None:
                raise AccountGone
            write.execute(
                "INSERT INTO stream_key VALUES (?, ?, ?, 0, ?, ?) ON CONFLICT DO NOTHING",
                (f"message-{message_id}", user_id, sealed, now_us, f"chat-{chat_id}"),
            )
            return write.changes() > 0

    def renew_message_key(
        self, message_id: str, chat_id: str, user_id: str, sealed: bytes, since_us: int, now_us: int
    ) -> bool:
        """Another key for a message whose sending was cut off before its event: nobody can open the one that is there.
        False if that was made after `since_us`: its event may be on its way; or it is another chat's."""
        with self._transaction() as write:
            write.execute(
                "UPDATE stream_key SET stream_by_user = ?, created_at_us = ? WHERE stream = ? AND user_id = ?"
                " AND chat = ? AND created_at_us < ?",
                (sealed, now_us, f"message-{message_id}", user_id, f"chat-{chat_id}", since_us),
            )
            return write.changes() > 0

    def rewrap_streams(self, rows: Sequence[StreamRewrap]) -> int:
        """How many were put under the user key. Those that are gone, or that somebody was quicker with, stay as they
        are."""
        done = 0
        with self._transaction() as write:
            for row in rows:
                write.execute(
                    "UPDATE stream_key SET stream_by_user = ? WHERE stream = ? AND user_id = ? AND stream_by_user = ?",
                    (row.by_user, row.stream, row.user_id, row.sealed),
                )
                done += write.changes()
        return done


def _token(values: tuple[Any, ...]) -> TokenRow:
    named = dict(zip(TokenRow.__struct_fields__, values, strict=True))
    if named["chats"] is not None:
        named["chats"] = frozenset(msgspec.json.decode(named["chats"], type=list[str]))
    return TokenRow(**named)
