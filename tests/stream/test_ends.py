"""How a stream ends, and what it survives."""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.people import Person, client, done, somebody
from tests.e2e.stack import Stack, running_stack
from tests.stream.ears import Ear, listening, only_process
from tests.waiting import wait_for

MANY = 150
PROMISED_S = 10.0


@pytest.mark.parametrize("process", [0, 1])
def test_closing_a_session_in_one_process_ends_its_streams_in_the_other(ada: Person, process: int) -> None:
    other = ada.login()
    with only_process(ada.stack, process):
        doomed = Ear(ada.stack, other).listen()
    with doomed, listening(ada) as kept:
        assert doomed.next().name == "ready"
        sessions = done(ada.http.get("/auth/sessions"), 200)["sessions"]
        (session_id,) = (session["id"] for session in sessions if not session["current"])
        with only_process(ada.stack, 1 - process), client(ada.stack, Authorization=f"Bearer {ada.token}") as http:
            assert http.delete(f"/auth/sessions/{session_id}").status_code == 204
        (end,) = doomed.rest()
        assert (end.name, end.position, end.data) == ("end", None, {"reason": "closed"})
        assert kept.until("SessionClosed").data["session_id"] == session_id
        with Ear(ada.stack, other) as again:
            assert again.head()[0] == 401


def test_signing_out_ends_the_stream(ada: Person) -> None:
    with listening(ada) as ear:
        assert ada.http.post("/auth/logout").status_code == 204
        assert ear.rest()[-1].data == {"reason": "closed"}


def test_nothing_is_lost_without_the_queue_and_the_workers(stack: Stack, ada: Person) -> None:
    with listening(ada) as ear:
        assert ear.next().name == "ready"
        stack.kill("valkey")
        stack.kill("worker:uploads")
        stack.kill("worker:projections")
        position = ada.send("into the dark")["position"]
        assert ear.until("MessageSent").position == position
        stack.wait_ready()
        file_id = ada.upload_one(b"afterwards")
        assert ear.until("FileStored").data["file_id"] == file_id


def test_killed_processes_cost_a_reconnect_and_nothing_else(stack: Stack, ada: Person) -> None:
    with listening(ada) as ear:
        start = ear.next().position
        stack.kill("api")
        assert ear.rest() == []
    stack.wait_ready()
    position = wait_for(lambda: _sent(ada), "a message to be taken")
    with listening(ada, start) as ear:
        assert ear.until("MessageSent").position == position


def test_many_streams_hear_and_end_with_the_process_and_one_that_is_not_read_does_not_hold_it_up(
    tmp_path: Path,
) -> None:
    with running_stack(tmp_path, api_processes=2, streams_per_user=MANY + 1) as mortal, ExitStack() as opened:
        with somebody(mortal) as ada:
            chat_id = ada.chat()
            for _ in range(50):
                ada.send("y" * 200_000, chat_id=chat_id)
            opened.enter_context(Ear(mortal, ada.token, 0, receive_bytes=4_096))  # Nobody reads it.
            ears = [opened.enter_context(Ear(mortal, ada.token)) for _ in range(MANY)]
            for ear in ears:
                assert ear.listen().next().name == "ready"
            positions = [ada.send("y" * 100_000, chat_id=chat_id)["position"] for _ in range(3)]
            for ear in ears:
                assert [ear.until("MessageSent").position for _ in positions] == positions
        began_s = time.monotonic()
        mortal.kill("up", signal.SIGTERM)
        for ear in ears:
            assert [event.data for event in ear.rest()] == [{"reason": "shutdown"}]
        assert mortal.stop() == 0
        assert time.monotonic() - began_s < PROMISED_S


def _sent(person: Person) -> int:
    answer = person.http.post("/messages", json={"content": "after the kill"})
    return answer.json()["position"] if answer.status_code == 201 else 0
