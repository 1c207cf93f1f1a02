"""Appending: all or nothing, each append on its own, and nothing changed afterwards."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest

from eventstore import writer as writer_module
from eventstore.batch import Batch
from eventstore.errors import DuplicateRequest, LogBusy, LogClosed, LogError, RecordTooLarge, VersionConflict
from eventstore.log import Log
from eventstore.merkle import leaf_hash
from eventstore.record import Append, Appended, NewRecord
from eventstore.writer import LogWriter, Outcome
from tests.eventstore.records import Clock, one, record, tag, writing


@contextmanager
def held_up(folder: Path) -> Iterator[None]:
    """As long as another process holds the lock, appends gather; they make one batch when it lets go."""
    fd = os.open(folder / "log.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(fd, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(fd)


def submitted(writer: LogWriter, *appends: Append) -> list[Future[Outcome]]:
    futures: list[Future[Outcome]] = [Future() for _ in appends]
    for append, future in zip(appends, futures, strict=True):
        writer.submit([append], first_into(future))
    return futures


def first_into(future: Future[Outcome]) -> Callable[[Sequence[Outcome]], None]:
    return lambda outcomes: future.set_result(outcomes[0])


def outcomes_of_one_batch(folder: Path, writer: LogWriter, *appends: Append) -> list[Outcome]:
    with held_up(folder):
        futures = submitted(writer, *appends)
    return [future.result(10) for future in futures]


def test_positions_count_from_one_without_a_gap(writer: LogWriter, log: Log) -> None:
    assert writer.append(one("chat-a", 1)) == Appended(1, 1, log.read_all(0, 1)[0].envelope.at_us)
    appended = writer.append(Append((record("chat-a", 2), record("chat-b", 1), record("chat-a", 3))))
    assert (appended.first, appended.last) == (2, 4)
    assert [r.position for r in log.read_all(0, 10)] == [1, 2, 3, 4]
    assert [r.envelope.version for r in log.read_stream("chat-a")] == [1, 2, 3]


def test_a_record_is_kept_with_its_sealed_bytes_and_the_hash_of_its_envelope(writer: LogWriter, log: Log) -> None:
    writer.append(one(sealed=b"\x00sealed\xff"))
    (kept,) = log.read_stream("chat-a")
    assert kept.sealed == b"\x00sealed\xff"
    assert kept.leaf_hash == leaf_hash(kept.envelope_bytes)


@pytest.mark.parametrize("version", [1, 3, 0, -1])
def test_a_stream_that_is_elsewhere_is_a_conflict_that_says_where(writer: LogWriter, log: Log, version: int) -> None:
    writer.append(one("chat-a", 1))
    with pytest.raises(VersionConflict) as conflict:
        writer.append(one("chat-a", version))
    assert (conflict.value.stream, conflict.value.expected, conflict.value.actual) == ("chat-a", version - 1, 1)
    assert log.head() == 1


def test_a_conflict_fails_its_own_append_and_not_the_batch(tmp_path: Path, writer: LogWriter, log: Log) -> None:
    first, second, third = outcomes_of_one_batch(tmp_path, writer, one("chat-a", 1), one("chat-a", 1), one("chat-a", 2))
    assert isinstance(first, Appended)
    assert isinstance(second, VersionConflict)
    assert isinstance(third, Appended)
    assert (first.last, third.first) == (1, 2)
    assert first.at_us == third.at_us  # One transaction, one time.
    assert log.head() == 2


def test_an_append_of_several_streams_is_written_whole_or_not_at_all(writer: LogWriter, log: Log) -> None:
    writer.append(one("chat-b", 1))
    with pytest.raises(VersionConflict):
        writer.append(Append((record("chat-a", 1), record("message-a", 1), record("chat-b", 1))))
    assert log.read_stream("chat-a") == []
    assert log.read_stream("message-a") == []
    assert log.head() == 1


def test_versions_within_an_append_follow_each_other(writer: LogWriter, log: Log) -> None:
    with pytest.raises(ValueError, match="follow"):
        writer.append(Append((record("chat-a", 1), record("chat-a", 3))))
    assert log.head() == 0


def test_a_guard_holds_an_append_to_the_version_of_another_stream(writer: LogWriter, log: Log) -> None:
    writer.append(one("chat-a", 1))
    writer.append(Append((record("message-a", 1),), guards=(("chat-a", 1),)))
    writer.append(one("chat-a", 2))
    with pytest.raises(VersionConflict) as conflict:
        writer.append(Append((record("message-b", 1),), guards=(("chat-a", 1),)))
    assert (conflict.value.stream, conflict.value.expected, conflict.value.actual) == ("chat-a", 1, 2)
    assert log.read_stream("message-b") == []


def test_a_guard_sees_what_the_same_batch_wrote_before(tmp_path: Path, writer: LogWriter, log: Log) -> None:
    writer.append(one("chat-a", 1))
    deleted, sent = outcomes_of_one_batch(
        tmp_path, writer, one("chat-a", 2), Append((record("message-a", 1),), guards=(("chat-a", 1),))
    )
    assert isinstance(deleted, Appended)
    assert isinstance(sent, VersionConflict)
    assert log.read_stream("message-a") == []


def test_a_request_is_carried_out_once(tmp_path: Path, writer: LogWriter, log: Log) -> None:
    first, second = outcomes_of_one_batch(
        tmp_path,
        writer,
        Append((record("chat-a", 1, request=tag(1)), record("message-a", 1))),
        Append((record("chat-b", 1, request=tag(1)),)),
    )
    assert isinstance(first, Appended)
    assert isinstance(second, DuplicateRequest)
    assert second.position == 1
    assert log.find_request(tag(1).key) == (1, tag(1).body)
    assert log.find_request(tag(2).key) is None


def test_appends_that_came_together_are_answered_each_on_its_own(writer: LogWriter, log: Log) -> None:
    future: Future[Sequence[Outcome]] = Future()
    writer.submit([one("chat-a", 1), one("chat-a", 3), one("chat-a", 2)], future.set_result)
    first, second, third = future.result(10)
    assert isinstance(first, Appended)
    assert isinstance(second, VersionConflict)
    assert isinstance(third, Appended)
    assert log.head() == 2


def test_a_request_that_lost_to_its_own_copy_is_a_duplicate_and_not_a_conflict(writer: LogWriter) -> None:
    append = Append((record("session-a", 1, request=tag(1)),))
    writer.append(append)
    with pytest.raises(DuplicateRequest):
        writer.append(append)


def test_a_request_tag_marks_one_record_only(tmp_path: Path, writer: LogWriter, log: Log) -> None:
    twice = Append((record("chat-a", 1, request=tag(1)), record("chat-b", 1, request=tag(1))))
    refused, fine = outcomes_of_one_batch(tmp_path, writer, twice, one("chat-c"))
    assert isinstance(refused, ValueError)
    assert isinstance(fine, Appended)
    assert log.head() == 1


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (record("chat-bad", public={"text": "x" * 65_536}), RecordTooLarge),
        (record("chat-bad", public={"text": "é"}), ValueError),
        (record("chat-bad", public={"thing": object()}), TypeError),
    ],
)
def test_a_record_that_cannot_be_written_does_not_hurt_the_batch(
    tmp_path: Path, writer: LogWriter, log: Log, bad: NewRecord, error: type[Exception]
) -> None:
    before, refused, after = outcomes_of_one_batch(
        tmp_path, writer, one("chat-a"), Append((record("chat-c"), bad)), one("chat-b")
    )
    assert isinstance(refused, error)
    assert isinstance(before, Appended)
    assert isinstance(after, Appended)
    assert [r.envelope.stream for r in log.read_all(0, 10)] == ["chat-a", "chat-b"]


def test_time_in_the_log_never_runs_backwards(tmp_path: Path) -> None:
    clock = Clock(5_000)
    with writing(tmp_path, clock) as writer:
        assert writer.append(one("chat-a", 1)).at_us == 5_000
        clock.at_us = 1_000
        assert writer.append(one("chat-a", 2)).at_us == 5_000
        clock.at_us = 6_000
        assert writer.append(one("chat-a", 3)).at_us == 6_000
    clock.at_us = 0
    with writing(tmp_path, clock) as reopened:
        assert reopened.append(one("chat-a", 4)).at_us == 6_000


def copied(position: int, stream: str, request: str) -> str:
    """The first row once more, with other sealed bytes."""
    row = f"{position}, {stream}, version, type, user, at_us, envelope, x'00', leaf_hash, {request}"
    return f"INSERT OR REPLACE INTO events SELECT {row} FROM events"


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE events SET sealed = x'00'",
        "UPDATE events SET position = 9 WHERE position = 1",
        "DELETE FROM events WHERE position = 1",
        "DELETE FROM events",
        "INSERT OR REPLACE INTO events SELECT * FROM events",
        copied(2, "stream", "NULL, NULL"),  # Would take the place of the one with this stream and version.
        copied(2, "'chat-z'", "request_key, request_body"),  # … of the one with this request tag.
        copied(3, "'chat-z'", "NULL, NULL"),  # Would leave a gap.
    ],
)
def test_nothing_in_the_log_can_be_changed_or_deleted(tmp_path: Path, writer: LogWriter, log: Log, sql: str) -> None:
    writer.append(Append((record(sealed=b"kept", request=tag(1)),)))
    before = log.read_all(0, 10)
    connection = apsw.Connection(str(tmp_path / "events.db"))
    with pytest.raises(apsw.ConstraintError, match="append-only"):
        connection.execute(sql)
    connection.close()
    assert log.read_all(0, 10) == before


def test_closing_writes_what_was_queued_and_answers_everyone(tmp_path: Path) -> None:
    with writing(tmp_path) as writer:
        with held_up(tmp_path):
            futures = submitted(writer, *(one(f"chat-{number}") for number in range(1_000)))
            closing = threading.Thread(target=writer.close)
            closing.start()
        closing.join(10)
        assert not closing.is_alive()
    assert all(isinstance(future.result(0), Appended) for future in futures)


def test_whoever_appends_while_it_closes_is_answered_too(tmp_path: Path) -> None:
    answers: list[Future[Outcome]] = []
    refused = threading.Event()
    with writing(tmp_path) as writer:

        def keep_appending(name: int) -> None:
            number = 0
            try:
                while True:
                    future: Future[Outcome] = Future()
                    writer.submit([one(f"chat-{name}-{number}")], first_into(future))
                    answers.append(future)
                    number += 1
                    future.result(10)
            except LogClosed:
                refused.set()

        threads = [threading.Thread(target=keep_appending, args=(name,)) for name in range(8)]
        for thread in threads:
            thread.start()
        answers_before_closing = 50
        while len(answers) < answers_before_closing:
            threading.Event().wait(0.001)
        writer.close()
        for thread in threads:
            thread.join(10)
    assert refused.is_set()
    assert all(isinstance(future.result(0), Appended) for future in answers)


def test_a_closed_writer_takes_nothing_and_closes_twice_without_harm(tmp_path: Path) -> None:
    with writing(tmp_path) as writer:
        assert writer.answers()
        writer.close()
        with pytest.raises(LogClosed):
            writer.append(one())
        assert not writer.answers()


def test_the_queue_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "MAX_WAITING", 3)
    with writing(tmp_path) as writer:
        taken: list[Future[Outcome]] = []
        with held_up(tmp_path):
            for number in range(3):
                taken += submitted(writer, one(f"chat-{number}"))
            with pytest.raises(LogBusy):
                submitted(writer, one("chat-refused"))
        assert all(isinstance(future.result(10), Appended) for future in taken)


def batch_sizes(writer: LogWriter, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with every batch by the number of its appends."""
    sizes: list[int] = []
    commit = writer._commit

    def counting(appends: Sequence[Append]) -> list[Outcome]:
        sizes.append(len(appends))
        return commit(appends)

    monkeypatch.setattr(writer, "_commit", counting)
    return sizes


def test_a_batch_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "MAX_BATCH", 4)
    clock = Clock(1)
    with writing(tmp_path, clock) as writer:
        with held_up(tmp_path):
            futures = submitted(writer, *(one(f"chat-{number}") for number in range(10)))
            sizes = batch_sizes(writer, monkeypatch)
        assert all(isinstance(future.result(10), Appended) for future in futures)
    assert sizes == [4, 4, 2]


def test_a_batch_is_bounded_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "MAX_BATCH_BYTES", 1_000)
    with writing(tmp_path) as writer:
        sizes = batch_sizes(writer, monkeypatch)
        appends = [one(f"chat-{number}", sealed=b"x" * 600) for number in range(4)]
        outcomes = outcomes_of_one_batch(tmp_path, writer, *appends)
    assert all(isinstance(outcome, Appended) for outcome in outcomes)
    assert sizes == [2, 2]


def test_waiting_too_long_leaves_the_outcome_open(tmp_path: Path, writer: LogWriter, log: Log) -> None:
    with held_up(tmp_path), pytest.raises(TimeoutError):
        writer.append(one(), timeout_s=0.01)
    writer.append(one("chat-b"))
    assert log.head() == 2  # It became durable after all.


def test_a_failed_transaction_is_told_to_everyone_and_the_next_one_works(
    tmp_path: Path, writer: LogWriter, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(_: object) -> None:
        raise apsw.CorruptError("page 7")

    monkeypatch.setattr(Batch, "write", break_down)
    outcomes = outcomes_of_one_batch(tmp_path, writer, one("chat-a"), one("chat-b"))
    assert [type(outcome) for outcome in outcomes] == [LogError, LogError]
    assert not writer.answers()
    monkeypatch.undo()
    assert writer.append(one("chat-a")).first == 1
    assert writer.answers()
    assert log.head() == 1
