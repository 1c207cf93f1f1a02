"""Copies of the keyring are removed past their end, also where no backup is taken any more."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.backup.errors import BackupRefused
from service.backup.manifest import complete
from service.backup.pruning import Pruned, prune
from service.commands.cli import app
from service.house.house import House
from service.machine import locks
from tests import builders
from tests.service.backing_up import back_up

DAY_US = 86_400_000_000
BEGUN_US = 1_700_000_000_000_000


@pytest.fixture
def copies(tmp_path: Path) -> list[str]:
    """Names of three copies, five days apart."""
    now = [BEGUN_US]
    with closing(House(builders.settings(tmp_path / "data"), lambda: now[0])) as house:
        names = []
        for _ in range(3):
            names.append(back_up(house, tmp_path / "away").name)
            now[0] += 5 * DAY_US
    return names


def test_what_is_past_the_horizon_goes_and_the_newest_stays(tmp_path: Path, copies: list[str]) -> None:
    keys = tmp_path / "away" / "keys"
    assert prune(keys, BEGUN_US, None) == Pruned((), tuple(copies))
    assert prune(keys, BEGUN_US + DAY_US, None) == Pruned((copies[0],), (copies[1], copies[2]))
    (keys / f"{copies[0]}.part").mkdir()  # As a removal that was cut off leaves it.
    assert prune(keys, BEGUN_US + 99 * DAY_US, None) == Pruned((copies[1],), (copies[2],))
    assert [path.name for path in keys.iterdir() if path.is_dir()] == [copies[2]]
    assert len(complete(tmp_path / "away" / "data")) == len(copies)


def test_as_many_as_are_kept_stay(tmp_path: Path, copies: list[str]) -> None:
    assert prune(tmp_path / "away" / "keys", 0, 2) == Pruned((copies[0],), (copies[1], copies[2]))


def test_while_somebody_else_is_at_the_copies_nothing_goes(tmp_path: Path, copies: list[str]) -> None:
    with locks.share(tmp_path / "away" / "keys" / ".lock"), pytest.raises(BackupRefused, match="wait"):
        prune(tmp_path / "away" / "keys", BEGUN_US + 99 * DAY_US, None)
    assert len(complete(tmp_path / "away" / "keys")) == len(copies)


def test_a_folder_that_is_not_there_is_told_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match="no folder"):
        prune(tmp_path / "nowhere", 0, None)
    assert not (tmp_path / "nowhere").exists()


def test_the_command_needs_no_data_folder_and_takes_no_backup(tmp_path: Path, copies: list[str]) -> None:
    words = ["backup", str(tmp_path), "--keyring", str(tmp_path / "away" / "keys"), "--data", str(tmp_path / "gone")]
    refused = CliRunner().invoke(app, [*words, "--prune-only", "--keep", "1"])
    assert (refused.exit_code, len(complete(tmp_path / "away" / "keys"))) == (2, 3)
    pruned = CliRunner().invoke(app, [*words, "--prune-only"])
    assert pruned.exit_code == 0, pruned.output
    assert f"removed keyring {copies[1]}" in pruned.output
    assert (
        f"1 copies of the keyring are left in {tmp_path / 'away' / 'keys'}, the oldest of {copies[2]}" in pruned.output
    )
    assert not (tmp_path / "gone").exists()
