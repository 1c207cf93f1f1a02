"""What one person was told to be kept, and what was told to be gone: to be compared with what there is at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal, assert_never

Json = dict[str, Any]
Kind = Literal["chat", "message", "file"]
KINDS: Final[tuple[Kind, ...]] = ("chat", "message", "file")


@dataclass(frozen=True, slots=True)
class Chat:
    title: str


@dataclass(frozen=True, slots=True)
class Message:
    """`role` and `status` are what a sender's own message has that nobody has said anything more about."""

    chat_id: str
    content: str
    role: str = "user"
    status: str = "sent"


@dataclass(frozen=True, slots=True)
class File:
    """`chat_id`: None for a file in no chat. `hash_sha256`: of what was sent, in hex."""

    chat_id: str | None
    hash_sha256: str
    name: str
    size_bytes: int
    status: str = "ready"


@dataclass(slots=True)
class Ledger:
    """Only what was acknowledged, by id. `gone`: what was deleted, and what that is. A deleted chat takes its messages
    and files along."""

    chats: dict[str, Chat] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    gone: dict[str, Kind] = field(default_factory=dict)

    def drop_chat(self, chat_id: str) -> None:
        del self.chats[chat_id]
        self.gone[chat_id] = "chat"
        for message_id in [one for one, message in self.messages.items() if message.chat_id == chat_id]:
            del self.messages[message_id]
            self.gone[message_id] = "message"
        for file_id in [one for one, file in self.files.items() if file.chat_id == chat_id]:
            self.drop_file(file_id)

    def drop_file(self, file_id: str) -> None:
        del self.files[file_id]
        self.gone[file_id] = "file"

    def kept(self, kind: Kind) -> Mapping[str, Chat | Message | File]:
        match kind:
            case "chat":
                return self.chats
            case "message":
                return self.messages
            case "file":
                return self.files
            case _:
                assert_never(kind)

    def ever(self, kind: Kind) -> set[str]:
        """All that was acknowledged, also what is deleted by now."""
        return {*self.kept(kind), *(one for one, what in self.gone.items() if what == kind)}

    def differences(self, pages: Iterable[Json]) -> Iterator[str]:
        """A line for each thing that is missing, changed, or back. `pages`: all of GET /user/data."""
        rows: dict[Kind, dict[str, Json]] = {kind: {} for kind in KINDS}
        for page in pages:
            for kind in KINDS:
                for row in page[f"{kind}s"]:
                    if row[f"{kind}_id"] in rows[kind]:
                        yield f"{kind} {row[f'{kind}_id']}: there twice"
                    rows[kind][row[f"{kind}_id"]] = row
        for kind in KINDS:
            yield from _changed(kind, self.kept(kind), rows[kind])
            for one in rows[kind].keys() - self.kept(kind).keys():
                yield f"{kind} {one}: {'deleted, and there again' if one in self.gone else 'nobody was told of it'}"


def _changed(kind: Kind, kept: Mapping[str, Chat | Message | File], rows: Mapping[str, Json]) -> Iterator[str]:
    for one, expected in kept.items():
        row = rows.get(one)
        if row is None:
            yield f"{kind} {one}: missing"
            continue
        for name in (each.name for each in fields(expected)):
            if row[name] != getattr(expected, name):
                error = f" ({row['error_code']})" if name == "status" else ""
                yield f"{kind} {one}: another {name}{error}"
