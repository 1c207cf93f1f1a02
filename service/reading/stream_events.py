"""Records → what `GET /stream` sends: the public and the opened private fields of each event, as one JSON object.

Names are those of `GET /user/data`, and files and messages carry the status they now have, so that a row on the page
can be drawn anew without asking. WHATWG HTML §9.2.5 is the format of the lines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, assert_never

import msgspec

from domain.events import (
    AccountEvent,
    AnalysisFailed,
    AnyEvent,
    AudioAnalysed,
    AudioTranscribed,
    ChatEvent,
    ExportEvent,
    FileDeleted,
    FileErased,
    FileFailed,
    FileRetried,
    FileStored,
    FileUploaded,
    ImageAnalysed,
    MessageDelivered,
    MessageFailed,
    MessageRead,
    MessageSent,
    SessionEvent,
    TokenEvent,
    take_apart,
)
from eventstore.errors import LogCorrupt
from eventstore.record import Record
from service.house.facts import open_event, to_fact
from service.house.house import House
from service.house.keychain import Keychain
from service.house.principal import Principal
from service.house.reach import Reach
from service.reading.views import rfc3339
from vault.keys import unwrap_for_server

SUBJECTS: Final[Mapping[str, str]] = {
    "account": "user_id",
    "session": "session_id",
    "token": "token_id",
    "export": "export_id",
    "chat": "chat_id",
    "message": "message_id",
    "file": "file_id",
}
NAMES: Final[Mapping[str, str]] = {
    "chat": "chat_id",
    "message": "message_id",
    "code": "error_code",
    "scheme": "encryption_scheme",
    "iv": "encryption_iv",
    "sha256": "hash_sha256",
    "expires_at_us": "expires_at",
    "began_at_us": "began_at",
    "sent_at_us": "sent_at",
    "uploaded_at_us": "uploaded_at",
}
TIMES: Final = frozenset(name for name in NAMES if name.endswith("_at_us"))
_encode = msgspec.json.Encoder().encode
BREAKS: Final = {mark.encode(): json.dumps(mark).strip('"').encode() for mark in "\x85\u2028\u2029"}
"""What programs that know Unicode take for the end of a line (UAX #14), JSON does not escape, and the stream's format
does not count as one: as it goes over the wire, and as it is escaped."""


def event_lines(name: str, data: object, position: int | None = None) -> bytes:
    """One event of the stream. Without a position it has no id: where a client resumes stays as it was.

    JSON has no line break outside its strings and escapes those within, so one `data:` line holds it; also for a
    client that splits lines by Unicode's rules."""
    event_id = b"" if position is None else b"id: %d\n" % position
    told = _encode(data)
    for mark, escaped in BREAKS.items():
        told = told.replace(mark, escaped)
    return b"%sevent: %s\ndata: %s\n\n" % (event_id, name.encode(), told)


class Telling:
    """Opens a page of one person's records with the keys that are there at this moment, and keeps none of them."""

    __slots__ = ("_chats", "_house", "_keys", "_reach", "_who")

    def __init__(self, house: House, who: Principal) -> None:
        self._house = house
        self._who = who
        self._keys = Keychain(house, who)
        self._reach = Reach(house.log, who)
        self._chats: dict[str, str | None] = {}

    def lines(self, record: Record) -> bytes:
        """b"" for what is out of reach. SealBroken, LogCorrupt, UnknownEvent: the record cannot be what it says it is,
        or is newer than this code."""
        if not self._reach.record(record):
            return b""
        return event_lines(record.envelope.type, self.fields(record), record.position)

    def fields(self, record: Record) -> dict[str, Any]:
        """The JSON object. `forgotten`: what was private was, and its key is gone."""
        envelope = record.envelope
        key = self._key(record) if record.sealed else None
        event = to_fact(record).event if key is None else open_event(record, key)
        kind, _, subject = envelope.stream.partition("-")
        parts = take_apart(event)
        fields = {**parts.public, **(parts.private or {})}
        for name in fields.keys() & TIMES:
            fields[name] = rfc3339(fields[name])
        told = {NAMES.get(name, name): value for name, value in fields.items()}
        told |= {"position": envelope.position, "at": rfc3339(envelope.at_us), SUBJECTS[kind]: subject}
        if (status := status_after(event)) is not None:
            told["status"] = status
        if record.sealed and key is None:
            told["forgotten"] = True
        return told

    def _key(self, record: Record) -> bytes | None:
        """None: forgotten. LogCorrupt for a kind of key that nobody knows."""
        key_id = record.envelope.key_id
        kind, _, subject = key_id.partition("-")
        match kind:
            case "subject":
                return self._subject_key()
            case "user":
                return self._who.keys.session_key()
            case "chat":
                return self._keys.stream(key_id)
            case "message":
                return None if self._of_forgotten_chat(record) else self._keys.stream(key_id)
            case "file" | "blob":
                if self._keys.stream(f"file-{subject}") is None or self._in_forgotten_chat(record, subject):
                    return None
                return self._keys.stream(key_id) if kind == "file" else self._keys.details(subject)
            case _:
                raise LogCorrupt(f"position {record.position} is sealed under a key that nobody knows")

    def _subject_key(self) -> bytes | None:
        user = self._who.user
        account = self._house.keyring.account(user)
        if account is None:
            return None
        purpose = self._house.server.purpose("subject")
        return unwrap_for_server(purpose, account.subject_by_server, user, f"account-{user}", "subject")

    def _of_forgotten_chat(self, record: Record) -> bool:
        """A message with a key of its own goes with its chat all the same."""
        event = to_fact(record).event
        return isinstance(event, MessageSent) and self._keys.stream(f"chat-{event.chat}") is None

    def _in_forgotten_chat(self, record: Record, file_id: str) -> bool:
        """A file goes with its chat, though its own keys follow a moment later."""
        if file_id not in self._chats:
            records = [record] if record.envelope.version == 1 else self._house.log.read_stream(f"file-{file_id}")
            first = to_fact(records[0]).event
            self._chats[file_id] = first.chat if isinstance(first, FileUploaded) else None
        chat = self._chats[file_id]
        return chat is not None and self._keys.stream(f"chat-{chat}") is None


def status_after(event: AnyEvent) -> str | None:
    """The status of the message or file once this has happened; None for what has none."""
    if isinstance(event, AccountEvent | SessionEvent | TokenEvent | ExportEvent | ChatEvent):
        return None
    match event:
        case MessageSent():
            return "sent"
        case MessageDelivered():
            return "delivered"
        case MessageRead():
            return "read"
        case MessageFailed() | FileFailed():
            return "error"
        case FileUploaded() | FileRetried():
            return "processing"
        case FileStored() | AudioAnalysed() | ImageAnalysed() | AudioTranscribed() | AnalysisFailed():
            return "ready"
        case FileDeleted() | FileErased():
            return "deleted"
        case _:
            assert_never(event)
