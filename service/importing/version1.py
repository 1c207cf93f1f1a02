"""Lines of `strongroom-export/1`. A later version has a module of its own; this one stays."""

from __future__ import annotations

from typing import Annotated, Literal, assert_never

import msgspec
from msgspec import Meta

from domain.events import FileKind, Role
from service.importing import rows
from service.importing.rows import Row, Status, is_name
from service.reading.views import parse_told

FORMAT = "strongroom-export/1"
CONTENT_BYTES_MAX = 256 * 1024
_Id = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")]
_MediaType = Annotated[str, Meta(max_length=127, pattern=r"^[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+\Z")]


class _Line(msgspec.Struct, frozen=True, tag_field="kind"):
    """Fields that are not named here are of no use to an import."""


class _User(_Line, frozen=True, tag="user"):
    pass


class _Session(_Line, frozen=True, tag="session"):
    pass


class _Chat(_Line, frozen=True, tag="chat"):
    chat_id: _Id
    title: Annotated[str, Meta(max_length=200)]
    created_at: str


class _Message(_Line, frozen=True, tag="message"):
    message_id: _Id
    chat_id: _Id
    role: Role
    content_type: _MediaType
    content: Annotated[str, Meta(max_length=CONTENT_BYTES_MAX)]
    status: Status
    error_code: Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,64}\Z")] | None
    file_ids: Annotated[tuple[_Id, ...], Meta(max_length=100)]
    created_at: str


class _File(_Line, frozen=True, tag="file"):
    file_id: _Id
    chat_id: _Id | None
    message_id: _Id | None
    file_kind: FileKind
    name: str
    mime_type: Annotated[str, Meta(max_length=255)] | None
    size_bytes: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    status: Literal["processing", "ready", "error"]
    hash_sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    uploaded_at: str
    path: Annotated[str, Meta(pattern=r"^files/[^/]+\Z")] | None


class _End(_Line, frozen=True, tag="end"):
    lines: Annotated[int, Meta(ge=1)]
    sha256: str


_decode = msgspec.json.Decoder(_User | _Session | _Chat | _Message | _File | _End).decode


def decode(line: bytes) -> Row:
    """ValueError, which msgspec's errors are, for what no export of this version says."""
    found = _decode(line)
    match found:
        case _Chat(chat_id=chat_id, title=title, created_at=at):
            return rows.Chat(chat_id, title, parse_told(at))
        case _Message():
            return _message(found)
        case _File():
            return _file(found)
        case _End(lines=lines, sha256=sha256):
            return rows.End(lines, sha256)
        case _User() | _Session():
            return rows.Other()
        case _:
            assert_never(found)


def _message(line: _Message) -> rows.Message:
    if len(line.content.encode()) > CONTENT_BYTES_MAX:
        raise ValueError("a message is too long")
    if not (line.content or line.file_ids):
        raise ValueError("a message has neither words nor files")
    if (line.status == "error") != (line.error_code is not None):
        raise ValueError("a message that failed has a code, and no other has one")
    return rows.Message(
        message_id=line.message_id,
        chat_id=line.chat_id,
        role=line.role,
        content_type=line.content_type,
        content=line.content,
        status=line.status,
        error_code=line.error_code or "",
        file_ids=line.file_ids,
        sent_at_us=parse_told(line.created_at),
    )


def _file(line: _File) -> rows.File:
    if not is_name(line.name):
        raise ValueError("a file has a name that cannot be shown")
    return rows.File(
        file_id=line.file_id,
        chat_id=line.chat_id,
        message_id=line.message_id,
        kind=line.file_kind,
        name=line.name,
        declared_type=line.mime_type or "application/octet-stream",
        size_bytes=line.size_bytes,
        sha256=line.hash_sha256,
        uploaded_at_us=parse_told(line.uploaded_at),
        path=line.path,
    )
