"""Records as small as the log takes them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eventstore.record import Append, NewRecord, RequestTag
from eventstore.writer import LogWriter


def record(
    stream: str = "chat-a",
    version: int = 1,
    *,
    user: str = "u1",
    sealed: bytes = b"",
    request: RequestTag | None = None,
    public: dict[str, object] | None = None,
) -> NewRecord:
    return NewRecord(
        stream=stream,
        version=version,
        type="Noted",
        schema=1,
        user=user,
        public={} if public is None else public,
        key_id="key" if sealed else "",
        sealed=sealed,
        request=request,
    )


def one(stream: str = "chat-a", version: int = 1, *, user: str = "u1", sealed: bytes = b"") -> Append:
    return Append((record(stream, version, user=user, sealed=sealed),))


def tag(key: int, body: int = 0) -> RequestTag:
    return RequestTag(key=bytes([key]) * 16, body=bytes([body]) * 16)


def now_us() -> int:
    return time.time_ns() // 1_000


class Clock:
    """Stands where it is put, also behind where it stood."""

    def __init__(self, at_us: int) -> None:
        self.at_us = at_us

    def __call__(self) -> int:
        return self.at_us


@contextmanager
def writing(folder: Path, clock: Clock | None = None) -> Iterator[LogWriter]:
    """A writer on `events.db` of the folder, closed at the end."""
    writer = LogWriter(folder / "events.db", folder / "log.lock", clock or now_us)
    try:
        yield writer
    finally:
        writer.close()
