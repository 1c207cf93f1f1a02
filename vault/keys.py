"""The user's keys in a person's or bot's request, opened for that request only and dropped with it.

user key (UK) ── derives ──▶ the wrap key ── seals ──▶ stream keys (chat, file), the account's HPKE secret
      │── derives ──▶ the key of session payloads
      │── derives ──▶ the key of what uploads under way are called
      │── derives ──▶ the keys of the authenticator's secret and of the back-up codes' tags
      ├── derives ──▶ the key of what a person calls tokens
      ├── derives ──▶ the key of request tags
      └── derives ──▶ the key of content tags
token ── derives ──▶ its lookup hash and the key under which UK lies for that session

UK itself seals nothing: one key, one algorithm (NIST SP 800-57 part 1, §5.2), and UK is for HKDF.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import Self

from vault.hpke import AccountKeys, generate_account_keys, open_with
from vault.seal import Binding, Sealer, derive, open_sealed, seal

KEY_BYTES = 32
TAG_BYTES = 16
SALT_BYTES = 16


def new_key() -> bytes:
    """32 random bytes."""
    return os.urandom(KEY_BYTES)


def token_hash(token: bytes) -> bytes:
    """What the store keeps of a token: 32 bytes, under a label of its own, so it opens nothing."""
    return hashlib.sha256(b"strongroom/v1/token-hash\x00" + token).digest()


def wrap_user_key(wrapping: bytes, user_key: bytes, user: str, purpose: str) -> bytes:
    """UK under a password's, recovery code's or token's key; `purpose` names which: a wrap cannot be moved."""
    return seal(wrapping, user_key, Binding(user, f"account-{user}", 0, "user-key", purpose))


def unwrap_user_key(wrapping: bytes, wrapped: bytes, user: str, purpose: str) -> bytes:
    """SealBroken when anything differs."""
    return open_sealed(wrapping, wrapped, Binding(user, f"account-{user}", 0, "user-key", purpose))


def token_key(token: bytes) -> bytes:
    """The key under which UK lies for one session."""
    return derive(token, "token-wrap")


def prf_key(output: bytes) -> bytes:
    """The key under which UK lies for one passkey, from what its PRF gave for our salt: 32 bytes that only this
    authenticator can give. WebAuthn Level 3, §10.1.4."""
    return derive(output, "passkey-wrap")


def stream_key_binding(user: str, stream: str) -> Binding:
    """What the key of a stream is bound to in the keyring, whoever can open it."""
    return Binding(user, stream, 0, "stream-key", "user")


def wrap_for_server(purpose_key: bytes, key: bytes, user: str, stream: str, purpose: str) -> bytes:
    """A subject or spool key under the server key of that purpose."""
    return seal(purpose_key, key, Binding(user, stream, 0, "server-wrap", purpose))


def unwrap_for_server(purpose_key: bytes, wrapped: bytes, user: str, stream: str, purpose: str) -> bytes:
    return open_sealed(purpose_key, wrapped, Binding(user, stream, 0, "server-wrap", purpose))


class UserKeys:
    """UK of one user, for as long as one request lasts. No repr, never stored, never logged."""

    __slots__ = ("_user_key", "_wrapping", "user")

    def __init__(self, user: str, user_key: bytes) -> None:
        self.user = user
        self._user_key = user_key
        self._wrapping: Sealer | None = None

    def __repr__(self) -> str:
        return "UserKeys(…)"

    def wrap(self, wrapping: bytes, purpose: str) -> bytes:
        """UK itself, under another key."""
        return wrap_user_key(wrapping, self._user_key, self.user, purpose)

    def wrap_stream(self, stream: str, key: bytes) -> bytes:
        return self._wrap_sealer().seal(key, stream_key_binding(self.user, stream))

    def open_stream(self, stream: str, wrapped: bytes) -> bytes:
        return self._wrap_sealer().open(wrapped, stream_key_binding(self.user, stream))

    def new_account_keys(self) -> tuple[bytes, bytes]:
        """(public key, secret under the wrap key) of a new HPKE pair."""
        pair: AccountKeys = generate_account_keys()
        return pair.public, self._wrap_sealer().seal(pair.secret, self._secret_binding())

    def open_secret(self, wrapped: bytes) -> bytes:
        """The account's HPKE secret key."""
        return self._wrap_sealer().open(wrapped, self._secret_binding())

    def _secret_binding(self) -> Binding:
        return Binding(self.user, f"account-{self.user}", 0, "account-secret", "user")

    def _wrap_sealer(self) -> Sealer:
        """Derived at the first use: most requests open one stream, some hundreds, some none."""
        if self._wrapping is None:
            self._wrapping = Sealer(derive(self._user_key, "user-wrap"))
        return self._wrapping

    def session_key(self) -> bytes:
        """Seals what session events say of the client."""
        return derive(self._user_key, "session-payload")

    def seal_label(self, thing: str, name: str) -> bytes:
        """What a person calls a thing of theirs (`token-<id>`), as the keyring keeps it."""
        return seal(derive(self._user_key, "labels"), name.encode(), _label_binding(self.user, thing))

    def open_label(self, thing: str, sealed: bytes) -> str:
        """SealBroken."""
        return open_sealed(derive(self._user_key, "labels"), sealed, _label_binding(self.user, thing)).decode()

    def upload_key(self) -> bytes:
        """Seals what an upload under way is called and where it belongs, until it is a file with a key of its own."""
        return derive(self._user_key, "upload-words")

    def seal_totp(self, secret: bytes) -> bytes:
        """The authenticator's secret, which neither the keyring nor the server key opens: only who has signed in."""
        return seal(derive(self._user_key, "totp-secret"), secret, self._totp_binding())

    def open_totp(self, sealed: bytes) -> bytes:
        return open_sealed(derive(self._user_key, "totp-secret"), sealed, self._totp_binding())

    def _totp_binding(self) -> Binding:
        return Binding(self.user, f"account-{self.user}", 0, "totp-secret", "user")

    def backup_tag(self, code: bytes) -> bytes:
        """32 bytes: what the keyring keeps of a back-up code. Who has the keyring cannot try codes on it without UK."""
        return hmac.digest(derive(self._user_key, "backup-code"), code, "sha256")

    def request_tag(self, *parts: bytes) -> bytes:
        """16 bytes: HMAC over length-prefixed parts. Without UK nobody can tell which requests were alike."""
        message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hmac.digest(derive(self._user_key, "request-tag"), message, "sha256")[:TAG_BYTES]

    def content_tag(self, size_bytes: int, sha256: bytes) -> bytes:
        """32 bytes: HMAC over size (uint64) ‖ SHA-256 of a file. The same content has the same tag within one user, and
        nobody without UK can tell of which content one is."""
        return hmac.digest(derive(self._user_key, "content-tag"), size_bytes.to_bytes(8, "big") + sha256, "sha256")


def _label_binding(user: str, thing: str) -> Binding:
    return Binding(user, thing, 0, "label", "user")


def open_blob_key(secret: bytes, sealed: bytes, user: str, file_id: str) -> bytes:
    """The blob key that a worker drew and sealed to the account."""
    return open_with(secret, sealed, blob_key_binding(user, file_id))


def blob_key_binding(user: str, file_id: str) -> Binding:
    return Binding(user, f"file-{file_id}", 0, "blob-key", "account")


def details_key(blob_key: bytes, salt: bytes) -> bytes:
    """Seals what the worker found out about the file. It dies with the file's row of the keyring, which has the salt,
    also where the blob key lives on for another file of the same content."""
    return derive(blob_key, "file-details", salt=salt)


class FindingKeys:
    """What an analysis seals with, made from the blob key without being able to open the blob. No repr.

    `details` seals events, `rendition(name)` what is derived from the bytes: a waveform, a thumbnail."""

    __slots__ = ("_renditions", "details")

    def __init__(self, details: bytes, renditions: bytes) -> None:
        self.details = details
        self._renditions = renditions

    @classmethod
    def of_blob(cls, blob_key: bytes, salt: bytes) -> Self:
        """`salt`: of the file's row. Renditions lie beside the blob and are shared like it, so theirs has none."""
        return cls(details_key(blob_key, salt), derive(blob_key, "file-renditions"))

    @classmethod
    def unwrap(cls, purpose_key: bytes, wrapped: bytes, user: str, file_id: str) -> Self:
        """SealBroken for what `wrap` did not make for this file."""
        both = unwrap_for_server(purpose_key, wrapped, user, f"file-{file_id}", "finding")
        return cls(both[:KEY_BYTES], both[KEY_BYTES:])

    def wrap(self, purpose_key: bytes, user: str, file_id: str) -> bytes:
        """For the worker that analyses the file later; lives in the keyring until then."""
        return wrap_for_server(purpose_key, self.details + self._renditions, user, f"file-{file_id}", "finding")

    def rendition(self, name: str) -> bytes:
        """The key of one derived blob."""
        return derive(self._renditions, f"rendition/{name}")

    def __repr__(self) -> str:
        return "FindingKeys(…)"


def new_salt() -> bytes:
    """16 random bytes of one file's: for the commitment to its blob, and for its details key."""
    return os.urandom(SALT_BYTES)


def commitment(salt: bytes, ciphertext_sha256: bytes) -> str:
    """What the log says of a blob: `hmac-sha256:` and 64 hex digits. Without the salt it tells nothing, and no two
    files have the same. RFC 2104."""
    return f"hmac-sha256:{hmac.digest(salt, ciphertext_sha256, 'sha256').hex()}"


def is_committed(stated: str, salt: bytes, ciphertext_sha256: bytes) -> bool:
    """Whether what the log states is of this blob. Of old it was `sha256:` and hex, without the salt."""
    if stated.startswith("sha256:"):
        return stated == f"sha256:{ciphertext_sha256.hex()}"
    return hmac.compare_digest(stated, commitment(salt, ciphertext_sha256))
