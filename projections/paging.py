"""One page of what is a person's: chats, messages and files, merged in the order of the log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from itertools import starmap
from operator import itemgetter
from typing import Any, Literal, TypeVar

import apsw
import msgspec

from domain.events import FileKind, Role
from projections.rows import ChatRow, FileRow, FileStatus, Item, MessageRow, MessageStatus

Kind = Literal["chats", "messages", "files"]
EVERY_KIND: frozenset[Kind] = frozenset(("chats", "messages", "files"))
PAGE_MAX = 1000
PAGE_BYTES = 1 << 20
"""Sealed bytes after which a page ends before its limit. A message may hold 256 KiB: 200 of them, read and opened in
one go, hold up an event loop for 300 ms; a MiB of them for about 10."""
INT64_MIN = -(2**63)
INT64_MAX = 2**63 - 1

Row = TypeVar("Row", ChatRow, MessageRow, FileRow)


class PageQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What to list. `since_us` ≤ creation time < `until_us`; `after`: the position of the last item seen,
    in the order's direction. A filter on a field leaves out the kinds that have no such field; `chat_id`
    keeps the chat itself, its messages and its files. `within`: the only chats that may be seen, and nothing that is in
    none; None: all. ValueError for a limit outside 1…1000."""

    user: str
    limit: int
    include: frozenset[Kind] = EVERY_KIND
    chat_id: str | None = None
    within: frozenset[str] | None = None
    since_us: int | None = None
    until_us: int | None = None
    role: Role | None = None
    kind: FileKind | None = None
    status: MessageStatus | FileStatus | None = None
    descending: bool = False
    after: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= PAGE_MAX:
            raise ValueError(f"limit: {self.limit} is not within 1 and {PAGE_MAX}")

    @property
    def kinds(self) -> frozenset[Kind]:
        """Those of `include` that have every field filtered on."""
        kinds = self.include
        if self.role is not None:
            kinds &= {"messages"}
        if self.kind is not None:
            kinds &= {"files"}
        if self.status is not None:
            kinds &= {"messages", "files"}
        return kinds

    @property
    def chats(self) -> Sequence[str | None]:
        """Each is walked by itself; None: all at once, and what is in none."""
        if self.within is None:
            return (self.chat_id,)
        return sorted(self.within if self.chat_id is None else self.within & {self.chat_id})


class Rows(msgspec.Struct, frozen=True):
    """One page. With `more`, read on after its last item: it ended at its limit or its bytes, and there may be
    something there."""

    items: list[Item]
    more: bool


# A person's rows are walked in the order in which they lie, by position, or along the index of one chat:
# the page costs what it returns. The other filters pass over rows in that walk, 0.3 µs each, and at the
# worst over all of one person's. (Creation times need not rise with the position: the clocks of several
# processes give them. So a time cannot end a walk early.)
# INDEXED BY: left to itself, the planner walks all of the person's rows to find those of one chat.
_OF_USER = "WHERE user_id = :user AND position BETWEEN :low AND :high"
_IN_CHAT = "WHERE user_id = :user AND chat_id = :chat AND position BETWEEN :low AND :high"
_ASCENDING = "ORDER BY position LIMIT :limit"
_DESCENDING = "ORDER BY position DESC LIMIT :limit"

_CHATS = """
    SELECT position, chat_id, user_id, created_at_us, updated_at_us, title_type, title_version, title_sealed
    FROM chat"""
_CHATS_PASSED = """
      AND created_at_us >= :since AND created_at_us < :until
"""
_MESSAGES = """
    SELECT position, message_id, user_id, chat_id, role, status, error_code, created_at_us, content_type,
           file_ids, own_key, content_sealed
    FROM message"""
_MESSAGES_PASSED = """
      AND created_at_us >= :since AND created_at_us < :until
      AND (:role IS NULL OR role = :role)
      AND (:status IS NULL OR status = :status)
"""
_FILES = """
    SELECT position, file_id, user_id, chat_id, message_id, kind, status, error_code, size_bytes,
           uploaded_at_us, updated_at_us, scheme, ciphertext_bytes, details_version, media_type, media_version,
           media_error, renditions, transcribed, declared_sealed, details_sealed, media_sealed
    FROM file"""
_FILES_PASSED = """
      AND uploaded_at_us >= :since AND uploaded_at_us < :until
      AND (:kind IS NULL OR kind = :kind)
      AND (:status IS NULL OR status = :status)
"""
_ALL_CHATS = f"{_CHATS} {_OF_USER} {_CHATS_PASSED}"
_ONE_CHAT = f"{_CHATS} INDEXED BY chat_by_id {_IN_CHAT} {_CHATS_PASSED}"
_ALL_MESSAGES = f"{_MESSAGES} {_OF_USER} {_MESSAGES_PASSED}"
_CHAT_MESSAGES = f"{_MESSAGES} INDEXED BY message_by_chat {_IN_CHAT} {_MESSAGES_PASSED}"
_ALL_FILES = f"{_FILES} {_OF_USER} {_FILES_PASSED}"
_CHAT_FILES = f"{_FILES} INDEXED BY file_by_chat {_IN_CHAT} {_FILES_PASSED}"

STATEMENTS: Mapping[tuple[Kind, bool, bool], str] = {
    ("chats", False, False): _ALL_CHATS + _ASCENDING,
    ("chats", False, True): _ALL_CHATS + _DESCENDING,
    ("chats", True, False): _ONE_CHAT + _ASCENDING,
    ("chats", True, True): _ONE_CHAT + _DESCENDING,
    ("messages", False, False): _ALL_MESSAGES + _ASCENDING,
    ("messages", False, True): _ALL_MESSAGES + _DESCENDING,
    ("messages", True, False): _CHAT_MESSAGES + _ASCENDING,
    ("messages", True, True): _CHAT_MESSAGES + _DESCENDING,
    ("files", False, False): _ALL_FILES + _ASCENDING,
    ("files", False, True): _ALL_FILES + _DESCENDING,
    ("files", True, False): _CHAT_FILES + _ASCENDING,
    ("files", True, True): _CHAT_FILES + _DESCENDING,
}
"""(kind, within one chat, descending) → SQL: a handful of texts, each prepared once per connection."""


def page(connection: apsw.Connection, query: PageQuery) -> Rows:
    """At most `query.limit` items by position, and none after the one that reaches PAGE_BYTES. Runs several
    statements when several kinds are asked for: the caller holds a transaction, or an item committed between
    them would be passed over by the next page for ever."""
    bindings = _bindings(query)
    kinds = query.kinds
    walks: list[Iterator[Item]] = []
    with ExitStack() as cursors:

        def cursor() -> apsw.Cursor:
            return cursors.enter_context(closing(connection.cursor()))

        for chat in query.chats:
            chosen = bindings | {"chat": chat}
            if "chats" in kinds:
                walks.append(_walk(cursor(), ChatRow, "chats", query, chosen))
            if "messages" in kinds:
                walks.append(_walk(cursor(), MessageRow, "messages", query, chosen))
            if "files" in kinds:
                walks.append(_walk(cursor(), FileRow, "files", query, chosen))
        if len(walks) == 1:
            return _fill(walks[0], query.limit)
        return _fill(_merge(walks, descending=query.descending), query.limit)


def _merge(walks: Iterable[Iterator[Item]], *, descending: bool) -> Iterator[Item]:
    """All items by position, each walk being sorted. Lazily: of each only what is taken is read, and one row more.

    By runs: most neighbours are of one kind, and cost one comparison. `heapq.merge` costs more than reading the rows.
    """
    sign = -1 if descending else 1
    heads = [(first.position * sign, first, walk) for walk in walks if (first := next(walk, None)) is not None]
    while heads:
        heads.sort(key=itemgetter(0))
        _, item, walk = heads.pop(0)
        bound = heads[0][0] if heads else None
        yield item
        for item in walk:
            at = item.position * sign
            if bound is not None and at > bound:
                heads.append((at, item, walk))
                break
            yield item


def _fill(items: Iterable[Item], limit: int) -> Rows:
    taken: list[Item] = []
    size_bytes = 0
    for item in items:
        taken.append(item)
        size_bytes += item.sealed_bytes
        if len(taken) == limit or size_bytes >= PAGE_BYTES:
            return Rows(taken, more=True)
    return Rows(taken, more=False)


def _walk(
    cursor: apsw.Cursor, row: type[Row], kind: Kind, query: PageQuery, bindings: Mapping[str, Any]
) -> Iterator[Row]:
    statement = STATEMENTS[kind, bindings["chat"] is not None, query.descending]
    return starmap(row, cursor.execute(statement, bindings))


def _bindings(query: PageQuery) -> dict[str, str | int | None]:
    low, high = 1, INT64_MAX
    if query.after is not None:
        if query.descending:
            high = query.after - 1
        else:
            low = query.after + 1
    return {
        "user": query.user,
        "low": low,
        "high": high,
        "since": INT64_MIN if query.since_us is None else query.since_us,
        "until": INT64_MAX if query.until_us is None else query.until_us,
        "role": query.role,
        "kind": query.kind,
        "status": query.status,
        "limit": query.limit,
    }
