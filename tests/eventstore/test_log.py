"""Reading: one stream, all of it in pages, and where it ends."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from eventstore import log as reading
from eventstore.errors import LogCorrupt, StreamTooLong
from eventstore.log import MAX_PAGE, MAX_PAGE_BYTES, Log
from eventstore.record import Append
from eventstore.writer import LogWriter
from tests.eventstore.records import one, record


def test_an_empty_log_ends_at_zero(log: Log) -> None:
    assert (log.head(), log.user_head("u1")) == (0, 0)
    assert log.read_all(0, 10) == []
    assert log.read_stream("chat-a") == []


def test_pages_join_without_a_gap_or_a_repeat(writer: LogWriter, log: Log) -> None:
    writer.append(Append(tuple(record("chat-a", version) for version in range(1, 26))))
    seen: list[int] = []
    while page := log.read_all(seen[-1] if seen else 0, 10):
        assert len(page) <= 10
        seen += [one_record.position for one_record in page]
    assert seen == list(range(1, 26))


@pytest.mark.parametrize("limit", [0, -1, MAX_PAGE + 1])
def test_a_page_has_a_bound(log: Log, limit: int) -> None:
    with pytest.raises(ValueError, match="page"):
        log.read_all(0, limit)
    with pytest.raises(ValueError, match="page"):
        log.read_envelopes(0, limit)


def test_a_page_ends_with_the_record_that_reaches_its_bytes(writer: LogWriter, log: Log) -> None:
    for version in range(1, 6):
        writer.append(one("chat-a", version, sealed=bytes(1_000)))
    assert [r.position for r in log.read_all(0, 10, most_bytes=2_000)] == [1, 2]
    assert [r.position for r in log.read_all(2, 10, most_bytes=2_000)] == [3, 4]
    assert [r.position for r in log.read_all(0, 10, most_bytes=1)] == [1]  # Never none, or nobody would get on.


def test_no_page_is_larger_than_its_bytes_unless_told_so(writer: LogWriter, log: Log) -> None:
    for version in range(1, 13):
        writer.append(one("chat-a", version, sealed=bytes(1 << 20)))
    assert len(log.read_all(0, MAX_PAGE)) == MAX_PAGE_BYTES >> 20
    assert len(log.read_all(0, MAX_PAGE, most_bytes=1 << 30)) == 12


def test_a_page_that_ended_early_lets_go_of_its_snapshot(tmp_path: Path, writer: LogWriter, log: Log) -> None:
    for version in range(1, 4):
        writer.append(one("chat-a", version, sealed=bytes(1_000)))
    log.read_all(0, 10, most_bytes=1)
    other = apsw.Connection(str(tmp_path / "events.db"))
    other.execute("SELECT 1 FROM events").fetchall()  # Only who has read knows the log to checkpoint.
    assert other.pragma("journal_mode") == "wal"  # Only now does the connection know that there is one.
    assert other.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE) == (0, 0)  # BusyError beside an open snapshot.
    other.close()


def test_envelopes_are_read_without_what_is_sealed(writer: LogWriter, log: Log) -> None:
    writer.append(Append(tuple(record("chat-a", version, sealed=b"secret") for version in range(1, 6))))
    assert log.read_envelopes(1, 3) == [r.envelope for r in log.read_all(1, 3)]
    assert [envelope.position for envelope in log.read_envelopes(3, 10)] == [4, 5]
    assert log.read_envelopes(5, 10) == []


def test_a_stream_too_long_to_be_read_whole_is_not_cut(
    writer: LogWriter, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.append(Append(tuple(record("chat-a", version) for version in range(1, 6))))
    monkeypatch.setattr(reading, "MAX_STREAM", 5)
    assert len(log.read_stream("chat-a")) == 5
    monkeypatch.setattr(reading, "MAX_STREAM", 4)
    with pytest.raises(StreamTooLong, match="chat-a"):
        log.read_stream("chat-a")


def test_streams_are_kept_apart_even_when_their_names_begin_alike(writer: LogWriter, log: Log) -> None:
    writer.append(Append((record("chat-a", 1), record("chat-ab", 1), record("chat-a", 2))))
    assert [r.position for r in log.read_stream("chat-a")] == [1, 3]
    assert [r.position for r in log.read_stream("chat-ab")] == [2]
    assert log.read_stream("chat") == []


def test_each_user_has_an_end_of_their_own(writer: LogWriter, log: Log) -> None:
    writer.append(Append((record("chat-a", 1, user="ann"), record("chat-b", 1, user="ben"))))
    writer.append(one("chat-c", user="ann"))
    assert (log.user_head("ann"), log.user_head("ben"), log.user_head("cyd")) == (3, 2, 0)
    assert log.head() == 3


def test_what_is_acknowledged_is_read_at_once(writer: LogWriter, log: Log) -> None:
    for version in range(1, 50):
        appended = writer.append(one("chat-a", version))
        assert log.head() == appended.last
        assert log.read_stream("chat-a")[-1].position == appended.last


def test_the_data_version_moves_when_somebody_commits_and_only_then(writer: LogWriter, log: Log) -> None:
    before = log.data_version()
    assert log.data_version() == before
    writer.append(one())
    assert log.data_version() != before


def test_a_reader_cannot_write(log: Log) -> None:
    with pytest.raises(apsw.ReadOnlyError):
        log._connection.execute("INSERT INTO events SELECT * FROM events")


def test_an_envelope_that_was_overwritten_on_disk_is_corruption(tmp_path: Path, writer: LogWriter, log: Log) -> None:
    writer.append(one())
    connection = apsw.Connection(str(tmp_path / "events.db"))
    connection.execute("DROP TRIGGER events_are_not_changed; UPDATE events SET envelope = x'7b7d'")
    connection.close()
    with pytest.raises(LogCorrupt):
        log.read_all(0, 10)


def test_one_users_records_are_read_in_order_and_no_others(writer: LogWriter, log: Log) -> None:
    for version in range(1, 9):
        writer.append(one("chat-a", version, user=("u1", "u2")[version % 2], sealed=bytes(1_000)))
    assert [r.position for r in log.read_user("u2", 0, 10)] == [1, 3, 5, 7]
    assert [r.position for r in log.read_user("u2", 3, 1)] == [5]
    assert [r.position for r in log.read_user("u2", 0, 10, most_bytes=2_000)] == [1, 3]
    assert log.read_user("u2", 7, 10) == []
    assert log.read_user("u3", 0, 10) == []
    with pytest.raises(ValueError, match="page"):
        log.read_user("u1", 0, MAX_PAGE + 1)


def test_whom_news_concerns_is_read_without_what_it_says(writer: LogWriter, log: Log) -> None:
    for version in range(1, 6):
        writer.append(one("chat-a", version, user=("u1", "u2")[version % 2]))
    assert log.read_owners(2, 2) == [(3, "u2"), (4, "u1")]
    assert log.read_owners(5, 10) == []
    with pytest.raises(ValueError, match="page"):
        log.read_owners(0, 0)


def test_reading_one_user_goes_by_the_index(tmp_path: Path, log: Log) -> None:
    other = apsw.Connection(str(tmp_path / "events.db"))
    plan = other.execute(
        "EXPLAIN QUERY PLAN SELECT envelope FROM events WHERE user = ? AND position > ? ORDER BY position LIMIT ?",
        ("u1", 0, 10),
    ).fetchall()
    other.close()
    assert "events_by_user (user=? AND position>?)" in str(plan)
    assert "TEMP B-TREE" not in str(plan)


def test_the_first_of_each_stream_of_a_kind_is_read_in_order_of_stream(writer: LogWriter, log: Log) -> None:
    for stream in ("account-b", "account-a", "account", "accounts-x", "account.z", "chat-a"):
        for version in (1, 2):
            writer.append(Append((record(stream, version),)))
    first = log.read_first("account", "", 10)
    assert [(envelope.stream, envelope.version) for envelope in first] == [("account-a", 1), ("account-b", 1)]
    assert log.read_first("account", "", 1) == first[:1]
    assert log.read_first("account", "account-a", 10) == first[1:]
    assert log.read_first("account", "account-b", 10) == log.read_first("nothing", "", 10) == []
