"""Messages: ids of one's own, statuses that only move forward, and what a message may not be."""

from __future__ import annotations

import pytest

from service.machine.ids import new_id
from tests.e2e.people import Json, Person, done, problem


def test_a_message_sent_again_under_its_id_is_one_message(newcomer: Person) -> None:
    message_id, chat_id = new_id(), newcomer.chat()
    first = newcomer.send("once", chat_id=chat_id, message_id=message_id)
    again = newcomer.send("once", chat_id=chat_id, message_id=message_id)
    assert first["message_id"] == message_id
    assert again == first
    assert [message["content"] for message in newcomer.data()["messages"]] == ["once"]


def test_a_message_id_without_a_chat_starts_one_chat_only(newcomer: Person) -> None:
    message_id = new_id()
    first = newcomer.send("start", message_id=message_id)
    assert newcomer.send("start", message_id=message_id) == first
    assert len(newcomer.data()["chats"]) == 1


def test_a_message_id_that_stands_for_other_words_is_refused(newcomer: Person) -> None:
    sent = newcomer.send("these words")
    other = {"content": "other words", "chat_id": sent["chat_id"], "message_id": sent["message_id"]}
    problem(newcomer.http.post("/messages", json=other), 409, "message_id_taken")
    elsewhere = {"content": "these words", "chat_id": newcomer.chat(), "message_id": sent["message_id"]}
    problem(newcomer.http.post("/messages", json=elsewhere), 409, "message_id_taken")


def test_statuses_only_move_forward(newcomer: Person) -> None:
    path = f"/messages/{newcomer.send('x')['message_id']}/status"

    def mark(status: str, **fields: str) -> int:
        return newcomer.http.post(path, json={"status": status, **fields}).status_code

    assert mark("delivered") == 200
    assert newcomer.data()["messages"][0]["status"] == "delivered"
    assert mark("delivered") == 200
    assert mark("read") == 200
    assert newcomer.data()["messages"][0]["status"] == "read"
    problem(newcomer.http.post(path, json={"status": "delivered"}), 409, "status_backwards")
    problem(newcomer.http.post(path, json={"status": "error"}), 409, "status_backwards")
    assert newcomer.data()["messages"][0]["status"] == "read"


def test_a_failed_message_says_why(newcomer: Person) -> None:
    path = f"/messages/{newcomer.send('x')['message_id']}/status"
    done(newcomer.http.post(path, json={"status": "error", "code": "no_route"}), 200)
    (message,) = newcomer.data()["messages"]
    assert (message["status"], message["error_code"]) == ("error", "no_route")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"content": ""},
        {"content": 7},
        {"content": "x", "unknown": 1},
        {"content": "x", "role": "root"},
        {"content": "x", "chat_id": "not-an-id"},
        {"content": "x", "message_id": "00000000"},
        {"content": "x", "file_ids": ["nope"]},
        {"content": "x", "content_type": "text"},
        {"content": "x", "content_type": "text/plain\n"},
        {"content": "x" * (256 * 1024 + 1)},
        {"content": "é" * (128 * 1024 + 1)},
        {"content": "x", "file_ids": ["01a204d5-4821-7ef6-911e-3deb06b6cce8"] * 101},
    ],
)
def test_what_is_no_message_is_refused_and_starts_nothing(newcomer: Person, body: Json) -> None:
    refused = newcomer.http.post("/messages", json=body)
    assert refused.status_code == 422, refused.text
    assert refused.json()["code"] in {"validation_failed", "empty_message"}
    data = newcomer.data()
    assert (data["chats"], data["messages"]) == ([], [])


def test_a_message_may_be_as_long_as_promised_and_hold_any_character(newcomer: Person) -> None:
    longest = "é" * (128 * 1024)
    strange = "nul \x00 bell \x07 \u202e right-to-left 🏳️‍🌈 \uffff"
    for content in (longest, strange):
        newcomer.send(content)
    assert [message["content"] for message in newcomer.data()["messages"]] == [longest, strange]


@pytest.mark.parametrize("body", [{"title": "x" * 201}, {"title": None}, {"titel": "x"}, [], "x", {"title": ["x"]}])
def test_what_is_no_chat_is_refused(ada: Person, body: object) -> None:
    problem(ada.http.post("/chats", json=body), 422, "validation_failed")


def test_renaming_shows_at_once_and_keeps_the_place(newcomer: Person) -> None:
    first, second = newcomer.chat("first"), newcomer.chat("second")
    renamed = done(newcomer.http.patch(f"/chats/{first}", json={"title": "renamed"}), 200)
    assert renamed["title"] == "renamed"
    chats = newcomer.data()["chats"]
    assert [(chat["chat_id"], chat["title"]) for chat in chats] == [(first, "renamed"), (second, "second")]
    assert chats[0]["updated_at"] > chats[0]["created_at"]
