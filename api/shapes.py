"""What goes over the wire: these types validate requests, and the OpenAPI document is generated from them."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain.errors import Factor
from domain.events import FileKind, Role, Segment
from service.factors.webauthn_wire import Assertion, RequestOptions
from service.reading.views import (
    ChatView,
    EventView,
    FileView,
    Id,
    MessageView,
    OpenSession,
    SessionView,
    Time,
    UserView,
)

MAX_CONTENT_BYTES = 256 * 1024
_USERNAME = r"^[A-Za-z0-9._-]{3,64}$"
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
EMAIL_PATTERN = r"^[^@\s]+@[^@\s]+$"

Username = Annotated[str, Meta(min_length=3, max_length=64, pattern=_USERNAME)]
Email = Annotated[str, Meta(min_length=3, max_length=254, pattern=EMAIL_PATTERN)]
Password = Annotated[str, Meta(max_length=1024, extra_json_schema={"format": "password"})]
InvitationCode = Annotated[
    str, Meta(max_length=128, description="As `strongroom invite` prints it; where registering takes one.")
]
TitleText = Annotated[str, Meta(max_length=200)]
MediaType = Annotated[str, Meta(max_length=127, pattern=r"^[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+$")]
ErrorCode = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z0-9_]+$")]


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request body: unknown fields are refused."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"  # Bodies hold passwords and words: they must not reach a log.


FactorCode = Annotated[
    str,
    Meta(
        max_length=64,
        description="Six digits of the authenticator, or a back-up code, typed as recovery codes may be.",
        extra_json_schema={"format": "password"},
    ),
]


class RegisterRequest(Request, frozen=True):
    username: Username
    email: Email
    password: Password
    cookie: bool = False
    invitation: InvitationCode | None = None

    def __post_init__(self) -> None:
        whole(_USERNAME, self.username)
        whole(EMAIL_PATTERN, self.email)
        if not self.email.isprintable():
            raise ValueError("Expected `email` of printable characters")  # It is shown on terminals, too.


class LoginRequest(Request, frozen=True):
    username: Annotated[str, Meta(min_length=1, max_length=254, description="User name or e-mail address.")]
    password: Password
    cookie: bool = False
    code: FactorCode | None = None
    passkey: Assertion | None = None


class PasswordRequest(Request, frozen=True):
    current_password: Password
    new_password: Password
    close_tokens: bool = False
    close_passkeys: bool = False


class RecoverRequest(Request, frozen=True):
    username: Annotated[str, Meta(min_length=1, max_length=254, description="User name or e-mail address.")]
    recovery_code: Annotated[
        str,
        Meta(
            max_length=128,
            description="As it was given; case, spaces and dashes do not count, O is read as 0, I and L as 1.",
            extra_json_schema={"format": "password"},
        ),
    ]
    new_password: Password
    cookie: bool = False
    code: FactorCode | None = None
    passkey: Assertion | None = None
    close_others: bool = True


class ConfirmRequest(Request, frozen=True):
    """For what only the password allows, though one is signed in."""

    password: Password


class ChatRequest(Request, frozen=True):
    title: TitleText = ""


class RenameRequest(Request, frozen=True):
    title: TitleText


class MessageRequest(Request, frozen=True):
    content: Annotated[str, Meta(max_length=MAX_CONTENT_BYTES, description="At most 256 KiB in UTF-8.")]
    chat_id: Id | None = None
    content_type: MediaType = "text/plain"
    role: Role = "user"
    message_id: Id | None = None
    file_ids: Annotated[list[Id], Meta(max_length=100)] = []

    def __post_init__(self) -> None:
        if len(self.content.encode()) > MAX_CONTENT_BYTES:
            raise ValueError(f"Expected `content` of at most {MAX_CONTENT_BYTES} bytes")
        whole(r"^[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+$", self.content_type)
        for value in (self.chat_id, self.message_id, *self.file_ids):
            if value is not None:
                canonical_id(value)


class StatusRequest(Request, frozen=True):
    status: Literal["delivered", "read", "error"]
    code: ErrorCode | None = None

    def __post_init__(self) -> None:
        if self.code is not None:
            whole(r"^[a-z0-9_]+$", self.code)
            if self.status != "error":
                raise ValueError("Expected no `code` unless the status is `error`")


class UserDataQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    include: Annotated[str | None, Meta(description="Comma-separated: chats, messages, files.")] = None
    chat_id: Id | None = None
    since: Annotated[str | None, Meta(description="Created at this time or later (RFC 3339).")] = None
    until: Annotated[str | None, Meta(description="Created before this time (RFC 3339).")] = None
    role: Role | None = None
    kind: FileKind | None = None
    mime: Annotated[Annotated[str, Meta(max_length=127)] | None, Meta(description="How the media type begins.")] = None
    status: Literal["sent", "delivered", "read", "error", "processing", "ready"] | None = None
    order: Literal["asc", "desc"] = "asc"
    q: Annotated[Annotated[str, Meta(max_length=256)] | None, Meta(description="Words that all occur.")] = None
    limit: Annotated[int, Meta(ge=1, le=1000)] | None = None
    cursor: Annotated[str, Meta(max_length=256)] | None = None
    as_of: Annotated[
        Annotated[str, Meta(min_length=1, max_length=64)] | None,
        Meta(
            description="As it stood then: a position of the log, or a time (RFC 3339). What was deleted since is left "
            "out."
        ),
    ] = None


class EventsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    order: Literal["asc", "desc"] = "asc"
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    cursor: Annotated[str, Meta(max_length=64)] | None = None


class AudioQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[Annotated[str, Meta(max_length=255)] | None, Meta(description="Name of a raw body.")] = None


class ContentQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    disposition: Literal["attachment", "inline"] = "attachment"
    rendition: Annotated[
        Literal["original", "play", "aac"],
        Meta(
            description="`play`: a copy that shows its length and can be sought, where the original does not. `aac`: "
            "for players without Opus, made when first asked for."
        ),
    ] = "original"


class TranscriptAnswer(msgspec.Struct, frozen=True):
    """`text`: the segments' texts, joined by spaces. `language`: ISO 639, empty if not known."""

    language: str
    text: str
    segments: tuple[Segment, ...]


class StreamQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    after: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Meta(description="Position to go on after; `Last-Event-ID` counts before it. Without either, from now on."),
    ] = None


class NoQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


# -- answers -----------------------------------------------------------------------------------------------------


class Registered(msgspec.Struct, frozen=True, omit_defaults=True):
    """`token` is left out when it went into the cookie."""

    user: UserView
    recovery_code: str
    expires_at: Time
    position: int
    token: str | msgspec.UnsetType = msgspec.UNSET


class LoggedIn(msgspec.Struct, frozen=True, omit_defaults=True):
    user: UserView
    expires_at: Time
    position: int
    token: str | msgspec.UnsetType = msgspec.UNSET


class Recovered(msgspec.Struct, frozen=True, omit_defaults=True):
    """`recovery_code`: the new one, shown this once; the old one is used up. `token` as in `Registered`."""

    user: UserView
    recovery_code: str
    expires_at: Time
    position: int
    token: str | msgspec.UnsetType = msgspec.UNSET


class NewRecoveryCode(msgspec.Struct, frozen=True):
    recovery_code: str
    position: int


class Sessions(msgspec.Struct, frozen=True):
    sessions: list[OpenSession]


class ChatAnswer(msgspec.Struct, frozen=True):
    chat_id: Id
    title: str
    created_at: Time
    updated_at: Time
    position: int


class MessageAnswer(msgspec.Struct, frozen=True):
    message_id: Id
    chat_id: Id
    role: Role
    status: Literal["sent"]
    created_at: Time
    position: int


class StatusAnswer(msgspec.Struct, frozen=True):
    message_id: Id
    status: Literal["sent", "delivered", "read", "error"]
    position: int


class AcceptedFile(msgspec.Struct, frozen=True):
    file_id: Id
    name: str
    kind: FileKind
    size_bytes: int
    status: Literal["processing"]
    position: int


class RejectedFile(msgspec.Struct, frozen=True):
    name: str
    code: str
    detail: str


class UploadAnswer(msgspec.Struct, frozen=True):
    files: list[AcceptedFile]
    rejected: list[RejectedFile]


class PositionAnswer(msgspec.Struct, frozen=True):
    position: int


class UserDataAnswer(msgspec.Struct, frozen=True):
    """With `limit`, a page: `next_cursor` goes on after it. Without, everything. `position`: what of the log the answer
    has seen; with `as_of`, the last position that counts. `user`: null where the account had not begun."""

    user: UserView | None
    sessions: list[SessionView]
    chats: list[ChatView]
    messages: list[MessageView]
    files: list[FileView]
    next_cursor: str | None
    position: int


class EventsAnswer(msgspec.Struct, frozen=True):
    """A page. `checkpoint_size`: up to which position events can be proved at this moment; 0 before the first
    checkpoint."""

    events: list[EventView]
    next_cursor: str | None
    checkpoint_size: int


class Health(msgspec.Struct, frozen=True):
    status: Literal["ok"]


class StoppedAt(msgspec.Struct, frozen=True):
    """The event that the read tables cannot take: everything before it is shown, nothing after it."""

    position: int
    type: str


class Readiness(msgspec.Struct, frozen=True, omit_defaults=True):
    """`missing` names what is not there; empty when ready. With `projection`, `projection` says why. `warnings` names
    what the operator should look at although nothing is missing: `log:witness`."""

    status: Literal["ready", "not_ready"]
    missing: list[str]
    projection: StoppedAt | None = None
    warnings: list[str] = []


class FieldError(msgspec.Struct, frozen=True):
    field: str
    message: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """RFC 9457 problem details; `code` is stable, the texts are not."""

    type: str
    title: str
    status: int
    code: str
    detail: str | msgspec.UnsetType = msgspec.UNSET
    request_id: str | msgspec.UnsetType = msgspec.UNSET
    errors: list[FieldError] | msgspec.UnsetType = msgspec.UNSET
    factors: list[Factor] | msgspec.UnsetType = msgspec.UNSET
    passkey_options: RequestOptions | msgspec.UnsetType = msgspec.UNSET


def whole(pattern: str, text: str) -> None:
    """ValueError unless all of the text matches: `$` alone lets a final line break through."""
    if re.fullmatch(pattern.removeprefix("^").removesuffix("$"), text) is None:
        raise ValueError(f"Expected `str` matching regex '{pattern}'")


def canonical_id(text: str) -> str:
    """A UUID in its one canonical form; ValueError otherwise, so that one thing has one name."""
    if _UUID.fullmatch(text) is None:
        raise ValueError("Expected a UUID in lower case with dashes")
    return text
