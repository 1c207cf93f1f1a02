"""The same Idempotency-Key and body again is the same request: answered the same, carried out once."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.e2e.people import PASSWORD, Person, client, done, problem
from tests.e2e.stack import Stack

REPLAYED = "idempotency-replayed"
Given = dict[str, Any]
TEXT = ("a.txt", b"the same bytes", "text/plain")
CASES: dict[str, tuple[str, Given, Given, int]] = {
    "chats": ("/chats", {"json": {"title": "once"}}, {"json": {"title": "other"}}, 201),
    "messages": ("/messages", {"json": {"content": "once"}}, {"json": {"content": "other"}}, 201),
    "files": ("/upload/files", {"files": {"f": TEXT}}, {"files": {"f": ("b.txt", *TEXT[1:])}}, 202),
    "two files": (
        "/upload/files",
        {"files": [("f", TEXT), ("g", ("b.txt", b"b", "text/plain"))]},
        {"files": [("f", TEXT), ("g", ("b.txt", b"c", "text/plain"))]},
        202,
    ),
    "audio form": ("/upload/audio", {"files": {"f": ("a.ogg", b"OggS", "audio/ogg")}}, {"files": {"f": TEXT}}, 202),
    "audio raw": (
        "/upload/audio?name=a.ogg",
        {"content": b"OggS", "headers": {"Content-Type": "audio/ogg"}},
        {"content": b"OggT", "headers": {"Content-Type": "audio/ogg"}},
        202,
    ),
}


def new_key() -> str:
    return os.urandom(8).hex()


def ask(http: httpx.Client, path: str, given: Given, key: str) -> httpx.Response:
    headers = {**given.get("headers", {}), "Idempotency-Key": key}
    return http.post(path, **{**given, "headers": headers})


def both_at_once(ask_once: Callable[[httpx.Client], httpx.Response], stack: Stack, token: str) -> list[httpx.Response]:
    """Two copies of a request that start together, on connections of their own."""
    start = threading.Barrier(2)

    def one() -> httpx.Response:
        with client(stack, **({"Authorization": f"Bearer {token}"} if token else {})) as http:
            http.get("/openapi.json")  # Connected, so that only the request itself is left.
            start.wait(10)
            return ask_once(http)

    with ThreadPoolExecutor(2) as pool:
        return [running.result() for running in [pool.submit(one), pool.submit(one)]]


@pytest.mark.parametrize("case", CASES)
def test_the_same_request_again_gives_the_same_answer_and_says_so(newcomer: Person, case: str) -> None:
    path, given, other, status = CASES[case]
    key = new_key()
    first = ask(newcomer.http, path, given, key)
    answer = done(first, status)
    assert REPLAYED not in first.headers
    again = ask(newcomer.http, path, given, key)
    assert done(again, status) == answer
    assert again.headers[REPLAYED] == "true"
    problem(ask(newcomer.http, path, other, key), 422, "idempotency_key_reused")
    everything = newcomer.data()
    count = len(answer["files"]) if "files" in answer else 1
    assert len(everything["files"] or everything["messages"] or everything["chats"]) == count


@pytest.mark.parametrize("case", CASES)
def test_two_copies_at_once_are_carried_out_once(stack: Stack, newcomer: Person, case: str) -> None:
    path, given, _, status = CASES[case]
    for _ in range(3):
        key = new_key()
        answers = both_at_once(lambda http, key=key: ask(http, path, given, key), stack, newcomer.token)  # type: ignore[misc]  # A default binds this turn's key.
        one, two = (done(answer, status) for answer in answers)
        assert one == two
        assert sorted(REPLAYED in answer.headers for answer in answers) == [False, True]
    data = newcomer.data()
    made = data["files"] or data["messages"] or data["chats"]
    assert len(made) == 3 * (2 if case == "two files" else 1)


def test_a_key_is_the_persons_own(ada: Person, bob: Person) -> None:
    key = new_key()
    hers = done(ask(ada.http, "/chats", {"json": {"title": "hers"}}, key), 201)
    his = done(ask(bob.http, "/chats", {"json": {"title": "his"}}, key), 201)
    assert hers["chat_id"] != his["chat_id"]


def test_a_key_is_the_routes_own_whichever_prefix_it_has(stack: Stack, newcomer: Person) -> None:
    key = new_key()
    chat = ask(newcomer.http, "/chats", {"json": {"title": ""}}, key)
    done(ask(newcomer.http, "/messages", {"json": {"content": "x"}}, key), 201)
    short = ask(newcomer.http, f"{stack.url}/api/chats", {"json": {"title": ""}}, key)
    assert done(short, 201) == done(chat, 201)


def test_registering_again_gives_the_same_account_token_and_code(stack: Stack) -> None:
    name = f"twice-{new_key()}"
    form = {"json": {"username": name, "email": f"{name}@example.org", "password": PASSWORD}}
    key = new_key()
    answers = both_at_once(lambda http: ask(http, "/auth/register", form, key), stack, "")
    assert {answer.status_code for answer in answers} <= {201, 409}
    with client(stack) as http:
        again = ask(http, "/auth/register", form, key)
        answer = done(again, 201)
        assert again.headers[REPLAYED] == "true"
        for first in answers:
            assert first.status_code == 409 or first.json() == answer
        seen = http.get("/user/data", headers={"Authorization": f"Bearer {answer['token']}"})
        assert len(done(seen, 200)["sessions"]) == 1
        other = {"json": {**form["json"], "password": "another good password"}}
        assert ask(http, "/auth/register", other, key).status_code == 409


def test_signing_in_again_gives_the_same_token(stack: Stack, newcomer: Person) -> None:
    key = new_key()
    given = {"json": newcomer.credentials}
    answers = both_at_once(lambda http: ask(http, "/auth/login", given, key), stack, "")
    one, two = (done(answer, 200) for answer in answers)
    assert one == two
    assert sorted(REPLAYED in answer.headers for answer in answers) == [False, True]
    assert len(newcomer.data()["sessions"]) == 2


def test_a_status_again_changes_nothing_and_answers_the_same(newcomer: Person) -> None:
    path = f"/messages/{newcomer.send('x')['message_id']}/status"
    key = new_key()
    first = ask(newcomer.http, path, {"json": {"status": "delivered"}}, key)
    done(newcomer.http.post(path, json={"status": "read"}), 200)
    again = ask(newcomer.http, path, {"json": {"status": "delivered"}}, key)
    assert done(again, 200) == done(first, 200)
    assert again.headers[REPLAYED] == "true"
    problem(ask(newcomer.http, path, {"json": {"status": "error"}}, key), 422, "idempotency_key_reused")


@pytest.mark.parametrize("key", ["", "k" * 256, "two words", "tab\tbed"])
def test_a_key_is_one_short_visible_word(ada: Person, key: str) -> None:
    problem(ask(ada.http, "/chats", {"json": {"title": "x"}}, key), 400, "invalid_request")
