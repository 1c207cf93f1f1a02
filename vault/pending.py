"""Uploads under way, one row each: how far each has come, in a database beside the keyring.

It stores wraps and sealed bytes and opens neither. The row's id becomes the file's, and the spool is bound to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

import msgspec
from apsw import Connection

from vault.database import Database, Schema
from vault.errors import QuotaReached, TooManyPending
from vault.frames import START, Place


def _name_the_token(connection: Connection) -> None:
    """1 → 2: which token began an upload."""
    connection.execute("""
ALTER TABLE upload ADD COLUMN token_id TEXT NOT NULL DEFAULT '';
CREATE INDEX upload_by_token ON upload (token_id) WHERE token_id <> '';
""")


SCHEMA: Final = Schema(
    application_id=0x53525550,  # "SRUP"
    version=2,
    sql="""
CREATE TABLE upload (
    upload_id       TEXT PRIMARY KEY,
    user_id         TEXT NOT NULL,
    spool_by_server BLOB NOT NULL,     -- spool key under the server's; empty once the keyring has it
    words           BLOB NOT NULL,     -- name, type, kind, place and the client's header, sealed
    form            INTEGER NOT NULL CHECK (form BETWEEN 0 AND 2),
    stage           INTEGER NOT NULL CHECK (stage BETWEEN 0 AND 2),
    size_bytes      INTEGER CHECK (size_bytes >= offset_bytes),  -- NULL: not told yet
    offset_bytes    INTEGER NOT NULL,  -- durable in the spool
    parts           TEXT NOT NULL,     -- of a joined upload: the ids of its parts
    request_key     BLOB,              -- keyed tags of the request that created it
    request_body    BLOB,
    expires_at_us   INTEGER NOT NULL,
    last_index      INTEGER NOT NULL,  -- where the last durable frame begins: index, byte in the spool, in the upload
    last_file_bytes INTEGER NOT NULL,
    last_plain_bytes INTEGER NOT NULL,
    token_id        TEXT NOT NULL DEFAULT ''  -- of the token that began it; '' for a session
) STRICT;
CREATE INDEX upload_by_user ON upload (user_id, stage, form, size_bytes, offset_bytes);
CREATE INDEX upload_by_expiry ON upload (expires_at_us);
CREATE UNIQUE INDEX upload_by_request ON upload (user_id, request_key) WHERE request_key IS NOT NULL;
CREATE INDEX upload_by_parts ON upload (user_id, parts) WHERE parts <> '';
CREATE INDEX upload_by_token ON upload (token_id) WHERE token_id <> '';
""",
    steps={1: _name_the_token},
    way_out=": put it back from a backup, or move it away; then uploads that are under way begin anew, and nothing else"
    " is lost",
)
_COLUMNS: Final = (
    "upload_id, user_id, spool_by_server, words, form, stage, size_bytes, offset_bytes, parts, request_key,"
    " request_body, expires_at_us, last_index, last_file_bytes, last_plain_bytes,"
    " token_id"
)
_BY_REQUEST: Final = "user_id = ? AND request_key = ?"


class Form(IntEnum):
    WHOLE = 0  # becomes a file
    PART = 1  # becomes a piece of another upload
    JOINED = 2  # made of parts


class Stage(IntEnum):
    OPEN = 0
    FULL = 1  # every byte is in its spool
    FILED = 2  # the log has it as a file


class PendingRow(msgspec.Struct, frozen=True):
    """One upload. No repr: what it wraps is nobody's to see."""

    upload_id: str
    user_id: str
    spool_by_server: bytes
    words: bytes
    form: Form
    stage: Stage
    size_bytes: int | None
    offset_bytes: int
    parts: tuple[str, ...]
    request_key: bytes | None
    request_body: bytes | None
    expires_at_us: int
    last_index: int = START.index
    last_file_bytes: int = START.file_bytes
    last_plain_bytes: int = START.plain_bytes
    token_id: str = ""

    @property
    def last(self) -> Place:
        """Where the last durable frame of the spool begins; START if there is none."""
        return Place(self.last_index, self.last_file_bytes, self.last_plain_bytes)

    def __repr__(self) -> str:
        return f"PendingRow({self.upload_id!r}, …)"


class PendingUploads:
    """Every write is durable when it returns. PendingFull when the disk refuses one: the row is as it was."""

    def __init__(self, path: Path, lock_path: Path) -> None:
        self._database = Database(path, lock_path, SCHEMA)

    def close(self) -> None:
        self._database.close()

    def add(self, row: PendingRow, quota_bytes: int, used_bytes: Callable[[], int], most_open: int) -> PendingRow:
        """The row, or the one that the same request (`request_key`) created before.

        QuotaReached when what the user keeps (`used_bytes`, asked inside the transaction, so that no race passes the
        quota) and has under way would be more; TooManyPending past `most_open` that are not files yet."""
        with self._database.transaction() as write:
            if row.request_key is not None:
                known = _one(write, _BY_REQUEST, (row.user_id, row.request_key))
                if known is not None:
                    return known
            write.execute("INSERT INTO upload VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", _values(row))
            count, claimed = _claimed(write, row.user_id)
            if count > most_open:
                raise TooManyPending
            if claimed + used_bytes() > quota_bytes:
                raise QuotaReached
        return row

    def find(self, upload_id: str, user_id: str) -> PendingRow | None:
        """None for another person's."""
        return _one(self._database.reader, "upload_id = ? AND user_id = ?", (upload_id, user_id))

    def asked_for(self, request_key: bytes, user_id: str) -> PendingRow | None:
        """What the same request created before."""
        return _one(self._database.reader, _BY_REQUEST, (user_id, request_key))

    def joined_from(self, parts: Sequence[str], user_id: str) -> PendingRow | None:
        """What was made of exactly these parts."""
        return _one(self._database.reader, "user_id = ? AND parts <> '' AND parts = ?", (user_id, " ".join(parts)))

    def has(self, upload_id: str) -> bool:
        found = self._database.reader.execute("SELECT 1 FROM upload WHERE upload_id = ?", (upload_id,))
        return found.fetchone() is not None

    def claimed_bytes(self, user_id: str) -> int:
        """What the user's uploads under way will have, as far as they have told; else what they have by now."""
        return _claimed(self._database.reader, user_id)[1]

    def under_way(self) -> tuple[int, int]:
        """(how many are no files yet, bytes that they have by now), of everybody."""
        found = self._database.reader.execute(
            "SELECT count(*), coalesce(sum(offset_bytes), 0) FROM upload WHERE stage < 2"
        )
        count, size_bytes = found.fetchone() or (0, 0)
        return int(count), int(size_bytes)

    def full(self, user_id: str) -> list[tuple[str, int]]:
        """(id, bytes) of the user's uploads that have every byte and are not files yet."""
        rows = self._database.reader.execute(
            "SELECT upload_id, offset_bytes FROM upload WHERE user_id = ? AND stage = 1 AND form <> 1", (user_id,)
        )
        return [(upload_id, offset_bytes) for upload_id, offset_bytes in rows]

    def advance(
        self,
        upload_id: str,
        offset_bytes: int,
        expires_at_us: int,
        quota_bytes: int,
        used_bytes: Callable[[], int],
        last: Place = START,
    ) -> None:
        """The spool is durable so far; its last frame begins at `last`.

        QuotaReached for one whose size nobody told, when the quota is passed."""
        with self._database.transaction() as write:
            write.execute(
                "UPDATE upload SET offset_bytes = ?, expires_at_us = ?, last_index = ?, last_file_bytes = ?,"
                " last_plain_bytes = ? WHERE upload_id = ? AND stage = 0",
                (offset_bytes, expires_at_us, last.index, last.file_bytes, last.plain_bytes, upload_id),
            )
            self._require_quota(write, upload_id, "size_bytes IS NULL", quota_bytes, used_bytes)

    def tell_size(self, upload_id: str, size_bytes: int, quota_bytes: int, used_bytes: Callable[[], int]) -> None:
        """The size of one that had none. QuotaReached when it is too much."""
        with self._database.transaction() as write:
            write.execute(
                "UPDATE upload SET size_bytes = ? WHERE upload_id = ? AND size_bytes IS NULL", (size_bytes, upload_id)
            )
            self._require_quota(write, upload_id, "1", quota_bytes, used_bytes)

    def fill(self, upload_id: str, expires_at_us: int) -> None:
        """Every byte is in its finished spool."""
        with self._database.transaction() as write:
            write.execute(
                "UPDATE upload SET stage = 1, offset_bytes = size_bytes, expires_at_us = ?"
                " WHERE upload_id = ? AND stage = 0",
                (expires_at_us, upload_id),
            )

    def file(self, upload_id: str, words: bytes, parts: Sequence[str]) -> None:
        """The log has it: its words are sealed anew, the keyring has its key, and its parts have served."""
        with self._database.transaction() as write:
            write.execute(
                "UPDATE upload SET stage = 2, words = ?, spool_by_server = x'' WHERE upload_id = ?", (words, upload_id)
            )
            for part in parts:
                write.execute("DELETE FROM upload WHERE upload_id = ? AND form = 1", (part,))

    def drop(self, upload_id: str) -> None:
        with self._database.transaction() as write:
            write.execute("DELETE FROM upload WHERE upload_id = ?", (upload_id,))

    def drop_user(self, user_id: str) -> list[str]:
        """All of one user's, whatever has become of them; their ids."""
        with self._database.transaction() as write:
            gone = write.execute("DELETE FROM upload WHERE user_id = ? RETURNING upload_id", (user_id,))
            return [str(upload_id) for (upload_id,) in gone.fetchall()]

    def drop_of_token(self, token_id: str) -> list[str]:
        """What a token began and what is no file yet; their ids."""
        with self._database.transaction() as write:
            gone = write.execute(
                "DELETE FROM upload WHERE token_id <> '' AND token_id = ? AND stage < 2 RETURNING upload_id",
                (token_id,),
            )
            return [str(upload_id) for (upload_id,) in gone.fetchall()]

    def drop_expired(self, upload_id: str, now_us: int) -> bool:
        """False if somebody came back to it in time."""
        with self._database.transaction() as write:
            write.execute("DELETE FROM upload WHERE upload_id = ? AND expires_at_us <= ?", (upload_id, now_us))
            return write.changes() > 0

    def expired(self, now_us: int, limit: int) -> list[str]:
        rows = self._database.reader.execute(
            "SELECT upload_id FROM upload WHERE expires_at_us <= ? ORDER BY expires_at_us LIMIT ?", (now_us, limit)
        )
        return [upload_id for (upload_id,) in rows]

    @staticmethod
    def _require_quota(
        write: Connection, upload_id: str, where: str, quota_bytes: int, used_bytes: Callable[[], int]
    ) -> None:
        sql = f"SELECT user_id FROM upload WHERE upload_id = ? AND {where}"  # noqa: S608  (constants of this module)
        found = write.execute(sql, (upload_id,)).fetchone()
        if found is not None and _claimed(write, found[0])[1] + used_bytes() > quota_bytes:
            raise QuotaReached


def _claimed(connection: Connection, user_id: str) -> tuple[int, int]:
    """(how many, bytes) of the user's uploads that are not files yet. A joined one is counted by its parts."""
    found = connection.execute(
        "SELECT count(*), coalesce(sum(coalesce(size_bytes, offset_bytes)), 0) FROM upload"
        " WHERE user_id = ? AND stage < 2 AND form < 2",
        (user_id,),
    ).fetchone()
    assert found is not None
    return found[0], found[1]


def _one(connection: Connection, where: str, values: tuple[str | bytes, ...]) -> PendingRow | None:
    sql = f"SELECT {_COLUMNS} FROM upload WHERE {where}"  # noqa: S608  (both are constants of this module)
    found = connection.execute(sql, values).fetchone()
    return None if found is None else _row(found)


def _row(values: tuple[Any, ...]) -> PendingRow:
    named = dict(zip(PendingRow.__struct_fields__, values, strict=True))
    named |= {"form": Form(named["form"]), "stage": Stage(named["stage"]), "parts": tuple(named["parts"].split())}
    return PendingRow(**named)


def _values(row: PendingRow) -> tuple[str | bytes | int | None, ...]:
    values = msgspec.structs.asdict(row) | {"parts": " ".join(row.parts)}
    return tuple(values.values())
