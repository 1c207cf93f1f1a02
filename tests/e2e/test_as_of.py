"""GET /user/data?as_of=…: any moment, in every form that the data of today has, less what was forgotten since."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from service.desk.folds import LOOKS_AT_ONCE
from tests.e2e.people import Json, Person, client, done, problem, somebody
from tests.e2e.stack import Stack
from tests.waiting import wait_for

LISTS = ("chats", "messages", "files")


@dataclass(slots=True)
class Story:
    """Somebody, and what `user/data` said of them at each stage, by the position then."""

    person: Person
    told: dict[str, Json]

    def note(self, stage: str) -> None:
        self.told[stage] = self.person.data()

    def position(self, stage: str) -> int:
        position: int = self.told[stage]["position"]
        return position


def listed(data: Json) -> Json:
    """What may not change when it is asked for again later."""
    return {name: data[name] for name in ("user", "sessions", *LISTS)}


@pytest.fixture(scope="module")
def story(stack: Stack) -> Iterator[Story]:
    """Three stages in which nothing is forgotten."""
    with somebody(stack) as person:
        story = Story(person, {})
        garden = person.chat("Garden")
        sent = [person.send(f"message {number} of roses", chat_id=garden) for number in range(12)]
        file_id = person.ready_file(b"a plan of the garden", "plan.txt")
        story.note("first")
        person.http.patch(f"/chats/{garden}", json={"title": "Park"})
        person.http.post(f"/messages/{sent[3]['message_id']}/status", json={"status": "read"})
        person.login()
        person.send("a reply", chat_id=garden, role="assistant", file_ids=[file_id])
        story.note("second")
        person.send("something new")
        story.note("third")
        yield story


@pytest.mark.parametrize("stage", ["first", "second", "third"])
def test_a_position_gives_what_was_told_then(story: Story, stage: str) -> None:
    then = story.told[stage]
    response = story.person.http.get("/user/data", params={"as_of": then["position"]})
    now = done(response, 200)
    assert listed(now) == listed(then)
    assert now["position"] == then["position"] == int(response.headers["strongroom-position"])
    assert now["next_cursor"] is None


def test_a_time_gives_what_the_position_reached_by_then_gives(story: Story) -> None:
    message = story.told["second"]["messages"][5]
    by_time = story.person.data(as_of=message["created_at"])
    assert [each["message_id"] for each in by_time["messages"]][-1] == message["message_id"]
    assert listed(story.person.data(as_of=by_time["position"])) == listed(by_time)
    plus = story.person.http.get(f"/user/data?as_of={message['created_at'].replace('Z', '+00:00')}")
    assert listed(done(plus, 200)) == listed(by_time)  # A plus sign that nobody escaped.


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_of_then_are_the_whole_of_then(story: Story, order: str) -> None:
    as_of = story.position("second")
    whole = story.person.data(as_of=as_of, order=order)
    pages = list(story.person.pages(4, as_of=as_of, order=order))
    assert len(pages) == 4
    for name in LISTS:
        assert [item for page in pages for item in page[name]] == whole[name]
    assert {page["position"] for page in pages} == {as_of}
    assert all(page["sessions"] == whole["sessions"] for page in pages)


def test_a_cursor_belongs_to_its_moment(story: Story) -> None:
    first, second = story.position("first"), story.position("second")
    cursor = story.person.data(as_of=first, limit=2)["next_cursor"]
    today = story.person.data(limit=2)["next_cursor"]
    for query in (
        f"cursor={cursor}&as_of={second}",
        f"cursor={cursor}&as_of={first}&order=desc",
        f"cursor={cursor}",
        f"cursor={today}&as_of={first}",
    ):
        problem(story.person.http.get(f"/user/data?limit=2&{query}"), 422, "validation_failed")


def test_filters_choose_among_what_was_there_then(story: Story) -> None:
    first, second = story.position("first"), story.position("second")
    data = story.person.data
    garden = story.told["first"]["chats"][0]["chat_id"]
    assert [chat["title"] for chat in data(as_of=first, q="garden", include="chats")["chats"]] == ["Garden"]
    assert data(as_of=second, q="garden", include="chats")["chats"] == []
    assert [len(data(as_of=at, status="read")["messages"]) for at in (first, second)] == [0, 1]
    assert [len(data(as_of=at, role="assistant")["messages"]) for at in (first, second)] == [0, 1]
    assert len(data(as_of=second, chat_id=garden, include="messages")["messages"]) == 13
    assert [file["name"] for file in data(as_of=first, mime="text/")["files"]] == ["plan.txt"]
    early = story.told["first"]["messages"][4]["created_at"]
    assert len(data(as_of=second, until=early)["messages"]) == 4


def test_lines_of_then_hold_what_the_document_of_then_holds(story: Story) -> None:
    for query in ({"as_of": story.position("second")}, {"as_of": story.position("second"), "limit": 3}):
        response = story.person.http.get("/user/data", params=query, headers={"Accept": "application/x-ndjson"})
        assert response.headers["content-type"] == "application/x-ndjson"
        lines = [json.loads(line) for line in response.text.splitlines()]
        document = story.person.data(**query)
        assert lines[0] == {"kind": "user", **document["user"]}
        assert [line["session_id"] for line in lines if "session_id" in line] == []
        assert len([line for line in lines if line["kind"] == "session"]) == len(document["sessions"]) == 2
        ids = [line["message_id"] for line in lines if line["kind"] == "message"]
        assert ids == [each["message_id"] for each in document["messages"]]
        end = {"kind": "end", "next_cursor": document["next_cursor"], "position": document["position"]}
        assert lines[-1] == end


def test_before_the_account_began_there_is_nothing(story: Story) -> None:
    nothing: Json = {"user": None, "sessions": [], "chats": [], "messages": [], "files": []}
    for as_of in ("0", "1970-01-01T00:00:00Z", "1816-12-10T12:00:00.5-01:00"):
        assert listed(story.person.data(as_of=as_of)) == nothing


@pytest.mark.parametrize(
    "as_of",
    ["", "null", "-1", "1.5", "yesterday", "2026-01-01T00:00:00", "9999-12-31T23:59:59Z", "9" * 18, "9" * 30, "1e3"],
)
def test_a_moment_that_cannot_be_meant_is_refused(story: Story, as_of: str) -> None:
    refused = problem(story.person.http.get("/user/data", params={"as_of": as_of}), 422, "validation_failed")
    assert [error["field"] for error in refused["errors"]] == ["as_of"]
    assert "strongroom-position" not in story.person.http.get("/user/data", params={"as_of": as_of}).headers


def test_the_tag_of_a_moment_changes_when_something_may_have_been_forgotten(stack: Stack) -> None:
    with somebody(stack) as person:
        chat_id = person.chat("Garden")
        position = person.send("words", chat_id=chat_id)["position"]

        def ask(**headers: str) -> httpx.Response:
            return person.http.get("/user/data", params={"as_of": position}, headers=headers)

        etag = wait_for(lambda: ask().headers.get("etag"), "the tables to have seen it")
        same = ask(**{"If-None-Match": etag})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
        assert person.http.get("/user/data", headers={"If-None-Match": etag}).status_code == 200
        other = person.http.get("/user/data", params={"as_of": position - 1}, headers={"If-None-Match": etag})
        assert other.status_code == 200
        person.http.delete(f"/chats/{chat_id}")
        assert done(ask(**{"If-None-Match": etag}), 200)["messages"] == []


def test_what_is_forgotten_has_never_been_there(stack: Stack) -> None:
    with somebody(stack) as person:
        goes, stays = person.chat("goes"), person.chat("stays")
        person.send("stays too", chat_id=stays)
        person.send("secret", chat_id=goes)
        deleted = person.ready_file(b"to be deleted", "deleted.txt")
        in_chat = person.upload(("in-chat.txt", b"with its chat", "text/plain"), fields={"chat_id": goes})[0]["file_id"]
        kept = person.ready_file(b"to be kept", "kept.txt")
        person.wait_processed(in_chat)
        then = person.data()["position"]
        assert person.http.delete(f"/files/{deleted}").status_code == 202
        assert person.http.delete(f"/chats/{goes}").status_code == 202
        data = person.data(as_of=then)
        assert [chat["title"] for chat in data["chats"]] == ["stays"]
        assert [message["content"] for message in data["messages"]] == ["stays too"]
        assert [file["file_id"] for file in data["files"]] == [kept]
        assert person.data(as_of=then, q="secret")["messages"] == []
        assert [item for page in person.pages(1, as_of=then) for item in page["messages"]] == data["messages"]
        assert person.download(kept) == b"to be kept"


def test_a_name_taken_again_has_no_past(stack: Stack) -> None:
    name = f"again-{os.urandom(4).hex()}"
    with somebody(stack, name) as first:
        first.send("of the first")
        then = first.data()["position"]
        done(first.http.request("DELETE", "/user", json={"password": first.password}), 202)
        problem(first.http.get("/user/data", params={"as_of": then}), 401, "bad_credentials")
    with somebody(stack, name) as second:
        assert second.data(as_of=then)["user"] is None
        assert second.data(as_of=then)["messages"] == []
        assert second.data(as_of=second.send("of the second")["position"])["user"]["username"] == name


def test_nobody_sees_the_past_of_another(story: Story, newcomer: Person) -> None:
    mine = newcomer.send("mine")
    assert [each["content"] for each in newcomer.data(as_of=mine["position"])["messages"]] == ["mine"]
    assert newcomer.data(as_of=story.position("third"))["messages"] == []


def test_it_needs_no_tables_of_today(stack: Stack, newcomer: Person) -> None:
    with stack.paused("worker:projections"):
        position = newcomer.send("not projected yet")["position"]
        late = newcomer.http.get("/user/data", params={"as_of": position})
        assert [message["content"] for message in done(late, 200)["messages"]] == ["not projected yet"]
        assert "strongroom-stale" not in late.headers
        assert "etag" not in late.headers  # Something may be deleted that the tables have not seen.


def test_readers_who_leave_in_the_middle_keep_no_place(stack: Stack) -> None:
    """More of them, one after the other, than one person may have at once: half of the places, in two processes."""
    with somebody(stack) as person:
        for number in range(8):
            person.send(f"{number}" * 250_000)
        query = {"as_of": person.data()["position"]}

        def left() -> bool:
            """Whether one more was let in, who went away after the first bytes."""
            with person.http.stream("GET", "/user/data", params=query) as response:
                return response.status_code == 200 and bool(next(response.iter_raw(1_000)))

        for _ in range(LOOKS_AT_ONCE + 4):
            wait_for(left, "a place", 20)
        # The last who left may keep their place for an instant.
        wait_for(lambda: person.http.get("/user/data", params=query).status_code == 200, "a place", 20)
        assert len(person.data(**query)["messages"]) == 8


def test_it_is_described(stack: Stack) -> None:
    with client(stack) as http:
        parameters = http.get("/openapi.json").json()["paths"]["/user/data"]["get"]["parameters"]
    (as_of,) = [each for each in parameters if each["name"] == "as_of"]
    assert as_of["in"] == "query"
    assert "RFC 3339" in json.dumps(as_of)
