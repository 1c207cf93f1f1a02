"""GET /stream: what happens to what is yours, as it happens, as server-sent events. WHATWG HTML §9.2."""

from __future__ import annotations

import asyncio
import re

from api.access import EXCHANGE, Exchange
from api.credentials import identify
from api.errors import HttpProblem, invalid
from api.operation import Answer, Call, HeaderField, Operation, operation
from api.shapes import StreamQuery
from service.desk.desk import Desk
from service.machine.errors import TooManyStreams
from service.reading.stream import Stream

EVENT_STREAM = "text/event-stream"
_POSITION = re.compile(r"[0-9]{1,18}")


class EventStream:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @operation(
        Operation(
            summary="What happens, as it happens",
            access="read",
            account_wide=False,
            headers=(
                HeaderField(
                    "Last-Event-ID",
                    "The id of the last event received: what comes after it is sent.",
                    {"type": "string", "pattern": "^[0-9]{1,18}$"},
                ),
            ),
            query=StreamQuery,
            answers={200: Answer("Server-sent events, until the session ends", media_type=EVENT_STREAM)},
            problems=(400, 401, 422, 429, 503),
            description="`id` is the position in the log, `event` the event's type, `data` a JSON object with its "
            "fields, opened, and `position`, `at` and the id of what it happened to; `forgotten: true` where the key "
            "of the private ones is gone. The header `Last-Event-ID` resumes after a position without a gap or a "
            "repeat; without it, `ready` comes first and says where the stream begins. `progress` has no id: it tells "
            "how far the processing of a file has come. `heartbeat`, without an id, comes after 15 s of silence. `end` "
            "comes last and says why: `closed`, `expired` or `erased` with the session, `shutdown` when the "
            "client may come again at once. `StreamEvents`, among the types, says what `data` holds.",
        )
    )
    async def on_get(self, call: Call) -> None:
        req, resp, desk = call.req, call.resp, self.desk
        exchange: Exchange = req.scope[EXCHANGE]
        try:
            stream = Stream(desk.house, desk.live, call.who, lambda: identify(desk, req), _resume(call))
        except TooManyStreams:
            detail = f"No more than {desk.house.settings.streams_per_user} streams at once. Close one."
            raise HttpProblem(429, "too_many_streams", detail, headers={"Retry-After": "15"}) from None
        watch = asyncio.create_task(exchange.gone())
        watch.add_done_callback(lambda _: stream.gone())

        def end() -> None:
            stream.leave()
            watch.cancel()

        exchange.step_aside(end)
        resp.content_type = EVENT_STREAM
        resp.set_header("Cache-Control", "no-store")
        resp.set_header("X-Accel-Buffering", "no")  # Else a proxy would gather events until a buffer is full.
        resp.stream = stream


def _resume(call: Call) -> int | None:
    """The position to go on after; None for now. HttpProblem 422 for what is none, or lies ahead of the log: the
    client has been speaking with another one."""
    query: StreamQuery = call.query
    header = call.req.get_header("Last-Event-ID")
    field, after = ("after", query.after) if header is None else ("Last-Event-ID", _position(header))
    if after is not None and after > call.desk.house.log.head():
        raise invalid(field, "Expected a position that the log has reached")
    return after


def _position(header: str) -> int:
    if _POSITION.fullmatch(header) is None:
        raise invalid("Last-Event-ID", "Expected a position: the id of an event of this stream")
    return int(header)
