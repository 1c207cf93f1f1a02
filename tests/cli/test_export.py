"""`strongroom export` and `import`, with a password from standard input."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from service.commands.cli import app
from service.house.house import House
from tests import builders
from tests.cli.running import started
from tests.service.archives import data_of


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two people, one of whom has a chat. Commands may harden themselves only, not the tests."""
    house = House(builders.settings(tmp_path / "data"))
    builders.started_chat(house, builders.person(house, "ada"), "Hi")
    builders.person(house, "bob")
    house.close()
    monkeypatch.setattr("service.machine.process.harden", lambda: None)
    return tmp_path


def run(home: Path, *words: str, says: str = "correct horse battery staple\n") -> Result:
    return CliRunner().invoke(app, [*words, "--data", str(home / "data")], input=says)


def test_out_of_one_account_and_into_another(home: Path) -> None:
    out = home / "ada.zip"
    words = ("export", "ada", "--out", str(out), "--data", str(home / "data"))
    exported = started(*words, says="correct horse battery staple\n")
    assert exported.returncode == 0, exported.stderr
    assert "not encrypted" in exported.stdout
    assert out.stat().st_mode & 0o777 == 0o600
    assert data_of(out.read_bytes())["chats"][0]["title"] == "Hi"
    imported = run(home, "import", str(out), "bob@example.org")
    assert imported.exit_code == 0, imported.output
    assert "imported 1 chats, 0 messages and 0 files" in imported.output
    house = House(builders.settings(home / "data"))
    try:
        types = [entry.envelope.type for entry in house.log.read_all(0, 100)]
    finally:
        house.close()
    assert types.count("DataExported") == types.count("DataImported") == 1
    assert types[-1] == "SessionClosed"  # Whoever signed in has signed out.


def test_a_wrong_password_makes_no_file(home: Path) -> None:
    refused = run(home, "export", "ada", "--out", str(home / "ada.zip"), says="wrong\n")
    assert (refused.exit_code, refused.stderr.strip()) == (1, "strongroom: Name or password is wrong.")
    assert sorted(path.name for path in home.iterdir()) == ["data"]


def test_a_file_that_is_there_stays(home: Path) -> None:
    (home / "ada.zip").write_bytes(b"mine")
    assert run(home, "export", "ada", "--out", str(home / "ada.zip")).exit_code == 2
    assert (home / "ada.zip").read_bytes() == b"mine"


def test_an_export_that_breaks_leaves_nothing_behind(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(fd: int, data: bytes) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("service.commands.by_hand._write_all", full)
    broken = run(home, "export", "ada", "--out", str(home / "ada.zip"))
    assert (broken.exit_code, broken.stderr.strip()) == (1, "strongroom: No space left on device")
    assert sorted(path.name for path in home.iterdir()) == ["data"]


def test_what_is_no_export_is_told_in_one_line(home: Path) -> None:
    with zipfile.ZipFile(home / "photos.zip", "w") as archive:
        archive.writestr("a.jpg", b"x")
    refused = run(home, "import", str(home / "photos.zip"), "bob")
    assert refused.exit_code == 1
    assert "this is no export" in refused.stderr
    assert run(home, "import", str(home / "nothing.zip"), "bob").exit_code == 2
