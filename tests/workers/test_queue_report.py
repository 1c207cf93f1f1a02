"""What the worker tells of the queue, and jobs that were given up done again: at a real Valkey, and once with all the
processes that there are."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import redis
from dramatiq import Message
from dramatiq.broker import Consumer, MessageProxy
from dramatiq.brokers.redis import RedisBroker

from domain.events import FileFailed, FileRetried, FileStored
from eventstore.errors import LogFull
from service.house import queue_report, retry_requests
from service.house.facts import to_fact
from service.house.house import House
from service.house.queue_report import FailedJob, QueueReport, QueueState
from service.machine.ids import new_id
from service.machine.layout import Layout
from service.machine.meter import SILENT
from service.machine.metrics import ACTORS
from service.machine.request_ids import RequestIds
from service.processing import retrying
from service.processing.analysing import give_up
from service.processing.storing import fail, load_file, store
from tests import builders
from tests.builders import Person
from tests.media_made import tone_wav
from tests.waiting import wait_for
from tests.workers.conftest import StartWorker, Valkey
from workers import dead_letters
from workers.broker import make_broker
from workers.dead_letters import DeadLetters, LastWords
from workers.houses import Houses
from workers.main import DECLARE, Station
from workers.metrics import Measuring
from workers.post import Post, QueueDown
from workers.queue_report import LOOK_EVERY_S, Reporter
from workers.quiet import Quiet


@pytest.fixture
def client(valkey: Valkey) -> Iterator[redis.Redis]:
    with valkey.client() as client:
        yield client


@pytest.fixture
def broker(house: House, client: redis.Redis) -> RedisBroker:
    return make_broker(client, house.settings)


@pytest.fixture
def reporter(house: House, client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> Reporter:
    """It looks whenever it is asked."""
    monkeypatch.setattr("workers.queue_report.LOOK_EVERY_S", 0.0)
    return Reporter(house, client)


def taken(broker: RedisBroker, queue: str) -> tuple[MessageProxy, Consumer]:
    """The next message, as a worker has it."""
    consumer = broker.consume(queue)
    message = wait_for(lambda: next(consumer), "the message")
    assert message is not None
    return message, consumer


def give_up_job(broker: RedisBroker, queue: str, actor: str, *args: str, error: Exception | None = None) -> str:
    """A job that was tried for the last time, as a worker leaves it; its id."""
    broker.declare_queue(queue)
    broker.enqueue(Message(queue_name=queue, actor_name=actor, args=args, kwargs={}, options={"retries": 6}))
    message, consumer = taken(broker, queue)
    message.fail()
    message.options["traceback"] = "SpoolBroken: canary-name.txt"
    LastWords(broker.client).after_process_message(broker, message, exception=error or ValueError("canary-name.txt"))
    consumer.nack(message)
    consumer.close()
    job_id: str = message.options["redis_message_id"]
    return job_id


def told(reporter: Reporter, layout: Layout) -> QueueReport:
    """After one look."""
    reporter.tick()
    report = queue_report.told(layout)
    assert report is not None
    return report


def failed_file(house: House, ada: Person, data: bytes = b"hello") -> str:
    file_id = builders.uploaded_file(house, ada, data)
    assert fail(house, house.log, file_id, "processing_failed")
    return file_id


def events(house: House, file_id: str) -> list[type]:
    return [type(to_fact(record).event) for record in house.log.read_stream(f"file-{file_id}")]


# -- the report --------------------------------------------------------------------------------------------------


def test_the_queues_are_counted(house: House, broker: RedisBroker, reporter: Reporter) -> None:
    post = Post(broker)
    assert told(reporter, house.layout).queues["uploads"] == QueueState(0, 0, 0)
    before_us = house.clock_us() - 1_000  # The message tells milliseconds.
    post.store_file(new_id())
    post.store_file(new_id())
    delayed: Message[None] = Message(queue_name="media", actor_name="analyse_file", args=(), kwargs={}, options={})
    broker.enqueue(delayed, delay=60_000)
    give_up_job(broker, "transcripts", "transcribe_file")
    report = told(reporter, house.layout)
    uploads = report.queues["uploads"]
    assert (uploads.waiting, uploads.delayed, uploads.failed) == (2, 0, 0)
    assert uploads.oldest_at_us is not None
    assert before_us <= uploads.oldest_at_us <= house.clock_us()
    assert report.queues["media"] == QueueState(0, 1, 0)
    assert report.queues["transcripts"] == QueueState(0, 0, 1)
    assert before_us <= report.at_us <= house.clock_us()


def test_jobs_that_a_worker_has_taken_are_counted_and_grow_old(
    house: House, broker: RedisBroker, reporter: Reporter
) -> None:
    """Under way, or held beside that for the next: of either it matters that nothing comes of it."""
    broker.declare_queue("transcripts")
    for age_ms in (7_200_000, 0, 0):
        sent: Message[None] = Message("transcripts", "transcribe_file", (new_id(),), {}, {})
        broker.enqueue(sent.copy(message_timestamp=sent.message_timestamp - age_ms))
    consumer = broker.consume("transcripts", prefetch=2)
    wait_for(lambda: next(consumer), "the first message")
    found = told(reporter, house.layout).queues["transcripts"]
    assert (found.waiting, found.taken, found.delayed, found.failed) == (1, 2, 0, 0)
    assert found.oldest_at_us is not None
    assert house.clock_us() - found.oldest_at_us >= 7_200_000_000
    assert told(reporter, house.layout).queues["media"] == QueueState(0, 0, 0)
    consumer.close()


def test_what_is_done_is_counted_no_more(house: House, broker: RedisBroker, reporter: Reporter) -> None:
    Post(broker).store_file(new_id())
    message, consumer = taken(broker, "uploads")
    assert told(reporter, house.layout).queues["uploads"].taken == 1
    consumer.ack(message)
    assert told(reporter, house.layout).queues["uploads"] == QueueState(0, 0, 0)
    consumer.close()


def test_a_recording_is_not_taken_before_somebody_can_listen_to_it(
    house: House, client: redis.Redis, request: pytest.FixtureRequest
) -> None:
    """It would wait behind another for an hour, while the worker beside it is idle."""
    houses, request_ids = Houses(house.settings, SILENT), RequestIds(house.layout.run)
    request.addfinalizer(houses.close)
    request.addfinalizer(request_ids.close)
    measuring = Measuring(SILENT, request_ids)
    station = Station(house.settings, "transcripts", houses, measuring, threading.Event(), Quiet())
    try:
        assert station._worker.consumers["transcripts"].prefetch == 1
    finally:
        station.stop()


def test_every_job_that_there_is_is_counted_from_the_start(
    house: House, broker: RedisBroker, request: pytest.FixtureRequest
) -> None:
    houses = Houses(house.settings, SILENT)
    request.addfinalizer(houses.close)
    for declare in DECLARE.values():
        declare(broker, houses, threading.Event())
    assert set(ACTORS) == set(broker.actors)


def test_what_has_not_changed_is_told_again_only_when_it_grows_old(
    house: House, broker: RedisBroker, reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = told(reporter, house.layout)
    assert told(reporter, house.layout).at_us == first.at_us
    Post(broker).sweep()
    second = told(reporter, house.layout)
    assert second.at_us > first.at_us
    monkeypatch.setattr("workers.queue_report.TELL_EVERY_S", 0.0)
    reporter._tell_at_s = 0.0
    assert told(reporter, house.layout).at_us > second.at_us


def test_the_queue_is_asked_once_a_second(house: House, client: redis.Redis) -> None:
    reporter = Reporter(house, client)
    reporter.tick()
    asked = client.info("stats")["total_commands_processed"]
    for _ in range(1000):
        reporter.tick()
    assert LOOK_EVERY_S == 1.0
    assert client.info("stats")["total_commands_processed"] - asked < 50


def test_a_failed_job_is_told_without_the_text_of_its_error(
    house: House, ada: Person, broker: RedisBroker, reporter: Reporter, client: redis.Redis
) -> None:
    file_id = failed_file(house, ada)
    job_id = give_up_job(broker, "uploads", "store_file", file_id)
    erasing = give_up_job(broker, "uploads", "erase_account", ada.user)
    report = told(reporter, house.layout)
    newest, other = report.failed
    assert (newest.job_id, newest.subject) == (erasing, "")  # Whose account it is stays with the worker.
    assert other == FailedJob(
        job_id, "uploads", "store_file", file_id, other.failed_at_us, error="ValueError", tries=6, way="retry"
    )
    held = repr(client.hvals("strongroom:uploads.XQ.msgs"))
    assert file_id in held
    assert "canary" not in held
    assert b"canary" not in house.layout.queue_report.read_bytes()


def test_a_queue_that_is_away_leaves_the_report_as_it_was(house: House, valkey: Valkey, reporter: Reporter) -> None:
    report = told(reporter, house.layout)
    valkey.kill()
    with pytest.raises(QueueDown):
        reporter.tick()
    assert queue_report.told(house.layout) == report


def test_only_the_newest_of_each_queue_are_kept(
    house: House, broker: RedisBroker, reporter: Reporter, monkeypatch: pytest.MonkeyPatch, client: redis.Redis
) -> None:
    monkeypatch.setattr(dead_letters, "KEPT_MAX", 2)
    jobs = [give_up_job(broker, "uploads", "forget_file", new_id()) for _ in range(4)]
    assert {job.job_id for job in told(reporter, house.layout).failed} <= set(jobs)
    assert client.zcard("strongroom:uploads.XQ") == client.hlen("strongroom:uploads.XQ.msgs") == 2


def test_what_there_is_nothing_left_to_do_about_is_told_no_more(
    house: House, ada: Person, broker: RedisBroker, reporter: Reporter
) -> None:
    stored = builders.uploaded_file(house, ada, b"stored")
    store(house, house.log, stored)
    give_up_job(broker, "uploads", "store_file", stored)
    give_up_job(broker, "uploads", "store_file", new_id())
    give_up_job(broker, "media", "analyse_file", stored)  # Not sound, nor a picture.
    report = told(reporter, house.layout)
    assert report.failed == ()
    assert {state.failed for state in report.queues.values()} == {0}


def test_a_job_that_was_given_up_twice_is_told_once(
    house: House, ada: Person, broker: RedisBroker, reporter: Reporter
) -> None:
    file_id = failed_file(house, ada)
    give_up_job(broker, "uploads", "store_file", file_id)
    give_up_job(broker, "uploads", "store_file", file_id)
    report = told(reporter, house.layout)
    assert [job.subject for job in report.failed] == [file_id]
    assert report.queues["uploads"].failed == 1


def test_an_analysis_that_was_given_up_is_lost_to_everybody(
    house: House, ada: Person, broker: RedisBroker, reporter: Reporter
) -> None:
    """Its spool is gone, and nobody but its owner opens the blob."""
    file_id = builders.uploaded_file(house, ada, tone_wav(0.5), kind="audio")
    store(house, house.log, file_id)
    give_up_job(broker, "media", "analyse_file", file_id)
    assert told(reporter, house.layout).failed[0].way == "retry"  # Put off: nothing speaks against the file.
    give_up(house, house.log, file_id, "media_unreadable")
    reporter._tell_at_s = 0.0
    report = told(reporter, house.layout)
    (job,) = report.failed
    assert job.way == "lost"
    assert (report.queues["media"].failed, report.queues["media"].lost) == (1, 1)
    retry_requests.ask(house.layout, job.job_id)
    assert told(reporter, house.layout).failed == (job,)
    assert retry_requests.asked(house.layout) == []


def test_a_file_that_was_tried_too_often_is_left_to_its_owner(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = failed_file(house, ada)
    monkeypatch.setattr(retrying, "OPERATORS_RETRIES", 1)
    retrying.begin_again(house, house.log, file_id)
    assert fail(house, house.log, file_id, "processing_failed")
    assert retrying.prospect(house, house.log, "store_file", file_id) == "lost"
    retrying.begin_again(house, house.log, file_id)
    assert events(house, file_id).count(FileRetried) == 1


# -- doing it again ----------------------------------------------------------------------------------------------


def test_a_failed_file_is_begun_again_by_an_event_that_needs_nobodys_key(
    house: House, ada: Person, broker: RedisBroker, reporter: Reporter
) -> None:
    file_id = failed_file(house, ada)
    job_id = give_up_job(broker, "uploads", "store_file", file_id)
    told(reporter, house.layout)
    retry_requests.ask(house.layout, job_id)
    assert told(reporter, house.layout).failed == ()
    assert events(house, file_id)[1:] == [FileFailed, FileRetried]
    assert retry_requests.asked(house.layout) == []
    retry_requests.ask(house.layout, job_id)  # Pressed again, by who saw an older report.
    told(reporter, house.layout)
    assert events(house, file_id).count(FileRetried) == 1


def test_another_job_is_sent_again_once(
    house: House, broker: RedisBroker, reporter: Reporter, client: redis.Redis
) -> None:
    file_id = new_id()
    job_id = give_up_job(broker, "uploads", "forget_file", file_id)
    letter = DeadLetters(client).find(job_id)
    assert letter is not None
    retry_requests.ask(house.layout, job_id)
    report = told(reporter, house.layout)
    assert (report.failed, report.queues["uploads"].waiting) == ((), 1)
    assert not DeadLetters(client).send_again(letter)
    message, _ = taken(broker, "uploads")
    assert (message.actor_name, message.args, message.options.get("retries")) == ("forget_file", (file_id,), None)
    assert client.hlen("strongroom:uploads.msgs") == 1


def test_all_are_those_that_had_been_given_up_by_then(
    house: House, ada: Person, broker: RedisBroker, reporter: Reporter
) -> None:
    give_up_job(broker, "uploads", "forget_file", new_id())
    give_up_job(broker, "media", "analyse_file")
    retry_requests.ask(house.layout, retry_requests.ALL)
    path = house.layout.retries / retry_requests.ALL
    asked_ms = path.stat().st_mtime_ns // 1_000_000
    wait_for(lambda: house.clock_us() // 1_000 > asked_ms, "the next millisecond")
    later = give_up_job(broker, "uploads", "forget_file", new_id())
    report = told(reporter, house.layout)
    assert [job.job_id for job in report.failed] == [later]
    assert (report.queues["uploads"].waiting, report.queues["media"].waiting) == (1, 1)
    assert not path.exists()


def test_what_cannot_be_written_stays_asked_for(
    house: House, ada: Person, broker: RedisBroker, reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = failed_file(house, ada)
    job_id = give_up_job(broker, "uploads", "store_file", file_id)
    retry_requests.ask(house.layout, job_id)

    def full(*_: object, **__: object) -> None:
        raise LogFull("the disk is full")

    with monkeypatch.context() as disk:
        disk.setattr(house.writer, "append", full)
        assert told(reporter, house.layout).failed[0].job_id == job_id
    assert [request.job for request in retry_requests.asked(house.layout)] == [job_id]
    assert told(reporter, house.layout).failed == ()
    assert events(house, file_id)[-1] is FileRetried


def test_foreign_files_among_the_requests_are_left_alone(house: House, reporter: Reporter) -> None:
    house.layout.retries.mkdir()
    (house.layout.retries / "notes.txt").write_text("hello")
    told(reporter, house.layout)
    assert (house.layout.retries / "notes.txt").exists()
    with pytest.raises(ValueError, match="names no job"):
        retry_requests.ask(house.layout, "../server.key")


def test_a_job_that_fails_for_good_is_done_again_when_the_operator_says_so(
    house: House, ada: Person, valkey: Valkey, start_worker: StartWorker
) -> None:
    file_id = builders.uploaded_file(house, ada, b"poison")
    path = house.layout.spool_file(file_id)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    start_worker()

    def reported() -> FailedJob | None:
        report = queue_report.told(house.layout)
        return next((job for job in report.failed if job.subject == file_id), None) if report is not None else None

    job = wait_for(reported, "the failure in the report")
    assert job is not None
    assert (job.actor, job.error, job.tries, job.way) == ("store_file", "SpoolBroken", 2, "retry")
    path.write_bytes(whole)
    retry_requests.ask(house.layout, job.job_id)
    wait_for(lambda: (one := load_file(house.log, file_id)) and one.state.status == "ready", "stored")
    wait_for(lambda: reported() is None, "gone from the report")
    assert builders.blob_bytes(house, ada, file_id) == b"poison"
    assert events(house, file_id)[1:] == [FileFailed, FileRetried, FileStored]
