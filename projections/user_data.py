"""Facts → rows of the tables. What is written depends on the facts alone: no clock, no id, no other file.

What an erased account was still about to say when it was erased makes no row: see `erasure`. What is deleted leaves one
in `deletion` until nothing of it is left that could be destroyed."""

from __future__ import annotations

from typing import Final, assert_never

import apsw
import msgspec

from domain.events import (
    AccountErased,
    AnalysisFailed,
    ApiTokenIssued,
    ApiTokenRevoked,
    ApiTokenUsed,
    AudioAnalysed,
    AudioTranscribed,
    BackupCodesIssued,
    BackupCodeUsed,
    ChatDeleted,
    ChatErased,
    ChatRenamed,
    ChatStarted,
    DataExported,
    DataImported,
    EmailChanged,
    ErasureRequested,
    FileDeleted,
    FileErased,
    FileFailed,
    FileRetried,
    FileStored,
    FileUploaded,
    ImageAnalysed,
    MessageDelivered,
    MessageEvent,
    MessageFailed,
    MessageRead,
    MessageSent,
    PasskeyAdded,
    PasskeyRemoved,
    PasswordChanged,
    RecoveryCodeIssued,
    SessionClosed,
    SessionEvent,
    SessionOpened,
    TotpDisabled,
    TotpEnabled,
    UserRegistered,
)
from domain.fact import Fact

TABLES_OF_ONE: Final = ("user", "session", "token", "chat", "message", "file", "transcript", "deletion")
UNLESS_ERASED: Final = "WHERE NOT EXISTS (SELECT 1 FROM erasure WHERE user_id = ?3)"  # The user is the third value.


def apply(cursor: apsw.Cursor, fact: Fact) -> None:
    """Change the rows that the fact changes; apsw.ConstraintError if it creates what exists. Needs no
    private part.

    A change to what is not there (the status of a message whose chat was deleted) changes nothing.
    """
    match fact.event:
        case MessageSent() | MessageDelivered() | MessageRead() | MessageFailed() as event:
            _apply_message(cursor, fact, event)
        case FileUploaded() | FileStored() | FileFailed() | FileRetried() | FileDeleted() as event:
            _apply_file(cursor, fact, event)
        case AudioAnalysed() | ImageAnalysed() | AudioTranscribed() | AnalysisFailed() as event:
            _apply_finding(cursor, fact, event)
        case ChatStarted() | ChatRenamed() | ChatDeleted() as event:
            _apply_chat(cursor, fact, event)
        case SessionOpened() | SessionClosed() as event:
            _apply_session(cursor, fact, event)
        case FileErased() | ChatErased():
            cursor.execute("DELETE FROM deletion WHERE stream = ?", (fact.stream,))
        case ApiTokenIssued() | ApiTokenRevoked() as event:
            _apply_token(cursor, fact, event)
        case ApiTokenUsed() | DataExported():
            pass  # Told in the person's history.
        case UserRegistered() | EmailChanged() | ErasureRequested() | AccountErased() as event:
            _apply_account(cursor, fact, event)
        case PasswordChanged() | RecoveryCodeIssued() | TotpEnabled() | TotpDisabled() | DataImported():
            _touch_account(cursor, fact)
        case BackupCodesIssued() | BackupCodeUsed() | PasskeyAdded() | PasskeyRemoved():
            _touch_account(cursor, fact)
        case _:
            assert_never(fact.event)


def _touch_account(cursor: apsw.Cursor, fact: Fact) -> None:
    cursor.execute("UPDATE user SET updated_at_us = ? WHERE user_id = ?", (fact.at_us, fact.subject))


def _apply_account(
    cursor: apsw.Cursor, fact: Fact, event: UserRegistered | EmailChanged | ErasureRequested | AccountErased
) -> None:
    match event:
        case UserRegistered():
            cursor.execute(
                "INSERT INTO user (position, user_id, created_at_us, updated_at_us, identity_type, identity_version,"
                " identity_sealed) VALUES (?, ?, ?, ?, 'UserRegistered', ?, ?)",
                (fact.position, fact.subject, fact.at_us, fact.at_us, fact.version, fact.sealed),
            )
        case EmailChanged():
            cursor.execute(
                "UPDATE user SET updated_at_us = ?, identity_type = 'EmailChanged', identity_version = ?,"
                " identity_sealed = ? WHERE user_id = ?",
                (fact.at_us, fact.version, fact.sealed, fact.subject),
            )
        case ErasureRequested():
            cursor.execute(
                "INSERT INTO erasure (user_id, position, finished) VALUES (?, ?, 0)", (fact.subject, fact.position)
            )
            for table in TABLES_OF_ONE:
                cursor.execute(f"DELETE FROM {table} WHERE user_id = ?", (fact.subject,))  # noqa: S608  (constants)
        case AccountErased():
            cursor.execute("UPDATE erasure SET finished = 1 WHERE user_id = ?", (fact.subject,))
        case _:
            assert_never(event)


def _apply_session(cursor: apsw.Cursor, fact: Fact, event: SessionEvent) -> None:
    match event:
        case SessionOpened(expires_at_us=expires_at_us):
            cursor.execute(
                "INSERT INTO session (position, session_id, user_id, created_at_us, expires_at_us,"
                f" client_sealed) SELECT ?, ?, ?3, ?, ?, ? {UNLESS_ERASED}",
                (fact.position, fact.subject, fact.user, fact.at_us, expires_at_us, fact.sealed),
            )
        case SessionClosed():
            cursor.execute("DELETE FROM session WHERE session_id = ?", (fact.subject,))
        case _:
            assert_never(event)


def _apply_token(cursor: apsw.Cursor, fact: Fact, event: ApiTokenIssued | ApiTokenRevoked) -> None:
    match event:
        case ApiTokenIssued(expires_at_us=expires_at_us):
            cursor.execute(
                f"INSERT INTO token (position, token_id, user_id, expires_at_us) SELECT ?, ?, ?3, ? {UNLESS_ERASED}",
                (fact.position, fact.subject, fact.user, expires_at_us),
            )
        case ApiTokenRevoked():
            cursor.execute("DELETE FROM token WHERE token_id = ?", (fact.subject,))
        case _:
            assert_never(event)


def _apply_chat(cursor: apsw.Cursor, fact: Fact, event: ChatStarted | ChatRenamed | ChatDeleted) -> None:
    match event:
        case ChatStarted():
            cursor.execute(
                "INSERT INTO chat (position, chat_id, user_id, created_at_us, updated_at_us,"
                f" title_type, title_version, title_sealed) SELECT ?, ?, ?3, ?, ?, 'ChatStarted', ?, ? {UNLESS_ERASED}",
                (fact.position, fact.subject, fact.user, fact.at_us, fact.at_us, fact.version, fact.sealed),
            )
        case ChatRenamed():
            cursor.execute(
                "UPDATE chat SET updated_at_us = ?, title_type = 'ChatRenamed', title_version = ?,"
                " title_sealed = ? WHERE chat_id = ?",
                (fact.at_us, fact.version, fact.sealed, fact.subject),
            )
        case ChatDeleted():
            # Its files keep their rows until their own FileDeleted: each has a blob and a key to be
            # destroyed.
            cursor.execute(
                "DELETE FROM message INDEXED BY message_by_chat WHERE user_id = ? AND chat_id = ?",
                (fact.user, fact.subject),
            )
            cursor.execute("DELETE FROM chat WHERE chat_id = ?", (fact.subject,))
            _begin_deletion(cursor, fact, None)
        case _:
            assert_never(event)


def _apply_message(cursor: apsw.Cursor, fact: Fact, event: MessageEvent) -> None:
    match event:
        case MessageSent(chat=chat, role=role, content_type=content_type, file_ids=file_ids):
            files = msgspec.json.encode(file_ids).decode() if file_ids else "[]"
            cursor.execute(
                "INSERT INTO message (position, message_id, user_id, chat_id, role, status, created_at_us,"
                " content_type, file_ids, own_key, content_sealed)"
                f" SELECT ?, ?, ?3, ?, ?, 'sent', ?, ?, ?, ?, ? {UNLESS_ERASED}",
                (
                    fact.position, fact.subject, fact.user, chat, role, fact.at_us,
                    content_type, files, fact.key_id == fact.stream, fact.sealed,
                ),
            )  # fmt: skip
            cursor.execute("UPDATE chat SET updated_at_us = ? WHERE chat_id = ?", (fact.at_us, chat))
        case MessageDelivered():
            cursor.execute("UPDATE message SET status = 'delivered' WHERE message_id = ?", (fact.subject,))
        case MessageRead():
            cursor.execute("UPDATE message SET status = 'read' WHERE message_id = ?", (fact.subject,))
        case MessageFailed(code=code):
            cursor.execute(
                "UPDATE message SET status = 'error', error_code = ? WHERE message_id = ?",
                (code, fact.subject),
            )
        case _:
            assert_never(event)


def _apply_finding(
    cursor: apsw.Cursor, fact: Fact, event: AudioAnalysed | ImageAnalysed | AudioTranscribed | AnalysisFailed
) -> None:
    match event:
        case AudioAnalysed(renditions=renditions) | ImageAnalysed(renditions=renditions):
            cursor.execute(
                "UPDATE file SET media_type = ?, media_version = ?, media_sealed = ?, renditions = ?, updated_at_us = ?"
                " WHERE file_id = ?",
                (
                    type(event).__name__, fact.version, fact.sealed,
                    msgspec.json.encode(renditions).decode(), fact.at_us, fact.subject,
                ),
            )  # fmt: skip
        case AudioTranscribed():
            cursor.execute(
                "INSERT OR REPLACE INTO transcript (user_id, file_id, position, version, text_sealed)"
                " SELECT user_id, file_id, ?, ?, ? FROM file WHERE file_id = ?",
                (fact.position, fact.version, fact.sealed, fact.subject),
            )
            cursor.execute(
                "UPDATE file SET transcribed = 1, updated_at_us = ? WHERE file_id = ?", (fact.at_us, fact.subject)
            )
        case AnalysisFailed(code=code):
            cursor.execute(
                "UPDATE file SET media_error = ?, updated_at_us = ? WHERE file_id = ?", (code, fact.at_us, fact.subject)
            )
        case _:
            assert_never(event)


def _apply_file(
    cursor: apsw.Cursor, fact: Fact, event: FileUploaded | FileStored | FileFailed | FileRetried | FileDeleted
) -> None:
    match event:
        case FileUploaded(kind=kind, size_bytes=size_bytes, chat=chat, message=message):
            cursor.execute(
                "INSERT INTO file (position, file_id, user_id, chat_id, message_id, kind, status, size_bytes,"
                " uploaded_at_us, updated_at_us, renditions, transcribed, declared_sealed)"
                f" SELECT ?, ?, ?3, ?, ?, ?, 'processing', ?, ?, ?, '[]', 0, ? {UNLESS_ERASED}",
                (
                    fact.position, fact.subject, fact.user, chat, message, kind, size_bytes,
                    fact.at_us, fact.at_us, fact.sealed,
                ),
            )  # fmt: skip
        case FileStored():
            cursor.execute(
                "UPDATE file SET status = 'ready', error_code = NULL, updated_at_us = ?, size_bytes = ?,"
                " scheme = ?, ciphertext_bytes = ?, details_version = ?, details_sealed = ?"
                " WHERE file_id = ?",
                (
                    fact.at_us, event.size_bytes, event.scheme,
                    event.ciphertext_bytes, fact.version, fact.sealed, fact.subject,
                ),
            )  # fmt: skip
        case FileFailed(code=code):
            cursor.execute(
                "UPDATE file SET status = 'error', error_code = ?, updated_at_us = ? WHERE file_id = ?",
                (code, fact.at_us, fact.subject),
            )
        case FileRetried():
            cursor.execute(
                "UPDATE file SET status = 'processing', error_code = NULL, updated_at_us = ? WHERE file_id = ?",
                (fact.at_us, fact.subject),
            )
        case FileDeleted():
            row = cursor.execute("SELECT chat_id FROM file WHERE file_id = ?", (fact.subject,)).fetchone()
            _begin_deletion(cursor, fact, None if row is None else row[0])
            cursor.execute("DELETE FROM transcript WHERE user_id = ? AND file_id = ?", (fact.user, fact.subject))
            cursor.execute("DELETE FROM file WHERE file_id = ?", (fact.subject,))
        case _:
            assert_never(event)


def _begin_deletion(cursor: apsw.Cursor, fact: Fact, chat_id: str | None) -> None:
    cursor.execute(
        f"INSERT OR IGNORE INTO deletion (position, stream, user_id, chat_id) SELECT ?, ?, ?3, ? {UNLESS_ERASED}",
        (fact.position, fact.stream, fact.user, chat_id),
    )
