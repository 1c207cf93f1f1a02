"""The keyring: wrapped keys by name, and their destruction. It stores wraps and never sees an unwrapped key."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import apsw
import msgspec

from vault.errors import QuotaReached, VaultError
from vault.keyring_accounts import (
    AccountKeyring,
    AccountMark,
    AccountRow,
    PasswordWrap,
    RecoveryWrap,
    SessionKeyRow,
    require_account,
)
from vault.keyring_erasing import ErasingKeyring
from vault.keyring_invitations import InvitationKeyring
from vault.keyring_passkeys import PasskeyKeyring
from vault.keyring_revived import RevivedKeyring
from vault.keyring_tokens import TokenKeyring
from vault.keyring_totp import TotpKeyring

__all__ = [
    "AccountMark",
    "AccountRow",
    "BlobKeyRow",
    "FileKeyRow",
    "Keyring",
    "PasswordWrap",
    "RecoveryWrap",
    "SessionKeyRow",
    "SharedBlob",
]

BLOB_KEY_COLUMNS: Final = "file_id, user_id, blob_id, salt, blob_by_public"
INTO_BLOB_KEY: Final = "INTO blob_key VALUES (?, ?, ?, ?, ?)"


class BlobKeyRow(msgspec.Struct, frozen=True):
    """Which blob holds a file's bytes, and its key. `salt`: of the log's commitment to it."""

    file_id: str
    user_id: str
    blob_id: str
    salt: bytes
    blob_by_public: bytes


class SharedBlob(msgspec.Struct, frozen=True):
    """A blob that has a new file's content already: the file's own row for it, and the key that seals what is found."""

    row: BlobKeyRow
    finding_by_server: bytes


class FileKeyRow(msgspec.Struct, frozen=True):
    """What one upload brings: the file's stream key and its spool key, under different masters, and the tag of its
    content. `shared`: where that lies already, if the user has it."""

    file_id: str
    user_id: str
    stream_by_user: bytes
    spool_by_server: bytes
    size_bytes: int
    content_tag: bytes
    shared: SharedBlob | None = None


class Keyring(
    AccountKeyring, InvitationKeyring, TotpKeyring, PasskeyKeyring, TokenKeyring, ErasingKeyring, RevivedKeyring
):
    """One per process. Reads run on the calling thread and wait about as long as the commit that they meet; writes are
    serialised by a lock here and an flock between processes. Every write is durable when it returns.

    `key_check` is derived from the server key: WrongServerKey when the keyring was created with another.
    """

    def answers(self) -> bool:
        """Whether the keyring can be read now."""
        try:
            self.has_session("")
        except (apsw.Error, VaultError):  # VaultError: a thread that had not read yet opens the file.
            return False
        return True

    # -- streams (chats and files) -------------------------------------------------------------------------------

    def add_stream_key(self, stream: str, user_id: str, stream_by_user: bytes, now_us: int) -> None:
        """AccountGone."""
        self.add_stream_keys({stream: stream_by_user}, user_id, now_us)

    def add_stream_keys(self, streams_by_user: Mapping[str, bytes], user_id: str, now_us: int) -> None:
        """Stream → its key, all or none. AccountGone."""
        with self._transaction() as write:
            require_account(write, user_id)
            write.executemany(
                "INSERT INTO stream_key VALUES (?, ?, ?, 0, ?, NULL)",
                [(stream, user_id, wrapped, now_us) for stream, wrapped in streams_by_user.items()],
            )

    def stream_key(self, stream: str, user_id: str) -> bytes | None:
        """The wrapped key, if the stream is this user's and not forgotten."""
        row = self._reader.execute(
            "SELECT stream_by_user FROM stream_key WHERE stream = ? AND user_id = ?", (stream, user_id)
        ).fetchone()
        return None if row is None else row[0]

    def stream_keys_before(self, created_at_us: int, after: str, limit: int) -> list[tuple[str, str]]:
        """(stream, user id) of keys made before a time, in order of stream, for sweeping."""
        rows = self._reader.execute(
            "SELECT stream, user_id FROM stream_key WHERE created_at_us < ? AND stream > ? ORDER BY stream LIMIT ?",
            (created_at_us, after, limit),
        )
        return [(stream, user_id) for stream, user_id in rows]

    def used_bytes(self, user_id: str, without: Sequence[str] = ()) -> int:
        """What the user's files count towards the quota; `without` these, whether they are files yet or not."""
        row = self._reader.execute(
            "SELECT sum(size_bytes) FROM stream_key"
            " WHERE user_id = ? AND stream NOT IN (SELECT value FROM json_each(?))",
            (user_id, json.dumps([f"file-{file_id}" for file_id in without])),
        ).fetchone()
        return (row[0] or 0) if row else 0

    def forget(self, streams: Sequence[str]) -> list[str]:
        """Destroys the keys of these streams (and, of files, their spool and blob keys): what they sealed is noise.
        The ids of blobs that no file names any more, now that these are gone."""
        loose: list[str] = []
        with self._transaction() as write:
            for stream in streams:
                loose += _forget(write, stream)
        return loose

    def take_over_streams(self, streams: Sequence[str], user_id: str, now_us: int) -> None:
        """Keys of these streams that an earlier try left without an event are young again: for as long as new ones they
        are not swept. By whoever looks at them after that."""
        with self._transaction() as write:
            write.execute(
                "UPDATE stream_key SET created_at_us = ?1 WHERE stream IN (SELECT value FROM json_each(?2))"
                " AND user_id = ?3 AND created_at_us < ?1",
                (now_us, msgspec.json.encode(list(streams)).decode(), user_id),
            )

    def forget_older(self, stream: str, created_before_us: int) -> bool:
        """As `forget`, of one stream that no event names. False if it is gone, or was made or taken over since that
        time."""
        with self._transaction() as write:
            older = "SELECT 1 FROM stream_key WHERE stream = ? AND created_at_us < ?"
            if write.execute(older, (stream, created_before_us)).fetchone() is None:
                return False
            _forget(write, stream)
            return True

    def still_keyed(self, streams: Sequence[str]) -> list[str]:
        """Those of these streams that have a key, whosever it is, and chats of which a message still has one."""
        rows = self._reader.execute(
            "SELECT value FROM json_each(?) WHERE value IN (SELECT stream FROM stream_key)"
            " OR value IN (SELECT chat FROM stream_key WHERE chat IS NOT NULL)",
            (msgspec.json.encode(list(streams)).decode(),),
        )
        return [str(stream) for (stream,) in rows]

    # -- uploads and blobs ---------------------------------------------------------------------------------------

    def add_files(
        self,
        rows: Sequence[FileKeyRow],
        quota_bytes: int,
        now_us: int,
        claimed_bytes: Callable[[], int] = lambda: 0,
    ) -> None:
        """All rows, or none: QuotaReached, AccountGone. The sum is taken inside the transaction, so no race passes the
        quota. `claimed_bytes`: what of it is kept for others, asked inside, too.

        A blob is shared only if a file of the user's still lies in it, which is looked at inside, too: who deletes the
        last one meanwhile comes before, and this is an ordinary upload, or after, and the blob stays."""
        with self._transaction() as write:
            for row in rows:
                require_account(write, row.user_id)
                stream = f"file-{row.file_id}"
                write.execute(
                    "INSERT INTO stream_key VALUES (?, ?, ?, ?, ?, NULL)",
                    (stream, row.user_id, row.stream_by_user, row.size_bytes, now_us),
                )
                finding = _share(write, row.shared)
                write.execute(
                    "INSERT INTO spool_key VALUES (?, ?, ?, ?)",
                    (row.file_id, row.user_id, row.spool_by_server, finding),
                )
                write.execute("INSERT INTO content_tag VALUES (?, ?, ?)", (row.file_id, row.user_id, row.content_tag))
            for user_id in {row.user_id for row in rows}:
                used = write.execute("SELECT sum(size_bytes) FROM stream_key WHERE user_id = ?", (user_id,)).fetchone()
                if used is not None and used[0] + claimed_bytes() > quota_bytes:
                    raise QuotaReached

    def spool_key(self, file_id: str) -> bytes | None:
        row = self._reader.execute("SELECT spool_by_server FROM spool_key WHERE file_id = ?", (file_id,)).fetchone()
        return None if row is None else row[0]

    def drop_spool_key(self, file_id: str) -> None:
        with self._transaction() as write:
            write.execute("DELETE FROM spool_key WHERE file_id = ?", (file_id,))

    def put_blob_key(self, row: BlobKeyRow, finding_by_server: bytes) -> bool:
        """The key of the blob now in place, and beside the spool's the one that seals what is found out about it; a job
        run twice replaces both with the blob. False: the file is forgotten meanwhile, by itself or with its account,
        and a key must not come back."""
        with self._transaction() as write:
            known = write.execute(
                "SELECT 1 FROM stream_key JOIN account USING (user_id) WHERE stream = ?", (f"file-{row.file_id}",)
            ).fetchone()
            if known is not None:
                write.execute(f"INSERT OR REPLACE {INTO_BLOB_KEY}", msgspec.structs.astuple(row))
                write.execute(
                    "UPDATE spool_key SET finding_by_server = ? WHERE file_id = ?", (finding_by_server, row.file_id)
                )
            return known is not None

    def blob_key(self, file_id: str, user_id: str) -> BlobKeyRow | None:
        row = self._reader.execute(
            f"SELECT {BLOB_KEY_COLUMNS} FROM blob_key WHERE file_id = ? AND user_id = ?",  # noqa: S608  (a constant)
            (file_id, user_id),
        ).fetchone()
        return None if row is None else BlobKeyRow(*row)

    def same_content(self, user_id: str, content_tag: bytes, limit: int) -> list[BlobKeyRow]:
        """Rows of the user's files with this tag that have a blob, the oldest first."""
        rows = self._reader.execute(
            f"SELECT {BLOB_KEY_COLUMNS} FROM blob_key WHERE file_id IN"  # noqa: S608  (a constant)
            " (SELECT file_id FROM content_tag WHERE user_id = ? AND tag = ?) ORDER BY file_id LIMIT ?",
            (user_id, content_tag, limit),
        )
        return [BlobKeyRow(*row) for row in rows]

    def sharers(self, blob_id: str, limit: int) -> list[BlobKeyRow]:
        """Rows of files whose bytes lie in this blob, the oldest first."""
        rows = self._reader.execute(
            f"SELECT {BLOB_KEY_COLUMNS} FROM blob_key WHERE blob_id = ? ORDER BY file_id LIMIT ?",  # noqa: S608  (same)
            (blob_id, limit),
        )
        return [BlobKeyRow(*row) for row in rows]

    def blob_in_use(self, blob_id: str) -> bool:
        """Whether any file's bytes lie in this blob."""
        return _in_use(self._reader, blob_id)

    def finding_key(self, file_id: str) -> bytes | None:
        """The wrapped key that seals what is found out about a file; None before its blob key is known and after it is
        analysed."""
        row = self._reader.execute("SELECT finding_by_server FROM spool_key WHERE file_id = ?", (file_id,)).fetchone()
        return None if row is None else row[0]

    def files_with_finding_key(self, after: str, limit: int) -> list[str]:
        """Ids of files that are stored, or about to be, and not analysed yet, in order of id."""
        rows = self._reader.execute(
            "SELECT file_id FROM spool_key WHERE finding_by_server IS NOT NULL AND file_id > ?"
            " ORDER BY file_id LIMIT ?",
            (after, limit),
        )
        return [file_id for (file_id,) in rows]


def _in_use(connection: apsw.Connection, blob_id: str) -> bool:
    return connection.execute("SELECT 1 FROM blob_key WHERE blob_id = ?", (blob_id,)).fetchone() is not None


def _forget(write: apsw.Connection, stream: str) -> list[str]:
    """As `Keyring.forget`, of one."""
    kind, _, subject = stream.partition("-")
    write.execute("DELETE FROM stream_key WHERE stream = ?1 OR chat = ?1", (stream,))
    if kind != "file":
        return []
    write.execute("DELETE FROM spool_key WHERE file_id = ?", (subject,))
    write.execute("DELETE FROM content_tag WHERE file_id = ?", (subject,))
    gone = write.execute("DELETE FROM blob_key WHERE file_id = ? RETURNING blob_id", (subject,))
    blobs = [str(blob_id) for (blob_id,) in gone.fetchall()]
    return [blob_id for blob_id in blobs if not _in_use(write, blob_id)]


def _share(write: apsw.Connection, shared: SharedBlob | None) -> bytes | None:
    """Adds the row, and gives the wrapped finding key back; None: there is nothing to share, or not any more."""
    if shared is None:
        return None
    row = shared.row
    held = write.execute("SELECT 1 FROM blob_key WHERE blob_id = ? AND user_id = ?", (row.blob_id, row.user_id))
    if held.fetchone() is None:
        return None
    write.execute(f"INSERT {INTO_BLOB_KEY}", msgspec.structs.astuple(row))
    return shared.finding_by_server
