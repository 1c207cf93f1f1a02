"""A file is uploaded, then stored or failed; retried if it failed; deleted at any time; and nothing is said twice."""

from __future__ import annotations

import pytest

from domain.errors import Conflict, NotFound, NotRetryable, TooManyChanges
from domain.events import (
    AnalysisFailed,
    AudioAnalysed,
    AudioDetails,
    AudioTranscribed,
    Declared,
    Details,
    FileDeleted,
    FileEvent,
    FileFailed,
    FileRetried,
    FileStored,
    FileUploaded,
    ImageAnalysed,
    ImageDetails,
    Segment,
    Transcript,
)
from domain.file import (
    MAX_RETRIES,
    DeleteFile,
    FailAnalysis,
    FailFile,
    FileCommand,
    RecordAudio,
    RecordImage,
    RecordTranscript,
    RetryFile,
    StoreFile,
    UploadFile,
)
from tests.domain.sentences import given

UPLOAD = UploadFile(
    kind="audio", size_bytes=3, name="memo.webm", declared_type="audio/webm", sha256="ab", chat="c1", message="m1"
)
UPLOADED = FileUploaded(
    kind="audio",
    size_bytes=3,
    chat="c1",
    message="m1",
    private=Declared(name="memo.webm", declared_type="audio/webm", sha256="ab"),
)
STORE = StoreFile(
    scheme="AES256_GCM_HKDF_1MB",
    size_bytes=3,
    ciphertext_bytes=59,
    commitment="hmac-sha256:cd",
    iv="00112233445566",
    mime_type="audio/webm",
    sha256="ab",
)
STORED = FileStored(
    scheme="AES256_GCM_HKDF_1MB",
    size_bytes=3,
    ciphertext_bytes=59,
    commitment="hmac-sha256:cd",
    private=Details(mime_type="audio/webm", sha256="ab", iv="00112233445566"),
)
FAILED = FileFailed(code="bad_hash")
TRIED: tuple[FileEvent, ...] = (FAILED, FileRetried())

PROCESSING = (UPLOADED,)
READY = (UPLOADED, STORED)
BROKEN = (UPLOADED, FAILED)
DELETED = (UPLOADED, STORED, FileDeleted())


def test_uploading_says_all_that_was_asked() -> None:
    given().when(UPLOAD).then(UPLOADED)


@pytest.mark.parametrize("history", [PROCESSING, READY, BROKEN, DELETED])
def test_a_file_is_uploaded_only_once(history: tuple[FileEvent, ...]) -> None:
    given(*history).when(UPLOAD).then_rejected(Conflict)


def test_an_uploaded_file_is_stored_or_fails() -> None:
    given(*PROCESSING).when(STORE).then(STORED)
    given(*PROCESSING).when(FailFile("bad_hash")).then(FAILED)


@pytest.mark.parametrize("history", [(), READY, BROKEN, DELETED])
@pytest.mark.parametrize("command", [STORE, FailFile("bad_hash")])
def test_work_delivered_again_or_too_late_says_nothing(history: tuple[FileEvent, ...], command: FileCommand) -> None:
    given(*history).when(command).then_nothing()


def test_a_failed_file_is_retried_and_can_then_be_stored() -> None:
    given(*BROKEN).when(RetryFile()).then(FileRetried())
    given(*BROKEN, FileRetried()).when(STORE).then(STORED)


def test_what_is_being_tried_is_not_retried_again() -> None:
    given(*PROCESSING).when(RetryFile()).then_nothing()
    given(*BROKEN, FileRetried()).when(RetryFile()).then_nothing()


def test_retrying_has_a_bound_and_deleting_has_none() -> None:
    given(UPLOADED, *TRIED * (MAX_RETRIES - 1), FAILED).when(RetryFile()).then(FileRetried())
    worn = given(UPLOADED, *TRIED * MAX_RETRIES, FAILED)
    worn.when(RetryFile()).then_rejected(TooManyChanges)
    worn.when(DeleteFile()).then(FileDeleted())


def test_a_file_on_its_last_try_can_still_be_stored() -> None:
    given(UPLOADED, *TRIED * MAX_RETRIES).when(STORE).then(STORED)


def test_a_stored_file_cannot_be_retried() -> None:
    given(*READY).when(RetryFile()).then_rejected(NotRetryable)


@pytest.mark.parametrize("history", [(), DELETED])
def test_what_is_not_there_cannot_be_retried(history: tuple[FileEvent, ...]) -> None:
    given(*history).when(RetryFile()).then_rejected(NotFound)


@pytest.mark.parametrize("history", [PROCESSING, READY, BROKEN])
def test_a_file_can_be_deleted_at_any_time(history: tuple[FileEvent, ...]) -> None:
    given(*history).when(DeleteFile()).then(FileDeleted())


def test_deleting_again_says_nothing() -> None:
    given(*DELETED).when(DeleteFile()).then_nothing()


def test_a_file_that_never_was_cannot_be_deleted() -> None:
    given().when(DeleteFile()).then_rejected(NotFound)


# -- what is found out about a stored file ------------------------------------------------------------------------

AUDIO = AudioDetails(duration_s=1.5, codec="opus", sample_rate_hz=48_000, channels=1)
SEEN = ImageAnalysed(renditions=("thumbnail",), private=ImageDetails(width=4, height=3))
HEARD = AudioAnalysed(renditions=("waveform",), private=AUDIO)
SPOKEN = Transcript(language="en", segments=(Segment(start_s=0.0, end_s=1.5, text="hello"),))
FINDINGS: tuple[tuple[FileCommand, FileEvent], ...] = (
    (RecordAudio(("waveform",), AUDIO), HEARD),
    (RecordImage(("thumbnail",), ImageDetails(width=4, height=3)), SEEN),
    (FailAnalysis("media_died"), AnalysisFailed(code="media_died")),
)


@pytest.mark.parametrize(("command", "event"), FINDINGS)
def test_a_stored_file_is_analysed_once(command: FileCommand, event: FileEvent) -> None:
    given(*READY).when(command).then(event)
    for _, found in FINDINGS:
        given(*READY, found).when(command).then_nothing()


@pytest.mark.parametrize("history", [(), PROCESSING, BROKEN, DELETED])
@pytest.mark.parametrize("command", [*(command for command, _ in FINDINGS), RecordTranscript(SPOKEN)])
def test_what_is_not_stored_is_not_analysed(history: tuple[FileEvent, ...], command: FileCommand) -> None:
    given(*history).when(command).then_nothing()


@pytest.mark.parametrize("found", [(), (HEARD,), (AnalysisFailed(code="media_died"),)])
def test_a_stored_file_is_transcribed_once_whatever_else_was_found(found: tuple[FileEvent, ...]) -> None:
    spoken = AudioTranscribed(private=SPOKEN)
    given(*READY, *found).when(RecordTranscript(SPOKEN)).then(spoken)
    given(*READY, *found, spoken).when(RecordTranscript(SPOKEN)).then_nothing()


@pytest.mark.parametrize("found", [event for _, event in FINDINGS])
def test_whatever_was_found_a_stored_file_stays_stored(found: FileEvent) -> None:
    given(*READY, found).when(RetryFile()).then_rejected(NotRetryable)
    given(*READY, found).when(DeleteFile()).then(FileDeleted())
