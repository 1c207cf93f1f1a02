"""A lift is written with the care of every other write: what is deleted afterwards lies nowhere in the file."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from tests.upgrades.test_folders import unpack
from vault.errors import KeyringFull
from vault.keyring_schema import open_database
from vault.migrating import drop_copy, kept_copies

ROOT = Path(__file__).parents[2]
SESSIONS = 300


@pytest.fixture
def keyring(tmp_path: Path) -> tuple[Path, list[bytes]]:
    """Of schema 4, and the wraps of its sessions."""
    data, _ = unpack("0.1.0.dev2", tmp_path)
    wraps = [os.urandom(60) for _ in range(SESSIONS)]
    with closing(apsw.Connection(str(data / "keyring.db"))) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        ((user,),) = connection.execute("SELECT user_id FROM account LIMIT 1").fetchall()
        connection.executemany(
            "INSERT INTO session VALUES (?, ?, ?, ?, 1, 1)",
            [(f"s{number}", os.urandom(32), user, wrap) for number, wrap in enumerate(wraps)],
        )
    return data / "keyring.db", wraps


def test_what_is_closed_after_a_lift_lies_nowhere_in_the_file(keyring: tuple[Path, list[bytes]]) -> None:
    path, wraps = keyring
    with closing(open_database(path)) as connection:
        connection.execute("DELETE FROM session WHERE session_id LIKE 's%'")
    held = path.read_bytes()
    assert [wrap for wrap in wraps if wrap in held] == []


def test_a_kept_copy_is_overwritten_before_it_goes(keyring: tuple[Path, list[bytes]], tmp_path: Path) -> None:
    path, wraps = keyring
    open_database(path, keep_older=True).close()
    (copy,) = kept_copies(path.parent)
    other = tmp_path / "other"
    other.hardlink_to(copy)  # The same bytes on the disk, as a thief would find them.
    assert wraps[0] in other.read_bytes()
    drop_copy(copy)
    assert not copy.exists()
    assert set(other.read_bytes()) == {0}


@pytest.mark.parametrize("room_bytes", [4_096, 110 * 1_024], ids=["for no copy", "for the copy alone"])
def test_a_disk_that_refuses_the_lift_is_told_in_one_line(keyring: tuple[Path, list[bytes]], room_bytes: int) -> None:
    path, _ = keyring
    before = path.read_bytes()

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room_bytes, room_bytes))

    program = "import sys; from service.commands.cli import main; main()"
    outcome = subprocess.run(
        [sys.executable, "-c", program, "invite", "--list", "--data", str(path.parent)],
        cwd=ROOT,
        preexec_fn=little_room,  # One system call and no lock.
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert outcome.returncode == 1
    assert len(outcome.stderr.strip().splitlines()) == 1, outcome.stderr
    assert path.read_bytes() == before
    with pytest.raises(KeyringFull):
        _refused(path)


def _refused(path: Path) -> None:
    """The same, seen from within."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, hard))
    try:
        open_database(path).close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
