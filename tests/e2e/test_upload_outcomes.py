"""Several files in one request: each has an outcome of its own, and what is refused leaves the others alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.people import Json, Part, Person, done, problem, somebody
from tests.e2e.stack import Stack

MAX_FILE = 60_000
QUOTA = 100_000


@pytest.fixture
def grace(tight: Stack) -> Iterator[Person]:
    """A file may have 60,000 bytes, a request 3 files, a person 100,000 bytes."""
    with somebody(tight) as person:
        yield person


def outcome(person: Person, *parts: Part) -> tuple[list[str], list[tuple[str, str]]]:
    """Names accepted, and (name, code) of the refused; 202."""
    answer = done(person.post_files(parts), 202)
    return [file["name"] for file in answer["files"]], [(one["name"], one["code"]) for one in answer["rejected"]]


def part(name: str, size: int = 10) -> Part:
    return (name, b"x" * size, "text/plain")


def names(person: Person) -> list[str]:
    return [file["name"] for file in person.data()["files"]]


def test_a_file_too_large_is_refused_alone(grace: Person) -> None:
    accepted, refused = outcome(grace, part("a"), part("large", MAX_FILE + 1), part("b", MAX_FILE - 1_000))
    assert accepted == ["a", "b"]
    assert refused == [("large", "file_too_large")]
    assert names(grace) == ["a", "b"]


def test_a_file_of_exactly_the_bound_is_taken(grace: Person) -> None:
    assert outcome(grace, part("whole", MAX_FILE)) == (["whole"], [])


def test_files_past_the_allowed_number_are_refused_by_name(grace: Person) -> None:
    accepted, refused = outcome(grace, *(part(f"file {number}") for number in range(5)))
    assert accepted == ["file 0", "file 1", "file 2"]
    assert refused == [("file 3", "too_many_files"), ("file 4", "too_many_files")]
    assert names(grace) == accepted


def test_a_name_that_is_none_is_refused_alone(grace: Person) -> None:
    accepted, refused = outcome(grace, part("x" * 256), part("fine"))
    assert accepted == ["fine"]
    assert [code for _, code in refused] == ["validation_failed"]


def test_the_quota_refuses_what_does_not_fit_and_takes_the_rest(grace: Person) -> None:
    assert outcome(grace, part("first", 50_000)) == (["first"], [])
    accepted, refused = outcome(grace, part("small", 1_000), part("too much", 55_000), part("fits", 40_000))
    assert accepted == ["small", "fits"]
    assert refused == [("too much", "quota_exceeded")]
    accepted, refused = outcome(grace, part("tiny", 100), part("once more", 20_000))
    assert (accepted, refused) == (["tiny"], [("once more", "quota_exceeded")])


def test_files_that_fit_one_by_one_but_not_together_are_refused_from_the_largest(grace: Person) -> None:
    accepted, refused = outcome(grace, part("a", 45_000), part("b", 50_000), part("c", 40_000))
    assert accepted == ["a", "c"]
    assert refused == [("b", "quota_exceeded")]


def test_room_comes_back_when_a_file_is_deleted(grace: Person) -> None:
    answer = done(grace.post_files([part("first", 60_000)]), 202)
    problem(grace.post_files([part("second", 60_000)]), 413, "quota_exceeded")
    done(grace.http.delete(f"/files/{answer['files'][0]['file_id']}"), 202)
    assert outcome(grace, part("second", 60_000)) == (["second"], [])


@pytest.mark.parametrize(
    ("parts", "status", "code"),
    [
        ([part("large", MAX_FILE + 1)], 413, "file_too_large"),
        ([part("x" * 300)], 422, "validation_failed"),
        ([part("large", MAX_FILE + 1), part("larger", 3 * MAX_FILE)], 413, "file_too_large"),
    ],
)
def test_a_request_of_which_nothing_was_taken_is_a_problem(
    grace: Person, parts: list[Part], status: int, code: str
) -> None:
    problem(grace.post_files(parts), status, code)
    assert names(grace) == []


def test_a_replayed_upload_tells_the_same_outcomes(grace: Person) -> None:
    parts = [part("a", 50_000), part("large", MAX_FILE + 1), part("over quota", 55_000)]

    def upload() -> Json:
        return done(grace.post_files(parts, headers={"Idempotency-Key": "the-same"}), 202)

    first = upload()
    assert [one["code"] for one in first["rejected"]] == ["file_too_large", "quota_exceeded"]
    assert upload() == first
    assert names(grace) == ["a"]


def test_a_raw_recording_has_the_same_bounds(grace: Person) -> None:
    headers = {"Content-Type": "audio/webm"}
    too_large = grace.http.post("/upload/audio", content=bytes(MAX_FILE + 1), headers=headers)
    problem(too_large, 413, "file_too_large")
    problem(grace.http.post("/upload/audio", content=b"", headers=headers), 422, "no_files")
    unnamed = done(grace.http.post("/upload/audio", content=b"sound", headers=headers), 202)
    assert unnamed["files"][0]["size_bytes"] == 5
    for content_type in ("video/webm", "application/octet-stream", "text/plain"):
        refused = grace.http.post("/upload/audio", content=b"x", headers={"Content-Type": content_type})
        problem(refused, 415, "unsupported_media_type")


def test_fields_come_first_and_no_others_are_known(grace: Person) -> None:
    chat_id = grace.chat()

    def form(*parts: tuple[str, str | None, str]) -> bytes:
        out = ""
        for name, filename, value in parts:
            as_file = "" if filename is None else f'; filename="{filename}"'
            out += f'--limit\r\nContent-Disposition: form-data; name="{name}"{as_file}\r\n\r\n{value}\r\n'
        return f"{out}--limit--\r\n".encode()

    wrong = [
        (form(("file", "a.txt", "a"), ("chat_id", None, chat_id)), 422),
        (form(("chat_id", None, "not-an-id"), ("file", "a.txt", "a")), 422),
        (form(("colour", None, "red"), ("file", "a.txt", "a")), 422),
        (form(("chat_id", None, chat_id)), 422),
        (form(), 422),
        (form(("chat_id", None, "x" * 5_000), ("file", "a.txt", "a")), 422),
    ]
    headers = {"Content-Type": "multipart/form-data; boundary=limit"}
    for body, status in wrong:
        refused = grace.http.post("/upload/files", content=body, headers=headers)
        assert refused.status_code == status, (body[:200], refused.text)
    assert names(grace) == []
    right = form(("chat_id", None, chat_id), ("any field name", "a.txt", "a"), ("any field name", "a.txt", "b"))
    files = done(grace.http.post("/upload/files", content=right, headers=headers), 202)["files"]
    assert [file["name"] for file in files] == ["a.txt", "a.txt"]
    assert len({file["file_id"] for file in files}) == 2
    assert {file["chat_id"] for file in grace.data()["files"]} == {chat_id}
