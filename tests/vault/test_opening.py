"""What lies where a database belongs, and is none: one line that names it and the way out."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from vault.errors import KeyringCorrupt, KeyringFull, PendingBroken, PendingFull, Unopenable, VaultError
from vault.keyring_schema import open_as_it_is, open_database
from vault.opening import obstacle, open_file, refusal
from vault.pending import PendingUploads
from vault.throttle import Throttle

CHECK = b"c" * 32
Spoil = Callable[[Path], object]


def cut_off(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(5_000)


def overwrite(path: Path) -> None:
    path.write_bytes(b"what is no database, at some length" * 40)


@pytest.mark.parametrize(("spoil", "said"), [(cut_off, "damaged"), (overwrite, "not a database")])
def test_uploads_that_are_broken_say_what_they_are_worth(tmp_path: Path, spoil: Spoil, said: str) -> None:
    path, lock = tmp_path / "uploads.db", tmp_path / "uploads.lock"
    PendingUploads(path, lock).close()
    spoil(path)
    with pytest.raises(PendingBroken, match=rf"uploads\.db is {said}: .*move it away; .* nothing else is lost"):
        PendingUploads(path, lock)


@pytest.mark.parametrize(("spoil", "said"), [(cut_off, "damaged"), (overwrite, "not a database")])
@pytest.mark.parametrize("opens", [lambda path: open_database(path, CHECK, create=True), open_as_it_is])
def test_a_keyring_that_is_broken_says_where_to_read_on(
    tmp_path: Path, spoil: Spoil, said: str, opens: Callable[[Path], object]
) -> None:
    path = tmp_path / "keyring.db"
    open_database(path, CHECK, create=True).close()
    spoil(path)
    with pytest.raises(KeyringCorrupt, match=rf"keyring\.db is {said}: .*docs/operating\.md"):
        opens(path)


@pytest.mark.parametrize(
    "opens",
    [
        lambda path: open_database(path, CHECK, create=True),
        open_as_it_is,
        lambda path: PendingUploads(path, path.with_name("lock")),
        Throttle,
    ],
    ids=["keyring", "keyring as it is", "uploads", "limits"],
)
def test_a_folder_in_its_place_is_named(tmp_path: Path, opens: Callable[[Path], object]) -> None:
    path = tmp_path / "some.db"
    path.mkdir()
    with pytest.raises(Unopenable, match=r"some\.db: a folder lies where this database belongs"):
        opens(path)


@pytest.mark.parametrize("suffix", ["-journal", "-wal"])
@pytest.mark.parametrize(
    ("opens", "refused"),
    [
        (lambda path: open_database(path, CHECK), KeyringFull),
        (open_as_it_is, Unopenable),
        (lambda path: PendingUploads(path, path.with_name("lock")), PendingFull),
    ],
    ids=["keyring", "keyring as it is", "uploads"],
)
def test_a_folder_beside_it_is_named_and_the_disk_is_not_blamed(
    tmp_path: Path, opens: Callable[[Path], object], refused: type[VaultError], suffix: str
) -> None:
    path = tmp_path / "some.db"
    if refused is PendingFull:
        PendingUploads(path, tmp_path / "lock").close()
    else:
        open_database(path, CHECK, create=True).close()
    path.with_name(f"some.db{suffix}").mkdir()
    with pytest.raises(refused, match=rf"some\.db{suffix}: a folder lies where a file beside this database belongs"):
        opens(path)


def test_a_disk_that_is_gone_does_not_hide_the_fault(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone" / "some.db", apsw.IOError("disk I/O error")).endswith("some.db: disk I/O error")


def test_a_file_that_may_not_be_written_is_named_unless_it_is_only_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "some.db"
    with closing(apsw.Connection(str(path))) as made:
        made.execute("CREATE TABLE one (id)")
    monkeypatch.setattr("os.access", lambda _, rights: not rights & os.W_OK)  # Whom root refuses nothing.
    with pytest.raises(Unopenable, match=r"some\.db: Permission denied: give it to the user"):
        open_file(path, apsw.Connection, apsw.SQLITE_OPEN_READONLY)  # As SQLite opens one that may only be read.
    with closing(open_file(path, apsw.Connection, apsw.SQLITE_OPEN_READONLY, writes=False)) as read:
        assert read.readonly("main")


@pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal"])
def test_a_file_beside_it_that_another_takes_away_at_this_moment_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    beside = tmp_path / f"keyring.db{suffix}"
    beside.touch()

    def closing_meanwhile(asked: Path, _rights: int) -> bool:
        asked.unlink(missing_ok=True)
        return False

    monkeypatch.setattr(os, "access", closing_meanwhile)
    assert obstacle(tmp_path / "keyring.db") is None
    assert not beside.exists()
