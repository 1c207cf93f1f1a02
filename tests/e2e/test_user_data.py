"""GET /user/data: pages, filters, lines, and everything at once say the same; and what has not changed is not sent."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.e2e.people import Json, Person, problem, somebody
from tests.e2e.stack import Stack
from tests.waiting import wait_for

LISTS = ("chats", "messages", "files")
PAIRS = (("chat", "chat_id"), ("message", "message_id"), ("file", "file_id"))


@pytest.fixture(scope="module")
def writer(stack: Stack) -> Iterator[Person]:
    """Somebody with a history: 3 chats, 30 messages in turn between them, 4 files in two of them."""
    with somebody(stack) as person:
        chats = [person.chat(title) for title in ("Garden", "Kitchen", "Attic")]
        for number in range(30):
            role = "assistant" if number % 2 else "user"
            sent = person.send(f"message {number} about Äpfel", chat_id=chats[number % 3], role=role)
            if number % 5 == 0:
                person.http.post(f"/messages/{sent['message_id']}/status", json={"status": "read"})
        for at, (name, data) in enumerate([("plan.txt", b"text"), ("rose.png", b"\x89PNG\r\n\x1a\n" + bytes(40))]):
            person.upload((name, data, "application/x-claimed"), fields={"chat_id": chats[at]})
        person.upload(("song.ogg", b"OggS" + bytes(60), "audio/ogg"), to="/upload/audio")
        (last,) = person.upload(("lost.bin", bytes(range(256)), "text/plain"))
        for file in person.data()["files"]:
            person.wait_processed(file["file_id"])
        # Two only look like a picture and like sound: the last that happens to them is that this is found out.
        wait_for(lambda: sum(file["error_code"] is not None for file in person.data()["files"]) == 2, "all findings")
        assert last["kind"] == "file"
        yield person


def items(data: Json) -> list[tuple[str, str]]:
    """(kind, id) of all that an answer lists, kind by kind."""
    return [(kind, item[name]) for (kind, name), many in zip(PAIRS, LISTS, strict=True) for item in data[many]]


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_the_pages_put_together_are_everything(writer: Person, order: str, limit: int) -> None:
    whole = writer.data(order=order)
    pages = list(writer.pages(limit, order=order))
    for name in LISTS:
        assert [item for page in pages for item in page[name]] == whole[name]
    sizes = [sum(len(page[name]) for name in LISTS) for page in pages]
    assert all(size <= limit for size in sizes)
    assert sum(sizes) == 37
    assert {page["user"]["id"] for page in pages} == {writer.user_id}


def test_one_order_is_the_other_backwards(writer: Person) -> None:
    up, down = writer.data(order="asc"), writer.data(order="desc")
    for name in LISTS:
        assert up[name] == down[name][::-1]


@pytest.mark.parametrize("query", [{}, {"limit": "10"}, {"order": "desc"}, {"include": "messages", "role": "user"}])
def test_lines_hold_what_the_document_holds(writer: Person, query: dict[str, str]) -> None:
    response = writer.http.get("/user/data", params=query, headers={"Accept": "application/x-ndjson"})
    assert response.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in response.text.splitlines()]
    document = writer.data(**query)
    assert lines[0] == {"kind": "user", **document["user"]}
    assert [line for line in lines if line["kind"] == "session"] == [
        {"kind": "session", **session} for session in document["sessions"]
    ]
    for (kind, name), many in zip(PAIRS, LISTS, strict=True):
        assert [line[name] for line in lines if line["kind"] == kind] == [item[name] for item in document[many]]
    assert lines[-1]["kind"] == "end"
    assert lines[-1]["next_cursor"] == document["next_cursor"]
    songs = [line for line in lines if line["kind"] == "file" and line["name"] == "song.ogg"]
    assert all(song["file_kind"] == "audio" for song in songs)


def test_filters_choose_and_combine(writer: Person) -> None:
    whole = writer.data()
    garden = whole["chats"][0]["chat_id"]

    def expect(wanted: list[Json], name: str, **query: object) -> None:
        data = writer.data(**query)
        assert data[name] == wanted, query
        assert wanted, f"{query} should choose something"

    messages, files = whole["messages"], whole["files"]
    expect([each for each in messages if each["chat_id"] == garden], "messages", chat_id=garden)
    expect([each for each in messages if each["role"] == "assistant"], "messages", role="assistant")
    expect([each for each in messages if each["status"] == "read"], "messages", status="read")
    expect([each for each in messages if "17" in each["content"]], "messages", q="17 äPFEL")
    expect([each for each in files if each["kind"] == "audio"], "files", kind="audio")
    expect([each for each in files if each["name"] == "rose.png"], "files", mime="image/")
    expect([each for each in files if each["name"] == "plan.txt"], "files", q="PLAN")
    expect([each for each in whole["chats"] if each["title"] == "Attic"], "chats", q="attic")
    both = [each for each in messages if each["chat_id"] == garden and each["role"] == "user"]
    expect(both, "messages", chat_id=garden, role="user", include="messages")
    middle = messages[11]["created_at"]
    expect(messages[11:], "messages", since=middle)
    expect(messages[:11], "messages", until=middle)
    expect(messages[5:11], "messages", since=messages[5]["created_at"], until=middle)
    only = writer.data(include="files,chats")
    assert (only["messages"], only["files"], only["chats"]) == ([], files, whole["chats"])


@pytest.mark.parametrize("query", [{"q": "äpfel"}, {"mime": "image/"}, {"role": "user"}, {"q": "nowhere to be found"}])
def test_filtered_pages_put_together_are_the_filtered_whole(writer: Person, query: dict[str, str]) -> None:
    whole = items(writer.data(**query))
    paged = [items(page) for page in writer.pages(3, **query)]
    assert sorted(item for page in paged for item in page) == sorted(whole)
    assert all(len(page) <= 3 for page in paged)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=1001", "limit=x", "limit=", "cursor=nonsense", "cursor=", "order=up", "include=secrets",
        "role=root", "kind=video", "status=lost", "since=yesterday", "since=2026-01-01T00:00:00", "until=99999-01-01",
        "chat_id=7", "role=null", "limit=NULL", "unknown=1", "limit=1&limit=2", "q=%00",
        "cursor=AAAAAAAAAAAAAAAAAAAAAA",
    ],
)  # fmt: skip
def test_a_query_that_cannot_be_meant_is_refused(writer: Person, query: str) -> None:
    problem(writer.http.get(f"/user/data?{query}"), 422, "validation_failed")


def test_a_cursor_belongs_to_its_query_and_says_nothing(writer: Person) -> None:
    cursor = writer.data(limit=2, role="user")["next_cursor"]
    problem(writer.http.get("/user/data", params={"cursor": cursor, "role": "assistant"}), 422, "validation_failed")
    assert writer.data(limit=1, role="user", cursor=cursor)["messages"]


def test_what_has_not_changed_is_not_sent_again(newcomer: Person) -> None:
    newcomer.send("one")
    first = newcomer.http.get("/user/data")
    etag = first.headers["etag"]
    assert int(first.headers["strongroom-position"]) == first.json()["position"]
    assert "strongroom-stale" not in first.headers
    same = newcomer.http.get("/user/data", headers={"If-None-Match": etag})
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["etag"] == etag
    other_query = newcomer.http.get("/user/data?order=desc", headers={"If-None-Match": etag})
    assert other_query.status_code == 200
    newcomer.send("two")
    changed = newcomer.http.get("/user/data", headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert len(changed.json()["messages"]) == 2


def test_a_read_after_a_write_shows_it_every_time(newcomer: Person) -> None:
    chat_id = newcomer.chat()
    for number in range(25):
        sent = newcomer.send(str(number), chat_id=chat_id)
        data = newcomer.data(order="desc", limit=1)
        assert [message["content"] for message in data["messages"]] == [str(number)]
        assert data["position"] >= sent["position"]


def test_when_the_projector_stands_still_the_answer_says_that_it_is_stale(stack: Stack, newcomer: Person) -> None:
    before = newcomer.data()
    assert before["messages"] == []
    with stack.paused("worker:projections"):
        sent = newcomer.send("not seen yet")
        late = newcomer.http.get("/user/data", headers={"If-None-Match": "*"})
        assert late.status_code == 200
        assert late.headers["strongroom-stale"] == "true"
        assert late.json()["messages"] == []
        assert int(late.headers["strongroom-position"]) < sent["position"]
    fresh = newcomer.http.get("/user/data")
    assert "strongroom-stale" not in fresh.headers
    assert [message["content"] for message in fresh.json()["messages"]] == ["not seen yet"]
