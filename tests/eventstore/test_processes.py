"""Many threads of many processes, some of them killed: no gap, no loss, no repeat."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from eventstore import writer as writer_module
from eventstore.errors import LogError, LogFull, LogUnsettled
from eventstore.log import MAX_PAGE, Log
from eventstore.merkle import leaf_hash
from eventstore.record import Append
from eventstore.schema import open_database
from eventstore.writer import LogWriter
from tests.disks_small import no_file_past
from tests.eventstore.appending import SHARED
from tests.eventstore.records import one, record, writing

ROOT = Path(__file__).parents[2]


@contextmanager
def process(folder: Path, name: str, threads: int, count: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.eventstore.appending", str(folder), name, str(threads), str(count)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def acknowledged(lines: str) -> dict[int, str]:
    """Position → stream; no position twice."""
    pairs = [line.split(" ") for line in lines.splitlines()]
    found = {int(position): stream for position, stream in pairs}
    assert len(found) == len(pairs)
    return found


def assert_sound(log: Log) -> dict[int, str]:
    """Gap-free, versions in order, hashes right; position → stream."""
    records = log.read_all(0, MAX_PAGE)
    versions: dict[str, int] = {}
    for position, kept in enumerate(records, start=1):
        assert kept.position == position
        assert kept.envelope.version == versions.get(kept.envelope.stream, 0) + 1
        assert kept.leaf_hash == leaf_hash(kept.envelope_bytes)
        versions[kept.envelope.stream] = kept.envelope.version
    times = [kept.envelope.at_us for kept in records]
    assert times == sorted(times)
    return {kept.position: kept.envelope.stream for kept in records}


CREWS = st.lists(  # Of each process: threads, appends of each, and after how many answers it is killed, if at all.
    st.tuples(st.integers(1, 4), st.integers(1, 25), st.none() | st.integers(0, 20)), min_size=2, max_size=3
)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(crews=[(4, 25, None)] * 3)
@given(crews=CREWS)
def test_whoever_writes_beside_whom_and_dies_the_positions_have_no_gap(
    tmp_path_factory: pytest.TempPathFactory, crews: list[tuple[int, int, int | None]]
) -> None:
    folder = tmp_path_factory.mktemp("crews")
    with ExitStack() as stack:
        running = [
            stack.enter_context(process(folder, f"p{number}", threads, count))
            for number, (threads, count, _) in enumerate(crews)
        ]
        lines = ""
        for one_process, (_, _, killed_after) in zip(running, crews, strict=True):
            if killed_after is not None:
                assert one_process.stdout is not None
                lines += "".join(one_process.stdout.readline() for _ in range(killed_after))
                one_process.kill()
            lines += one_process.communicate(timeout=60)[0]
    log = Log(folder / "events.db")
    kept, promised = assert_sound(log), acknowledged(lines)
    assert promised.items() <= kept.items()
    if all(killed_after is None for _, _, killed_after in crews):
        assert kept == promised
        assert len(log.read_stream(SHARED)) == sum(threads * -(-count // 5) for threads, count, _ in crews)
    log.close()


@pytest.mark.parametrize("after", [1, 40, 150])
def test_a_process_killed_while_writing_loses_nothing_that_it_acknowledged(tmp_path: Path, after: int) -> None:
    with process(tmp_path, "killed", threads=6, count=10_000) as victim:
        assert victim.stdout is not None
        lines = "".join(victim.stdout.readline() for _ in range(after))
        victim.kill()
        lines += victim.stdout.read()
        assert victim.wait(10) == -9
    log = Log(tmp_path / "events.db")
    promised = acknowledged(lines)
    assert len(promised) >= after
    assert promised.items() <= assert_sound(log).items()
    with writing(tmp_path) as writer:  # Its lock died with it.
        assert writer.append(one("chat-after"), timeout_s=10).last == log.head()
    log.close()


def test_a_process_killed_while_it_holds_the_lock_does_not_stop_the_others(tmp_path: Path, writer: LogWriter) -> None:
    with process(tmp_path, "killed", threads=2, count=10_000) as victim:
        assert victim.stdout is not None
        for number in range(20):
            victim.stdout.readline()
            writer.append(one(f"chat-{number}"), timeout_s=20)
        victim.kill()
        victim.stdout.read()
    assert writer.append(one("chat-after"), timeout_s=10).first > 20


def test_what_the_disk_refuses_is_not_acknowledged_and_the_log_goes_on_afterwards(
    tmp_path: Path, writer: LogWriter, log: Log
) -> None:
    writer.append(one("chat-a", 1))
    size_bytes = (tmp_path / "events.db-wal").stat().st_size
    with no_file_past(size_bytes + 8_192):
        with pytest.raises(LogUnsettled):  # Not every I/O error comes before the commit: the outcome is left open.
            writer.append(Append((record("chat-a", 2), record("chat-b", 1, sealed=b"x" * 200_000))))
        assert not writer.answers()
        assert log.head() == 1  # Reading goes on.
    assert writer.append(one("chat-a", 2)).last == 2
    assert writer.answers()
    assert assert_sound(log) == {1: "chat-a", 2: "chat-a"}


def test_on_a_full_disk_nothing_is_written_and_the_log_goes_on_afterwards(
    tmp_path: Path, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:

    def open_small(path: Path, *, read_only: bool) -> object:
        connection = open_database(path, read_only=read_only)
        connection.pragma("max_page_count", 12)
        return connection

    monkeypatch.setattr(writer_module, "open_database", open_small)
    with writing(tmp_path) as small:
        small.append(one("chat-a"))
        with pytest.raises(LogFull, match="full"):
            small.append(one("chat-b", sealed=b"x" * 200_000))
        assert small.append(one("chat-c")).last == 2
    assert assert_sound(log) == {1: "chat-a", 2: "chat-c"}


def test_a_log_that_cannot_be_opened_again_is_tried_anew_with_each_batch(tmp_path: Path, writer: LogWriter) -> None:
    writer.append(one("chat-a"))
    (tmp_path / "events.db").rename(tmp_path / "away.db")
    (tmp_path / "events.db").mkdir()
    writer._connection.close()
    for _ in range(3):
        with pytest.raises(LogFull):
            writer.append(one("chat-b"))
    (tmp_path / "events.db").rmdir()
    (tmp_path / "away.db").rename(tmp_path / "events.db")
    with pytest.raises(LogError):
        writer.append(one("chat-b"))  # Told of the shut connection; the log is opened again behind it.
    assert writer.append(one("chat-b")).last == 2
