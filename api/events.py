"""A person's own history: their events as the log has them, and the proof that it does."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from typing import Final

from api.errors import busy, invalid
from api.operation import Answer, Call, Operation, operation
from api.resource import Resource
from api.shapes import EventsAnswer, EventsQuery
from domain.errors import NotFound
from eventstore.log import MAX_POSITION, Entry, Log
from service.reading.views import EventView, rfc3339

PROOF_TYPE: Final = "text/plain; charset=utf-8"
PIECE: Final = 200  # Read before the event loop is let go again: some milliseconds.
PIECE_BYTES: Final = 256 * 1024
PAGE_BYTES: Final = 1 << 20  # Of one answer, which is encoded in one go: more than a thousand usual events have.
_POSITION: Final = re.compile(r"[1-9][0-9]{0,18}")
_TAGS: Final = {"asc": b"\x01", "desc": b"\x02"}  # A cursor goes on in the direction that it came from.
_CURSOR_BYTES: Final = 9  # A multiple of three: no padding.


class UserEvents(Resource):
    @operation(
        Operation(
            summary="Your history",
            access="read",
            query=EventsQuery,
            answers={200: Answer("A page of your events, the oldest first unless asked otherwise", EventsAnswer)},
            problems=(400, 401, 422),
            description="Every event of yours, straight from the log: what happened, when, to what. The content is not "
            "in it; `/user/data` has that.",
        )
    )
    async def on_get(self, call: Call) -> None:
        query: EventsQuery = call.query
        page, more = await _read_page(self.desk.house.log, call.who.user, query)
        published = self.desk.public_log.published()
        call.answer(
            200,
            EventsAnswer(
                events=[_view(entry) for entry in page],
                next_cursor=_write_cursor(query, page[-1].envelope.position) if more and page else None,
                checkpoint_size=0 if published is None else published.size,
            ),
        )


class EventProof(Resource):
    @operation(
        Operation(
            summary="The proof that an event of yours is in the log",
            access="read",
            answers={200: Answer("A proof as of c2sp.org/tlog-proof, with the event in it", media_type=PROOF_TYPE)},
            path_parts={"position": {"type": "integer", "minimum": 1}},
            problems=(400, 401, 404, 422, 503),
            description="Against the newest published checkpoint. An event of this moment is covered by the next one, "
            "which is waited for; 503 with `Retry-After` when it does not come in time. `extra` is the event's "
            "envelope.",
        )
    )
    async def on_get(self, call: Call, position: str) -> None:
        entry = self._own(call, position)
        public_log = self.desk.public_log
        with public_log.proofs.one(call.who.user):
            published = await public_log.published_at(entry.envelope.position)
            if published is None:
                raise busy("No checkpoint covers this event yet. Try again.")
            proof = await public_log.proof(entry.envelope.position, entry.data, published)
        call.resp.data = proof.encode()
        call.resp.content_type = PROOF_TYPE
        call.resp.set_header("Cache-Control", "no-store")

    def _own(self, call: Call, text: str) -> Entry:
        """NotFound for another person's event as for one that is not there."""
        position = int(text) if _POSITION.fullmatch(text) else 0
        if 1 <= position <= MAX_POSITION:
            found = self.desk.house.log.read_user_entries(call.who.user, position - 1, 1)
            if found and found[0].envelope.position == position:
                return found[0]
        raise NotFound("No such event.")


async def _read_page(log: Log, user: str, query: EventsQuery) -> tuple[list[Entry], bool]:
    """At most as many as asked for, or fewer where they are large, and whether there is more; read in pieces, with
    other requests in between."""
    page: list[Entry] = []
    after, size_bytes = _read_cursor(query), 0
    while size_bytes < PAGE_BYTES:
        wanted = query.limit + 1 - len(page)  # One more, which tells that there is one.
        piece = log.read_user_entries(
            user, after, min(wanted, PIECE), descending=query.order == "desc", most_bytes=PIECE_BYTES
        )
        page += piece
        if len(page) > query.limit:
            return page[:-1], True
        if not piece:
            return page, False
        after = piece[-1].envelope.position
        size_bytes += sum(len(each.data) for each in piece)
        await asyncio.sleep(0)
    return page, True


def _view(entry: Entry) -> EventView:
    envelope = entry.envelope
    kind, _, id_ = envelope.stream.partition("-")
    return EventView(
        position=envelope.position,
        at=rfc3339(envelope.at_us),
        type=envelope.type,
        stream=kind,
        id=id_,
        version=envelope.version,
        schema=envelope.schema,
        key_id=envelope.key_id,
        sealed_bytes=entry.sealed_bytes,
        public=envelope.public,
    )


def _write_cursor(query: EventsQuery, after: int) -> str:
    return base64.urlsafe_b64encode(_TAGS[query.order] + after.to_bytes(8)).decode()


def _read_cursor(query: EventsQuery) -> int | None:
    """HttpProblem 422 for a cursor that is not ours or of the other order."""
    if query.cursor is None:
        return None
    try:
        data = base64.b64decode(query.cursor, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        data = b""
    after = int.from_bytes(data[1:])
    if len(data) != _CURSOR_BYTES or data[:1] != _TAGS[query.order] or after > MAX_POSITION:
        raise invalid("cursor", "This cursor does not belong to this query")
    return after
