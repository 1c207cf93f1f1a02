"""Another person's ids answer like ids that do not exist, and nobody at all gets in."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from service.machine.ids import new_id
from tests.e2e.people import Json, Person, client, problem
from tests.e2e.stack import Stack

Case = tuple[str, str, dict[str, Any]]
CASES: tuple[Case, ...] = (
    ("PATCH", "/chats/{chat}", {"json": {"title": "mine now"}}),
    ("DELETE", "/chats/{chat}", {}),
    ("POST", "/messages", {"json": {"content": "hello", "chat_id": "{chat}"}}),
    ("POST", "/messages/{message}/status", {"json": {"status": "read"}}),
    ("POST", "/upload/files", {"data": {"chat_id": "{chat}"}, "files": {"file": ("a.txt", b"a")}}),
    ("POST", "/upload/files", {"data": {"message_id": "{message}"}, "files": {"file": ("a.txt", b"a")}}),
    ("POST", "/upload/audio", {"data": {"chat_id": "{chat}"}, "files": {"file": ("a.ogg", b"a")}}),
    ("GET", "/files/{file}", {}),
    ("GET", "/files/{file}/content", {}),
    ("POST", "/files/{file}/retry", {}),
    ("DELETE", "/files/{file}", {}),
    ("DELETE", "/auth/sessions/{session}", {}),
)


@pytest.fixture(scope="module")
def of_ada(ada: Person) -> Json:
    """An id of each kind of thing that is hers."""
    sent = ada.send("hers")
    return {
        "chat": sent["chat_id"],
        "message": sent["message_id"],
        "file": ada.ready_file(b"hers"),
        "session": ada.data()["sessions"][0]["id"],
    }


@pytest.mark.parametrize(("method", "path", "given"), CASES)
def test_another_persons_id_answers_like_one_that_does_not_exist(
    ada: Person, bob: Person, of_ada: Json, method: str, path: str, given: dict[str, Any]
) -> None:
    before = (ada.data(), bob.data()["files"])
    nothing = {kind: new_id() for kind in of_ada}
    hers = bob.http.request(method, path.format(**of_ada), **_filled(given, of_ada))
    unknown = bob.http.request(method, path.format(**nothing), **_filled(given, nothing))
    assert problem(hers, 404, "not_found") == problem(unknown, 404, "not_found")
    after = (ada.data(), bob.data()["files"])
    assert _lasting(before[0]) == _lasting(after[0])
    assert before[1] == after[1]


def test_another_persons_chat_filters_to_nothing_and_their_file_cannot_be_named(bob: Person, of_ada: Json) -> None:
    data = bob.data(chat_id=of_ada["chat"])
    assert (data["chats"], data["messages"], data["files"]) == ([], [], [])
    named = bob.http.post("/messages", json={"content": "see", "file_ids": [of_ada["file"]]})
    problem(named, 422, "unknown_file")


def test_another_persons_message_id_is_taken_and_says_nothing_more(bob: Person, of_ada: Json) -> None:
    problem(
        bob.http.post("/messages", json={"content": "hers", "message_id": of_ada["message"]}), 409, "message_id_taken"
    )


def test_without_credentials_every_route_but_the_doors_answers_401(stack: Stack, nobody: httpx.Client) -> None:
    paths = nobody.get("/openapi.json").json()["paths"]
    asked = 0
    for path, methods in paths.items():
        for method, operation in methods.items():
            if operation.get("security") == []:
                continue
            url = path.replace("{", "").replace("}", "")
            response = nobody.request(method, url)
            assert response.status_code == 401, f"{method} {path}"
            if method != "head":
                problem(response, 401, "bad_credentials")
            asked += 1
    assert asked >= 15


@pytest.mark.parametrize("name", ["not-an-id", "01A204D5-4821-7EF6-911E-3DEB06B6CCE8", "..%2f..%2fserver.key", "%00"])
def test_what_is_no_id_names_nothing(ada: Person, name: str) -> None:
    assert ada.http.get(f"/files/{name}").status_code == 404
    assert ada.http.get(f"/files/{name}/content").status_code == 404


def test_a_path_that_is_not_there_and_a_method_that_is_not_served_are_problems(stack: Stack) -> None:
    with client(stack) as http:
        problem(http.get("/no/such/thing"), 404, "not_found")
        refused = http.put("/messages")
        problem(refused, 405, "method_not_allowed")
        assert "POST" in refused.headers["allow"]


def _filled(given: dict[str, Any], ids: Json) -> dict[str, Any]:
    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: fill(each) for name, each in value.items()}
        return value.format(**ids) if isinstance(value, str) else value

    return {name: fill(value) for name, value in given.items()}


def _lasting(data: Json) -> Json:
    """Without the log's position, which others move."""
    return {name: value for name, value in data.items() if name != "position"}
