"""Which streams of a person's a token of some chats only reaches: these chats, their messages and their files.

Where the chat is named, `Principal.reaches` is asked. This is for what must be looked up: a message or a file lies in
the chat that its first event says, for good.
"""

from __future__ import annotations

from typing import Final

from domain.events import FileUploaded, MessageSent
from eventstore.log import Log
from eventstore.record import Record
from service.house.facts import to_fact
from service.house.principal import Principal

MAX_KEPT: Final = 4_096


class Reach:
    """For one request. Everything is within the reach of a session, and of a token that names no chats."""

    __slots__ = ("_known", "_log", "_who")

    def __init__(self, log: Log, who: Principal) -> None:
        self._log = log
        self._who = who
        self._known: dict[str, bool] = {}

    def record(self, record: Record) -> bool:
        """Whether an event may be told. Those of the account, of sessions, tokens and exports are in no chat."""
        if self._who.chats is None:
            return True
        stream = record.envelope.stream
        kind, _, subject = stream.partition("-")
        match kind:
            case "chat":
                return self._who.reaches(subject)
            case "message" | "file":
                return self._stream(stream, record if record.envelope.version == 1 else None)
            case _:
                return False

    def file(self, file_id: str) -> bool:
        """Whether a file may be told of; not one that the log does not know."""
        return self._who.chats is None or self._stream(f"file-{file_id}", None)

    def _stream(self, stream: str, first: Record | None) -> bool:
        if stream not in self._known:
            if len(self._known) >= MAX_KEPT:
                self._known.clear()
            records = [first] if first is not None else self._log.read_stream(stream)
            self._known[stream] = bool(records) and self._lies_within(records[0])
        return self._known[stream]

    def _lies_within(self, first: Record) -> bool:
        if first.envelope.user != self._who.user:
            return False
        event = to_fact(first).event
        return isinstance(event, MessageSent | FileUploaded) and self._who.reaches(event.chat)
