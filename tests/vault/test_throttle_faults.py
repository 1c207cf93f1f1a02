"""Rate limits that cannot be counted: nobody passes meanwhile, and nothing is stuck afterwards."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from vault.errors import ThrottleBroken, ThrottleFull
from vault.throttle import Limit, Throttle

LIMIT = Limit("sign-in", quota=5, window_s=60)
NOW_US = 1_700_000_000_000_000


def test_a_database_without_its_table_counts_nobody(tmp_path: Path) -> None:
    with closing(Throttle(tmp_path / "limits.db")) as throttle:
        throttle._connection.execute("DROP TABLE bucket")
        for _ in range(2):
            with pytest.raises(ThrottleBroken):
                throttle.check(b"ann", LIMIT, NOW_US)


def test_a_full_disk_lets_nobody_pass_until_there_is_room_again(tmp_path: Path) -> None:
    with closing(Throttle(tmp_path / "limits.db")) as throttle:
        throttle._connection.execute("PRAGMA max_page_count = 3")
        with pytest.raises(ThrottleFull):
            _fill(throttle)
        throttle._connection.execute("PRAGMA max_page_count = 1000")
        assert throttle.check(b"ann", LIMIT, NOW_US).remaining == 4


def test_a_commit_that_fails_is_taken_back(tmp_path: Path) -> None:
    with closing(Throttle(tmp_path / "limits.db")) as throttle:
        refusing = True
        throttle._connection.set_commit_hook(lambda: refusing)
        with pytest.raises(ThrottleBroken):
            throttle.check(b"ann", LIMIT, NOW_US)
        refusing = False
        assert throttle.check(b"ann", LIMIT, NOW_US).remaining == 4


def _fill(throttle: Throttle) -> None:
    for number in range(1_000):
        throttle.check(number.to_bytes(64, "big"), LIMIT, NOW_US)
