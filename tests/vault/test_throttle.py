"""Rate limits: what a leaky bucket of calls allows, by a clock that the test holds, in every process alike."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vault import throttle as throttle_module
from vault.errors import ThrottleBroken
from vault.throttle import Limit, Throttle

ROOT = Path(__file__).parents[2]
SECOND_US = 1_000_000
LIMIT = Limit("sign-in", quota=5, window_s=60)  # One more every 12 seconds.
START_US = 1_700_000_000 * SECOND_US


@pytest.fixture
def throttle(tmp_path: Path) -> Iterator[Throttle]:
    with closing(Throttle(tmp_path / "limits.db")) as throttle:
        yield throttle


def test_every_process_of_a_first_start_may_begin_the_file_at_once(tmp_path: Path) -> None:
    for number in range(20):
        path = tmp_path / f"{number}.db"
        together = threading.Barrier(8)

        def open_it(path: Path = path, together: threading.Barrier = together) -> None:
            together.wait(10)
            with closing(Throttle(path)) as opened:
                opened.check(b"ann", LIMIT, START_US)

        with ThreadPoolExecutor(8) as pool:
            for opened in [pool.submit(open_it) for _ in range(8)]:
                opened.result(20)


def test_the_quota_may_come_at_once_and_no_more(throttle: Throttle) -> None:
    standings = [throttle.check(b"ann", LIMIT, START_US) for _ in range(6)]
    assert [s.refused for s in standings] == [False] * 5 + [True]
    assert [s.remaining for s in standings] == [4, 3, 2, 1, 0, 0]
    assert standings[0].reset_s == 12
    assert standings[5].wait_s == 12
    assert standings[5].reset_s == 60


def test_whoever_waits_as_told_is_let_in_and_not_a_moment_earlier(throttle: Throttle) -> None:
    for _ in range(5):
        throttle.check(b"ann", LIMIT, START_US)
    assert throttle.check(b"ann", LIMIT, START_US + 12 * SECOND_US - 1).wait_s == 1
    assert not throttle.check(b"ann", LIMIT, START_US + 12 * SECOND_US).refused
    assert throttle.check(b"ann", LIMIT, START_US + 12 * SECOND_US).refused


def test_a_refused_call_does_not_count(throttle: Throttle) -> None:
    for _ in range(50):
        throttle.check(b"ann", LIMIT, START_US)
    assert not throttle.check(b"ann", LIMIT, START_US + 12 * SECOND_US).refused


def test_after_the_window_all_is_forgiven(throttle: Throttle) -> None:
    for _ in range(6):
        throttle.check(b"ann", LIMIT, START_US)
    assert throttle.check(b"ann", LIMIT, START_US + 60 * SECOND_US).remaining == 4


def test_a_call_that_is_given_back_was_none(throttle: Throttle) -> None:
    for _ in range(20):
        assert throttle.check(b"ann", LIMIT, START_US).remaining == 4
        throttle.give_back(b"ann", LIMIT, START_US)
    throttle.give_back(b"ann", LIMIT, START_US)  # More than was counted: no credit.
    throttle.give_back(b"ben", LIMIT, START_US)
    assert [throttle.check(b"ann", LIMIT, START_US).refused for _ in range(6)] == [False] * 5 + [True]
    throttle.give_back(b"ann", LIMIT, START_US)
    assert not throttle.check(b"ann", LIMIT, START_US).refused
    assert throttle.check(b"ann", LIMIT, START_US).refused


def test_what_an_earlier_version_remembered_of_people_goes(tmp_path: Path) -> None:
    with closing(apsw.Connection(str(tmp_path / "limits.db"))) as connection:
        connection.execute("CREATE TABLE known (caller BLOB PRIMARY KEY, until_us INTEGER NOT NULL)")
    with closing(Throttle(tmp_path / "limits.db")) as throttle:
        tables = throttle._connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    assert tables == [("bucket",)]


def test_callers_do_not_pay_for_each_other(throttle: Throttle) -> None:
    for _ in range(6):
        throttle.check(b"ann", LIMIT, START_US)
    assert throttle.check(b"ben", LIMIT, START_US).remaining == 4


def test_a_clock_set_back_locks_nobody_out_for_longer_than_the_window(throttle: Throttle) -> None:
    for _ in range(5):
        throttle.check(b"ann", LIMIT, START_US)
    an_hour_earlier_us = START_US - 3_600 * SECOND_US
    assert throttle.check(b"ann", LIMIT, an_hour_earlier_us).wait_s == 12
    assert not throttle.check(b"ann", LIMIT, an_hour_earlier_us + 12 * SECOND_US).refused


@settings(deadline=None, max_examples=60)
@given(
    quota=st.integers(1, 6),
    window_s=st.integers(1, 30),
    pauses_us=st.lists(st.integers(0, 15 * SECOND_US), min_size=1, max_size=30),
)
def test_it_lets_in_whom_a_bucket_that_leaks_lets_in(quota: int, window_s: int, pauses_us: list[int]) -> None:
    limit = Limit("any", quota, window_s)
    step_us = window_s * SECOND_US // quota
    level_us = 0  # How full the bucket of the model is, in microseconds of leaking.
    now_us = START_US
    with tempfile.TemporaryDirectory() as folder, closing(Throttle(Path(folder) / "limits.db")) as throttle:
        for pause_us in pauses_us:
            now_us += pause_us
            level_us = max(0, level_us - pause_us)
            fits = level_us + step_us <= window_s * SECOND_US
            standing = throttle.check(b"ann", limit, now_us)
            assert standing.refused == (not fits)
            level_us += step_us if fits else 0
            assert standing.remaining == (0 if standing.refused else (window_s * SECOND_US - level_us) // step_us)
            assert standing.reset_s == -(-level_us // SECOND_US)


def test_buckets_that_are_empty_again_are_deleted(throttle: Throttle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle_module, "FORGET_EVERY", 3)
    throttle.check(b"ann", LIMIT, START_US)
    throttle.check(b"ben", LIMIT, START_US + 100 * SECOND_US)
    throttle.check(b"cyd", LIMIT, START_US + 100 * SECOND_US)
    rows = throttle._connection.execute("SELECT caller FROM bucket ORDER BY caller").fetchall()
    assert rows == [(b"ben",), (b"cyd",)]


COUNTER = """
import sys
from pathlib import Path
from vault.errors import ThrottleBroken
from vault.throttle import Limit, Throttle
throttle, limit = Throttle(Path(sys.argv[1])), Limit("sign-in", 500, 1_000_000)
print("ready", flush=True)
sys.stdin.readline()
print(sum(not throttle.check(b"ann", limit, 1_700_000_000_000_000).refused for _ in range(2_000)))
throttle.close()
"""


def test_processes_count_together(tmp_path: Path) -> None:
    command = [sys.executable, "-c", COUNTER, str(tmp_path / "limits.db")]
    racing = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for one in racing:  # All are there before any begins.
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in racing:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    let_in = [int(one.communicate(timeout=60)[0]) for one in racing]
    assert [one.returncode for one in racing] == [0, 0, 0]
    assert sum(let_in) == 500


def test_a_damaged_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "limits.db"
    path.write_bytes(b"this is no database" * 300)
    with closing(Throttle(path)) as throttle:
        assert throttle.check(b"ann", LIMIT, START_US).remaining == 4


def test_a_busy_file_is_not_replaced_under_those_who_count_in_it(
    tmp_path: Path, throttle: Throttle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle_module, "BUSY_TIMEOUT_MS", 10)
    throttle.check(b"ann", LIMIT, START_US)
    other = apsw.Connection(str(tmp_path / "limits.db"))
    other.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
    throttle.close()
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(ThrottleBroken, match="locked"):
        Throttle(tmp_path / "limits.db")
    other.execute("ROLLBACK")
    other.close()
    with closing(Throttle(tmp_path / "limits.db")) as again:
        assert again.check(b"ann", LIMIT, START_US).remaining == 3


def test_a_failed_check_leaves_no_transaction_behind(throttle: Throttle) -> None:
    with pytest.raises(TypeError):
        throttle.check("not bytes", LIMIT, None)  # type: ignore[arg-type]  # A fault of the caller's.
    assert throttle.check(b"ann", LIMIT, START_US).remaining == 4
