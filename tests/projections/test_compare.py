"""The comparison finds every single difference, and says where without saying what."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from projections.compare import differences, dump_hash
from projections.errors import ProjectionCorrupt
from projections.runner import Projector
from tests.projections.history import random_history


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    live, rebuilt = tmp_path / "live.db", tmp_path / "rebuilt.db"
    facts = random_history(seed=9, length=200).facts
    for path in (live, rebuilt):
        with Projector(path) as projector:
            projector.apply(facts)
    return live, rebuilt


def test_equal_files_have_no_differences_and_one_hash(pair: tuple[Path, Path]) -> None:
    assert list(differences(*pair)) == []
    assert dump_hash(pair[0]) == dump_hash(pair[1])


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            "UPDATE user SET identity_sealed = x'00' WHERE user_id = 'ann'",
            "user ann: identity_sealed differs",
        ),
        ("UPDATE cursor SET position = 7", "cursor 1: position differs"),
        ("DELETE FROM user WHERE user_id = 'ben'", "user ben: only in the live tables"),
        (
            "INSERT INTO chat VALUES ('eve', 999, 'c', 1, 1, 'ChatStarted', 1, x'')",
            "chat eve 999: only in the rebuilt tables",
        ),
        (
            "INSERT INTO session VALUES ('eve', 999, 's', 1, 1, x'')",
            "session eve 999: only in the rebuilt tables",
        ),
    ],
)
def test_each_difference_is_one_line(pair: tuple[Path, Path], change: str, line: str) -> None:
    connection = apsw.Connection(str(pair[1]))
    connection.execute(change)
    connection.close()
    assert list(differences(*pair)) == [line]
    assert dump_hash(pair[0]) != dump_hash(pair[1])


@pytest.mark.parametrize("table", ["message", "file"])
def test_a_column_that_became_null_is_found(pair: tuple[Path, Path], table: str) -> None:
    connection = apsw.Connection(str(pair[1]))
    connection.execute(f"UPDATE {table} SET error_code = '' WHERE error_code IS NULL")
    changed = connection.changes()
    connection.close()
    assert changed > 0
    lines = list(differences(*pair))
    assert len(lines) == changed
    assert all(line.startswith(table) and line.endswith("error_code differs") for line in lines)
    assert dump_hash(pair[0]) != dump_hash(pair[1])


def test_what_is_no_projection_is_not_compared(pair: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(ProjectionCorrupt):
        list(differences(pair[0], tmp_path / "absent.db"))
