"""What an export tells, whatever version wrote it: times in µs, ids as they were there."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from domain.events import FileKind, Role

Status = Literal["sent", "delivered", "read", "error"]
NAME_MAX: Final = 255
_JOINERS: Final = str.maketrans("", "", "\u200c\u200d")  # Persian words and family emoji are written with them.


class Chat(msgspec.Struct, frozen=True, gc=False):
    chat_id: str
    title: str
    began_at_us: int


class Message(msgspec.Struct, frozen=True):
    message_id: str
    chat_id: str
    role: Role
    content_type: str
    content: str
    status: Status
    error_code: str
    file_ids: tuple[str, ...]
    sent_at_us: int


class File(msgspec.Struct, frozen=True, gc=False):
    """`path`: where in the archive its bytes are; None: it has none."""

    file_id: str
    chat_id: str | None
    message_id: str | None
    kind: FileKind
    name: str
    declared_type: str
    size_bytes: int
    sha256: str
    uploaded_at_us: int
    path: str | None


class End(msgspec.Struct, frozen=True, gc=False):
    """The last line. `lines`, `sha256`: of all before it."""

    lines: int
    sha256: str


class Other(msgspec.Struct, frozen=True):
    """What an account has of its own, and does not take over: the person, their sessions."""


Row = Chat | Message | File | End | Other


def is_name(text: str) -> bool:
    """As files may be called here: see api/names.py."""
    return 1 <= len(text) <= NAME_MAX and text.translate(_JOINERS).isprintable()
