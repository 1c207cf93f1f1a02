"""From a request to its jobs: the note that the API leaves, and the lines that a worker logs with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import dramatiq
import pytest
import structlog
from dramatiq import Message
from dramatiq.broker import MessageProxy
from dramatiq.brokers.stub import StubBroker
from structlog.contextvars import bound_contextvars, get_contextvars

from service.desk.desk import Desk
from service.files import chats
from service.house.house import House
from service.machine import request_ids as request_ids_module
from service.machine.layout import Layout
from service.machine.meter import OTHER, FileMeter
from service.machine.metrics import JOB_SECONDS, JOBS, JOBS_RUNNING
from service.machine.request_ids import RequestIds
from tests import builders
from tests.metrics.test_meter import value
from tests.service.desks import at_desk
from workers.metrics import Measuring

ID = "0123456789abcdef"


@pytest.fixture
def ids(tmp_path: Path) -> Iterator[RequestIds]:
    with closing(RequestIds(tmp_path)) as ids:
        yield ids


def test_what_a_request_notes_is_found_by_another_process(ids: RequestIds, tmp_path: Path) -> None:
    with bound_contextvars(request_id=ID):
        ids.note("file-1")
    with closing(RequestIds(tmp_path)) as other:
        assert other.find("file-1") == ID
        assert other.find("file-2") is None


def test_the_last_request_counts(ids: RequestIds) -> None:
    for request_id in (ID, ID[::-1]):
        with bound_contextvars(request_id=request_id):
            ids.note("chat-1")
    assert ids.find("chat-1") == ID[::-1]


@pytest.mark.parametrize("request_id", ["", "no hex at all", "00", ID * 2])
def test_what_is_no_id_of_a_request_is_not_noted(ids: RequestIds, request_id: str) -> None:
    with bound_contextvars(request_id=request_id):
        ids.note("file-1")
    assert ids.find("file-1") is None


def test_outside_a_request_and_for_streams_that_ask_for_no_job_nothing_is_noted(
    ids: RequestIds, tmp_path: Path
) -> None:
    ids.note("file-1")
    with bound_contextvars(request_id=ID):
        ids.note("message-1")
    assert (tmp_path / "request-ids").read_bytes() == b""


def test_streams_that_meet_at_one_place_are_told_apart(ids: RequestIds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_ids_module, "SLOTS", 1)
    with bound_contextvars(request_id=ID):
        ids.note("file-1")
        ids.note("file-2")
    assert (ids.find("file-1"), ids.find("file-2")) == (None, ID)


def test_the_ring_does_not_grow(ids: RequestIds, tmp_path: Path) -> None:
    with bound_contextvars(request_id=ID):
        for number in range(20_000):
            ids.note(f"file-{number}")
    ring = tmp_path / "request-ids"
    assert ring.stat().st_size <= request_ids_module.SLOTS * request_ids_module.SLOT_BYTES
    assert sum(ids.find(f"file-{number}") == ID for number in range(19_000, 20_000)) > 800


def test_a_note_after_the_end_goes_nowhere(tmp_path: Path) -> None:
    ids = RequestIds(tmp_path)
    ids.close()
    with (tmp_path / "another").open("w+b") as taking_the_number, bound_contextvars(request_id=ID):
        ids.note("file-1")
        assert ids.find("file-1") is None
        assert taking_the_number.read() == b""


def test_an_append_is_noted_before_it_can_be_in_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(House(builders.settings(tmp_path / "data"))) as house:
        ada = builders.person(house, "ada")
        chat_id = builders.started_chat(house, ada)
        seen: list[str | None] = []
        submit = house.writer.submit

        def submitting(*given: Any) -> None:
            with closing(RequestIds(house.layout.run)) as others:
                seen.append(others.find(f"chat-{chat_id}"))
            submit(*given)

        monkeypatch.setattr(house.writer, "submit", submitting)

        async def story(desk: Desk) -> None:
            with bound_contextvars(request_id=ID):
                await chats.delete(desk, ada.who, chat_id)

        at_desk(house, story)
        assert seen[0] == ID


class Bench:
    """A worker's middleware, and the jobs that it is shown."""

    def __init__(self, folder: Path, ids: RequestIds) -> None:
        self.meter = FileMeter(folder, "worker")
        self.measuring = Measuring(self.meter, ids)
        self.broker = StubBroker(middleware=[])
        dramatiq.actor(broker=self.broker, actor_name="store_file")(lambda: None)

    def begin(self, actor: str, *args: str) -> MessageProxy:
        message = MessageProxy(
            Message(queue_name="uploads", actor_name=actor, args=args, kwargs={}, options={}, message_id="job-1")
        )
        self.measuring.before_process_message(self.broker, message)
        return message

    def end(self, message: MessageProxy, error: Exception | None = None, *, failed: bool = False) -> None:
        if failed:
            message.fail()
        self.measuring.after_process_message(self.broker, message, exception=error)


def test_a_job_is_counted_by_how_it_ended_and_bound_while_it_runs(ids: RequestIds, tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.metrics.mkdir(parents=True)
    bench = Bench(layout.metrics, ids)
    with bound_contextvars(request_id=ID):
        ids.note("file-1")
    structlog.contextvars.clear_contextvars()
    job = bench.begin("store_file", "1")
    assert get_contextvars() == {"job_id": "job-1", "actor": "store_file", "request_id": ID}
    assert value(layout, JOBS_RUNNING, actor="store_file") == 1
    bench.end(job)
    assert get_contextvars() == {}
    bench.end(bench.begin("store_file", "2"), ValueError())
    bench.end(bench.begin("store_file", "2"), ValueError(), failed=True)
    job = bench.begin("canary", "1")
    assert get_contextvars() == {"job_id": "job-1", "actor": OTHER}
    bench.end(job)
    outcomes = [value(layout, JOBS, actor="store_file", outcome=each) for each in ("done", "retried", "failed")]
    assert outcomes == [1, 1, 1]
    assert value(layout, JOBS, actor=OTHER, outcome="done") == 1
    assert value(layout, JOBS_RUNNING, actor="store_file") == 0
    assert value(layout, JOB_SECONDS, "_count", actor="store_file") == 3
    bench.meter.close()
