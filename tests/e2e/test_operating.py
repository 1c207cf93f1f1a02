"""Alive, ready, and what is said when a part is missing."""

from __future__ import annotations

import httpx

from tests.e2e.people import Person, once
from tests.e2e.stack import Stack
from tests.waiting import wait_for


def get(stack: Stack, path: str) -> httpx.Response:
    return once("GET", f"{stack.url}{path}")


def test_it_is_alive_and_ready(stack: Stack) -> None:
    stack.wait_ready()
    assert get(stack, "/healthz").json() == {"status": "ok"}
    ready = get(stack, "/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready", "missing": []})


def test_without_its_queue_it_takes_writes_and_says_what_is_missing(stack: Stack, newcomer: Person) -> None:
    stack.wait_ready()
    with stack.paused("up"):  # Else it would have started another before we look.
        stack.kill("valkey")
        wait_for(lambda: stack.missing() == ["queue"], "the missing queue to be named")
        missing = get(stack, "/readyz")
        assert (missing.status_code, missing.json()) == (503, {"status": "not_ready", "missing": ["queue"]})
        assert get(stack, "/healthz").status_code == 200
        sent = newcomer.send("durable all the same")
        file_id = newcomer.upload_one(b"this too")
    stack.wait_ready()
    assert newcomer.wait_processed(file_id)["status"] == "ready"
    assert [message["message_id"] for message in newcomer.data()["messages"]] == [sent["message_id"]]


def test_without_a_worker_it_names_the_worker(stack: Stack) -> None:
    stack.wait_ready()
    with stack.paused("up"):
        stack.kill("worker:uploads")
        gone = ["worker:uploads", "worker:media", "worker:transcripts"]
        wait_for(lambda: stack.missing() == gone, "the missing worker to be named")
    stack.wait_ready()


def test_every_answer_carries_a_request_id_and_forbids_sniffing(stack: Stack) -> None:
    for path in ("/healthz", "/api/v1/openapi.json", "/api/v1/user/data", "/nothing-here"):
        headers = get(stack, path).headers
        assert len(headers["x-request-id"]) >= 16, path
        assert headers["x-content-type-options"] == "nosniff", path


def test_a_request_id_of_an_answer_stands_in_the_log(stack: Stack) -> None:
    request_id = get(stack, "/api/v1/user/data").headers["x-request-id"]
    wait_for(lambda: request_id in stack.log.read_text(), "the request to be logged")
