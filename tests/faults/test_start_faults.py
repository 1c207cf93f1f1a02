"""Files of a data folder that are spoilt: `strongroom up` and `api` say in one line which, and the way out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from service.doctor import examine
from service.house.house import House
from service.house.operator import OperatorToken
from service.machine.layout import Layout
from service.signing.continuity import require_history
from service.signing.signer import Signer
from tests.builders import person, settings
from tests.cli.running import Outcome, forking, strongroom
from tests.deploy.shut_in import become
from tests.disks import mounted
from tests.faults.test_folder import ROOT, START_S, everything_in, one_line, start
from tests.service.backing_up import back_up, living
from tests.upgrades.test_folders import unpack
from vault.errors import WrongServerKey


@pytest.fixture(scope="module", autouse=True)
def commands_are_forked() -> Iterator[None]:
    with forking():
        yield


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that has a signing key and an operator's token, and was stopped in order."""
    data = tmp_path_factory.mktemp("served") / "data"
    with closing(House(settings(data))) as house:
        OperatorToken(house.layout, None)
        with closing(Signer(house.layout, house.server)) as signer:
            signer.sign_news()
    return data


@pytest.fixture
def data(served: Path, tmp_path: Path) -> Path:
    return shutil.copytree(served, tmp_path / "data")


def in_one_line(outcome: Outcome) -> str:
    assert (outcome.returncode, outcome.stdout) == (1, ""), outcome.stdout + outcome.stderr
    (line,) = outcome.stderr.splitlines()
    return line


def as_a_folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


# -- the operator's token, the limits ----------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["up", "api"])
@pytest.mark.parametrize("spoil", [lambda path: path.write_bytes(b""), as_a_folder], ids=["empty", "a folder"])
def test_an_operators_token_that_is_none_is_one_line_before_anything_is_started(
    data: Path, command: str, spoil: Callable[[Path], object]
) -> None:
    spoil(data / "operator.token")
    line = in_one_line(strongroom(command, "--port", "0", "--data", str(data)))
    assert line.startswith("strongroom: operator.token must hold 32 or more visible ASCII characters: move it away")


DATABASES: Final = ("uploads.db", "run/limits.db", "keyring.db", "events.db")
BESIDE: Final = ("keyring.db-journal", "uploads.db-journal", "events.db-wal", "events.db-shm")


@pytest.mark.parametrize(
    ("name", "belongs"),
    [
        *((name, "this database belongs") for name in DATABASES),
        *((name, "a file beside this database belongs") for name in BESIDE),
    ],
)
def test_a_folder_in_the_place_of_a_database_or_beside_it_is_one_line(data: Path, name: str, belongs: str) -> None:
    as_a_folder(data / name)
    line = in_one_line(strongroom("up", "--port", "0", "--data", str(data)))
    assert line == f"strongroom: {data / name}: a folder lies where {belongs}: move it away"


@pytest.mark.parametrize("name", ["keyring.db", "events.db"])
def test_a_database_of_somebody_else_is_one_line_with_its_name_and_the_cause(data: Path, name: str) -> None:
    (data / name).chmod(0)
    line = one_line(start(data, without_rights=True))
    assert f"{data / name}: Permission denied: give it to the user that Strongroom runs as" in line


@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
def test_a_file_of_somebody_else_beside_the_log_is_one_line_that_names_it(data: Path, suffix: str) -> None:
    beside = data / f"events.db{suffix}"
    beside.touch()
    beside.chmod(0)
    line = one_line(start(data, "log", "head", without_rights=True))
    assert line.startswith(f"strongroom: {beside}: Permission denied: give it to the user that Strongroom runs as")


# -- backups on a disk that is mounted read-only -----------------------------------------------------------------------


def test_backups_that_may_only_be_read_are_put_back_with_what_a_newer_keyring_knows(tmp_path: Path) -> None:
    target = tmp_path / "backups"
    with living(tmp_path / "data") as house:
        person(house, "ada")
        first = back_up(house, target)
        person(house, "bob")
        newer = target / "keys" / back_up(house, target).name / "keyring.db"
        shutil.copy(house.layout.server_key, tmp_path / "key")
    for path in (*target.rglob("*"), target):
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        read = without_rights("vault.keyring_backup", f"KeyringCopy.beside(Path({str(newer)!r})).require_sound()")
        assert (read.returncode, read.stderr) == (0, "")
        words = ("--keyring", str(target / "keys"), "--server-key", str(tmp_path / "key"), "--generation", first.name)
        told = start(tmp_path / "anew", "restore", str(target / "data"), *words, "--begin-anew", without_rights=True)
        assert told.returncode == 0, told.stderr
    finally:
        for path in (target, *target.rglob("*")):
            path.chmod(0o700)
    assert (tmp_path / "anew" / "keyring.db").is_file()


def without_rights(module: str, expression: str) -> subprocess.CompletedProcess[str]:
    program = f"from pathlib import Path; from {module} import *; {expression}"
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=START_S,
        check=False,
        preexec_fn=lambda: become(os.getuid()) if os.getuid() == 0 else None,
    )


# -- another server key, in a folder that was served -------------------------------------------------------------------


def test_another_server_key_is_told_for_what_it_is_and_nobody_is_told_to_begin_anew(data: Path) -> None:
    (data / "server.key").write_bytes(os.urandom(32))
    with pytest.raises(WrongServerKey):
        require_history(Layout(data), settings(data))
    for words in (("up", "--port", "0"), ("log", "begin-anew"), ("log", "begin-anew", "--yes")):
        line = in_one_line(strongroom(*words, "--data", str(data)))
        assert "set STRONGROOM_SERVER_KEY to that key" in line
    looks = {look.what: look for look in examine(settings(data))}
    for what in ("server key", "keyring", "history"):
        assert not looks[what].well, looks[what].line
        assert "put this folder's own server.key back" in looks[what].way
    assert not [look.line for look in looks.values() if "begin-anew" in look.line]


def test_with_its_own_key_the_same_folder_is_well_and_begin_anew_asks_for_a_yes(data: Path) -> None:
    looks = {look.what: look for look in examine(settings(data))}
    assert looks["server key"].well
    assert looks["history"].well
    asked = strongroom("log", "begin-anew", "--data", str(data))
    assert (asked.returncode, "say --yes" in asked.stderr) == (2, True)


def test_begin_anew_lifts_and_makes_nothing_before_a_yes(tmp_path: Path) -> None:
    data, _ = unpack("0.1.0.dev1", tmp_path)
    data.chmod(0o700)
    before = everything_in(data)
    asked = strongroom("log", "begin-anew", "--data", str(data))
    assert (asked.returncode, "say --yes" in asked.stderr) == (2, True), asked.stderr
    assert everything_in(data) == before


# -- no room -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("room_kib", [0, 40, 120, 260, 330])
def test_a_first_start_on_a_full_disk_is_one_line_that_names_a_file(tmp_path: Path, room_kib: int) -> None:
    with mounted(tmp_path / "disk", 4 << 20) as disk:
        disk.fill(room_kib << 10)
        data = disk.folder / "data"
        line = in_one_line(strongroom("up", "--port", "0", "--data", str(data), STRONGROOM_RESERVE_BYTES="0"))
        assert line.startswith("strongroom: ")
        assert str(data) in line
        assert "No space left" in line or "KiB are left" in line
