"""What the caller did wrong, as a tree with stable codes. Translated to HTTP once, in `api/errors.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

Factor = Literal["totp", "backup_code", "passkey"]


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


class RegistrationClosed(Rejected):
    code = "registration_closed"


class InvitationNeeded(Rejected):
    """No invitation, or one that does not hold: never said which."""

    code = "invitation_needed"


class BadCredentials(Rejected):
    """Wrong name or wrong password: never said which."""

    code = "bad_credentials"


class WrongPassword(Rejected):
    """Somebody who is signed in did not prove that they know the password. The session stays."""

    code = "wrong_password"


class SecondFactorRequired(Rejected):
    """The password or the recovery code is right, and something more has to be shown. Nobody else is told of it.

    `factors`: what the account has. `passkey_options`: PublicKeyCredentialRequestOptionsJSON, if it has passkeys."""

    code = "second_factor_required"

    def __init__(
        self, detail: str, factors: tuple[Factor, ...], passkey_options: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(detail)
        self.factors = factors
        self.passkey_options = passkey_options


class BadCode(Rejected):
    """The second factor is not the account's, or was used before."""

    code = "bad_code"


class TotpSet(Rejected):
    """There is a confirmed authenticator: it is removed, with a code of it, before there is another."""

    code = "totp_set"


class NoSecondFactor(Rejected):
    """Back-up codes would stand in for nothing."""

    code = "no_second_factor"


class PasswordNeeded(Rejected):
    """A passkey that opens nothing by itself: it may stand beside the password."""

    code = "password_needed"


class BadPasskey(Rejected):
    """What the browser made is no passkey for this server, or took too long."""

    code = "bad_passkey"


class PasskeyTaken(Rejected):
    code = "passkey_taken"


class TooManyPasskeys(Rejected):
    code = "too_many_passkeys"


class WeakPassword(Rejected):
    code = "weak_password"


class NotAllowed(Rejected):
    """A token that may not do this: its kind does not reach so far, or only some chats are its."""

    code = "not_allowed"


class SessionNeeded(Rejected):
    """What no token may do: only somebody who has signed in."""

    code = "session_needed"


class TooManyTokens(Rejected):
    code = "too_many_tokens"


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


class UnderWay(Rejected):
    """Of this, one person has one at a time, and one is under way."""

    code = "already_under_way"


class NotEmpty(Rejected):
    """An import goes into an account with nothing in it, or with nothing but what it brought itself."""

    code = "not_empty"


class BadExport(Rejected):
    """No export of ours, or not whole, or changed: the detail says what is wrong with it."""

    code = "bad_export"


class ExportTooNew(BadExport):
    """Of a version that came after this code."""

    code = "export_too_new"
