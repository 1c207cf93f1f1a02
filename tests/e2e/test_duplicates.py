"""The same bytes twice, by program: stored once, and nobody is the wiser."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.people import Person, done
from tests.e2e.stack import Stack
from tests.waiting import wait_for

DATA = os.urandom(1_200_000)  # More than one segment.
OWN = ("file_id", "uploaded_at", "name")
"""What differs between any two files."""


def blob(stack: Stack, file_id: str) -> Path:
    return stack.data / "blobs" / file_id[-2:] / f"{file_id}.blob"


def delete(person: Person, file_id: str) -> None:
    done(person.http.delete(f"/files/{file_id}"), 202)


@pytest.mark.parametrize("first_gone", [True, False])
def test_the_same_bytes_lie_once_and_each_file_is_deleted_alone(
    stack: Stack, newcomer: Person, first_gone: bool
) -> None:
    first, second = newcomer.ready_file(DATA, "one.bin"), newcomer.ready_file(DATA, "two.bin")
    assert [blob(stack, file_id).exists() for file_id in (first, second)] == [True, False]
    assert [newcomer.file(one)["name"] for one in (first, second)] == ["one.bin", "two.bin"]
    assert newcomer.download(first) == newcomer.download(second) == DATA
    gone, left = (first, second) if first_gone else (second, first)
    delete(newcomer, gone)
    assert newcomer.http.get(f"/files/{gone}/content").status_code == 404
    assert newcomer.download(left) == DATA
    delete(newcomer, left)
    wait_for(lambda: not blob(stack, first).exists(), "the bytes to go with the last file")
    stack.require_blobs()


def test_a_duplicate_shows_its_owner_what_any_file_shows(newcomer: Person) -> None:
    first, second = (newcomer.file(newcomer.ready_file(DATA)) for _ in range(2))
    assert {name: first[name] for name in first if name not in OWN} == {
        name: second[name] for name in second if name not in OWN
    }


def test_nobody_learns_from_an_upload_what_another_has(stack: Stack, ada: Person, newcomer: Person) -> None:
    """Everything but the ids is the same, whether the other person has these bytes or nobody has."""
    known, unknown = os.urandom(200_000), os.urandom(200_000)
    others = ada.ready_file(known)
    answers, rows = [], []
    for data in (known, unknown):
        (answer,) = newcomer.upload(("a.bin", data, "application/octet-stream"))
        rows.append(newcomer.wait_processed(answer["file_id"]))
        answers.append(answer)
        assert blob(stack, answer["file_id"]).exists()
    differ = {name for name in answers[0] if answers[0][name] != answers[1][name]}
    assert differ == {"file_id", "position"}
    differ = {name for name in rows[0] if rows[0][name] != rows[1][name]}
    assert differ == {"file_id", "uploaded_at", "hash_sha256", "encryption_iv"}
    delete(ada, others)
    assert newcomer.download(answers[0]["file_id"]) == known


def test_a_worker_killed_over_a_duplicate_loses_nothing(stack: Stack, newcomer: Person) -> None:
    data = os.urandom(4_000_000)
    first = newcomer.ready_file(data)
    second = newcomer.upload_one(data)
    stack.kill("worker:uploads")
    assert newcomer.wait_processed(second, 60.0)["status"] == "ready"
    delete(newcomer, first)
    assert newcomer.download(second) == data
    stack.wait_ready()
    stack.require_sound()
