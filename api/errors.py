"""Every exception's place in HTTP: the one translation into RFC 9457 problems."""

from __future__ import annotations

import math
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import falcon
import falcon.asgi
import msgspec
import structlog

from api.rates import rate_headers
from api.shapes import FieldError, Problem
from domain.errors import (
    BadCode,
    BadCredentials,
    BadExport,
    BadPasskey,
    ChecksumMismatch,
    Conflict,
    EmailTaken,
    EmptyMessage,
    ExportTooNew,
    FileTooLarge,
    InvitationNeeded,
    MessageIdTaken,
    NoRendition,
    NoSecondFactor,
    NotAllowed,
    NotEmpty,
    NotFound,
    NoTranscript,
    NotReady,
    NotRetryable,
    OffsetConflict,
    PasskeyTaken,
    PasswordNeeded,
    ProcessingFailed,
    QuotaExceeded,
    RegistrationClosed,
    Rejected,
    RequestReused,
    SecondFactorRequired,
    SessionNeeded,
    StatusBackwards,
    TooManyChanges,
    TooManyPasskeys,
    TooManyTokens,
    TooManyUploads,
    TotpSet,
    UnderWay,
    UnknownFile,
    UploadJoined,
    UploadLocked,
    UploadTakenOver,
    UploadUnfinished,
    UsernameTaken,
    WeakPassword,
    WrongPassword,
)
from eventstore.errors import LogCorrupt, LogError, LogFull, RecordTooLarge, StreamTooLong
from projections.errors import ProjectionError
from service.factors.webauthn_wire import RequestOptions
from service.machine.errors import BodyCut, Busy, StorageFull, TooManyGuesses, TooManyNames
from vault.errors import (
    AccountGone,
    GateFull,
    KeyringBusy,
    KeyringFull,
    PendingFull,
    SpoolBusy,
    ThrottleBroken,
    ThrottleFull,
)

STATUS: Mapping[type[Rejected], int] = {
    NotFound: 404,
    NoRendition: 404,
    NoTranscript: 404,
    BadCredentials: 401,
    SecondFactorRequired: 401,
    BadCode: 401,
    TotpSet: 409,
    NoSecondFactor: 409,
    UsernameTaken: 409,
    EmailTaken: 409,
    RegistrationClosed: 403,
    InvitationNeeded: 403,
    MessageIdTaken: 409,
    StatusBackwards: 409,
    NotReady: 409,
    ProcessingFailed: 409,
    NotRetryable: 409,
    TooManyChanges: 409,
    Conflict: 409,
    WrongPassword: 403,
    PasswordNeeded: 401,
    BadPasskey: 422,
    PasskeyTaken: 409,
    TooManyPasskeys: 409,
    NotAllowed: 403,
    SessionNeeded: 403,
    TooManyTokens: 409,
    WeakPassword: 422,
    EmptyMessage: 422,
    UnknownFile: 422,
    RequestReused: 422,
    FileTooLarge: 413,
    QuotaExceeded: 413,
    OffsetConflict: 409,
    UploadTakenOver: 409,
    UploadUnfinished: 409,
    UploadJoined: 403,
    UploadLocked: 423,
    TooManyUploads: 429,
    ChecksumMismatch: 460,
    UnderWay: 429,
    NotEmpty: 409,
    BadExport: 422,
    ExportTooNew: 422,
}
TITLES: Mapping[str, str] = {
    "not_found": "Not found",
    "no_rendition": "No such rendition",
    "no_transcript": "No transcript",
    "bad_credentials": "Credentials refused",
    "second_factor_required": "A second factor is needed",
    "bad_code": "Code refused",
    "totp_set": "Authenticator set up already",
    "no_second_factor": "No second factor",
    "username_taken": "User name taken",
    "email_taken": "E-mail address taken",
    "registration_closed": "Registration closed",
    "invitation_needed": "Invitation needed",
    "message_id_taken": "Message id taken",
    "status_backwards": "Status cannot go back",
    "not_ready": "Not ready yet",
    "processing_failed": "Processing failed",
    "not_retryable": "Nothing to retry",
    "too_many_changes": "Changed too often",
    "conflict": "Changed by others",
    "wrong_password": "Wrong password",
    "weak_password": "Password too weak",
    "password_needed": "Password needed as well",
    "bad_passkey": "Passkey not accepted",
    "passkey_taken": "Passkey in use already",
    "too_many_passkeys": "Too many passkeys",
    "not_allowed": "Not allowed to this token",
    "session_needed": "Not for tokens",
    "too_many_tokens": "Too many tokens",
    "empty_message": "Empty message",
    "unknown_file": "Unknown file",
    "idempotency_key_reused": "Idempotency key used before",
    "file_too_large": "File too large",
    "quota_exceeded": "Quota exceeded",
    "offset_conflict": "Not where the upload stands",
    "checksum_mismatch": "Checksum does not match",
    "upload_locked": "Upload in use",
    "upload_taken_over": "Upload taken over",
    "upload_unfinished": "Parts are missing",
    "upload_joined": "Made of parts",
    "too_many_uploads": "Too many uploads",
    "already_under_way": "Under way already",
    "not_empty": "The account is not empty",
    "bad_export": "Not a whole export",
    "export_too_new": "An export of a newer Strongroom",
    "upload_interrupted": "Upload interrupted",
    "storage_full": "Storage full",
    "busy": "Busy",
    "rate_limited": "Too many requests",
    "too_many_streams": "Too many streams",
    "body_incomplete": "Body incomplete",
    "invalid_request": "Request not understood",
    "validation_failed": "Some fields are wrong",
    "internal_error": "Internal error",
    "method_not_allowed": "Method not allowed",
    "body_too_large": "Body too large",
    "unsupported_media_type": "Another media type is needed",
    "unsupported_tus_version": "Another version of tus",
    "two_credentials": "Token and cookie",
    "cross_site": "Request from another site",
    "cookie_needs_https": "HTTPS is needed",
    "origin_unknown": "Address not set",
    "no_files": "No file",
    "too_many_files": "Too many files",
    "range_not_satisfiable": "Range outside the file",
}
"""code → title, of every code there is: the document lists them, and the page has a sentence for each."""
PROBLEM_TYPE = "application/problem+json"
_log = structlog.get_logger("api")


class HttpProblem(Exception):
    """A refusal that only HTTP knows of: headers, framing, credentials in the wrong place."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: list[FieldError] | None = None,
        asked: SecondFactorRequired | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.errors = errors or []
        self.asked = asked


def invalid(field: str, message: str) -> HttpProblem:
    """422 for one field."""
    return HttpProblem(422, "validation_failed", "Some fields are wrong.", errors=[FieldError(field, message)])


def body_cut() -> HttpProblem:
    return HttpProblem(400, "body_incomplete", "The body ended before its end. Nothing was stored.")


def busy(detail: str) -> HttpProblem:
    """503 for what will do in a moment."""
    return HttpProblem(503, "busy", detail, headers={"Retry-After": "1"})


def translate(error: Exception) -> HttpProblem | None:
    """What an expected exception means to the caller; None for a fault of ours."""
    match error:
        case HttpProblem():
            return error
        case Rejected():
            return _refusal(error)
        case AccountGone():
            return _refusal(BadCredentials("The session has ended. Sign in again."))
        case RecordTooLarge():
            return HttpProblem(413, "invalid_request", "This is too much for one event.")
        case GateFull() | TooManyGuesses() | TooManyNames():
            return _come_back(error)
        case StorageFull() | LogFull() | KeyringFull() | PendingFull() | ThrottleFull():
            return HttpProblem(507, "storage_full", "There is no room left; nothing was written.")
        case LogCorrupt() | StreamTooLong():
            return None  # Trying again helps nobody: somebody has to look.
        case LogError() | ProjectionError() | SpoolBusy() | KeyringBusy() | ThrottleBroken() | TimeoutError():
            return busy("Nothing was confirmed. Try again.")
        case Busy():
            return busy(str(error) or "Try again in a moment.")
        case BodyCut():
            return body_cut()
        case falcon.HTTPError():
            return _from_falcon(error)
        case _:
            return None


def _come_back(error: GateFull | TooManyGuesses | TooManyNames) -> HttpProblem:
    if isinstance(error, TooManyNames):
        detail = "Too many names were taken already. Wait before you try another."
        return HttpProblem(429, "rate_limited", detail, headers=rate_headers(error.standing))
    if isinstance(error, TooManyGuesses):
        detail = "Too many attempts at this account. Wait a little, or use a device that has signed in before."
        return HttpProblem(429, "rate_limited", detail, headers=rate_headers(error.standing))
    wait = str(math.ceil(error.retry_after_s))
    return HttpProblem(503, "busy", "Too many people sign in at once.", headers={"Retry-After": wait})


def _refusal(error: Rejected) -> HttpProblem:
    headers: Mapping[str, str] | None
    match error:
        case NotReady() | UploadLocked() | UploadTakenOver() | UnderWay():
            headers = {"Retry-After": "1"}
        case BadCredentials() | PasswordNeeded() | SecondFactorRequired() | BadCode():
            headers = {"WWW-Authenticate": 'Bearer realm="strongroom"'}
        case _:
            headers = None
    asked = error if isinstance(error, SecondFactorRequired) else None
    return HttpProblem(STATUS[type(error)], error.code, error.detail, headers=headers, asked=asked)


def _from_falcon(error: falcon.HTTPError) -> HttpProblem:
    status = error.status_code
    code = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large", 415: "unsupported_media_type"}.get(
        status, "invalid_request"
    )
    headers = dict(error.headers) if isinstance(error.headers, Mapping) else dict(error.headers or ())
    detail = error.description or error.title or "The request was not understood."
    return HttpProblem(status, code, detail, headers=headers)


def encode(problem: HttpProblem, request_id: str | None = None) -> bytes:
    """The problem document. RFC 9457 §3."""
    asked = problem.asked
    options = None if asked is None else asked.passkey_options
    return msgspec.json.encode(
        Problem(
            type=f"urn:strongroom:problem:{problem.code}",
            title=TITLES[problem.code],
            status=problem.status,
            detail=problem.detail,
            code=problem.code,
            errors=problem.errors or msgspec.UNSET,
            request_id=msgspec.UNSET if request_id is None else request_id,
            factors=msgspec.UNSET if asked is None else list(asked.factors),
            passkey_options=msgspec.UNSET if options is None else msgspec.convert(options, RequestOptions),
        )
    )


def write(resp: falcon.asgi.Response, problem: HttpProblem, request_id: str | None = None) -> None:
    """Puts the problem into the response, whatever was in it before."""
    resp.status = problem.status
    resp.content_type = PROBLEM_TYPE
    resp.stream = None
    resp.data = encode(problem, request_id)
    resp.set_header("Cache-Control", "no-store")
    for name, value in problem.headers.items():
        resp.set_header(name, value)


async def handle(
    req: falcon.asgi.Request, resp: falcon.asgi.Response, error: Exception, params: dict[str, Any], ws: Any = None
) -> None:
    """Falcon's error handler for everything. A fault says nothing of the inside: the log has it under the same id."""
    request_id = req.scope.get("strongroom.request_id", "")
    problem = translate(error)
    if problem is None:
        # Type and lines, not the message: an exception's text may quote what the person sent.
        where = traceback.format_list(traceback.extract_tb(error.__traceback__))
        _log.error("request failed", request_id=request_id, error=type(error).__name__, traceback="".join(where))
        problem = HttpProblem(500, "internal_error", "Something went wrong here. Nothing that was confirmed is lost.")
        write(resp, problem, request_id)
    else:
        if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _log.warning("request refused", request_id=request_id, error=type(error).__name__, code=problem.code)
        write(resp, problem)
