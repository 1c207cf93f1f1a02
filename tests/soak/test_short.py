"""The soak itself: a few seconds of it hold, and what is lost, changed or growing is found."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.stack import Role
from tests.soak.ledger import Chat, File, Ledger, Message
from tests.soak.running import Load, Outcome, evidence, replaced, soak
from tests.soak.watch import Watch, own_mib

HALF_AN_HOUR_S = 1_800
LOOK_S = 10


def test_a_few_seconds_hold(tmp_path: Path) -> None:
    outcome = soak(tmp_path, seconds=3, people=2, seed=7, say=lambda _: None)
    assert outcome.faults == []
    assert outcome.lines[-1] == "everything held"


# -- what there is at the end

CHAT = {"chat_id": "c", "title": "t"}
MESSAGE = {
    "message_id": "m",
    "chat_id": "c",
    "content": "word",
    "role": "user",
    "status": "sent",
    "error_code": None,
}
FILE = {
    "file_id": "f",
    "chat_id": "c",
    "hash_sha256": "aa",
    "name": "n",
    "size_bytes": 1,
    "status": "ready",
    "error_code": None,
}


def page(**changes: object) -> dict[str, object]:
    return {"chats": [CHAT], "messages": [MESSAGE], "files": [FILE], **changes}


@pytest.fixture
def ledger() -> Ledger:
    return Ledger({"c": Chat("t")}, {"m": Message("c", "word")}, {"f": File("c", "aa", "n", 1)})


def test_what_is_as_it_was_acknowledged_is_no_difference(ledger: Ledger) -> None:
    assert list(ledger.differences([page()])) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"chats": []}, "chat c: missing"),
        ({"chats": [CHAT | {"title": "other"}]}, "chat c: another title"),
        ({"messages": []}, "message m: missing"),
        ({"messages": [MESSAGE, MESSAGE]}, "message m: there twice"),
        ({"messages": [MESSAGE | {"content": "other"}]}, "message m: another content"),
        ({"messages": [MESSAGE | {"chat_id": "x"}]}, "message m: another chat_id"),
        ({"messages": [MESSAGE | {"role": "assistant"}]}, "message m: another role"),
        ({"messages": [MESSAGE | {"status": "error", "error_code": "broken"}]}, "message m: another status (broken)"),
        ({"files": []}, "file f: missing"),
        ({"files": [FILE | {"chat_id": None}]}, "file f: another chat_id"),
        ({"files": [FILE | {"hash_sha256": "bb"}]}, "file f: another hash_sha256"),
        ({"files": [FILE | {"name": "other"}]}, "file f: another name"),
        ({"files": [FILE | {"size_bytes": 2}]}, "file f: another size_bytes"),
        ({"files": [FILE | {"status": "error", "error_code": "broken"}]}, "file f: another status (broken)"),
        ({"chats": [CHAT, CHAT | {"chat_id": "x"}]}, "chat x: nobody was told of it"),
    ],
)
def test_what_is_lost_or_changed_is_found(ledger: Ledger, changes: dict[str, object], told: str) -> None:
    assert list(ledger.differences([page(**changes)])) == [told]


def test_what_was_deleted_takes_its_own_along_and_must_not_come_back(ledger: Ledger) -> None:
    ledger.drop_chat("c")
    found = list(ledger.differences([page()]))
    assert found == [f"{each}: deleted, and there again" for each in ("chat c", "message m", "file f")]
    assert list(ledger.differences([page(chats=[], messages=[], files=[])])) == []


# -- what grows


def watched(memory: Callable[[float], float], files: Callable[[float], float], role: Role = "api") -> list[str]:
    """What is said of half an hour. Both are given seconds."""
    looks = [(float(at), memory(at), round(files(at))) for at in range(0, HALF_AN_HOUR_S, LOOK_S)]
    return list(Watch({role: looks}).growing())


def wobbling(seed: int) -> Callable[[float], float]:
    """150 MiB, give or take 15."""
    chance = random.Random(seed)
    return lambda _: 150 + chance.uniform(-15, 15)


def saw(minutes: float, begun: float = 0.0) -> Callable[[float], float]:
    """150 MiB, and garbage that gathers up to 30 and is collected. `begun`: how much of the first tooth is over."""
    return lambda at_s: 150 + 30 * math.fmod(at_s / (60 * minutes) + begun, 1.0)


def few(_: float) -> float:
    return 20.0


@pytest.mark.parametrize("seed", range(5))
def test_memory_that_wobbles_is_no_leak(seed: int) -> None:
    assert watched(wobbling(seed), few) == []


@pytest.mark.parametrize("begun", [0.0, 0.25, 0.5, 0.75])
@pytest.mark.parametrize("minutes", [1, 3, 5, 8, 12])
def test_garbage_that_is_collected_now_and_then_is_no_leak(minutes: float, begun: float) -> None:
    assert watched(saw(minutes, begun), few) == []


def test_what_fills_in_the_beginning_is_no_leak() -> None:
    assert watched(lambda at_s: 150 - 100 * math.exp(-at_s / 200), few) == []


@pytest.mark.parametrize("under", [wobbling(1), saw(1), saw(3), saw(5)])
def test_four_mebibytes_a_minute_are_a_leak_under_any_noise(under: Callable[[float], float]) -> None:
    (found,) = watched(lambda at_s: under(at_s) + 4 * at_s / 60, few)
    assert found.startswith("api: grows by 2")
    assert "MiB an hour" in found


@pytest.mark.parametrize(("per_hour", "faults"), [(30, 0), (60, 1)])
def test_over_many_hours_it_is_the_slope_that_counts(per_hour: float, faults: int) -> None:
    wobble = wobbling(1)
    looks = [(60.0 * at, wobble(0) + per_hour * at / 60, 20) for at in range(8 * 60)]
    assert len(list(Watch({"api": looks}).growing())) == faults


def test_what_takes_little_may_grow_by_little() -> None:
    def slowly(at_s: float) -> float:
        return 30 + 0.5 * at_s / 60

    assert watched(slowly, few, "api") == []
    assert len(watched(slowly, few, "valkey")) == 1


def test_a_file_a_minute_that_is_never_closed_is_found() -> None:
    chance = random.Random(1)
    (found,) = watched(wobbling(1), lambda at_s: 20 + at_s / 60 + chance.uniform(-3, 3))
    assert "open files an hour" in found
    assert watched(wobbling(1), lambda _: 20 + chance.uniform(-3, 3)) == []


def test_what_was_swapped_out_counts() -> None:
    assert own_mib("Rss: 9000 kB\nPrivate_Dirty: 1024 kB\nSwap: 2048 kB\nSwapPss: 512 kB\n") == 3.0


def test_growth_is_judged_by_the_time_that_passed() -> None:
    looks = [(float(at), 10.0 * at, 20) for at in range(60)]
    assert list(Load(watch=Watch({"api": looks}), lasted_s=60.0).growing()) == []
    assert len(list(Load(watch=Watch({"api": looks}), lasted_s=600.0).growing())) == 1


def test_a_watch_that_saw_too_little_says_so() -> None:
    assert list(Watch({"api": [(0.0, 100.0, 20)]}).growing()) == ["api: looked at 1 times, which shows nothing"]


# -- what it leaves


def test_processes_that_came_back_are_told() -> None:
    assert list(replaced({"api": [1, 2]}, {"api": [2, 1]})) == []
    assert list(replaced({"api": [1, 2]}, {"api": [1, 3]})) == ["api: process [1, 2] at the start, [1, 3] at the end"]
    assert list(replaced({"valkey": []}, {"valkey": []})) != []


def test_the_folder_stays_where_something_did_not_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def run(folder: Path) -> Outcome:
        (folder / "stderr.log").write_text("what was seen")
        return Outcome(faults, faults)

    said: list[str] = []
    faults: list[str] = []
    evidence(run, said.append)
    assert said == []
    assert list(tmp_path.iterdir()) == []
    faults = ["something"]
    evidence(run, said.append)
    (kept,) = tmp_path.iterdir()
    assert said == [f"kept for a look: {kept}"]
    assert (kept / "stderr.log").read_text() == "what was seen"


def test_the_folder_stays_where_the_run_itself_broke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def run(_folder: Path) -> Outcome:
        raise AssertionError("still running")

    said: list[str] = []
    with pytest.raises(AssertionError):
        evidence(run, said.append)
    assert said == [f"kept for a look: {kept}" for kept in tmp_path.iterdir()]
    assert len(said) == 1
