"""`strongroom backup`, `restore`, `rotate-server-key` and `doctor --json`: what they print, and how they end."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from service.house.house import House
from service.processing.storing import store
from tests import builders
from tests.cli.running import started, strongroom
from tests.cli.test_commands import head
from tests.service.logs import sign


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with a stored file and a signed log."""
    with closing(House(builders.settings(tmp_path / "data"))) as house:
        file_id = builders.uploaded_file(house, builders.person(house, "ada"), b"Dear diary")
        store(house, house.log, file_id)
        sign(house)
    return tmp_path / "data"


def test_a_backup_is_taken_and_put_back(data: Path, tmp_path: Path) -> None:
    target, keys, key = tmp_path / "away", tmp_path / "keys", tmp_path / "server.key"
    key.write_text((data / "server.key").read_bytes().hex())
    taken = strongroom("backup", str(target), "--keyring", str(keys), "--data", str(data))
    assert (taken.returncode, taken.stderr) == (0, "")
    assert f"backed up {head(data)} positions and 1 files, 1 of them new" in taken.stdout
    assert "not in it: the server key" in taken.stdout
    words = ("restore", str(target), "--keyring", str(keys), "--data", str(tmp_path / "anew"), "--server-key", str(key))
    restored = strongroom(*words)
    assert (restored.returncode, restored.stderr) == (0, "")
    assert f"{head(data)} positions, 1 blobs, 0 unfinished uploads" in restored.stdout
    assert "strongroom log begin-anew --yes" in restored.stdout
    again = strongroom(*words)
    assert again.returncode == 1
    assert again.stderr.startswith("strongroom: ")
    assert "nothing is ever overwritten" in again.stderr
    begun = strongroom("log", "begin-anew", "--yes", "--data", str(tmp_path / "anew"))
    assert begun.returncode == 0, begun.stderr
    assert strongroom("blobs", "check", "--data", str(tmp_path / "anew")).returncode == 0


def test_what_is_missing_in_the_folder_ends_in_1(data: Path, tmp_path: Path) -> None:
    next((data / "blobs").glob("*/*.blob")).unlink()
    taken = strongroom("backup", str(tmp_path / "away"), "--data", str(data))
    assert taken.returncode == 1
    assert ".blob is not there" in taken.stdout
    assert (tmp_path / "away" / "keyrings").is_dir()


@pytest.mark.parametrize(
    ("words", "environment", "said"),
    [
        (("restore", "/nowhere"), {}, "--server-key FILE or from STRONGROOM_SERVER_KEY"),
        (("restore", "/nowhere", "--server-key", "/nowhere/key"), {}, "there is no /nowhere/key"),
        (("rotate-server-key", "--new-key", "/nowhere/key"), {}, "--new-key belongs to"),
        (("rotate-server-key",), {"STRONGROOM_SERVER_KEY": "ab" * 32}, "--new-key belongs to"),
    ],
)
def test_wrong_usage_is_one_clear_line(words: tuple[str, ...], environment: dict[str, str], said: str) -> None:
    outcome = strongroom(*words, **environment)
    assert (outcome.returncode, len(outcome.stderr.splitlines())) == (2, 1)
    assert said in outcome.stderr


def test_a_file_that_holds_no_key_is_wrong_usage(data: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("not a key")
    outcome = strongroom("restore", str(tmp_path), "--server-key", str(tmp_path / "key"))
    assert outcome.returncode == 2
    assert "holds no server key" in outcome.stderr
    assert "not a key" not in outcome.stderr


def test_the_server_key_is_replaced(data: Path) -> None:
    before = (data / "server.key").read_bytes()
    outcome = started("rotate-server-key", "--data", str(data))
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert "1 accounts" in outcome.stdout
    assert (data / "server.key").read_bytes() != before
    examined = strongroom("doctor", "--json", "--data", str(data))
    assert examined.returncode == 0, examined.stdout
    findings = json.loads(examined.stdout)
    assert {finding["what"]: finding["well"] for finding in findings}["keyring"] is True
