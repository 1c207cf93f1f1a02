"""Lifting a database: in order, all or nothing, once, and after a copy of how it was."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import apsw
import pytest

from vault.migrating import Step, kept_copies, lift


def _second(connection: apsw.Connection) -> None:
    connection.execute("ALTER TABLE word ADD COLUMN length INTEGER; UPDATE word SET length = length(text)")


def _third(connection: apsw.Connection) -> None:
    connection.execute("DELETE FROM word WHERE length = 0")  # Needs what the second made.


STEPS: dict[int, Step] = {1: _second, 2: _third}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database of version 1 with two words."""
    path = tmp_path / "words.db"
    with opened(path) as connection:
        connection.execute("CREATE TABLE word (text TEXT); INSERT INTO word VALUES ('one'), ('')")
        connection.pragma("user_version", 1)
    return path


@contextmanager
def opened(path: Path) -> Iterator[apsw.Connection]:
    with closing(apsw.Connection(str(path))) as connection:
        connection.set_busy_timeout(10_000)
        yield connection


def held(path: Path) -> tuple[int, list[tuple[object, ...]]]:
    with opened(path) as connection:
        version = connection.pragma("user_version")
        assert isinstance(version, int)
        return version, connection.execute("SELECT * FROM word ORDER BY text").fetchall()


def test_steps_are_taken_in_order_and_the_older_one_is_kept(path: Path) -> None:
    with opened(path) as connection:
        lift(connection, STEPS, path)
    assert held(path) == (3, [("one", 3)])
    (copy,) = kept_copies(path.parent)
    assert copy.name == "words.db.schema-1"
    assert held(copy) == (1, [("",), ("one",)])
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_todays_is_left_as_it_is_and_nothing_is_kept(path: Path) -> None:
    with opened(path) as connection:
        connection.pragma("user_version", 3)
        lift(connection, STEPS, path)
    assert held(path) == (3, [("",), ("one",)])
    assert list(kept_copies(path.parent)) == []


def test_a_newer_one_is_left_as_it_is(path: Path) -> None:
    with opened(path) as connection:
        connection.pragma("user_version", 4)
        lift(connection, STEPS, path)
    assert held(path)[0] == 4


def test_a_step_that_fails_leaves_everything_as_it_was(path: Path) -> None:
    def fails(_: apsw.Connection) -> None:
        raise ZeroDivisionError

    with opened(path) as connection, pytest.raises(ZeroDivisionError):
        lift(connection, {1: _second, 2: fails}, path)
    assert held(path) == (1, [("",), ("one",)])


def test_where_no_copy_can_be_made_nothing_is_lifted(path: Path) -> None:
    path.with_name("words.db.schema-1").mkdir()
    with opened(path) as connection, pytest.raises(OSError, match="schema-1"):
        lift(connection, STEPS, path)
    assert held(path)[0] == 1
    assert not path.with_name("words.db.schema-1.draft").exists()


def test_those_who_start_together_lift_it_once(path: Path) -> None:
    taken: list[int] = []

    def counted(connection: apsw.Connection) -> None:
        taken.append(1)
        _second(connection)

    def start() -> None:
        with opened(path) as connection:
            lift(connection, {**STEPS, 1: counted}, path)

    with ThreadPoolExecutor(6) as pool:
        for one in [pool.submit(start) for _ in range(6)]:
            one.result(20)
    assert taken == [1]
    assert held(path) == (3, [("one", 3)])
    assert held(path.with_name("words.db.schema-1"))[0] == 1


@pytest.mark.parametrize("at", [1, 2])
def test_killed_in_a_step_it_is_lifted_by_the_next_start(path: Path, at: int) -> None:
    def killed(_: apsw.Connection) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        with opened(path) as connection:
            lift(connection, {**STEPS, at: killed}, path)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    with opened(path) as connection:
        lift(connection, STEPS, path)
    assert held(path) == (3, [("one", 3)])
    assert held(path.with_name("words.db.schema-1")) == (1, [("",), ("one",)])
