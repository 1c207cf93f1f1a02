"""Pages against a plain model of what they should hold, and against the query planner."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import assert_never

import apsw
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events import ChatStarted, FileUploaded
from projections import paging
from projections.paging import INT64_MAX, PAGE_MAX, STATEMENTS, Kind, PageQuery
from projections.queries import Reader
from projections.rows import ChatRow, FileRow, Item, MessageRow
from projections.runner import Projector
from tests.projections.history import History, message, random_history, sealed_at

LENGTH = 400
KINDS: list[Kind] = ["chats", "messages", "files"]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, list[Item], list[str]]]:
    """A reader, everything there is by position, and the ids of all chats, past ones too."""
    path = tmp_path_factory.mktemp("paging") / "projections-user.db"
    history = random_history(seed=7, length=LENGTH)
    with Projector(path) as projector:
        projector.apply(history.facts)
        reader = Reader(path)
        chats = sorted({fact.subject for fact in history.facts if isinstance(fact.event, ChatStarted)})
        yield reader, everything(path), chats
        reader.close()


def everything(path: Path) -> list[Item]:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    items: list[Item] = []
    for kind, table in ((ChatRow, "chat"), (MessageRow, "message"), (FileRow, "file")):
        columns = ", ".join(kind.__struct_fields__).replace("_json", "")
        items += [kind(*row) for row in connection.execute(f"SELECT {columns} FROM {table}")]
    connection.close()
    return sorted(items, key=lambda item: item.position)


def wanted(query: PageQuery, item: Item) -> bool:
    """The filters as their contract reads, one after the other."""
    match item:
        case ChatRow():
            name, at_us = "chats", item.created_at_us
        case MessageRow():
            name, at_us = "messages", item.created_at_us
        case FileRow():
            name, at_us = "files", item.uploaded_at_us
        case _:
            assert_never(item)
    return (
        item.user_id == query.user
        and name in query.include
        and (query.chat_id is None or item.chat_id == query.chat_id)
        and (query.within is None or item.chat_id in query.within)
        and (query.since_us is None or query.since_us <= at_us)
        and (query.until_us is None or at_us < query.until_us)
        and (query.role is None or (isinstance(item, MessageRow) and item.role == query.role))
        and (query.kind is None or (isinstance(item, FileRow) and item.kind == query.kind))
        and (query.status is None or (not isinstance(item, ChatRow) and item.status == query.status))
    )


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_paging_walks_to_exactly_what_the_filters_let_through(
    filled: tuple[Reader, list[Item], list[str]], data: st.DataObject
) -> None:
    reader, items, chats = filled
    # Times at which something was created: a bound one off shows only there.
    times = st.none() | st.sampled_from([item.created_at_us for item in items if isinstance(item, MessageRow)])
    query = data.draw(
        st.builds(
            PageQuery,
            user=st.sampled_from(["ann", "ben", "nobody"]),
            limit=st.integers(1, 60),
            include=st.frozensets(st.sampled_from(KINDS)),
            chat_id=st.none() | st.sampled_from([*chats, "never"]),
            within=st.none() | st.frozensets(st.sampled_from([*chats, "never"]), max_size=4),
            since_us=times,
            until_us=times,
            role=st.sampled_from([None, None, "user", "assistant", "system"]),
            kind=st.sampled_from([None, None, "file", "audio"]),
            status=st.sampled_from([None, None, "sent", "read", "error", "processing", "ready"]),
            descending=st.booleans(),
            after=st.none(),
        )
    )
    expected = [item for item in items if wanted(query, item)]
    if query.descending:
        expected.reverse()
    walked: list[Item] = []
    more = True
    while more:
        page = reader.page(after(query, walked[-1].position if walked else None))
        assert len(page.items) == min(query.limit, len(expected) - len(walked))
        walked += page.items
        more = page.more
    assert walked == expected


def after(query: PageQuery, position: int | None) -> PageQuery:
    fields = {name: getattr(query, name) for name in query.__struct_fields__}
    return PageQuery(**{**fields, "after": position})


@pytest.mark.parametrize("descending", [False, True])
def test_one_page_holds_all_kinds_in_the_order_of_the_log(
    projector: Projector, reader: Reader, descending: bool
) -> None:
    history = History()
    history.add("chat-c1", ChatStarted())
    history.add("message-m1", message("c1"))
    history.add("file-f1", FileUploaded(kind="file", size_bytes=1, chat="c1"))
    history.add("message-m2", message("c1"))
    projector.apply(history.facts)
    page = reader.page(PageQuery(user="ann", limit=3, descending=descending))
    assert [item.position for item in page.items] == ([4, 3, 2] if descending else [1, 2, 3])


def test_since_is_included_and_until_is_not(projector: Projector, reader: Reader) -> None:
    history = History()
    for second in range(5):
        history.add(f"chat-{second}", ChatStarted(), at_us=10 * second)
        history.add(f"message-{second}", message(), at_us=10 * second)
        history.add(f"file-{second}", FileUploaded(kind="file", size_bytes=1), at_us=10 * second)
    projector.apply(history.facts)
    page = reader.page(PageQuery(user="ann", limit=100, since_us=10, until_us=30))
    assert [item.position for item in page.items] == [4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize("include", [frozenset({"messages"}), frozenset(KINDS)], ids=["one kind", "every kind"])
@pytest.mark.parametrize("descending", [False, True])
def test_a_page_ends_early_when_its_items_are_long(
    projector: Projector,
    reader: Reader,
    monkeypatch: pytest.MonkeyPatch,
    include: frozenset[Kind],
    descending: bool,
) -> None:
    history = History()
    for number in range(7):
        history.add(f"message-m{number}", message())
    projector.apply(history.facts)
    monkeypatch.setattr(paging, "PAGE_BYTES", 2 * len(sealed_at(1)))
    walked: list[int] = []
    sizes: list[int] = []
    more = True
    while more:
        query = PageQuery(user="ann", limit=5, include=include, descending=descending)
        page = reader.page(after(query, walked[-1] if walked else None))
        walked += [item.position for item in page.items]
        sizes.append(len(page.items))
        more = page.more
    assert walked == (list(range(7, 0, -1)) if descending else list(range(1, 8)))
    assert sizes == [2, 2, 2, 1]


def test_one_item_is_shown_however_long_it_is(
    projector: Projector, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History()
    history.add("message-m1", message())
    projector.apply(history.facts)
    monkeypatch.setattr(paging, "PAGE_BYTES", 1)
    assert len(reader.page(PageQuery(user="ann", limit=5)).items) == 1


def test_what_is_sealed_in_an_item_is_counted_whole(filled: tuple[Reader, list[Item], list[str]]) -> None:
    for item in filled[1]:
        sealed = [value for value in msgspec.structs.astuple(item) if isinstance(value, bytes)]
        assert item.sealed_bytes == sum(map(len, sealed)) > 0


@pytest.mark.parametrize("limit", [0, -1, PAGE_MAX + 1])
def test_a_page_without_bounds_is_refused(limit: int) -> None:
    with pytest.raises(ValueError, match="limit"):
        PageQuery(user="ann", limit=limit)


def test_an_unfinished_page_leaves_no_statement_open_that_would_hold_the_past(
    projector: Projector, reader: Reader
) -> None:
    history = History()
    for number in range(10):
        history.add(f"message-m{number}", message())
        history.add(f"file-f{number}", FileUploaded(kind="file", size_bytes=1))
    projector.apply(history.facts)
    assert len(reader.page(PageQuery(user="ann", limit=3)).items) == 3
    history.add("message-new", message())
    projector.apply(history.facts)
    assert reader.position() == 21
    assert reader.page(PageQuery(user="ann", limit=1, descending=True)).items[0].position == 21


@pytest.mark.parametrize("key", STATEMENTS, ids=lambda key: f"{key[0]}-in-chat-{key[1]}-descending-{key[2]}")
def test_every_page_is_a_walk_along_an_index_without_sorting(
    path: Path, projector: Projector, key: tuple[Kind, bool, bool]
) -> None:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    bindings = {"user": "u", "chat": "c", "low": 1, "high": INT64_MAX, "since": 0, "until": 1, "limit": 9}
    bindings |= {"role": None, "kind": None, "status": None}
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {STATEMENTS[key]}", bindings).fetchall()]
    connection.close()
    kind, in_chat, _ = key
    table = kind.removesuffix("s")
    expected = {
        (False, "chat"): "SEARCH chat USING PRIMARY KEY (user_id=? AND position>? AND position<?)",
        (True, "chat"): "SEARCH chat USING INDEX chat_by_id (chat_id=? AND user_id=? AND position>? AND position<?)",
        (False, "message"): "SEARCH message USING PRIMARY KEY (user_id=? AND position>? AND position<?)",
        (True, "message"): "SEARCH message USING INDEX message_by_chat"
        " (user_id=? AND chat_id=? AND position>? AND position<?)",
        (False, "file"): "SEARCH file USING PRIMARY KEY (user_id=? AND position>? AND position<?)",
        (True, "file"): "SEARCH file USING INDEX file_by_chat (user_id=? AND chat_id=? AND position>? AND position<?)",
    }
    assert plan == [expected[in_chat, table]]
