"""A file: uploaded (durable in the spool), then stored (sealed in its blob) or failed; retried; deleted. What is stored
may be analysed once and transcribed once."""

from __future__ import annotations

from typing import Literal, assert_never

import msgspec
from msgspec.structs import replace

from domain.errors import Conflict, NotFound, NotRetryable, TooManyChanges
from domain.events import (
    AnalysisFailed,
    AudioAnalysed,
    AudioDetails,
    AudioTranscribed,
    Declared,
    Details,
    FileDeleted,
    FileErased,
    FileEvent,
    FileFailed,
    FileKind,
    FileRetried,
    FileStored,
    FileUploaded,
    ImageAnalysed,
    ImageDetails,
    Transcript,
)

MAX_RETRIES = 100

Status = Literal["none", "processing", "ready", "error", "deleted"]


class UploadFile(msgspec.Struct, frozen=True):
    kind: FileKind
    size_bytes: int
    name: str
    declared_type: str
    sha256: str
    chat: str | None = None
    message: str | None = None
    uploaded_at_us: int | None = None


class StoreFile(msgspec.Struct, frozen=True):
    scheme: str
    size_bytes: int
    ciphertext_bytes: int
    commitment: str
    mime_type: str
    sha256: str
    iv: str


class RecordAudio(msgspec.Struct, frozen=True):
    renditions: tuple[str, ...]
    details: AudioDetails


class RecordImage(msgspec.Struct, frozen=True):
    renditions: tuple[str, ...]
    details: ImageDetails


class RecordTranscript(msgspec.Struct, frozen=True):
    transcript: Transcript


class FailAnalysis(msgspec.Struct, frozen=True):
    code: str


class FailFile(msgspec.Struct, frozen=True):
    code: str


class RetryFile(msgspec.Struct, frozen=True):
    pass


class DeleteFile(msgspec.Struct, frozen=True):
    pass


class FinishDeletion(msgspec.Struct, frozen=True):
    """Its keys and bytes are gone."""


Finding = RecordAudio | RecordImage | RecordTranscript | FailAnalysis
FileCommand = UploadFile | StoreFile | Finding | FailFile | RetryFile | DeleteFile | FinishDeletion


class State(msgspec.Struct, frozen=True):
    """`analysed`: as far as it goes; also when that failed."""

    status: Status = "none"
    retries: int = 0
    analysed: bool = False
    transcribed: bool = False
    erased: bool = False


def decide(command: FileCommand, state: State) -> tuple[FileEvent, ...]:
    match command:
        case UploadFile():
            if state.status != "none":
                raise Conflict("A file with this id exists already.")
            declared = Declared(
                name=command.name,
                declared_type=command.declared_type,
                sha256=command.sha256,
                uploaded_at_us=command.uploaded_at_us,
            )
            return (
                FileUploaded(
                    kind=command.kind,
                    size_bytes=command.size_bytes,
                    chat=command.chat,
                    message=command.message,
                    private=declared,
                ),
            )
        case StoreFile():
            if state.status != "processing":
                return ()  # Redelivered work, or deleted meanwhile: nothing to say any more.
            return (
                FileStored(
                    scheme=command.scheme,
                    size_bytes=command.size_bytes,
                    ciphertext_bytes=command.ciphertext_bytes,
                    commitment=command.commitment,
                    private=Details(mime_type=command.mime_type, sha256=command.sha256, iv=command.iv),
                ),
            )
        case RecordAudio() | RecordImage() | RecordTranscript() | FailAnalysis():
            return _decide_finding(command, state)
        case FailFile(code=code):
            return (FileFailed(code=code),) if state.status == "processing" else ()
        case RetryFile():
            return _decide_retry(state)
        case DeleteFile():
            if state.status == "none":
                raise NotFound("No such file.")
            return () if state.status == "deleted" else (FileDeleted(),)
        case FinishDeletion():
            return (FileErased(),) if state.status == "deleted" and not state.erased else ()
        case _:
            assert_never(command)


def _decide_retry(state: State) -> tuple[FileEvent, ...]:
    require_present(state)
    if state.status == "processing":
        return ()  # Asked twice: it is being tried already.
    if state.status == "ready":
        raise NotRetryable("The file is stored; there is nothing to retry.")
    if state.retries >= MAX_RETRIES:
        raise TooManyChanges("The file was retried too often. It can still be deleted.")
    return (FileRetried(),)


def _decide_finding(command: Finding, state: State) -> tuple[FileEvent, ...]:
    """Nothing unless the file is stored and this is still to be found out: redelivered work says nothing twice."""
    known = state.transcribed if isinstance(command, RecordTranscript) else state.analysed
    if state.status != "ready" or known:
        return ()
    match command:
        case RecordAudio(renditions=renditions, details=details):
            return (AudioAnalysed(renditions=renditions, private=details),)
        case RecordImage(renditions=renditions, details=pixels):
            return (ImageAnalysed(renditions=renditions, private=pixels),)
        case RecordTranscript(transcript=transcript):
            return (AudioTranscribed(private=transcript),)
        case FailAnalysis(code=code):
            return (AnalysisFailed(code=code),)
        case _:
            assert_never(command)


def require_present(state: State) -> None:
    if state.status in ("none", "deleted"):
        raise NotFound("No such file.")


def evolve(state: State, event: FileEvent) -> State:
    match event:
        case FileUploaded():
            return State(status="processing")
        case FileStored():
            return replace(state, status="ready")
        case AudioAnalysed() | ImageAnalysed() | AnalysisFailed():
            return replace(state, analysed=True)
        case AudioTranscribed():
            return replace(state, transcribed=True)
        case FileFailed():
            return replace(state, status="error")
        case FileRetried():
            return State(status="processing", retries=state.retries + 1)
        case FileDeleted():
            return replace(state, status="deleted")
        case FileErased():
            return replace(state, erased=True)
        case _:
            assert_never(event)
