"""What the caller did wrong, as a tree with stable codes. Translated to HTTP once, in `api/errors.py`."""

from __future__ import annotations

from typing import ClassVar


class Rejected(Exception):
    """A command that the rules refuse: nothing was written. `code` never changes once released."""

    code: ClassVar[str] = "rejected"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NotFound(Rejected):
    """No such thing, or not this person's: both answer alike, so that ids cannot be probed."""

    code = "not_found"


class UsernameTaken(Rejected):
    code = "username_taken"


class EmailTaken(Rejected):
    code = "email_taken"


class BadCredentials(Rejected):
    """Wrong name or wrong password: never said which."""

    code = "bad_credentials"


class WrongPassword(Rejected):
    """Somebody who is signed in did not prove that they know the password. The session stays."""

    code = "wrong_password"


class WeakPassword(Rejected):
    code = "weak_password"


class EmptyMessage(Rejected):
    code = "empty_message"


class UnknownFile(Rejected):
    code = "unknown_file"


class MessageIdTaken(Rejected):
    code = "message_id_taken"


class StatusBackwards(Rejected):
    code = "status_backwards"


class NotReady(Rejected):
    code = "not_ready"


class ProcessingFailed(Rejected):
    """The bytes of a file that could not be processed: waiting will not bring them, a retry may."""

    code = "processing_failed"


class NoRendition(Rejected):
    """What was asked for cannot be derived from the file."""

    code = "no_rendition"


class NoTranscript(Rejected):
    code = "no_transcript"


class NotRetryable(Rejected):
    code = "not_retryable"


class TooManyChanges(Rejected):
    """A stream is read whole to decide on it, so what may be done to one thing again and again has a bound."""

    code = "too_many_changes"


class FileTooLarge(Rejected):
    code = "file_too_large"


class QuotaExceeded(Rejected):
    code = "quota_exceeded"


class OffsetConflict(Rejected):
    """Bytes offered for another place than where the upload stands."""

    code = "offset_conflict"


class ChecksumMismatch(Rejected):
    """The bytes that came are not those that were sent; none of them counts."""

    code = "checksum_mismatch"


class UploadLocked(Rejected):
    """Somebody else is at the upload, and did not give way in time."""

    code = "upload_locked"


class UploadTakenOver(Rejected):
    """Somebody came back to the upload on another connection, which goes on with it."""

    code = "upload_taken_over"


class UploadUnfinished(Rejected):
    """Parts that are to be joined and have not all come."""

    code = "upload_unfinished"


class UploadJoined(Rejected):
    """Bytes offered to an upload that is made of parts."""

    code = "upload_joined"


class TooManyUploads(Rejected):
    code = "too_many_uploads"


class RequestReused(Rejected):
    """An Idempotency-Key that came before with another body."""

    code = "idempotency_key_reused"


class Conflict(Rejected):
    """The same stream changed again and again while this command was being decided."""

    code = "conflict"
