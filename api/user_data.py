"""GET /user/data: everything of a person, as a page, as one streamed document, or as lines."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import AsyncIterator
from typing import NamedTuple, cast

import msgspec

from api.access import EXCHANGE, Exchange
from api.conditional import none_match
from api.errors import invalid
from api.operation import JSON, Answer, Call, Operation, operation
from api.resource import Resource
from api.shapes import UserDataAnswer, UserDataQuery, canonical_id
from projections.errors import ProjectionStopped
from projections.paging import EVERY_KIND, Kind
from service.desk.folds import EVENTS_MAX, TooMuchHistory
from service.desk.reading import Freshness, fresh
from service.house.advance import shares_of
from service.house.house import House
from service.reading.moment import Moment, moment
from service.reading.moment import source as past_source
from service.reading.user_data import Filters, Source, Top, everything, head, kind_of, page, today
from service.reading.views import ChatView, FileView, ItemView, MessageView, SessionView, UserView, parse_rfc3339

NDJSON = "application/x-ndjson"
ORDER: tuple[Kind, ...] = ("chats", "messages", "files")
_encode = msgspec.json.encode


class UserData(Resource):
    @operation(
        Operation(
            summary="All that is yours",
            access="read",
            account_wide=False,
            query=UserDataQuery,
            answers={
                200: Answer("A page with `limit`, else everything", UserDataAnswer, also=(NDJSON,)),
                304: Answer("Nothing has changed"),
            },
            problems=(400, 401, 422, 503, 507),
            description="Items come in the order of the log. With `limit`, chats, messages and files together make up "
            "a page. `Accept: application/x-ndjson` gives one object a line, each with its `kind`. "
            "`as_of` gives all of it as it stood at a position of the log or at a time, less what was deleted since.",
        )
    )
    async def on_get(self, call: Call) -> None:
        query: UserDataQuery = call.query
        filters, cursor = to_filters(query), _read_cursor(query)
        then = None if query.as_of is None else _moment(self.desk.house, query.as_of, cursor)
        seen = await fresh(self.desk, call.who.user)
        call.resp.set_header("Cache-Control", "private, no-cache")
        call.resp.set_header("Vary", "Accept, Authorization, Cookie")
        if then is None:
            source, position = today(self.desk, call.who), seen.position
            call.tell_stale(stale=seen.stale)
            top = head(source)
            # How many sessions, for one ends by the clock too, without an event; and how far files have come.
            state: list[object] = [len(top[1]), shares_of(self.desk.house, call.who.user)]
            if _unchanged(call, seen, position, state):
                return
        else:
            position = then.position
            if _unchanged(call, seen, position, [position]):  # Before anything is folded.
                return
            source = await _look_back(call, then)
            top = head(source)
        lines = NDJSON in (call.req.accept or "")
        resp = call.resp
        resp.content_type = NDJSON if lines else JSON
        if query.limit is None and query.cursor is None:
            write = _all_lines if lines else _all_document
            resp.stream = write(source, top, filters, position)
            return
        found = await page(source, filters, None if cursor is None else cursor.after, query.limit or 100)
        following = None
        if found.next_after is not None:
            following = _write_cursor(query, Cursor(found.next_after, None if then is None else position))
        if lines:
            resp.data = b"".join(_lines(top, found.items)) + _end_line(following, position)
        else:
            resp.data = _document(top, found.items, following, position)


def _moment(house: House, as_of: str, cursor: Cursor | None) -> Moment:
    """HttpProblem 422 for what names none, or one that the log has not reached."""
    try:
        then = moment(house.log, as_of.replace(" ", "+"), house.clock_us())
    except (ValueError, OverflowError):
        raise invalid("as_of", "Expected a position, or a time by RFC 3339, for example 2026-01-31T09:30:00Z") from None
    if then is None:
        raise invalid("as_of", "Expected a position that the log has reached, or a time that has come")
    if cursor is not None and cursor.as_of is not None:
        # Where the first page stood: of a moment ago, more may have become durable since.
        then = Moment(min(cursor.as_of, then.position), then.at_us)
    return then


async def _look_back(call: Call, then: Moment) -> Source:
    """Folded, and let go of when the exchange is over. HttpProblem 422 for too much of it, and for
    what goes past an event of a newer Strongroom."""
    exchange: Exchange = call.req.scope[EXCHANGE]
    try:
        look = await call.desk.folds.look(call.who.user, then.position)
    except TooMuchHistory:
        raise invalid("as_of", f"Expected a moment with at most {EVENTS_MAX:,} events of yours before it") from None
    except ProjectionStopped as stopped:
        told = f"Expected a moment before position {stopped.position}: this server cannot tell what happened there"
        raise invalid("as_of", told) from stopped
    exchange.at_end(look.close)
    return past_source(call.desk.house, call.who, look.past, then)


def _unchanged(call: Call, seen: Freshness, position: int, state: list[object]) -> bool:
    """Sets the headers that tell the version; True when the caller has it, and the answer is 304. `state`: what else
    than events can change it."""
    call.resp.set_header("Strongroom-Position", str(position))
    if seen.stale:  # This is not yet what the tag of this position stands for.
        return False
    etag = _etag(call, seen.user_position, state)
    call.resp.set_header("ETag", etag)
    if none_match(call.req.get_header("If-None-Match"), etag):
        call.resp.status = 304
        return True
    return False


def to_filters(query: UserDataQuery) -> Filters:
    """HttpProblem 422 for what cannot be a filter."""
    include = EVERY_KIND
    if query.include is not None:
        names = [name.strip() for name in query.include.split(",")]
        if any(name not in EVERY_KIND for name in names):
            raise invalid("include", "Expected chats, messages, files, separated by commas")
        include = frozenset(cast(list[Kind], names))
    if query.chat_id is not None:
        try:
            canonical_id(query.chat_id)
        except ValueError as error:
            raise invalid("chat_id", str(error)) from None
    return Filters(
        include=include,
        chat_id=query.chat_id,
        since_us=_time("since", query.since),
        until_us=_time("until", query.until),
        role=query.role,
        kind=query.kind,
        status=query.status,
        mime=query.mime,
        words=tuple((query.q or "").casefold().split()),
        descending=query.order == "desc",
    )


def _time(field: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return parse_rfc3339(text.replace(" ", "+"))  # A plus sign that nobody escaped arrives as a space.
    except (ValueError, OverflowError):
        raise invalid(field, "Expected a time by RFC 3339, for example 2026-01-31T09:30:00Z") from None


# -- cursors and ETags -------------------------------------------------------------------------------------------


def _fingerprint(query: UserDataQuery) -> bytes:
    """What a cursor belongs to: the same filters in the same order. 8 bytes."""
    bare = msgspec.structs.replace(query, cursor=None, limit=None)
    return hashlib.sha256(_encode(bare)).digest()[:8]


class Cursor(NamedTuple):
    """The position of the last item seen; with `as_of`, the position that it stood for."""

    after: int
    as_of: int | None


def _write_cursor(query: UserDataQuery, cursor: Cursor) -> str:
    data = _fingerprint(query) + b"".join(place.to_bytes(8, "big") for place in cursor if place is not None)
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _read_cursor(query: UserDataQuery) -> Cursor | None:
    """HttpProblem 422 for a cursor that is not ours or that other filters gave."""
    if query.cursor is None:
        return None
    try:
        data = base64.b64decode(query.cursor + "==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if len(data) != (16 if query.as_of is None else 24) or data[:8] != _fingerprint(query):
        raise invalid("cursor", "This cursor does not belong to this query")
    after, *as_of = (min(int.from_bytes(data[at : at + 8], "big"), 2**63 - 1) for at in range(8, len(data), 8))
    return Cursor(after, as_of[0] if as_of else None)


def _etag(call: Call, position: int, state: list[object]) -> str:
    """Weak: the same state may be written out in another way. The session is in it, for `current`, and the token, for
    what it reaches. Of the past, too, the person's newest event tells the version: it may have forgotten something."""
    who = call.who
    told = f"{position}/{who.session_id}{who.token_id}/{call.req.accept}/".encode() + _encode([call.query, state])
    return f'W/"{position}-{hashlib.sha256(told).hexdigest()[:16]}"'


# -- writing out -------------------------------------------------------------------------------------------------


def _document(top: Top, items: list[ItemView], cursor: str | None, position: int) -> bytes:
    user, sessions = top
    return _encode(
        UserDataAnswer(
            user=user,
            sessions=sessions,
            chats=[item for item in items if isinstance(item, ChatView)],
            messages=[item for item in items if isinstance(item, MessageView)],
            files=[item for item in items if isinstance(item, FileView)],
            next_cursor=cursor,
            position=position,
        )
    )


async def _all_document(source: Source, top: Top, filters: Filters, position: int) -> AsyncIterator[bytes]:
    """The same document, written as it is read: memory does not grow with the history."""
    user, sessions = top
    yield b'{"user":' + _encode(user) + b',"sessions":' + _encode(sessions)
    for kind in ORDER:
        yield f',"{kind}":['.encode()
        first = True
        if kind in filters.include:
            async for items in everything(source, filters, frozenset({kind}), position):
                if items:
                    listed = _encode(items)[1:-1]
                    yield listed if first else b"," + listed
                    first = False
        yield b"]"
    yield b',"next_cursor":null,"position":' + str(position).encode() + b"}"


async def _all_lines(source: Source, top: Top, filters: Filters, position: int) -> AsyncIterator[bytes]:
    yield b"".join(_lines(top, []))
    async for items in everything(source, filters, filters.include, position):
        yield b"".join(_line(kind_of(item), item) for item in items)
    yield _end_line(None, position)


def _lines(top: Top, items: list[ItemView]) -> list[bytes]:
    user, sessions = top
    lines = [] if user is None else [_line("user", user)]
    lines += [_line("session", session) for session in sessions]
    return lines + [_line(kind_of(item), item) for item in items]


def _line(kind: str, value: UserView | SessionView | ItemView) -> bytes:
    """`{"kind":…}` and the fields. A file has a kind of its own, which is then called `file_kind`."""
    data = _encode(value)
    if isinstance(value, FileView):
        data = data.replace(b'"kind":', b'"file_kind":', 1)
    return b'{"kind":"' + kind.encode() + b'",' + data[1:] + b"\n"


def _end_line(cursor: str | None, position: int) -> bytes:
    """The last line says that nothing was cut off."""
    return _encode({"kind": "end", "next_cursor": cursor, "position": position}) + b"\n"
