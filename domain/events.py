"""The event union and its codec.

An event is a frozen value. Fields that must lie on disk only encrypted are gathered in `private`, a value of its
own: `None` means "not opened", which is what deciders, projections and auditors without a key work with.
The codec turns an event into `Parts` (type, schema version, public fields, private fields) and back.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec

from domain.upcast import upcast

Role = Literal["user", "assistant", "system"]
FileKind = Literal["file", "audio"]
CloseReason = Literal["logout", "closed", "expired", "idle", "lost", "password", "sealed"]
RevokeReason = Literal["revoked", "expired", "lost", "password", "sealed"]
TokenKind = Literal["read_write", "read", "write"]


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that happened. `schema` counts the shapes this event type has had."""

    schema: ClassVar[int] = 1


# -- account-<id> ------------------------------------------------------------------------------------------------


class Identity(msgspec.Struct, frozen=True):
    username: str
    email: str


class UserRegistered(Event, frozen=True):
    private: Identity | None = None


class EmailChanged(Event, frozen=True):
    """Name and address from here on, both, so that whoever folds has one place for them."""

    private: Identity | None = None


class PasswordChanged(Event, frozen=True):
    pass


class RecoveryCodeIssued(Event, frozen=True):
    pass


class TotpEnabled(Event, frozen=True):
    """Signing in and recovering need a code of the person's authenticator from here on. RFC 6238."""


class TotpDisabled(Event, frozen=True):
    pass


class BackupCodesIssued(Event, frozen=True):
    """Codes that stand in for the authenticator, once each; those of before are void."""


class BackupCodeUsed(Event, frozen=True):
    pass


class Label(msgspec.Struct, frozen=True):
    """What a person calls a thing of theirs."""

    name: str


class PasskeyAdded(Event, frozen=True):
    """`passkey`: its id here. `opens`: it has a wrap of the user key, made from its PRF, and signs in by itself."""

    passkey: str
    opens: bool
    private: Label | None = None


class PasskeyRemoved(Event, frozen=True):
    passkey: str


class DataImported(Event, frozen=True):
    """An export was taken in. Counts of what came new by it."""

    chats: int
    messages: int
    files: int


class ErasureRequested(Event, frozen=True):
    """From here on the account is no more; its keys and bytes are being destroyed."""


class AccountErased(Event, frozen=True):
    """Nothing of the account that could be destroyed is left."""


# -- session-<id> ------------------------------------------------------------------------------------------------


class ClientHint(msgspec.Struct, frozen=True, omit_defaults=True):
    """`place`: the network that it came from, coarse: an IPv4 /24, an IPv6 /48; "": not told."""

    client: str
    place: str = ""


class SessionOpened(Event, frozen=True):
    expires_at_us: int
    private: ClientHint | None = None


class SessionClosed(Event, frozen=True):
    reason: CloseReason


# -- token-<id> --------------------------------------------------------------------------------------------------


class ApiTokenIssued(Event, frozen=True):
    """`chats`: the only ones that it reaches; None: all. A stream of its own, because of its uses."""

    kind: TokenKind
    expires_at_us: int
    chats: tuple[str, ...] | None = None
    private: Label | None = None


class ApiTokenUsed(Event, frozen=True):
    """Its first use of a day."""


class ApiTokenRevoked(Event, frozen=True):
    reason: RevokeReason


# -- export-<id> -------------------------------------------------------------------------------------------------


class DataExported(Event, frozen=True):
    """Everything was asked for, in the clear: `by` a session of the page, a token, or the command on the machine."""

    by: Literal["session", "token", "command"]


# -- chat-<id> ---------------------------------------------------------------------------------------------------


class Title(msgspec.Struct, frozen=True, omit_defaults=True):
    """`began_at_us`: of a chat that was imported, when it began where it came from."""

    title: str
    began_at_us: int | None = None


class ChatStarted(Event, frozen=True):
    private: Title | None = None


class ChatRenamed(Event, frozen=True):
    private: Title | None = None


class ChatDeleted(Event, frozen=True):
    """From here on it is no more; its keys and those of its files are being destroyed."""


class ChatErased(Event, frozen=True):
    """Nothing of it that could be destroyed is left: its key, those of its messages, its files."""


# -- message-<id> ------------------------------------------------------------------------------------------------


class Content(msgspec.Struct, frozen=True, omit_defaults=True):
    """`sent_at_us`: of a message that was imported, when it was sent where it came from."""

    content: str
    sent_at_us: int | None = None


class MessageSent(Event, frozen=True):
    chat: str
    role: Role
    content_type: str
    file_ids: tuple[str, ...] = ()
    private: Content | None = None


class MessageDelivered(Event, frozen=True):
    pass


class MessageRead(Event, frozen=True):
    pass


class MessageFailed(Event, frozen=True):
    code: str


# -- file-<id> ---------------------------------------------------------------------------------------------------


class Declared(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the sender said of a file, and the SHA-256 of its bytes in hex. `uploaded_at_us`: of one that was imported,
    when it was uploaded where it came from."""

    name: str
    declared_type: str
    sha256: str
    uploaded_at_us: int | None = None


class Details(msgspec.Struct, frozen=True):
    """What the worker found: the sniffed media type, the SHA-256 of the plaintext in hex, and the 7-byte nonce prefix
    of the blob in hex ("": written before the first schema change)."""

    mime_type: str
    sha256: str
    iv: str = ""


class AudioDetails(msgspec.Struct, frozen=True):
    """What decoding an audio file has shown. `damaged`: part of it could not be decoded."""

    duration_s: float
    codec: str
    sample_rate_hz: int
    channels: int
    damaged: bool = False


class ImageDetails(msgspec.Struct, frozen=True):
    """Pixels, as shown: orientation applied."""

    width: int
    height: int


class Segment(msgspec.Struct, frozen=True):
    start_s: float
    end_s: float
    text: str


class Transcript(msgspec.Struct, frozen=True):
    """`language`: ISO 639, "" if it is not known."""

    language: str
    segments: tuple[Segment, ...]


class FileUploaded(Event, frozen=True):
    kind: FileKind
    size_bytes: int
    chat: str | None = None
    message: str | None = None
    private: Declared | None = None


class FileStored(Event, frozen=True):
    """`commitment`: `hmac-sha256:` and hex, over the SHA-256 of the blob under a salt that the keyring has: two files
    that share a blob do not show it, and a forgotten file's blob cannot be recognised. Of old, `sha256:` and hex."""

    schema: ClassVar[int] = 2

    scheme: str
    size_bytes: int
    ciphertext_bytes: int
    commitment: str
    private: Details | None = None


class AudioAnalysed(Event, frozen=True):
    """`renditions`: names of what was derived and lies sealed beside the blob."""

    renditions: tuple[str, ...] = ()
    private: AudioDetails | None = None


class ImageAnalysed(Event, frozen=True):
    renditions: tuple[str, ...] = ()
    private: ImageDetails | None = None


class AudioTranscribed(Event, frozen=True):
    private: Transcript | None = None


class AnalysisFailed(Event, frozen=True):
    """The file is stored and stays readable; what should have been found out about it could not be."""

    code: str


class FileFailed(Event, frozen=True):
    code: str


class FileRetried(Event, frozen=True):
    pass


class FileDeleted(Event, frozen=True):
    """From here on it is no more; its keys and bytes are being destroyed."""


class FileErased(Event, frozen=True):
    """Nothing of it that could be destroyed is left."""


AccountEvent = (
    UserRegistered
    | EmailChanged
    | PasswordChanged
    | RecoveryCodeIssued
    | TotpEnabled
    | TotpDisabled
    | BackupCodesIssued
    | BackupCodeUsed
    | PasskeyAdded
    | PasskeyRemoved
    | DataImported
    | ErasureRequested
    | AccountErased
)
SessionEvent = SessionOpened | SessionClosed
TokenEvent = ApiTokenIssued | ApiTokenUsed | ApiTokenRevoked
ExportEvent = DataExported
ChatEvent = ChatStarted | ChatRenamed | ChatDeleted | ChatErased
MessageEvent = MessageSent | MessageDelivered | MessageRead | MessageFailed
FileEvent = (
    FileUploaded
    | FileStored
    | AudioAnalysed
    | ImageAnalysed
    | AudioTranscribed
    | AnalysisFailed
    | FileFailed
    | FileRetried
    | FileDeleted
    | FileErased
)
AnyEvent = AccountEvent | SessionEvent | TokenEvent | ExportEvent | ChatEvent | MessageEvent | FileEvent

EVENT_TYPES: dict[str, type[AnyEvent]] = {
    cls.__name__: cls
    for cls in (
        UserRegistered, EmailChanged, PasswordChanged, RecoveryCodeIssued, TotpEnabled, TotpDisabled, BackupCodesIssued,
        BackupCodeUsed, PasskeyAdded, PasskeyRemoved, DataImported, ErasureRequested, AccountErased,
        SessionOpened, SessionClosed,
        ApiTokenIssued, ApiTokenUsed, ApiTokenRevoked,
        DataExported,
        ChatStarted, ChatRenamed, ChatDeleted, ChatErased,
        MessageSent, MessageDelivered, MessageRead, MessageFailed,
        FileUploaded, FileStored, AudioAnalysed, ImageAnalysed, AudioTranscribed, AnalysisFailed,
        FileFailed, FileRetried, FileDeleted, FileErased,
    )
}  # fmt: skip


class UnknownEvent(Exception):
    """A type or schema version that this version of the code does not know: written by a newer one."""


class Parts(msgspec.Struct, frozen=True):
    """An event taken apart: `public` goes into the envelope in clear, `private` is sealed; None: nothing to seal."""

    type: str
    schema: int
    public: dict[str, Any]
    private: dict[str, Any] | None


def take_apart(event: AnyEvent) -> Parts:
    """Event → parts. Public fields that stand at their default are written too: shapes stay plain."""
    public: dict[str, Any] = msgspec.to_builtins(event)
    private: dict[str, Any] | None = public.pop("private", None)
    return Parts(type=type(event).__name__, schema=type(event).schema, public=public, private=private)


def put_together(parts: Parts) -> AnyEvent:
    """Parts of any known schema version → event of today's shape. `UnknownEvent` for what is newer than we are."""
    cls = EVENT_TYPES.get(parts.type)
    if cls is None or parts.schema > cls.schema:
        raise UnknownEvent(f"{parts.type} of schema version {parts.schema}")
    public, private = upcast(parts.type, parts.schema, cls.schema, parts.public, parts.private)
    fields = public if private is None else {**public, "private": private}
    return msgspec.convert(fields, cls)
