"""The keys of one person's chats and files, opened as they are needed and for one request only."""

from __future__ import annotations

from service.house.house import House
from service.house.principal import Principal
from vault.errors import AccountGone
from vault.keyring_tokens import StreamRewrap
from vault.keys import details_key, new_key, open_blob_key
from vault.write_keys import is_sealed_to_account, open_sealed_stream

MAX_KEPT = 4_096  # A request that meets more streams than this opens some of them twice.


class Keychain:
    """None where a key is gone: what it sealed is forgotten, and readers leave it out."""

    __slots__ = ("_blobs", "_house", "_secret", "_streams", "_who")

    def __init__(self, house: House, who: Principal) -> None:
        self._house = house
        self._who = who
        self._streams: dict[str, bytes | None] = {}
        self._blobs: dict[str, tuple[bytes, bytes] | None] = {}  # With the salt of its row.
        self._secret: bytes | None = None

    def __repr__(self) -> str:
        return "Keychain(…)"

    def stream(self, stream: str) -> bytes | None:
        """The key of `chat-<id>`, `file-<id>` or `message-<id>`, if it is this person's. NotAllowed to a token that
        reads nothing."""
        if stream not in self._streams:
            keys = self._who.keys  # First: a token that reads nothing is not told what is there, either.
            wrapped = self._house.keyring.stream_key(stream, self._who.user)
            _make_room(self._streams)
            if wrapped is None:
                self._streams[stream] = None
            elif is_sealed_to_account(wrapped):
                self._streams[stream] = self._open_sealed(stream, wrapped)
            else:
                self._streams[stream] = keys.open_stream(stream, wrapped)
        return self._streams[stream]

    def blob(self, file_id: str) -> bytes | None:
        """The key of a stored file's bytes."""
        opened = self._open_blob(file_id)
        return None if opened is None else opened[0]

    def details(self, file_id: str) -> bytes | None:
        """The key of what the worker found out about the file."""
        opened = self._open_blob(file_id)
        return None if opened is None else details_key(*opened)

    def _open_sealed(self, stream: str, sealed: bytes) -> bytes:
        """The key of what a write-only token began, which is on its way under the user key from here on."""
        user, keys = self._who.user, self._who.keys
        key = open_sealed_stream(self._account_secret(), sealed, user, stream)
        self._house.rewraps.add(StreamRewrap(stream, user, sealed, keys.wrap_stream(stream, key)))
        return key

    def _open_blob(self, file_id: str) -> tuple[bytes, bytes] | None:
        if file_id not in self._blobs:
            row = self._house.keyring.blob_key(file_id, self._who.user)
            _make_room(self._blobs)
            self._blobs[file_id] = (
                None
                if row is None
                else (open_blob_key(self._account_secret(), row.blob_by_public, self._who.user, file_id), row.salt)
            )
        return self._blobs[file_id]

    def _account_secret(self) -> bytes:
        if self._secret is None:
            account = self._house.keyring.account(self._who.user)
            if account is None:
                raise AccountGone
            self._secret = self._who.keys.open_secret(account.secret_by_user)
        return self._secret


def new_stream(who: Principal, stream: str, key: bytes = b"") -> tuple[bytes, bytes]:
    """(key, the same as the keyring keeps it) for a stream that is about to begin. `key`: b"" to draw one."""
    key = key or new_key()
    return key, who.writing.wrap_stream(stream, key)


def _make_room(kept: dict[str, bytes | None] | dict[str, tuple[bytes, bytes] | None]) -> None:
    if len(kept) >= MAX_KEPT:
        kept.clear()
