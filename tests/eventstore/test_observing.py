"""Who measures the log is told of each commit, in plain numbers."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from eventstore.batch import Batch
from eventstore.errors import LogError
from eventstore.writer import Committed, LogWriter
from tests.eventstore.records import one


def writer(folder: Path, seen: list[Committed]) -> LogWriter:
    return LogWriter(folder / "events.db", folder / "log.lock", lambda: 1, seen.append)


def test_a_commit_is_told_with_how_many_waited_for_how_long(tmp_path: Path) -> None:
    seen: list[Committed] = []
    with closing(writer(tmp_path, seen)) as log:
        log.submit([one(f"chat-{number}") for number in range(3)], lambda _: None)
    (commit,) = seen
    ((waited_s, appends),) = commit.waited
    assert appends == 3
    assert commit.commit_s is not None
    assert 0 < commit.commit_s < waited_s


def test_a_commit_that_fails_is_told_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Batch) -> None:
        raise OSError("no disk")

    seen: list[Committed] = []
    with closing(writer(tmp_path, seen)) as log:
        log.append(one("chat-1"))
        with monkeypatch.context() as patched:
            patched.setattr(Batch, "write", fail)
            with pytest.raises(LogError):
                log.append(one("chat-1", 2))
        log.append(one("chat-1", 2))
    assert [commit.commit_s is None for commit in seen] == [False, True, False]
