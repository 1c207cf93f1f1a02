"""The soak itself: a few seconds of it hold, and what is lost, changed or growing is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.ledger import Ledger
from tests.soak.running import soak
from tests.soak.watch import Watch


def test_a_few_seconds_hold(tmp_path: Path) -> None:
    outcome = soak(tmp_path, seconds=5, people=2, seed=7, say=lambda _: None)
    assert outcome.faults == []
    assert outcome.lines[-1] == "everything held"


def page(**changes: object) -> dict[str, object]:
    file = {"file_id": "f", "status": "ready", "hash_sha256": "aa", "error_code": None}
    message = {"message_id": "m", "content": "word"}
    return {"chats": [{"chat_id": "c", "title": "t"}], "messages": [message], "files": [file], **changes}


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(chats={"c": "t"}, messages={"m": ("c", "word")}, files={"f": ("c", "aa")})


def test_what_is_as_it_was_acknowledged_is_no_difference(ledger: Ledger) -> None:
    assert list(ledger.differences([page()])) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"chats": []}, "chat c: missing"),
        ({"messages": []}, "message m: missing"),
        ({"messages": [{"message_id": "m", "content": "other"}]}, "message m: another text"),
        ({"files": []}, "file f: missing"),
        (
            {"files": [{"file_id": "f", "status": "ready", "hash_sha256": "bb", "error_code": None}]},
            "file f: another content",
        ),
        (
            {"files": [{"file_id": "f", "status": "error", "hash_sha256": None, "error_code": "broken"}]},
            "file f: error (broken)",
        ),
        ({"chats": [{"chat_id": "c", "title": "t"}, {"chat_id": "x", "title": "t"}]}, "x: nobody was told of it"),
    ],
)
def test_what_is_lost_or_changed_is_found(ledger: Ledger, changes: dict[str, object], told: str) -> None:
    assert told in list(ledger.differences([page(**changes)]))


def test_what_was_deleted_takes_its_own_along_and_must_not_come_back(ledger: Ledger) -> None:
    ledger.drop_chat("c")
    found = list(ledger.differences([page()]))
    assert sorted(found) == [f"{each}: deleted, and there again" for each in ("c", "f", "m")]
    assert list(ledger.differences([])) == []


def test_what_grows_is_told_and_what_is_steady_is_not() -> None:
    steady = [(float(at), 100.0, 20) for at in range(30)]
    leaking = [(float(at), 100.0 + 5 * at, 20) for at in range(30)]
    holding = [(float(at), 100.0, 20 + at * 2) for at in range(30)]
    assert list(Watch({"api": steady}).growing()) == []
    assert "MiB" in next(Watch({"api": leaking}).growing())
    assert "open files" in next(Watch({"api": holding}).growing())
