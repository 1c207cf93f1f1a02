"""Only a Strongroom log is opened, only with an SQLite that keeps it, and nothing else is touched."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw
import pytest

from eventstore import schema
from eventstore.errors import LogCorrupt
from eventstore.log import Log
from eventstore.schema import open_database


def test_an_empty_file_becomes_a_log_that_survives_a_power_cut(tmp_path: Path) -> None:
    connection = open_database(tmp_path / "events.db", read_only=False)
    assert connection.pragma("journal_mode") == "wal"
    assert connection.pragma("synchronous") == 2  # FULL
    assert connection.pragma("application_id") == schema.APPLICATION_ID
    assert connection.pragma("user_version") == schema.SCHEMA_VERSION
    connection.close()


def test_many_may_open_a_new_log_at_once(tmp_path: Path) -> None:
    """Twenty times: two that switch to the write-ahead log in the same instant meet in one of a few."""
    for number in range(20):
        path = tmp_path / f"{number}.db"
        together = threading.Barrier(8)

        def open_it(path: Path = path, together: threading.Barrier = together) -> None:
            together.wait(10)
            open_database(path, read_only=False).close()

        with ThreadPoolExecutor(8) as pool:
            for opened in [pool.submit(open_it) for _ in range(8)]:
                opened.result(20)


@pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal"])
@pytest.mark.parametrize("anew", [False, True], ids=["gone", "anew"])
def test_a_file_beside_it_that_another_takes_away_at_this_moment_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, anew: bool
) -> None:
    path = tmp_path / "events.db"
    open_database(path, read_only=False).close()
    beside = path.with_name(path.name + suffix)
    beside.touch()
    may_be_used = os.access

    def closing_meanwhile(asked: Path, rights: int) -> bool:
        if asked == beside and beside.exists():
            other = tmp_path / "other"  # There at the same time, so that it is another file.
            other.touch()
            other.replace(beside) if anew else beside.unlink()
            return False
        return may_be_used(asked, rights)

    monkeypatch.setattr(os, "access", closing_meanwhile)
    open_database(path, read_only=False).close()


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    path.write_bytes(b"not a database at all" * 100)
    before = path.read_bytes()
    with pytest.raises(LogCorrupt, match=r"events\.db is not a database"):
        Log(path)
    assert path.read_bytes() == before


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    other = apsw.Connection(str(path))
    other.execute("CREATE TABLE events (position INTEGER PRIMARY KEY)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(LogCorrupt, match="not a Strongroom log"):
        Log(path)
    assert path.read_bytes() == before


def test_a_log_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    connection = open_database(path, read_only=False)
    connection.pragma("user_version", schema.SCHEMA_VERSION + 1)
    connection.close()
    with pytest.raises(LogCorrupt, match="schema version 2"):
        Log(path)


def test_an_sqlite_that_can_lose_a_wal_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apsw, "SQLITE_VERSION_NUMBER", 3_051_002)
    with pytest.raises(RuntimeError, match=r"3\.51\.3 or newer"):
        open_database(tmp_path / "events.db", read_only=False)
    assert not (tmp_path / "events.db").exists()
    monkeypatch.setattr(apsw, "SQLITE_VERSION_NUMBER", 3_051_003)
    open_database(tmp_path / "events.db", read_only=False).close()
