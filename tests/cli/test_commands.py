"""The command line: what it prints, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventstore.log import Log
from projections.runner import Projector
from service.house.house import House
from service.upkeep.projecting import catch_up
from tests import builders
from tests.cli.running import started, strongroom


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with one person and one chat, projected."""
    data = tmp_path / "data"
    house = House(builders.settings(data))
    builders.started_chat(house, builders.person(house, "ada"))
    with Projector(house.layout.user_data) as projector:
        catch_up(house.log, projector)
    house.close()
    return data


def test_the_version_is_told() -> None:
    outcome = started("--version")
    assert outcome.returncode == 0
    assert outcome.stdout.startswith("strongroom ")


def test_help_names_every_command() -> None:
    outcome = strongroom("--help")
    assert outcome.returncode == 0
    assert all(name in outcome.stdout for name in ("up", "api", "worker", "projections", "doctor", "log"))


def test_an_unknown_option_is_wrong_usage() -> None:
    assert strongroom("up", "--nonsense").returncode == 2


@pytest.mark.parametrize(
    ("words", "environment", "said"),
    [
        (("up", "--port", "many"), {}, "STRONGROOM_PORT='many'"),
        (("up", "--workers", "0"), {}, "STRONGROOM_API_PROCESSES='0'"),
        (("log", "head"), {"STRONGROOM_COLOUR": "red"}, "STRONGROOM_COLOUR"),
    ],
)
def test_a_wrong_setting_is_one_clear_line(words: tuple[str, ...], environment: dict[str, str], said: str) -> None:
    outcome = strongroom(*words, **environment)
    assert outcome.returncode == 2
    assert said in outcome.stderr
    assert len(outcome.stderr.splitlines()) == 1


def head(folder: Path) -> int:
    log = Log(folder / "events.db")
    position = log.head()
    log.close()
    return position


def test_the_head_of_the_log_is_its_newest_position(folder: Path) -> None:
    assert strongroom("log", "head", "--data", str(folder)).stdout == f"{head(folder)}\n"


def test_a_command_that_only_looks_makes_no_folder(tmp_path: Path) -> None:
    outcome = strongroom("log", "head", "--data", str(tmp_path / "nowhere"))
    assert outcome.returncode == 1
    assert "no data folder" in outcome.stderr
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_without_its_key_is_refused_in_one_line(folder: Path) -> None:
    (folder / "server.key").unlink()
    outcome = started("log", "head", "--data", str(folder))
    assert outcome.returncode == 1
    assert "restore the key" in outcome.stderr
    assert len(outcome.stderr.splitlines()) == 1


def test_sound_projections_are_told_equal_and_others_not(folder: Path) -> None:
    assert started("projections", "check", "--data", str(folder)).returncode == 0
    with Projector(folder / "projections-user_data.db") as projector:
        projector._connection.execute("UPDATE chat SET title_sealed = x'00'")
    outcome = strongroom("projections", "check", "--data", str(folder))
    assert outcome.returncode == 1
    assert "title_sealed" in outcome.stdout
    rebuilt = strongroom("projections", "rebuild", "--data", str(folder))
    assert (rebuilt.returncode, rebuilt.stdout) == (0, f"rebuilt up to position {head(folder)}\n")
    assert strongroom("projections", "check", "--data", str(folder)).returncode == 0


def test_the_doctor_finds_a_sound_folder_well(folder: Path) -> None:
    outcome = strongroom("doctor", "--data", str(folder))
    assert outcome.returncode == 0, outcome.stdout
    assert "BAD" not in outcome.stdout


def test_the_doctor_finds_an_open_folder(folder: Path) -> None:
    folder.chmod(0o755)
    outcome = strongroom("doctor", "--data", str(folder))
    assert outcome.returncode == 1
    assert "open to other users" in outcome.stdout
