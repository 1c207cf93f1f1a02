"""Given facts, these rows."""

from __future__ import annotations

import pytest

from domain.events import (
    AccountErased,
    AnalysisFailed,
    ApiTokenIssued,
    ApiTokenRevoked,
    ApiTokenUsed,
    AudioAnalysed,
    AudioTranscribed,
    ChatDeleted,
    ChatRenamed,
    ChatStarted,
    ErasureRequested,
    FileDeleted,
    FileFailed,
    FileRetried,
    FileUploaded,
    MessageDelivered,
    MessageEvent,
    MessageFailed,
    MessageRead,
    PasswordChanged,
    RecoveryCodeIssued,
    SessionClosed,
    SessionOpened,
    UserRegistered,
)
from projections.paging import PageQuery
from projections.queries import Reader
from projections.rows import ChatRow, FileRow, MessageRow, SessionRow, TokenRow, TranscriptRow, UserRow
from projections.runner import Projector
from tests.projections.history import STORED, History, erased_person, message, sealed_at


@pytest.fixture
def history() -> History:
    return History()


def test_a_registered_user_has_a_row_with_the_identity_still_sealed(
    history: History, projector: Projector, reader: Reader
) -> None:
    registered = history.add("account-ann", UserRegistered())
    projector.apply(history.facts)
    assert reader.user("ann") == UserRow(
        position=1,
        user_id="ann",
        created_at_us=registered.at_us,
        updated_at_us=registered.at_us,
        identity_type="UserRegistered",
        identity_version=1,
        identity_sealed=sealed_at(1),
    )


@pytest.mark.parametrize("event", [RecoveryCodeIssued(), PasswordChanged()])
def test_a_new_recovery_code_or_password_touches_the_user(
    history: History, projector: Projector, reader: Reader, event: RecoveryCodeIssued | PasswordChanged
) -> None:
    registered = history.add("account-ann", UserRegistered())
    issued = history.add("account-ann", event)
    projector.apply(history.facts)
    user = reader.user("ann")
    assert user is not None
    assert (user.created_at_us, user.updated_at_us) == (registered.at_us, issued.at_us)


def test_who_asked_to_be_erased_has_no_rows_any_more_and_makes_none(
    history: History, projector: Projector, reader: Reader
) -> None:
    erased_person(history, "ann")
    erased_person(history, "ben")
    *of_ben, _ = history.facts
    projector.apply(of_ben)
    for user in ("ann", "ben"):
        assert reader.user(user) is None
        assert reader.sessions(user, 0) == []
        assert reader.page(PageQuery(user=user, limit=100)).items == []
        for late in ("", "-late"):
            assert reader.transcript(user, f"{user}{late}") is None
    assert reader.processing_files("", 10) == []
    assert reader.erasing("", 10) == ["ben"]
    assert reader.erasing("ann", 10) == ["ben"]
    assert reader.erasing("ben", 10) == []
    projector.apply(history.facts)
    assert reader.erasing("", 10) == []


def test_the_neighbours_of_the_erased_keep_all_of_theirs(
    history: History, projector: Projector, reader: Reader
) -> None:
    history.add("account-ann", UserRegistered())
    history.add("session-s1", SessionOpened(expires_at_us=900))
    history.add("chat-c1", ChatStarted())
    history.add("message-m1", message())
    history.add("file-f1", FileUploaded(kind="audio", size_bytes=5))
    history.add("file-f1", AudioTranscribed())
    history.add("account-ben", UserRegistered(), user="ben")
    history.add("account-ben", ErasureRequested(), user="ben")
    history.add("account-ben", AccountErased(), user="ben")
    projector.apply(history.facts)
    assert reader.user("ann") is not None
    assert len(reader.sessions("ann", 0)) == 1
    assert len(reader.page(PageQuery(user="ann", limit=100)).items) == 3
    assert reader.transcript("ann", "f1") is not None


def test_open_sessions_are_listed_oldest_first_without_the_expired_and_the_closed(
    history: History, projector: Projector, reader: Reader
) -> None:
    first = history.add("session-zz", SessionOpened(expires_at_us=900))
    history.add("session-expired", SessionOpened(expires_at_us=500))
    history.add("session-closed", SessionOpened(expires_at_us=900))
    history.add("session-aa", SessionOpened(expires_at_us=501))
    history.add("session-of-ben", SessionOpened(expires_at_us=900), user="ben")
    history.add("session-closed", SessionClosed(reason="logout"))
    projector.apply(history.facts)
    sessions = reader.sessions("ann", now_us=500)
    assert [session.session_id for session in sessions] == ["zz", "aa"]
    assert sessions[0] == SessionRow(
        position=1,
        session_id="zz",
        user_id="ann",
        created_at_us=first.at_us,
        expires_at_us=900,
        client_sealed=sealed_at(1),
    )


def test_expired_sessions_of_everybody_are_found_for_closing(
    history: History, projector: Projector, reader: Reader
) -> None:
    history.add("session-late", SessionOpened(expires_at_us=400))
    history.add("session-early", SessionOpened(expires_at_us=300), user="ben")
    history.add("session-open", SessionOpened(expires_at_us=501))
    projector.apply(history.facts)
    assert [s.session_id for s in reader.open_sessions_expired(now_us=500, limit=10)] == ["early", "late"]
    assert [s.session_id for s in reader.open_sessions_expired(now_us=500, limit=1)] == ["early"]


def test_tokens_that_are_not_revoked_are_walked_by_id(history: History, projector: Projector, reader: Reader) -> None:
    history.add("token-two", ApiTokenIssued(kind="write", expires_at_us=400), user="ben")
    history.add("token-one", ApiTokenIssued(kind="read", expires_at_us=300))
    history.add("token-one", ApiTokenUsed())
    history.add("token-gone", ApiTokenIssued(kind="read_write", expires_at_us=300))
    history.add("token-gone", ApiTokenRevoked(reason="revoked"))
    projector.apply(history.facts)
    one, two = reader.tokens("", 10)
    assert one == TokenRow(position=2, token_id="one", user_id="ann", expires_at_us=300)
    assert (two.token_id, two.user_id) == ("two", "ben")
    assert reader.tokens("one", 10) == [two]
    assert reader.tokens("", 1) == [one]


def test_an_erased_person_has_no_tokens(history: History, projector: Projector, reader: Reader) -> None:
    history.add("token-one", ApiTokenIssued(kind="read", expires_at_us=300))
    history.add("account-ann", ErasureRequested())
    history.add("token-late", ApiTokenIssued(kind="read", expires_at_us=300))
    projector.apply(history.facts)
    assert reader.tokens("", 10) == []


def test_a_started_chat_names_the_event_that_sealed_its_title(
    history: History, projector: Projector, reader: Reader
) -> None:
    started = history.add("chat-c1", ChatStarted())
    projector.apply(history.facts)
    assert reader.chat("ann", "c1") == ChatRow(
        position=1,
        chat_id="c1",
        user_id="ann",
        created_at_us=started.at_us,
        updated_at_us=started.at_us,
        title_type="ChatStarted",
        title_version=1,
        title_sealed=sealed_at(1),
    )


def test_a_renamed_chat_keeps_its_place_and_takes_the_new_title(
    history: History, projector: Projector, reader: Reader
) -> None:
    started = history.add("chat-c1", ChatStarted())
    history.add("chat-c1", ChatRenamed())
    renamed = history.add("chat-c1", ChatRenamed())
    projector.apply(history.facts)
    assert reader.chat("ann", "c1") == ChatRow(
        position=1,
        chat_id="c1",
        user_id="ann",
        created_at_us=started.at_us,
        updated_at_us=renamed.at_us,
        title_type="ChatRenamed",
        title_version=3,
        title_sealed=sealed_at(3),
    )


def test_a_sent_message_has_a_row_and_touches_its_chat(history: History, projector: Projector, reader: Reader) -> None:
    history.add("chat-c1", ChatStarted())
    sent = history.add("message-m1", message("c1", "assistant", file_ids=("f1", "f2")))
    projector.apply(history.facts)
    row = reader.message("ann", "m1")
    assert row == MessageRow(
        position=2,
        message_id="m1",
        user_id="ann",
        chat_id="c1",
        role="assistant",
        status="sent",
        error_code=None,
        created_at_us=sent.at_us,
        content_type="text/plain",
        file_ids_json='["f1","f2"]',
        own_key=0,
        content_sealed=sealed_at(2),
    )
    assert row.file_ids == ("f1", "f2")
    chat = reader.chat("ann", "c1")
    assert chat is not None
    assert chat.updated_at_us == sent.at_us


def test_a_message_without_files_has_an_empty_list(history: History, projector: Projector, reader: Reader) -> None:
    history.add("message-m1", message())
    projector.apply(history.facts)
    row = reader.message("ann", "m1")
    assert row is not None
    assert row.file_ids == ()


@pytest.mark.parametrize(
    ("event", "status", "code"),
    [
        (MessageDelivered(), "delivered", None),
        (MessageRead(), "read", None),
        (MessageFailed(code="refused"), "error", "refused"),
    ],
)
def test_the_status_of_a_message_follows_its_events(
    history: History, projector: Projector, reader: Reader, event: MessageEvent, status: str, code: str | None
) -> None:
    history.add("message-m1", message())
    history.add("message-m2", message())
    history.add("message-m1", event)
    projector.apply(history.facts)
    changed, other = reader.message("ann", "m1"), reader.message("ann", "m2")
    assert changed is not None
    assert other is not None
    assert (changed.status, changed.error_code) == (status, code)
    assert (other.status, other.error_code) == ("sent", None)


def test_a_deleted_chat_takes_its_messages_along_and_leaves_its_files_to_their_own_deletion(
    history: History, projector: Projector, reader: Reader
) -> None:
    history.add("chat-c1", ChatStarted())
    history.add("chat-c2", ChatStarted())
    history.add("message-m1", message("c1"))
    history.add("message-m2", message("c2"))
    history.add("file-f1", FileUploaded(kind="file", size_bytes=1, chat="c1"))
    history.add("chat-c1", ChatDeleted())
    history.add("message-m1", MessageRead())
    projector.apply(history.facts)
    assert reader.chat("ann", "c1") is None
    assert reader.message("ann", "m1") is None
    assert reader.chat("ann", "c2") is not None
    assert reader.message("ann", "m2") is not None
    assert reader.chat_files("ann", "c1") == ["f1"]


def test_an_uploaded_file_is_processing_and_a_stored_one_ready(
    history: History, projector: Projector, reader: Reader
) -> None:
    uploaded = history.add("file-f1", FileUploaded(kind="audio", size_bytes=5, chat="c1", message="m1"))
    projector.apply(history.facts)
    assert reader.file("ann", "f1") == FileRow(
        position=1,
        file_id="f1",
        user_id="ann",
        chat_id="c1",
        message_id="m1",
        kind="audio",
        status="processing",
        error_code=None,
        size_bytes=5,
        uploaded_at_us=uploaded.at_us,
        updated_at_us=uploaded.at_us,
        scheme=None,
        ciphertext_bytes=None,
        details_version=None,
        media_type=None,
        media_version=None,
        media_error=None,
        renditions_json="[]",
        transcribed=0,
        declared_sealed=sealed_at(1),
        details_sealed=None,
        media_sealed=None,
    )
    stored = history.add("file-f1", STORED)
    projector.apply(history.since(1))
    assert reader.file("ann", "f1") == FileRow(
        position=1,
        file_id="f1",
        user_id="ann",
        chat_id="c1",
        message_id="m1",
        kind="audio",
        status="ready",
        error_code=None,
        size_bytes=5,
        uploaded_at_us=uploaded.at_us,
        updated_at_us=stored.at_us,
        scheme="AES256_GCM_HKDF_1MB",
        ciphertext_bytes=61,
        details_version=2,
        media_type=None,
        media_version=None,
        media_error=None,
        renditions_json="[]",
        transcribed=0,
        declared_sealed=sealed_at(1),
        details_sealed=sealed_at(2),
        media_sealed=None,
    )


def test_what_is_found_out_stands_beside_the_file_and_goes_with_it(
    history: History, projector: Projector, reader: Reader
) -> None:
    history.add("file-f1", FileUploaded(kind="audio", size_bytes=5))
    history.add("file-f1", STORED)
    history.add("file-f1", AudioAnalysed(renditions=("waveform", "play")))
    spoken = history.add("file-f1", AudioTranscribed())
    projector.apply(history.facts)
    row = reader.file("ann", "f1")
    assert row is not None
    assert (row.media_type, row.media_version, row.media_sealed) == ("AudioAnalysed", 3, sealed_at(3))
    assert (row.renditions, row.transcribed, row.updated_at_us) == (("waveform", "play"), 1, spoken.at_us)
    transcript = reader.transcript("ann", "f1")
    assert transcript == TranscriptRow(file_id="f1", user_id="ann", version=4, text_sealed=sealed_at(4))
    assert reader.transcript("ben", "f1") is None
    history.add("file-f1", FileDeleted())
    projector.apply(history.since(4))
    assert reader.transcript("ann", "f1") is None


def test_a_file_that_could_not_be_analysed_says_why_and_stays_ready(
    history: History, projector: Projector, reader: Reader
) -> None:
    history.add("file-f1", FileUploaded(kind="file", size_bytes=5))
    history.add("file-f1", STORED)
    history.add("file-f1", AnalysisFailed(code="media_died"))
    projector.apply(history.facts)
    row = reader.file("ann", "f1")
    assert row is not None
    assert (row.status, row.error_code, row.media_error) == ("ready", None, "media_died")


def test_a_failed_file_says_why_and_a_retried_one_has_forgotten(
    history: History, projector: Projector, reader: Reader
) -> None:
    history.add("file-f1", FileUploaded(kind="file", size_bytes=5))
    history.add("file-f1", FileFailed(code="bad_hash"))
    projector.apply(history.facts)
    failed = reader.file("ann", "f1")
    assert failed is not None
    assert (failed.status, failed.error_code) == ("error", "bad_hash")
    retried = history.add("file-f1", FileRetried())
    projector.apply(history.since(2))
    row = reader.file("ann", "f1")
    assert row is not None
    assert (row.status, row.error_code, row.updated_at_us) == ("processing", None, retried.at_us)


def test_files_in_processing_are_walked_by_id(history: History, projector: Projector, reader: Reader) -> None:
    for name, user in (("c", "ann"), ("a", "ben"), ("b", "ann"), ("d", "ann")):
        history.add(f"file-{name}", FileUploaded(kind="file", size_bytes=5), user=user)
    history.add("file-b", STORED)
    projector.apply(history.facts)
    assert [file.file_id for file in reader.processing_files("", limit=2)] == ["a", "c"]
    assert [file.file_id for file in reader.processing_files("c", limit=2)] == ["d"]


def test_what_belongs_to_somebody_else_is_not_there(history: History, projector: Projector, reader: Reader) -> None:
    history.add("chat-c1", ChatStarted())
    history.add("message-m1", message("c1"))
    history.add("file-f1", FileUploaded(kind="file", size_bytes=5, chat="c1"))
    projector.apply(history.facts)
    assert reader.chat("ben", "c1") is None
    assert reader.message("ben", "m1") is None
    assert reader.file("ben", "f1") is None
    assert reader.chat_files("ben", "c1") == []
