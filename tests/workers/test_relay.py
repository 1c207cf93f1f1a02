"""The relay alone: what of the log asks for a job is sent, in order, however much there is to read."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import msgspec
import pytest
from dramatiq import Message
from dramatiq.broker import MessageProxy
from dramatiq.brokers.stub import StubBroker

from eventstore.log import Log
from eventstore.record import Record
from service.house.house import House
from service.machine import locks
from service.machine.config import Settings
from service.media.errors import TranscriptFailed
from service.processing.analysing import KEEP_US, analyse
from service.processing.storing import load_file, store
from service.upkeep import waiting
from service.upkeep.waiting import waiting_findings
from tests import builders
from tests.builders import Person
from tests.media_made import tone_wav
from workers import relay
from workers.actors import FailFiles
from workers.houses import Houses
from workers.pauses import FIRST_PAUSE_S, PAUSE_MAX_S, Pauses
from workers.post import Job, Post
from workers.relay import Relay


class Told(Post):
    """Keeps what is sent. No queue: a relay does not ask how sending is done."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def _send(self, queue_name: str, actor_name: str, *args: str | int) -> None:
        if queue_name != "projections":
            self.jobs.append((actor_name, args))

    def waiting(self) -> frozenset[Job] | None:
        return frozenset(self.jobs)


class Losing(Told):
    """A queue that has lost everything whenever it is asked."""

    def waiting(self) -> frozenset[Job] | None:
        return frozenset()


@contextmanager
def relaying(house: House, post: Told) -> Iterator[Relay]:
    lock = locks.take(house.layout.run / "relay.lock")
    assert lock is not None
    with lock:
        yield Relay(house, post, lock)


def recorded(house: House, ada: Person) -> str:
    """A recording that is stored and not analysed."""
    file_id = builders.uploaded_file(house, ada, tone_wav(0.5), kind="audio")
    store(house, house.log, file_id)
    return file_id


def long_ago(house: House, file_id: str) -> None:
    before_s = house.clock_us() / 1_000_000 - 60
    os.utime(house.layout.spool_file(file_id), (before_s, before_s))


def test_a_relay_that_is_behind_reads_on_page_by_page_and_nothing_that_is_sealed(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat_id = builders.started_chat(house, ada)
    files = [builders.uploaded_file(house, ada, b"data") for _ in range(3)]
    builders.deleted_chat(house, ada, chat_id)

    def refuse(*_: object) -> list[Record]:
        raise AssertionError("the relay needs no sealed bytes")

    monkeypatch.setattr(Log, "read_all", refuse)
    monkeypatch.setattr(relay, "PAGE", 3)
    post = Told()
    with relaying(house, post) as reading:
        behind = []
        while reading.behind:
            reading.tick()
            behind.append(reading.behind)
        assert behind == [True] * (house.log.head() // 3) + [False]
    wanted = [("store_file", (file_id,)) for file_id in files]
    assert [job for job in post.jobs if job[0] != "sweep"] == [
        *wanted,
        ("forget_chat", (chat_id,)),
    ]


def test_sound_is_sent_to_be_transcribed_once_it_is_analysed(house: House, ada: Person) -> None:
    file_id = recorded(house, ada)
    house.settings = msgspec.structs.replace(house.settings, transcribe="openai")
    with relaying(house, post := Told()) as reading:
        reading.tick()
        assert ("analyse_file", (file_id,)) in post.jobs
        assert ("transcribe_file", (file_id,)) not in post.jobs
        analyse(house, house.log, file_id, transcripts=True)
        reading.tick()
    assert post.jobs.count(("transcribe_file", (file_id,))) == 1


@pytest.mark.parametrize(("choice", "job"), [("off", "analyse_file"), ("openai", "transcribe_file")])
def test_what_the_queue_has_lost_of_an_analysed_file_is_sent_again(
    house: House, ada: Person, choice: str, job: str
) -> None:
    file_id = recorded(house, ada)
    analyse(house, house.log, file_id, transcripts=True)
    long_ago(house, file_id)
    house.settings = msgspec.structs.replace(house.settings, transcribe=choice)
    with relaying(house, post := Losing()) as reading:
        reading._resend()
        assert post.jobs == [(job, (file_id,))]
        reading._resend()
    assert post.jobs == [(job, (file_id,))]  # Again, but not at once again.


def test_pauses_grow_to_an_hour_and_are_forgotten_with_the_job() -> None:
    pauses, name = Pauses(), ("transcribe_file", "f1")
    sent_s = [now_s for now_s in range(0, 20_000, 5) if pauses.due(name, now_s)]
    grown_s = [later - sooner for sooner, later in pairwise(sent_s)]
    assert grown_s[:4] == [FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S, 8 * FIRST_PAUSE_S]
    assert grown_s == sorted(grown_s)
    assert max(grown_s) == PAUSE_MAX_S
    pauses.end_round()
    assert not pauses.due(name, sent_s[-1] + 1)
    pauses.end_round()
    pauses.end_round()  # Nobody asked for it in between.
    assert pauses.due(name, sent_s[-1] + 1)


def test_findings_are_looked_at_a_page_at_a_time(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    files = sorted(recorded(house, ada) for _ in range(5))
    monkeypatch.setattr(waiting, "WAITING_PAGE", 2)
    seen: list[list[str]] = []
    after = ""
    for _ in range(4):
        found, after = waiting_findings(house, after, house.clock_us() + 1_000_000)
        seen.append([file.file_id for file in found])
    assert seen == [files[:2], files[2:4], files[4:], files[:2]]


def test_a_finding_whose_spool_is_gone_is_not_waited_for(house: House, ada: Person) -> None:
    young, bare = recorded(house, ada), recorded(house, ada)
    house.layout.spool_file(bare).unlink()
    found, _ = waiting_findings(house, "", house.clock_us() - 3_000_000)
    assert [file.file_id for file in found] == [bare]
    assert young != bare


@pytest.mark.parametrize(
    ("error", "age_us", "kept"),
    [
        (TranscriptFailed("transcript_unreachable", again=True), 60_000_000, True),
        (TranscriptFailed("transcript_unreachable", again=True), KEEP_US + 60_000_000, False),
        (OSError(errno.ENOSPC, "full"), 60_000_000, True),
        (ValueError("of its own"), 60_000_000, False),
    ],
)
def test_after_its_tries_a_file_is_given_up_only_for_what_does_not_pass(
    settings: Settings, house: House, ada: Person, error: Exception, age_us: int, kept: bool
) -> None:
    file_id = recorded(house, ada)
    at_s = (house.clock_us() - age_us) / 1_000_000
    os.utime(house.layout.spool_file(file_id), (at_s, at_s))
    broker = StubBroker(middleware=[])
    message = MessageProxy(
        Message(queue_name="media", actor_name="analyse_file", args=(file_id,), kwargs={}, options={})
    )
    message.fail()
    houses = Houses(settings)
    FailFiles(houses).after_process_message(broker, message, exception=error)
    houses.close()
    loaded = load_file(house.log, file_id)
    assert loaded is not None
    assert loaded.state.analysed is not kept
    assert (house.keyring.finding_key(file_id) is not None, house.layout.spool_file(file_id).exists()) == (kept, kept)
