"""Rows of the read tables as values, field for field in the order they are selected.

`*_sealed` is ciphertext; `position` that of the creating event; times in µs since 1970 UTC.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from domain.events import FileKind, Role

IdentityType = Literal["UserRegistered", "EmailChanged"]
TitleType = Literal["ChatStarted", "ChatRenamed"]
MessageStatus = Literal["sent", "delivered", "read", "error"]
FileStatus = Literal["processing", "ready", "error"]
MediaType = Literal["AudioAnalysed", "ImageAnalysed"]


class UserRow(msgspec.Struct, frozen=True, gc=False):
    position: int
    user_id: str
    created_at_us: int
    updated_at_us: int
    identity_type: IdentityType
    identity_version: int
    identity_sealed: bytes


class SessionRow(msgspec.Struct, frozen=True, gc=False):
    """`client_sealed` is bound to SessionOpened, version 1."""

    position: int
    session_id: str
    user_id: str
    created_at_us: int
    expires_at_us: int
    client_sealed: bytes


class TokenRow(msgspec.Struct, frozen=True):
    """An API token that is not revoked."""

    position: int
    token_id: str
    user_id: str
    expires_at_us: int


class ChatRow(msgspec.Struct, frozen=True, gc=False):
    position: int
    chat_id: str
    user_id: str
    created_at_us: int
    updated_at_us: int
    title_type: TitleType
    title_version: int
    title_sealed: bytes

    @property
    def sealed_bytes(self) -> int:
        return len(self.title_sealed)


class MessageRow(msgspec.Struct, frozen=True, gc=False):
    """`content_sealed` is bound to MessageSent, version 1."""

    position: int
    message_id: str
    user_id: str
    chat_id: str
    role: Role
    status: MessageStatus
    error_code: str | None
    created_at_us: int
    content_type: str
    file_ids_json: str
    own_key: int
    content_sealed: bytes

    @property
    def sealed_bytes(self) -> int:
        return len(self.content_sealed)

    @property
    def file_ids(self) -> tuple[str, ...]:
        """Decoded when asked for: most messages carry no file, and an answer in JSON can take the text as
        it is."""
        return msgspec.json.decode(self.file_ids_json, type=tuple[str, ...])


class FileRow(msgspec.Struct, frozen=True, gc=False):
    """`declared_sealed` is bound to FileUploaded, version 1; `details_sealed` to FileStored,
    `details_version`; `media_sealed` to `media_type`, `media_version`. From `scheme` to `details_version`, and
    `details_sealed`: None until the file has been stored; `media_*`: None unless that was found."""

    position: int
    file_id: str
    user_id: str
    chat_id: str | None
    message_id: str | None
    kind: FileKind
    status: FileStatus
    error_code: str | None
    size_bytes: int
    uploaded_at_us: int
    updated_at_us: int
    scheme: str | None
    ciphertext_bytes: int | None
    details_version: int | None
    media_type: MediaType | None
    media_version: int | None
    media_error: str | None
    renditions_json: str
    transcribed: int
    declared_sealed: bytes
    details_sealed: bytes | None
    media_sealed: bytes | None

    @property
    def sealed_bytes(self) -> int:
        return len(self.declared_sealed) + len(self.details_sealed or b"") + len(self.media_sealed or b"")

    @property
    def renditions(self) -> tuple[str, ...]:
        """Names of what was derived and lies beside the blob."""
        return msgspec.json.decode(self.renditions_json, type=tuple[str, ...])


class TranscriptRow(msgspec.Struct, frozen=True, gc=False):
    """`text_sealed` is bound to AudioTranscribed, `version`."""

    file_id: str
    user_id: str
    version: int
    text_sealed: bytes


Item = ChatRow | MessageRow | FileRow


class DeletionRow(msgspec.Struct, frozen=True):
    """A chat or file that is deleted, and of which something may be left to destroy. `position`: of its deletion."""

    position: int
    stream: str
    user_id: str
