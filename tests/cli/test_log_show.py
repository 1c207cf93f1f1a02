"""`strongroom log show`: what an auditor reads, and what a terminal never gets."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from eventstore.verify.reading import PAGE, AuditReader, Seen, Wanted
from service.audit import log_show
from service.audit.auditing import UsageError
from tests.cli.running import PROGRAM, Outcome, environment, strongroom
from tests.eventstore.made_log import made_log
from tests.eventstore.mutations import tampering
from tests.eventstore.records import one, writing


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("show") / "data"
    made_log(folder, 1_200)
    return folder


def show(folder: Path, *words: str) -> Outcome:
    return strongroom("log", "show", "--data", str(folder), *words)


def read(folder: Path, *words: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in show(folder, "--json", *words).stdout.splitlines()]


def test_a_line_tells_when_what_where_how_long_and_whose(folder: Path) -> None:
    (line,) = show(folder, "--after", "298", "--until", "299").stdout.splitlines()
    position, when, kind, stream, size, _, _, user = line.split()
    assert (position, kind) == ("299", "MessageSent")
    assert size.endswith("+272")
    assert when.endswith("Z")
    assert stream.endswith("@1")
    assert user == "00000056-0000-7000-8000-000000000000"


def test_every_event_is_shown_once_and_in_order(folder: Path) -> None:
    assert [event["position"] for event in read(folder)] == list(range(1, 1_201))


def test_filters_can_be_combined(folder: Path) -> None:
    user = "00000056-0000-7000-8000-000000000000"
    events = read(folder, "--type", "MessageSent", "--user", user)
    assert events
    assert {(event["envelope"]["type"], event["envelope"]["user"]) for event in events} == {("MessageSent", user)}  # type: ignore[index]  # JSON
    stream = events[0]["envelope"]["stream"]  # type: ignore[index]  # JSON
    assert {event["envelope"]["stream"] for event in read(folder, "--stream", stream)} == {stream}  # type: ignore[index]  # JSON
    assert len(read(folder, "--until", "2025-06-15T15:06:40Z")) == 500  # The first transaction.


@pytest.mark.parametrize("until", ["soon", "2025-06-15T15:06:40", "-1", "9" * 40])
def test_an_end_that_is_none_is_wrong_usage(folder: Path, until: str) -> None:
    assert show(folder, "--until", until).returncode == 2


def test_what_a_file_holds_does_not_reach_the_terminal_raw(folder: Path, tmp_path: Path) -> None:
    made_log(tmp_path / "data", 5)
    with tampering(tmp_path / "data") as connection:
        connection.execute(
            """UPDATE events SET envelope = CAST(replace(envelope, '"type":"', '"type":"\\u001b]0;')"""
            " AS BLOB) WHERE position = 2"
        )
        connection.execute("UPDATE events SET envelope = x'1b5b324a' WHERE position = 3")
    for words in ((), ("--json",)):
        outcome = show(tmp_path / "data", *words)
        assert (outcome.returncode, len(outcome.stdout.splitlines())) == (0, 5)
        assert "\x1b" not in outcome.stdout


def test_a_reader_that_has_seen_enough_gets_no_complaint(folder: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, "log", "show", "--data", str(folder)]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""


def test_what_is_no_log_is_told_in_one_line(tmp_path: Path) -> None:
    outcome = show(tmp_path)
    assert (outcome.returncode, outcome.stderr) == (1, "strongroom: there is no events.db\n")


def test_following_gives_what_comes_and_ends_when_told(tmp_path: Path) -> None:
    made_log(tmp_path, 3)
    stop = threading.Event()
    with writing(tmp_path) as writer:
        seen: Iterator[Seen] = log_show.read(tmp_path / "events.db", 2, Wanted(), stop)
        assert next(seen).position == 3
        threading.Thread(target=writer.append, args=(one("chat-new", 1),)).start()
        assert next(seen).position == 4
        stop.set()
        assert list(seen) == []


def test_following_does_not_read_again_what_did_not_match(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made_log(tmp_path, 3)
    asked: list[int] = []
    events = AuditReader.events

    def noting(reader: AuditReader, after: int, wanted: Wanted, limit: int = PAGE) -> list[Seen]:
        asked.append(after)
        return events(reader, after, wanted, limit)

    monkeypatch.setattr(AuditReader, "events", noting)
    with writing(tmp_path) as writer:
        seen = log_show.read(tmp_path / "events.db", 0, Wanted(stream="chat-new"), threading.Event())
        threading.Thread(target=writer.append, args=(one("chat-new", 1),)).start()
        assert next(seen).position == 4
    assert asked[0] == 0
    assert set(asked[1:]) <= {3}


@pytest.mark.parametrize("asked", [Wanted(until=3), Wanted(until=2), Wanted(until_us=1), Wanted(until=3, type="None")])
def test_following_ends_where_it_was_to_end(tmp_path: Path, asked: Wanted) -> None:
    made_log(tmp_path, 3)
    never = threading.Event()
    seen = [each.position for each in log_show.read(tmp_path / "events.db", 1, asked, never)]
    assert seen == [position for position in (2, 3) if asked.type is None and position <= (asked.until or 0)]


def test_following_ends_when_the_event_that_was_to_be_the_last_has_come(tmp_path: Path) -> None:
    made_log(tmp_path, 3)
    with writing(tmp_path) as writer:
        seen = log_show.read(tmp_path / "events.db", 2, Wanted(until=4), threading.Event())
        assert next(seen).position == 3
        threading.Thread(target=writer.append, args=(one("chat-new", 1),)).start()
        assert [each.position for each in seen] == [4]


def test_an_until_without_a_zone_is_refused() -> None:
    with pytest.raises(UsageError, match="zone"):
        log_show.wanted(until="2025-06-15T15:06:40")


def test_a_number_past_all_positions_is_wrong_usage(folder: Path) -> None:
    refused = show(folder, "--after", str(2**63))
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr


def test_a_row_without_an_envelope_is_told_and_the_rest_is_shown(tmp_path: Path) -> None:
    made_log(tmp_path / "data", 5)
    with tampering(tmp_path / "data") as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("UPDATE events SET envelope = x'' WHERE position = 3")
    asked = list(log_show.read(tmp_path / "data" / "events.db", 0, Wanted()))
    odd = log_show.json_line(Seen(3, b"", 0))
    assert [each.position for each in asked] == [1, 2, 3, 4, 5]
    assert "fault" in json.loads(odd)
    assert "fault" in json.loads(log_show.json_line(asked[2]))
