"""GET /user/data: everything of a person, as a page, as one streamed document, or as lines."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import AsyncIterator
from typing import cast

import msgspec

from api.conditional import none_match
from api.errors import invalid
from api.operation import JSON, Answer, Call, Operation, operation
from api.shapes import UserDataAnswer, UserDataQuery, canonical_id
from projections.paging import EVERY_KIND, Kind
from service.advance import shares_of
from service.desk import Desk
from service.reading import Freshness, fresh
from service.user_data import Filters, everything, head, kind_of, page
from service.views import ChatView, FileView, ItemView, MessageView, SessionView, UserView, parse_rfc3339

NDJSON = "application/x-ndjson"
ORDER: tuple[Kind, ...] = ("chats", "messages", "files")
_encode = msgspec.json.encode


class UserData:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @operation(
        Operation(
            summary="All that is yours",
            query=UserDataQuery,
            answers={
                200: Answer("A page with `limit`, else everything", UserDataAnswer, also=(NDJSON,)),
                304: Answer("Nothing has changed"),
            },
            problems=(400, 401, 422),
            description="Items come in the order of the log. With `limit`, chats, messages and files together make up "
            "a page. `Accept: application/x-ndjson` gives one object a line, each with its `kind`.",
        )
    )
    async def on_get(self, call: Call) -> None:
        query: UserDataQuery = call.query
        filters = to_filters(query)
        seen = await fresh(self.desk, call.who.user)
        resp = call.resp
        user, sessions = head(self.desk, call.who)
        resp.set_header("Cache-Control", "private, no-cache")
        resp.set_header("Vary", "Accept, Authorization, Cookie")
        resp.set_header("Strongroom-Position", str(seen.position))
        call.tell_stale(stale=seen.stale)
        if not seen.stale:  # Else this is not yet what the tag of this position stands for.
            etag = _etag(call, query, seen.user_position, len(sessions))
            resp.set_header("ETag", etag)
            if none_match(call.req.get_header("If-None-Match"), etag):
                resp.status = 304
                return
        lines = NDJSON in (call.req.accept or "")
        resp.content_type = NDJSON if lines else JSON
        if query.limit is None and query.cursor is None:
            write = _all_lines if lines else _all_document
            resp.stream = write(call, user, sessions, filters, seen)
            return
        after = _read_cursor(query)
        found = await page(self.desk, call.who, filters, after, query.limit or 100)
        cursor = None if found.next_after is None else _write_cursor(query, found.next_after)
        if lines:
            resp.data = b"".join(_lines(user, sessions, found.items)) + _end_line(cursor, seen)
        else:
            resp.data = _document(user, sessions, found.items, cursor, seen)


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


def _write_cursor(query: UserDataQuery, after: int) -> str:
    return base64.urlsafe_b64encode(_fingerprint(query) + after.to_bytes(8, "big")).rstrip(b"=").decode()


def _read_cursor(query: UserDataQuery) -> int | None:
    """HttpProblem 422 for a cursor that is not ours or that other filters gave."""
    if query.cursor is None:
        return None
    try:
        data = base64.b64decode(query.cursor + "==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if len(data) != 16 or data[:8] != _fingerprint(query):
        raise invalid("cursor", "This cursor does not belong to this query")
    return min(int.from_bytes(data[8:], "big"), 2**63 - 1)


def _etag(call: Call, query: UserDataQuery, position: int, live_sessions: int) -> str:
    """Weak: the same state may be written out in another way. The session is in it, for `current`; and how many there
    are, for a session ends by the clock too, without an event. So is how far files have come that are processed."""
    state = f"{position}/{live_sessions}/{call.who.session_id}/{call.req.accept}/".encode() + _encode(query)
    state += _encode(shares_of(call.desk.house, call.who.user))
    return f'W/"{position}-{hashlib.sha256(state).hexdigest()[:16]}"'


# -- writing out -------------------------------------------------------------------------------------------------


def _document(
    user: UserView | None, sessions: list[SessionView], items: list[ItemView], cursor: str | None, seen: Freshness
) -> bytes:
    return _encode(
        UserDataAnswer(
            user=user,
            sessions=sessions,
            chats=[item for item in items if isinstance(item, ChatView)],
            messages=[item for item in items if isinstance(item, MessageView)],
            files=[item for item in items if isinstance(item, FileView)],
            next_cursor=cursor,
            position=seen.position,
        )
    )


async def _all_document(
    call: Call, user: UserView | None, sessions: list[SessionView], filters: Filters, seen: Freshness
) -> AsyncIterator[bytes]:
    """The same document, written as it is read: memory does not grow with the history."""
    yield b'{"user":' + _encode(user) + b',"sessions":' + _encode(sessions)
    for kind in ORDER:
        yield f',"{kind}":['.encode()
        first = True
        if kind in filters.include:
            async for items in everything(call.desk, call.who, filters, frozenset({kind}), seen.position):
                if items:
                    listed = _encode(items)[1:-1]
                    yield listed if first else b"," + listed
                    first = False
        yield b"]"
    yield b',"next_cursor":null,"position":' + str(seen.position).encode() + b"}"


async def _all_lines(
    call: Call, user: UserView | None, sessions: list[SessionView], filters: Filters, seen: Freshness
) -> AsyncIterator[bytes]:
    yield b"".join(_lines(user, sessions, []))
    async for items in everything(call.desk, call.who, filters, filters.include, seen.position):
        yield b"".join(_line(kind_of(item), item) for item in items)
    yield _end_line(None, seen)


def _lines(user: UserView | None, sessions: list[SessionView], items: list[ItemView]) -> list[bytes]:
    lines = [] if user is None else [_line("user", user)]
    lines += [_line("session", session) for session in sessions]
    return lines + [_line(kind_of(item), item) for item in items]


def _line(kind: str, value: UserView | SessionView | ItemView) -> bytes:
    """`{"kind":…}` and the fields. A file has a kind of its own, which is then called `file_kind`."""
    data = _encode(value)
    if isinstance(value, FileView):
        data = data.replace(b'"kind":', b'"file_kind":', 1)
    return b'{"kind":"' + kind.encode() + b'",' + data[1:] + b"\n"


def _end_line(cursor: str | None, seen: Freshness) -> bytes:
    """The last line says that nothing was cut off."""
    return _encode({"kind": "end", "next_cursor": cursor, "position": seen.position}) + b"\n"
