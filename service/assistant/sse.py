"""Server-sent events out of bytes, in bounded memory: for both sides, Strongroom's and the model's.
WHATWG HTML §9.2.6; lines end in LF or CR LF."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """`data` None: longer than the bound; what it said is gone."""

    id: str
    name: str
    data: str | None


async def events(chunks: AsyncIterator[bytes], most_bytes: int) -> AsyncGenerator[ServerSentEvent, None]:
    """Each event that came whole. UnicodeDecodeError for what is not UTF-8."""
    event_id, name, data, room = "", "", list[str](), most_bytes
    cut = False
    async for line in _lines(chunks, most_bytes):
        if line is None:
            cut = True
            continue
        if not line:
            if data or cut:
                yield ServerSentEvent(event_id, name or "message", None if cut else "\n".join(data))
            event_id, name, data, room, cut = "", "", [], most_bytes, False
            continue
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match field:
            case b"data":
                room -= len(value) + 1
                cut = cut or room < 0
                data = [] if cut else [*data, value.decode()]
            case b"event":
                name = value.decode()
            case b"id":
                event_id = value.decode()
            case _:
                pass  # A comment, or a field that is none of ours.


async def _lines(chunks: AsyncIterator[bytes], most_bytes: int) -> AsyncIterator[bytes | None]:
    """Without their ends; None for a line past the bound. What has no end when the bytes end is left out."""
    held, cut = bytearray(), False
    async for chunk in chunks:
        first, *others = chunk.split(b"\n")
        held += first
        for following in others:
            yield None if cut or len(held) > most_bytes else bytes(held).removesuffix(b"\r")
            held, cut = bytearray(following), False
        if len(held) > most_bytes:
            held, cut = bytearray(), True
