"""The relay alone: what of the log asks for a job is sent, in order, however much there is to read."""

from __future__ import annotations

import pytest

from eventstore.log import Log
from eventstore.record import Record
from service import locks
from service.house import House
from tests import builders
from tests.builders import Person
from workers import relay
from workers.post import Job, Post
from workers.relay import Relay


class Told(Post):
    """Keeps what is sent. No queue: a relay does not ask how sending is done."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def _send(self, queue_name: str, actor_name: str, *args: str | int) -> None:
        if queue_name == "uploads":
            self.jobs.append((actor_name, args))

    def waiting(self) -> frozenset[Job] | None:
        return frozenset(self.jobs)


def test_a_relay_that_is_behind_reads_on_page_by_page_and_nothing_that_is_sealed(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat_id = builders.started_chat(house, ada)
    files = [builders.uploaded_file(house, ada, b"data") for _ in range(3)]
    deleted_at = builders.deleted_chat(house, ada, chat_id)

    def refuse(*_: object) -> list[Record]:
        raise AssertionError("the relay needs no sealed bytes")

    monkeypatch.setattr(Log, "read_all", refuse)
    monkeypatch.setattr(relay, "PAGE", 3)
    lock = locks.take(house.layout.run / "relay.lock")
    assert lock is not None
    with lock:
        post = Told()
        relaying = Relay(house, post, lock)
        behind = []
        while relaying.behind:
            relaying.tick()
            behind.append(relaying.behind)
        assert behind == [True] * (house.log.head() // 3) + [False]
    wanted = [("store_file", (file_id,)) for file_id in files]
    assert [job for job in post.jobs if job[0] != "sweep"] == [
        *wanted,
        ("forget_chat", (chat_id, ada.user, deleted_at)),
    ]
