"""`GET /user/data`: everything that is a person's, filtered and paged, opened while it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Literal, NamedTuple

import msgspec

from projections.paging import EVERY_KIND, Kind, PageQuery
from projections.queries import Queries
from projections.rows import FileRow, Item, MessageRow
from service.desk.desk import Desk
from service.house.principal import Principal
from service.reading.opening import Opener
from service.reading.views import ChatView, FileView, ItemView, MessageView, SessionView, UserView

CHUNK = 200  # Rows opened before the event loop is let go again: about a millisecond, if they are short.
OWN_KEYS = 20  # Of messages, opened likewise: some milliseconds at the first read.
PAGE_BYTES = 4 << 20  # Sealed bytes of one answer, which is encoded in one go.


class Filters(msgspec.Struct, frozen=True):
    """What `user/data` was asked for. `mime` and `words` can only be tested on opened rows."""

    include: frozenset[Kind] = EVERY_KIND
    chat_id: str | None = None
    since_us: int | None = None
    until_us: int | None = None
    role: Literal["user", "assistant", "system"] | None = None
    kind: Literal["file", "audio"] | None = None
    status: Literal["sent", "delivered", "read", "error", "processing", "ready"] | None = None
    mime: str | None = None
    words: tuple[str, ...] = ()
    descending: bool = False

    def query(self, source: Source, kinds: frozenset[Kind], after: int | None, limit: int) -> PageQuery:
        return PageQuery(
            user=source.user,
            within=source.chats,
            include=kinds & ({"files"} if self.mime is not None else EVERY_KIND),
            chat_id=self.chat_id,
            since_us=self.since_us,
            until_us=self.until_us,
            role=self.role,
            kind=self.kind,
            status=self.status,
            descending=self.descending,
            after=after,
            limit=limit,
        )

    def keeps(self, view: ItemView, opener: Opener) -> bool:
        """Whether what only its opened text tells lets it through. `opener` reads a transcript, if it comes to that."""
        if self.mime is not None and not (isinstance(view, FileView) and (view.mime_type or "").startswith(self.mime)):
            return False
        return not self.words or self._found_in(view, opener)

    def _found_in(self, view: ItemView, opener: Opener) -> bool:
        missing = self._missing_from(_text(view), self.words)
        if missing and isinstance(view, FileView) and view.audio is not None and view.audio.has_transcript:
            missing = self._missing_from(opener.spoken(view.file_id), missing)
        return not missing

    def all_in(self, text: str) -> bool:
        """Whether every word occurs."""
        return not self._missing_from(text, self.words)

    @staticmethod
    def _missing_from(text: str, words: tuple[str, ...]) -> tuple[str, ...]:
        folded = text.casefold()
        return tuple([word for word in words if word not in folded])


def _text(view: ItemView) -> str:
    match view:
        case MessageView(content=content):
            return content
        case FileView(name=name):
            return name
        case ChatView(title=title):
            return title


class Page(msgspec.Struct, frozen=True):
    """`next_after`: the position to go on after; None at the end."""

    items: list[ItemView]
    next_after: int | None


class Source(NamedTuple):
    """Whose rows, where they lie, what opens them, and the time at which a session is open or not. `chats`: the only
    ones that may be seen; None: all."""

    user: str
    tables: Queries
    opener: Opener
    at_us: int
    chats: frozenset[str] | None = None


def today(desk: Desk, who: Principal) -> Source:
    """As things stand."""
    return Source(who.user, desk.house.reader, Opener(desk.house, who), desk.house.clock_us(), who.chats)


Top = tuple[UserView | None, list[SessionView]]
"""What every page begins with."""


def head(source: Source) -> Top:
    """The person and the open sessions; nothing of an account that is erased or has not begun, nor for who may see some
    chats only."""
    if source.chats is not None:
        return None, []
    row = source.tables.user(source.user)
    user = None if row is None else source.opener.user(row)
    if user is None:
        return None, []
    sessions = source.tables.sessions(source.user, source.at_us)
    return user, [source.opener.session(session) for session in sessions]


async def page(source: Source, filters: Filters, after: int | None, limit: int) -> Page:
    """At most `limit` items in the order of the log, and of long ones only as many as PAGE_BYTES hold."""
    found: list[ItemView] = []
    size_bytes = 0
    async for rows in _chunks(source, filters, filters.include, after, limit):
        for row in rows:
            view = _view(row, filters, source.opener)
            if view is None:
                continue
            size_bytes += row.sealed_bytes
            if len(found) == limit or (found and size_bytes > PAGE_BYTES):
                return Page(found, after)
            found.append(view)
            after = row.position
    return Page(found, None)


async def everything(
    source: Source, filters: Filters, kinds: frozenset[Kind], until: int
) -> AsyncIterator[list[ItemView]]:
    """All items up to position `until`, in chunks: memory does not grow with the history."""
    async for rows in _chunks(source, filters, kinds, None, CHUNK):
        views = (_view(row, filters, source.opener) for row in rows if row.position <= until)
        yield [view for view in views if view is not None]


def _view(row: Item, filters: Filters, opener: Opener) -> ItemView | None:
    """The item opened, if the filters let it through."""
    if filters.words and isinstance(row, MessageRow):
        # Most messages that are looked through do not match: their text is all that is opened of them.
        text = opener.content(row)
        if text is None or not filters.all_in(text):
            return None
    view = opener.item(row)
    return view if view is not None and filters.keeps(view, opener) else None


async def _chunks(
    source: Source, filters: Filters, kinds: frozenset[Kind], after: int | None, wanted: int
) -> AsyncIterator[list[Item]]:
    """Rows in order, a bounded number at a time, letting other requests in between."""
    limit = min(wanted + 1, CHUNK) if not _opened_filters(filters) else CHUNK
    while True:
        rows = source.tables.page(filters.query(source, kinds, after, limit))
        for piece in _cut(rows.items, filters):
            yield piece
            await asyncio.sleep(0)
        if not rows.more:
            return
        after = rows.items[-1].position


def _cut(rows: list[Item], filters: Filters) -> Iterator[list[Item]]:
    """After each transcript that may have to be looked through: one of some hours takes milliseconds. And after some
    messages that have keys of their own: at the first read, each costs as much as a hundred others."""
    start = own_keys = 0
    for at, row in enumerate(rows, start=1):
        own_keys += isinstance(row, MessageRow) and row.own_key
        if own_keys >= OWN_KEYS or (filters.words and isinstance(row, FileRow) and row.transcribed):
            yield rows[start:at]
            start, own_keys = at, 0
    if start < len(rows):
        yield rows[start:]


def _opened_filters(filters: Filters) -> bool:
    return filters.mime is not None or bool(filters.words)


def kind_of(view: ItemView) -> Literal["chat", "message", "file"]:
    """What an NDJSON line calls it."""
    match view:
        case ChatView():
            return "chat"
        case MessageView():
            return "message"
        case FileView():
            return "file"
