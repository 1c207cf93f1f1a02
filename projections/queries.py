"""Reading the tables: a connection of one's own, read-only, short queries that suit an event loop."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw

from projections import database, paging
from projections.errors import ProjectionCorrupt
from projections.paging import PageQuery, Rows
from projections.rows import ChatRow, DeletionRow, FileRow, MessageRow, SessionRow, TokenRow, TranscriptRow, UserRow

SESSIONS_MAX = 1000
SWEEP_MAX = 1000

_POSITION = "SELECT position FROM cursor WHERE id = 1"
_USER = """
    SELECT position, user_id, created_at_us, updated_at_us, identity_type, identity_version, identity_sealed
    FROM user WHERE user_id = ?
"""
_SESSIONS = """
    SELECT position, session_id, user_id, created_at_us, expires_at_us, client_sealed
    FROM session WHERE user_id = ? AND expires_at_us > ? ORDER BY position LIMIT ?
"""
_SESSIONS_EXPIRED = """
    SELECT position, session_id, user_id, created_at_us, expires_at_us, client_sealed
    FROM session WHERE expires_at_us <= ? ORDER BY expires_at_us LIMIT ?
"""
_CHAT = """
    SELECT position, chat_id, user_id, created_at_us, updated_at_us, title_type, title_version, title_sealed
    FROM chat WHERE chat_id = ? AND user_id = ?
"""
_MESSAGE = """
    SELECT position, message_id, user_id, chat_id, role, status, error_code, created_at_us, content_type,
           file_ids, own_key, content_sealed
    FROM message WHERE message_id = ? AND user_id = ?
"""
_FILE = """
    SELECT position, file_id, user_id, chat_id, message_id, kind, status, error_code, size_bytes,
           uploaded_at_us, updated_at_us, scheme, ciphertext_bytes, details_version, media_type, media_version,
           media_error, renditions, transcribed, declared_sealed, details_sealed, media_sealed
    FROM file WHERE file_id = ? AND user_id = ?
"""
_FILES_PROCESSING = """
    SELECT position, file_id, user_id, chat_id, message_id, kind, status, error_code, size_bytes,
           uploaded_at_us, updated_at_us, scheme, ciphertext_bytes, details_version, media_type, media_version,
           media_error, renditions, transcribed, declared_sealed, details_sealed, media_sealed
    FROM file WHERE status = 'processing' AND file_id > ? ORDER BY file_id LIMIT ?
"""
_TRANSCRIPT = "SELECT file_id, user_id, version, text_sealed FROM transcript WHERE user_id = ? AND file_id = ?"
# INDEXED BY: left to itself, the planner walks all of the person's files.
_CHAT_FILES = """
    SELECT file_id FROM file INDEXED BY file_by_chat WHERE user_id = ? AND chat_id = ? ORDER BY position
"""
_DELETED_CHAT_FILES = "SELECT stream FROM deletion WHERE user_id = ? AND chat_id = ? ORDER BY position"
_DELETIONS = "SELECT position, stream, user_id FROM deletion WHERE position > ? ORDER BY position LIMIT ?"
_TOKENS = "SELECT position, token_id, user_id, expires_at_us FROM token WHERE token_id > ? ORDER BY token_id LIMIT ?"
_ERASING = "SELECT user_id FROM erasure WHERE finished = 0 AND user_id > ? ORDER BY user_id LIMIT ?"


class Queries:
    """What can be asked of one person's rows, whichever tables they lie in: today's, or those of a moment in the past.
    Without a connection everything is empty. One thread at a time.

    All queries raise ProjectionBusy, ProjectionFull and ProjectionCorrupt.
    """

    def __init__(self, connection: apsw.Connection | None = None) -> None:
        self._connection = connection
        self._in_snapshot = False

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """The queries within see one state of the tables. Never await inside: other requests share this
        reader, and would be shown the past. One inside another is the outer one."""
        if self._in_snapshot:
            yield
            return
        connection = self._current()
        if connection is not None:
            connection.execute("BEGIN")
        self._in_snapshot = True
        try:
            yield
        finally:
            self._in_snapshot = False
            # Closed within: then the transaction is gone with the connection.
            if connection is not None and connection is self._connection and connection.in_transaction:
                connection.execute("COMMIT")

    def position(self) -> int:
        """How far the tables are: the last position applied; 0: nothing yet."""
        rows = self._rows(_POSITION, ())
        return int(rows[0][0]) if rows else 0

    def user(self, user_id: str) -> UserRow | None:
        for row in self._rows(_USER, (user_id,)):
            return UserRow(*row)
        return None

    def sessions(self, user_id: str, now_us: int) -> list[SessionRow]:
        """Those that have not expired, oldest first, at most SESSIONS_MAX."""
        return [SessionRow(*row) for row in self._rows(_SESSIONS, (user_id, now_us, SESSIONS_MAX))]

    def chat(self, user_id: str, chat_id: str) -> ChatRow | None:
        """None also for another person's."""
        for row in self._rows(_CHAT, (chat_id, user_id)):
            return ChatRow(*row)
        return None

    def message(self, user_id: str, message_id: str) -> MessageRow | None:
        """None also for another person's."""
        for row in self._rows(_MESSAGE, (message_id, user_id)):
            return MessageRow(*row)
        return None

    def file(self, user_id: str, file_id: str) -> FileRow | None:
        """None also for another person's."""
        for row in self._rows(_FILE, (file_id, user_id)):
            return FileRow(*row)
        return None

    def transcript(self, user_id: str, file_id: str) -> TranscriptRow | None:
        """None also for another person's."""
        for row in self._rows(_TRANSCRIPT, (user_id, file_id)):
            return TranscriptRow(*row)
        return None

    def page(self, query: PageQuery) -> Rows:
        """At most `query.limit` items and about a MiB of all kinds asked for, merged by position, as of one
        state."""
        with self.snapshot():
            if self._connection is None:
                return Rows([], more=False)
            try:
                return paging.page(self._connection, query)
            except apsw.Error as error:
                raise self._failed(error) from error

    def _rows(self, statement: str, bindings: tuple[str | int, ...]) -> list[tuple[Any, ...]]:
        connection = self._current()
        if connection is None:
            return []
        try:
            return connection.execute(statement, bindings).fetchall()
        except apsw.Error as error:
            raise self._failed(error) from error

    def _current(self) -> apsw.Connection | None:
        """The connection to ask."""
        return self._connection

    def _failed(self, error: apsw.Error) -> Exception:
        return database.translate(error)


class Reader(Queries):
    """The reading side of one projection file. As long as the file is not there, everything is empty and
    the position 0; a file that was replaced is opened anew by the next query. One that is corrupt is so until a
    projector has seen to it.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._identity: database.Identity | None = None

    def close(self) -> None:
        """Close the file; a query after this opens it again."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._identity = None

    def chat_files(self, user_id: str, chat_id: str) -> list[str]:
        """The ids of all files of a chat of which something may be left, deleted or not. Without a bound on purpose:
        whoever deletes the chat deletes these, and a cut list would leave files unforgotten. About 100 bytes each."""
        kept = [row[0] for row in self._rows(_CHAT_FILES, (user_id, chat_id))]
        # In this order: one that is deleted in between is found twice, and not never.
        deleted = [row[0].removeprefix("file-") for row in self._rows(_DELETED_CHAT_FILES, (user_id, chat_id))]
        return list(dict.fromkeys(kept + deleted))

    def tokens(self, after_id: str, limit: int) -> list[TokenRow]:
        """Everybody's tokens that the log does not have as revoked, by id after `after_id`."""
        return [TokenRow(*row) for row in self._rows(_TOKENS, (after_id, min(limit, SWEEP_MAX)))]

    def unfinished_deletions(self, after: int, limit: int) -> list[DeletionRow]:
        """Chats and files of which something may be left to destroy, whose deletion came after a position, in order."""
        return [DeletionRow(*row) for row in self._rows(_DELETIONS, (after, min(limit, SWEEP_MAX)))]

    def processing_files(self, after_id: str, limit: int) -> list[FileRow]:
        """Everybody's files that are uploaded and neither stored nor failed, by id after `after_id` ("":
        the first)."""
        return [FileRow(*row) for row in self._rows(_FILES_PROCESSING, (after_id, min(limit, SWEEP_MAX)))]

    def open_sessions_expired(self, now_us: int, limit: int) -> list[SessionRow]:
        """Everybody's sessions that have expired and are not closed, the longest expired first."""
        return [SessionRow(*row) for row in self._rows(_SESSIONS_EXPIRED, (now_us, min(limit, SWEEP_MAX)))]

    def erasing(self, after: str, limit: int) -> list[str]:
        """Users whose account is to be erased and is not yet, by id after `after` ("": the first)."""
        return [row[0] for row in self._rows(_ERASING, (after, min(limit, SWEEP_MAX)))]

    def _current(self) -> apsw.Connection | None:
        """The connection to what the path names now. Looking costs a stat; without it, a reader would go on
        serving a deleted file's rows for ever."""
        if self._in_snapshot:
            return self._connection
        if self._connection is None or database.identity(self._path) != self._identity:
            self.close()
            self._connection, self._identity = database.open_current(self._path)
        return self._connection

    def _failed(self, error: apsw.Error) -> Exception:
        translated = database.translate(error)
        if isinstance(translated, ProjectionCorrupt):
            self.close()
        return translated
