"""A queue that is out of memory: it is told, writes go on, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.people import somebody
from tests.e2e.queue_inside import limited_to
from tests.e2e.stack import Stack, running_stack
from tests.waiting import wait_for


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("queue"), api_processes=1) as stack:
        yield stack
        assert stack.stop() == 0


def test_a_queue_without_memory_is_told_and_everything_is_done_once_it_has_some(stack: Stack) -> None:
    with somebody(stack) as ada:
        with limited_to(stack, memory_bytes=1):
            wait_for(lambda: stack.missing() == ["queue"], "the queue to be named", 20.0)
            sent = ada.send("durable all the same")
            file_id = ada.upload_one(b"this too")
        stack.wait_ready()
        assert ada.wait_processed(file_id)["status"] == "ready"
        assert [message["message_id"] for message in ada.data()["messages"]] == [sent["message_id"]]


def test_a_second_queue_on_one_folder_is_refused(stack: Stack) -> None:
    second = stack.command("valkey")
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr.startswith("strongroom: a queue answers on ")
    assert second.stderr.endswith(" already\n")
    assert stack.missing() == []  # Nor has it taken the first one's socket away.
