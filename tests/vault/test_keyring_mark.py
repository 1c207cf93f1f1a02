"""An older keyring that is put back is told, and nothing else is taken for one."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from tests.vault.keyrings import add_user
from vault.errors import KeyringOlder
from vault.keyring import Keyring
from vault.keyring_mark import raise_mark, read_mark

CHECK = bytes(32)


def opened(folder: Path, *, older: bool = False) -> Keyring:
    return Keyring(folder / "keyring.db", folder / "keyring.lock", CHECK, folder / "keyring.mark", older=older)


def test_every_change_counts_and_nothing_else(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as keyring:
        assert (keyring.generation(), read_mark(tmp_path / "keyring.mark")) == (0, 0)
        add_user(keyring, "ada")
        assert keyring.generation() == read_mark(tmp_path / "keyring.mark") == 1
        keyring.drop_session("no such one", "ada")
        keyring.account("ada")
        assert keyring.generation() == 1
        keyring.shut_account("ada")
        assert keyring.generation() == read_mark(tmp_path / "keyring.mark") == 2


def test_what_is_refused_does_not_count(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as keyring:
        add_user(keyring, "ada")
        with pytest.raises(apsw.ConstraintError), keyring._transaction() as write:
            write.execute("DELETE FROM account; INSERT INTO account (user_id) VALUES ('ben')")
        assert keyring.generation() == read_mark(tmp_path / "keyring.mark") == 1


def test_a_copy_from_before_is_refused_and_its_return_is_not(tmp_path: Path) -> None:
    path, copy = tmp_path / "keyring.db", tmp_path / "copy"
    with closing(opened(tmp_path)) as keyring:
        add_user(keyring, "ada")
        shutil.copyfile(path, copy)
        keyring.shut_account("ada")
    newest = path.read_bytes()
    shutil.copyfile(copy, path)
    with pytest.raises(KeyringOlder, match=r"generation 1, 2 before.*keyring accept"):
        opened(tmp_path)
    path.write_bytes(newest)
    opened(tmp_path).close()


def test_a_keyring_that_is_missing_is_not_made_anew(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as keyring:
        add_user(keyring, "ada")
    (tmp_path / "keyring.db").unlink()
    with pytest.raises(KeyringOlder):
        opened(tmp_path)
    assert not (tmp_path / "keyring.db").exists()


def test_who_writes_to_an_older_one_does_not_silence_it(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as keyring:
        add_user(keyring, "ada")
        shutil.copyfile(tmp_path / "keyring.db", tmp_path / "copy")
        for _ in range(3):
            keyring.accept_older()
    shutil.copyfile(tmp_path / "copy", tmp_path / "keyring.db")
    with closing(opened(tmp_path, older=True)) as keyring:
        keyring.shut_account("ada")
    with pytest.raises(KeyringOlder):
        opened(tmp_path)


def test_accepted_it_is_the_newest_from_there_on(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as keyring:
        add_user(keyring, "ada")
        shutil.copyfile(tmp_path / "keyring.db", tmp_path / "copy")
        keyring.shut_account("ada")
        keyring.shut_account("ada")
    shutil.copyfile(tmp_path / "copy", tmp_path / "keyring.db")
    with closing(opened(tmp_path, older=True)) as keyring:
        assert keyring.accept_older() > 2
    opened(tmp_path).close()
    shutil.copyfile(tmp_path / "copy", tmp_path / "keyring.db")
    with pytest.raises(KeyringOlder):
        opened(tmp_path)


@pytest.mark.parametrize("data", [b"", b"short", bytes(16), (5).to_bytes(8) + bytes(8), b"\xff" * 16, None], ids=repr)
def test_a_mark_that_is_damaged_or_missing_says_nothing(tmp_path: Path, data: bytes | None) -> None:
    mark = tmp_path / "keyring.mark"
    if data is None:
        mark.mkdir()
    else:
        mark.write_bytes(data)
    assert read_mark(mark) == 0
    raise_mark(mark, 7)
    assert read_mark(mark) == (0 if data is None else 7)


def test_a_mark_never_goes_down(tmp_path: Path) -> None:
    mark = tmp_path / "keyring.mark"
    for generation in (3, 9, 4):
        raise_mark(mark, generation)
    assert read_mark(mark) == 9


def test_a_mark_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"precious")
    (tmp_path / "keyring.mark").symlink_to(tmp_path / "elsewhere")
    raise_mark(tmp_path / "keyring.mark", 5)
    assert (tmp_path / "elsewhere").read_bytes() == b"precious"
    assert read_mark(tmp_path / "keyring.mark") == 0
