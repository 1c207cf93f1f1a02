"""What lies where a database belongs, and is none: one line that names it and the way out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from vault.errors import KeyringCorrupt, PendingBroken, Unopenable
from vault.keyring_schema import open_as_it_is, open_database
from vault.opening import open_file
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


def test_a_file_that_may_not_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "some.db"
    with closing(apsw.Connection(str(path))) as made:
        made.execute("CREATE TABLE one (id)")
    monkeypatch.setattr("os.access", lambda *_: False)  # Whom root refuses nothing.
    with pytest.raises(Unopenable, match=r"some\.db: Permission denied: give it to the user"):
        open_file(path, apsw.Connection, apsw.SQLITE_OPEN_READONLY)  # As SQLite opens one that may only be read.
