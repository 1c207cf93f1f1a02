"""What one person was told to be kept, and what was told to be gone: to be compared with what there is at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True)
class Ledger:
    """Only what was acknowledged. `chats`: id → title; `messages`: id → its chat and text; `files`: id → its chat,
    if any, and SHA-256. A deleted chat takes its messages and files along."""

    chats: dict[str, str] = field(default_factory=dict)
    messages: dict[str, tuple[str, str]] = field(default_factory=dict)
    files: dict[str, tuple[str | None, str]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    def drop_chat(self, chat_id: str) -> None:
        del self.chats[chat_id]
        inside = [one for one, (chat, _) in self.messages.items() if chat == chat_id]
        inside += [one for one, (chat, _) in self.files.items() if chat == chat_id]
        for each in inside:
            self.messages.pop(each, None)
            self.files.pop(each, None)
        self.gone |= {chat_id, *inside}

    def drop_file(self, file_id: str) -> None:
        del self.files[file_id]
        self.gone.add(file_id)

    def differences(self, pages: Iterable[Json]) -> Iterator[str]:
        """A line for each thing that is missing, changed, or back. `pages`: all of GET /user/data."""
        chats: dict[str, str] = {}
        messages: dict[str, str] = {}
        files: dict[str, Json] = {}
        for page in pages:
            chats |= {chat["chat_id"]: chat["title"] for chat in page["chats"]}
            messages |= {message["message_id"]: message["content"] for message in page["messages"]}
            files |= {file["file_id"]: file for file in page["files"]}
        for chat_id, title in self.chats.items():
            if chats.get(chat_id) != title:
                yield f"chat {chat_id}: {'missing' if chat_id not in chats else 'another title'}"
        for message_id, (_, content) in self.messages.items():
            if messages.get(message_id) != content:
                yield f"message {message_id}: {'missing' if message_id not in messages else 'another text'}"
        for file_id, (_, sha256) in self.files.items():
            row = files.get(file_id)
            if row is None:
                yield f"file {file_id}: missing"
            elif row["status"] != "ready":
                yield f"file {file_id}: {row['status']} ({row['error_code']})"
            elif row["hash_sha256"] != sha256:
                yield f"file {file_id}: another content"
        for each in self.gone & (chats.keys() | messages.keys() | files.keys()):
            yield f"{each}: deleted, and there again"
        for each in (chats.keys() | messages.keys() | files.keys()) - self.known:
            yield f"{each}: nobody was told of it"

    @property
    def known(self) -> set[str]:
        return {*self.chats, *self.messages, *self.files, *self.gone}
