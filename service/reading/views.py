"""What a person reads back: the shapes of `GET /user/data`, decrypted. The OpenAPI document is made from them."""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from domain.events import FileKind, Role

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_US = (datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
_NAIVE_EPOCH = EPOCH.replace(tzinfo=None)  # Writing an offset costs more than the rest.

Id = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"}, description="RFC 3339, UTC, microseconds.")]


def rfc3339(at_us: int) -> str:
    """`2026-01-31T09:30:00.000000Z`: always six decimals, always Z. RFC 3339 §5.6."""
    at_s, rest_us = divmod(at_us, 1_000_000)
    return f"{_to_the_second(at_s)}.{rest_us:06d}Z"


@functools.lru_cache(maxsize=1024)  # A page holds many times of few seconds; writing one anew costs five times as much.
def _to_the_second(at_s: int) -> str:
    return (_NAIVE_EPOCH + timedelta(seconds=at_s)).isoformat()


def parse_rfc3339(text: str) -> int:
    """Microseconds since the epoch; ValueError without an offset or for nonsense."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time needs an offset, for example Z")
    return (at - EPOCH) // timedelta(microseconds=1)


def parse_told(text: str) -> int:
    """The same of a time that is to be told again. ValueError outside the years 1970 to 9999 in UTC, too: with an
    offset one can write moments that `rfc3339` cannot."""
    at_us = parse_rfc3339(text)
    if not 0 <= at_us <= LATEST_US:
        raise ValueError("a time lies between the years 1970 and 9999, in UTC")
    return at_us


class UserView(msgspec.Struct, frozen=True, gc=False):
    id: Id
    username: str
    email: str
    created_at: Time
    updated_at: Time


class SessionView(msgspec.Struct, frozen=True, gc=False):
    """`client`: how the program called itself. `place`: the network that it signed in from, an IPv4 /24 or an IPv6 /48;
    "": not known."""

    id: Id
    created_at: Time
    expires_at: Time
    current: bool
    client: str
    place: str


class OpenSession(SessionView, frozen=True, gc=False):
    """`last_seen_at`: to the hour."""

    last_seen_at: Time


class ChatView(msgspec.Struct, frozen=True, gc=False):
    chat_id: Id
    title: str
    created_at: Time
    updated_at: Time


class MessageView(msgspec.Struct, frozen=True):
    message_id: Id
    chat_id: Id
    role: Role
    content_type: str
    content: str
    status: Literal["sent", "delivered", "read", "error"]
    error_code: str | None
    file_ids: list[Id]
    created_at: Time


class AudioView(msgspec.Struct, frozen=True, gc=False):
    duration_s: float
    codec: str
    sample_rate_hz: int
    channels: int
    has_transcript: bool


class FileView(msgspec.Struct, frozen=True):
    """Until the file is stored, what the worker has to find out is null; `hash_sha256` is of the plaintext."""

    file_id: Id
    chat_id: Id | None
    message_id: Id | None
    kind: FileKind
    name: str
    mime_type: str | None
    size_bytes: int
    status: Literal["processing", "ready", "error"]
    error_code: str | None
    progress: float | None
    encryption_algo: Literal["AES-256-GCM"]
    encryption_scheme: Literal["AES256_GCM_HKDF_1MB"]
    encryption_iv: str | None
    hash_sha256: str
    uploaded_at: Time
    audio: AudioView | None = None
    has_thumbnail: bool = False


ItemView = ChatView | MessageView | FileView


class EventView(msgspec.Struct, frozen=True, gc=False):
    """One event of a person's history as the log has it: what happened to which stream, and nothing of its content.
    `key_id` names the key that opens what is sealed, empty where nothing is."""

    position: int
    at: Time
    type: str
    stream: Annotated[
        str, Meta(description="What kind of thing it happened to: account, session, chat, message, file.")
    ]
    id: Id
    version: int
    schema: int
    key_id: str
    sealed_bytes: int
    public: Annotated[
        dict[str, Any],
        Meta(
            description="The event's own fields that the envelope has in clear; which ones, `type` and `schema` tell.",
            extra_json_schema={"additionalProperties": True},
        ),
    ]
