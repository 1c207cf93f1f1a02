"""A disk with no room left: writes are refused with 507, reads go on, and nothing acknowledged is lost."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import httpx
import pytest

from tests.disks import MIB, Disk, mounted
from tests.e2e.load import require_swept
from tests.e2e.people import Person, client, done, problem, somebody
from tests.e2e.stack import Stack, another_api, running_stack
from tests.e2e.wire import head, wire_to
from tests.tus.sender import Sender
from tests.waiting import wait_for


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    with mounted(tmp_path_factory.mktemp("cramped") / "disk", 64 * MIB) as disk:
        yield disk


@pytest.fixture
def disk(small: Disk) -> Iterator[Disk]:
    """Room again for the next test."""
    yield small
    small.empty()


@pytest.fixture(scope="module")
def cramped(small: Disk) -> Iterator[Stack]:
    """Its data folder lies on the small disk, its log elsewhere; no reserve is kept, so every write may be the one."""
    folder = small.folder.parent
    (folder / "data").symlink_to(small.folder, target_is_directory=True)
    with running_stack(folder, api_processes=1, read_wait_ms=300) as stack:
        yield stack


def test_a_full_disk_refuses_writes_serves_reads_and_loses_nothing(cramped: Stack, disk: Disk) -> None:
    with somebody(cramped) as grace:
        kept = grace.send("kept")
        file_id = grace.ready_file(os.urandom(MIB), "kept.bin")
        before = grace.data()
        disk.fill()
        refuse_every_write(cramped, grace, kept["message_id"])
        assert grace.data()["messages"] == before["messages"]
        assert len(grace.download(file_id)) == MIB
        disk.empty()
        after = wait_for(lambda: taken(grace), "writes to be taken again")
        wait_for(lambda: up_to_date(grace), "the projector to go on")
        data = grace.data()
        assert [message["content"] for message in data["messages"]] == ["kept", after]
        assert data["files"] == before["files"]
        stored = grace.ready_file(os.urandom(MIB), "after.bin")
        assert grace.wait_processed(stored)["status"] == "ready"
        require_swept(cramped)
    cramped.require_sound()


def test_a_file_that_fills_the_disk_is_refused_and_leaves_nothing(cramped: Stack, disk: Disk) -> None:
    with somebody(cramped) as grace:
        grace.send("before")
        disk.fill(free_bytes=3 * MIB)
        large = ("large.bin", os.urandom(8 * MIB), "application/octet-stream")
        problem(grace.post_files([large]), 507, "storage_full")
        require_swept(cramped)
        answer = grace.post_files([large, ("small.txt", b"small", "text/plain")])
        assert [one["code"] for one in done(answer, 202)["rejected"]] == ["storage_full"]
        (small,) = answer.json()["files"]
        assert grace.wait_processed(small["file_id"])["status"] == "ready"
        assert [file["name"] for file in grace.data()["files"]] == ["small.txt"]
        disk.empty()
        assert grace.upload_one(large[1], "large.bin")


def test_a_file_that_cannot_be_stored_waits_or_fails_and_can_be_retried(cramped: Stack, disk: Disk) -> None:
    data = os.urandom(6 * MIB)
    with somebody(cramped) as grace:
        with cramped.paused("worker:uploads"):
            file_id = grace.upload_one(data, "patient.bin")
            disk.fill(free_bytes=2 * MIB)
        row = grace.wait_processed(file_id)
        assert (row["status"], row["error_code"]) == ("error", "storage_full")
        disk.empty()
        done(grace.http.post(f"/files/{file_id}/retry"), 202)
        assert grace.wait_processed(file_id)["status"] == "ready"
        assert grace.download(file_id) == data
        require_swept(cramped)
    cramped.require_sound()


def test_a_disk_that_fills_up_in_the_middle_of_an_upload_refuses_and_goes_on_later(cramped: Stack, disk: Disk) -> None:
    data = os.urandom(3 * MIB)
    with somebody(cramped) as grace:
        sender = Sender(grace)
        upload_id = sender.new(len(data))
        assert sender.patch(upload_id, data[:MIB]).status_code == 204
        disk.fill(free_bytes=MIB // 2)
        problem(sender.patch(upload_id, data[MIB:], MIB), 507, "storage_full")
        assert sender.offset(upload_id) == MIB
        disk.fill()
        problem(sender.begin(10), 507, "storage_full")
        assert sender.offset(upload_id) == MIB
        disk.empty()
        answer = sender.patch(upload_id, data[MIB:], MIB)
        assert answer.headers["Strongroom-File-Id"] == upload_id
        assert grace.wait_processed(upload_id)["status"] == "ready"
        assert grace.download(upload_id) == data
    cramped.require_sound()


def test_below_the_reserve_uploads_are_refused_before_they_are_written(cramped: Stack, disk: Disk) -> None:
    """By a process that keeps one; words still go in."""
    with another_api(cramped, reserve_bytes=10 * MIB) as url, somebody(cramped) as grace:
        grace.http.base_url = httpx.URL(f"{url}/api/v1")
        kept = grace.ready_file(b"kept")
        disk.fill(free_bytes=9 * MIB)
        with wire_to(url) as to:  # Nothing else comes: whoever wanted to read it first would wait.
            sound = head("POST", "/upload/audio", grace.token, content_type="audio/webm", content_length=MIB)
            to.send(sound + b"x")
            answer = to.answer(timeout_s=10.0)
        assert (answer.status, json.loads(answer.body)["code"]) == (507, "storage_full"), answer
        # A form is read to its end, for the parts that come after; none of it is written.
        problem(grace.post_files([("any.txt", b"x", "text/plain")]), 507, "storage_full")
        assert not any((cramped.data / "spool").iterdir())
        grace.send("still goes in")
        assert grace.download(kept) == b"kept"


def refuse_every_write(stack: Stack, grace: Person, message_id: str) -> None:
    """507 for each kind of write; nothing of any of them shows."""
    http = grace.http
    for _ in range(3):
        problem(http.post("/messages", json={"content": "lost"}), 507, "storage_full")
        problem(http.post("/chats", json={"title": "lost"}), 507, "storage_full")
        problem(http.post(f"/messages/{message_id}/status", json={"status": "read"}), 507, "storage_full")
        problem(grace.post_files([("lost.txt", b"lost", "text/plain")]), 507, "storage_full")
    with client(stack) as stranger:
        problem(stranger.post("/auth/login", json=grace.credentials), 507, "storage_full")
        form = {"username": "too-late", "email": "late@example.org", "password": grace.password}
        problem(stranger.post("/auth/register", json=form), 507, "storage_full")


def up_to_date(grace: Person) -> bool:
    return "strongroom-stale" not in grace.http.get("/user/data").headers


def taken(grace: Person) -> str:
    """The words of a message that was taken; "" when it was not."""
    answer = grace.http.post("/messages", json={"content": "after"})
    assert answer.status_code in (201, 503, 507), answer.text
    return "after" if answer.status_code == 201 else ""
