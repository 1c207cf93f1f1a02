"""An event with its place in history: what folding and projecting work on."""

from __future__ import annotations

import msgspec

from domain.events import AnyEvent


class Fact(msgspec.Struct, frozen=True, gc=False):
    """`event` without its private part unless the caller opened it; `sealed`: the encrypted private part, b"" for
    none; `key_id`: which key sealed it. `position` counts from 1 over the log, `version` from 1 over the stream."""

    position: int
    stream: str
    version: int
    user: str
    at_us: int
    event: AnyEvent
    key_id: str
    sealed: bytes

    @property
    def subject(self) -> str:
        """The id within the stream's name: `chat-<id>` → `<id>`."""
        return self.stream.partition("-")[2]
