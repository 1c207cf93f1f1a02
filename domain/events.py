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
CloseReason = Literal["logout", "closed", "expired", "lost"]


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that happened. `schema` counts the shapes this event type has had."""

    schema: ClassVar[int] = 1


# -- account-<id> ------------------------------------------------------------------------------------------------


class Identity(msgspec.Struct, frozen=True):
    username: str
    email: str


class UserRegistered(Event, frozen=True):
    private: Identity | None = None


class RecoveryCodeIssued(Event, frozen=True):
    pass


# -- session-<id> ------------------------------------------------------------------------------------------------


class ClientHint(msgspec.Struct, frozen=True):
    client: str


class SessionOpened(Event, frozen=True):
    expires_at_us: int
    private: ClientHint | None = None


class SessionClosed(Event, frozen=True):
    reason: CloseReason


# -- chat-<id> ---------------------------------------------------------------------------------------------------


class Title(msgspec.Struct, frozen=True):
    title: str


class ChatStarted(Event, frozen=True):
    private: Title | None = None


class ChatRenamed(Event, frozen=True):
    private: Title | None = None


class ChatDeleted(Event, frozen=True):
    pass


# -- message-<id> ------------------------------------------------------------------------------------------------


class Content(msgspec.Struct, frozen=True):
    content: str


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


class Declared(msgspec.Struct, frozen=True):
    """What the sender said of a file, and the SHA-256 of its bytes in hex."""

    name: str
    declared_type: str
    sha256: str


class Details(msgspec.Struct, frozen=True):
    """What the worker found: the sniffed media type, and the SHA-256 of the plaintext in hex."""

    mime_type: str
    sha256: str


class FileUploaded(Event, frozen=True):
    kind: FileKind
    size_bytes: int
    chat: str | None = None
    message: str | None = None
    private: Declared | None = None


class FileStored(Event, frozen=True):
    """`ciphertext_sha256` in hex; `iv`: the 7-byte nonce prefix of the blob, in hex."""

    scheme: str
    size_bytes: int
    ciphertext_bytes: int
    ciphertext_sha256: str
    iv: str
    private: Details | None = None


class FileFailed(Event, frozen=True):
    code: str


class FileRetried(Event, frozen=True):
    pass


class FileDeleted(Event, frozen=True):
    pass


AccountEvent = UserRegistered | RecoveryCodeIssued
SessionEvent = SessionOpened | SessionClosed
ChatEvent = ChatStarted | ChatRenamed | ChatDeleted
MessageEvent = MessageSent | MessageDelivered | MessageRead | MessageFailed
FileEvent = FileUploaded | FileStored | FileFailed | FileRetried | FileDeleted
AnyEvent = AccountEvent | SessionEvent | ChatEvent | MessageEvent | FileEvent

EVENT_TYPES: dict[str, type[AnyEvent]] = {
    cls.__name__: cls
    for cls in (
        UserRegistered, RecoveryCodeIssued,
        SessionOpened, SessionClosed,
        ChatStarted, ChatRenamed, ChatDeleted,
        MessageSent, MessageDelivered, MessageRead, MessageFailed,
        FileUploaded, FileStored, FileFailed, FileRetried, FileDeleted,
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
