"""A data folder that cannot be used is one clear line and exit code 1, and stays as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import apsw
import pytest
import typer

from service.commands.command import own_settings
from service.house.house import House
from service.machine.layout import Layout
from service.machine.process import following_parent
from tests.builders import settings
from tests.deploy.shut_in import NOBODY, become
from tests.e2e.stack import bare_environment

ROOT: Final = Path(__file__).parents[2]
PROGRAM: Final = "from service.commands.cli import main; main()"
START_S: Final = 60.0


def start(data: Path, *words: str, without_rights: bool = False, **variables: str) -> subprocess.CompletedProcess[str]:
    """`strongroom up` unless told otherwise. `without_rights`: as a user whom the file system refuses what is not
    theirs, which root is not."""

    def prepare() -> None:
        following()
        if without_rights and os.getuid() == 0:
            become(os.getuid())

    following = following_parent(signal.SIGKILL)
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *(words or ("up", "--port", "0")), "--data", str(data)],
        cwd=ROOT,
        env={**bare_environment(), **variables},
        capture_output=True,
        text=True,
        timeout=START_S,
        check=False,
        preexec_fn=prepare,
    )


def one_line(outcome: subprocess.CompletedProcess[str]) -> str:
    assert (outcome.returncode, outcome.stdout) == (1, ""), outcome.stdout + outcome.stderr
    (line,) = outcome.stderr.splitlines()
    assert line.startswith("strongroom: ")
    return line


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """One that was used before."""
    House(settings(tmp_path / "data")).close()
    return tmp_path / "data"


def everything_in(folder: Path) -> dict[str, bytes]:
    """What counts; locks and signs of life do not."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.parent.name != "run" and not path.name.endswith(("-shm", "-wal"))
    }


def not_written(layout: Layout) -> None:
    layout.data.chmod(0o500)


def not_written_below(layout: Layout) -> None:
    layout.blobs.chmod(0o500)


def key_not_read(layout: Layout) -> None:
    layout.server_key.chmod(0)


def key_of_another(layout: Layout) -> None:
    os.chown(layout.server_key, NOBODY, NOBODY)
    layout.server_key.chmod(0o400)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (not_written, "data: cannot be read and written by this user"),
        (not_written_below, "blobs: cannot be read and written by this user"),
        (key_not_read, "server.key: Permission denied"),
        (key_of_another, "server.key: Permission denied"),
    ],
)
def test_a_folder_that_this_user_may_not_use_is_one_line(
    data: Path, spoil: Callable[[Layout], None], said: str
) -> None:
    if os.getuid() != 0 and spoil is key_of_another:
        pytest.skip("NOT TESTED: only root can give files away")
    before = everything_in(data)
    spoil(Layout(data))
    try:
        assert said in one_line(start(data, without_rights=True))
    finally:
        data.chmod(0o700)
        Layout(data).server_key.chmod(0o600)
    assert everything_in(data) == before


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize("words", [(), ("projections", "rebuild"), ("restore", "nowhere"), ("doctor",)], ids=" ".join)
def test_root_makes_nothing_in_a_folder_of_somebody_else(data: Path, words: tuple[str, ...]) -> None:
    os.chown(data, NOBODY, NOBODY)
    before = sorted(data.rglob("*"))
    assert "belongs to nobody: run this as that user" in one_line(start(data, *words))
    assert sorted(data.rglob("*")) == before


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize("below", ["data", "two/levels"])
def test_root_makes_no_folder_in_one_of_somebody_else_and_names_the_one_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], below: str
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    os.chown(theirs, NOBODY, NOBODY)
    monkeypatch.delenv("STRONGROOM_DATA", raising=False)
    with pytest.raises(typer.Exit):
        own_settings(data=str(theirs / below))
    assert capsys.readouterr().err.startswith(f"strongroom: {theirs} belongs to nobody: ")
    os.chown(theirs, 0, 0)
    assert own_settings(data=str(theirs / below)).data == str(theirs / below)


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        assert f"{tmp_path / 'data'}: Permission denied" in one_line(start(tmp_path / "data", without_rights=True))
    finally:
        tmp_path.chmod(0o700)


def test_a_folder_that_others_may_read_is_told_by_the_doctor(data: Path) -> None:
    data.chmod(0o755)
    outcome = start(data, "doctor")
    assert outcome.returncode == 1
    assert f"{data} is open to other users" in outcome.stdout
    assert f"chmod 700 {data}" in outcome.stdout


@pytest.mark.parametrize("name", ["events.db", "keyring.db", "uploads.db"])
def test_a_folder_of_newer_code_is_one_line_and_stays_as_it_was(data: Path, name: str) -> None:
    with closing(apsw.Connection(str(data / name))) as connection:
        connection.pragma("user_version", 99)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    before = everything_in(data)
    line = one_line(start(data))
    assert "written by a newer Strongroom" in line
    assert everything_in(data) == before


def test_read_tables_of_newer_code_are_made_anew_from_the_log(data: Path) -> None:
    assert start(data, "projections", "rebuild").returncode == 0
    tables = (data / "projections-user_data.db").resolve()
    with closing(apsw.Connection(str(tables))) as connection:
        connection.pragma("user_version", 99)
    outcome = start(data, "projections", "rebuild")
    assert outcome.returncode == 0, outcome.stderr
    with closing(apsw.Connection(str((data / "projections-user_data.db").resolve()))) as connection:
        assert connection.pragma("user_version") != 99


def test_a_server_key_that_is_lost_is_one_line_with_the_way_out(data: Path) -> None:
    (data / "server.key").unlink()
    line = one_line(start(data))
    assert "server.key is missing" in line
    assert "restore the key first" in line


def test_a_key_file_that_is_not_there_is_one_line_with_the_way_out(data: Path, tmp_path: Path) -> None:
    line = one_line(start(data, STRONGROOM_SERVER_KEY_FILE=str(tmp_path / "none")))
    assert "STRONGROOM_SERVER_KEY_FILE" in line
    assert "No such file" in line
