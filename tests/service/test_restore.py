"""Putting backups back: what is checked, what is refused, and how the log goes on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import msgspec
import pytest

from service.backup import restoring
from service.backup.copying import hash_file
from service.backup.errors import BackupBroken, BackupRefused
from service.backup.manifest import FILES, Entry, encode, read_entries, read_manifest
from service.backup.taking import Taken
from service.house.house import House
from service.house.log_key import LogRefused
from service.signing.begin_anew import begin_anew
from service.signing.continuity import require_history
from tests import builders
from tests.builders import Person
from tests.service.backing_up import (
    back_up,
    damage_index,
    flip,
    forged,
    living,
    names,
    nothing_came_of_it,
    put_back,
    rows,
)
from tests.service.keeping import kept, sent
from tests.service.logs import grow, sign, verified
from vault.errors import VaultError


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def taken(house: House, ada: Person, target: Path) -> Taken:
    """Of a signed log with a stored file and one that waits."""
    kept(house, ada, b"stored")
    sent(house, ada, b"waiting")
    sign(house)
    return back_up(house, target)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """The same for all who damage a copy of it: where it is, and its server key."""
    folder = tmp_path_factory.mktemp("sound")
    with closing(House(builders.settings(folder / "data"))) as house:
        ada = builders.person(house, "ada")
        kept(house, ada, b"stored")
        sent(house, ada, b"waiting")
        sign(house)
        back_up(house, folder / "backups")
        return folder / "backups", house.layout.server_key.read_bytes()


# -- damage ------------------------------------------------------------------------------------------------------


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def link(path: Path) -> None:
    away = path.with_name("away")
    path.rename(away)
    path.symlink_to(away)


@pytest.mark.parametrize("damage", [flip, cut, link, Path.unlink], ids=["flipped", "cut", "linked", "missing"])
@pytest.mark.parametrize(
    "name",
    [
        "data/*/events.db",
        "data/*/files.ndjson",
        "data/*/log/signed",
        "data/*/blobs/*/*.blob",
        "data/*/spool/*.spool",
        "keys/*/keyring.db",
        "keys/*/uploads.db",
        "keys/*/signing-key",
    ],
)
def test_every_damage_is_refused_by_the_files_name(
    sound: tuple[Path, bytes], target: Path, tmp_path: Path, name: str, damage: Callable[[Path], None]
) -> None:
    shutil.copytree(sound[0], target)
    (path,) = target.glob(name)
    damage(path)
    with pytest.raises(BackupBroken) as told:
        put_back(None, target, tmp_path / "anew", server_key=sound[1])
    assert path.name in str(told.value)
    nothing_came_of_it(tmp_path / "anew")


def test_a_log_that_was_changed_together_with_its_manifest_is_not_what_was_signed(
    house: House, taken: Taken, target: Path, tmp_path: Path
) -> None:
    with closing(apsw.Connection(str(taken.folder / "events.db"))) as log:
        log.execute("DROP TRIGGER events_are_not_changed")
        log.execute("UPDATE events SET sealed = x'00' WHERE position = 1")
        log.execute(
            "CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events\n"
            "    BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
        )
    forged(taken.folder, "data", lambda manifest: manifest, house.server)
    with pytest.raises(BackupRefused, match="position 1"):
        put_back(house, target, tmp_path / "anew")
    nothing_came_of_it(tmp_path / "anew")


def test_a_history_of_another_key_is_refused(house: House, taken: Taken, target: Path, tmp_path: Path) -> None:
    """All is in order by itself, but the server's own signing key does not vouch for it."""
    with closing(House(builders.settings(tmp_path / "other"))) as other:
        grow(other, 3)
        sign(other)
        for name in ("key", "signed", "checkpoint"):
            (taken.folder / "log" / name).write_bytes((other.layout.log / name).read_bytes())
        head = other.log.head()
    (taken.folder / "events.db").unlink()
    (tmp_path / "other" / "events.db").rename(taken.folder / "events.db")
    (taken.folder / FILES).write_bytes(b"")
    forged(taken.folder, "data", lambda manifest: msgspec.structs.replace(manifest, log_size=head), house.server)
    forged(taken.keyring, "keys", lambda manifest: msgspec.structs.replace(manifest, log_size=head), house.server)
    with pytest.raises(LogRefused, match="do not belong together"):
        put_back(house, target, tmp_path / "anew")
    nothing_came_of_it(tmp_path / "anew")


@pytest.mark.parametrize("path", ["../escaped", "/etc/passwd", "blobs/../../x", "blobs//x", "./x", "a/" * 20 + "b"])
def test_a_list_that_leads_elsewhere_is_refused(
    house: House, taken: Taken, target: Path, tmp_path: Path, path: str
) -> None:
    manifest = read_manifest(taken.folder, "data")
    entries = (*manifest.files, Entry(path, 1, "00"))
    (taken.folder / "manifest.json").write_bytes(encode(msgspec.structs.replace(manifest, files=entries), house.server))
    with pytest.raises(BackupBroken, match="names what no backup has"):
        put_back(house, target, tmp_path / "anew")
    nothing_came_of_it(tmp_path / "anew")


def test_a_blob_that_the_list_leaves_out_is_missed(house: House, taken: Taken, target: Path, tmp_path: Path) -> None:
    entries = [entry for entry in read_entries(taken.folder / FILES) if not entry.path.startswith("blobs/")]
    (taken.folder / FILES).write_bytes(b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries))
    forged(taken.folder, "data", lambda manifest: manifest, house.server)
    with pytest.raises(BackupBroken, match=r"\.blob is missing"):
        put_back(house, target, tmp_path / "anew")


def test_another_blob_with_its_right_hash_is_not_what_was_stored(
    house: House, taken: Taken, target: Path, tmp_path: Path
) -> None:
    (blob,) = (taken.folder / "blobs").glob("*/*.blob")
    flip(blob)
    entries = [hash_file(taken.folder / entry.path, entry.path) for entry in read_entries(taken.folder / FILES)]
    (taken.folder / FILES).write_bytes(b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries))
    forged(taken.folder, "data", lambda manifest: manifest, house.server)
    with pytest.raises(BackupBroken, match="is not what the log says"):
        put_back(house, target, tmp_path / "anew")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', '{"format": "x"}'])
def test_a_manifest_that_is_none_is_refused(
    house: House, taken: Taken, target: Path, tmp_path: Path, text: str
) -> None:
    (taken.folder / "manifest.json").write_text(text)
    with pytest.raises(BackupBroken, match=r"manifest\.json"):
        put_back(house, target, tmp_path / "anew")


def test_a_backup_of_newer_code_is_left_to_that(house: House, taken: Taken, target: Path, tmp_path: Path) -> None:
    path = taken.folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 2, "colour": "red"}))
    with pytest.raises(BackupRefused, match="newer code"):
        put_back(house, target, tmp_path / "anew")


# -- keys --------------------------------------------------------------------------------------------------------


def test_without_the_right_server_key_nothing_is_put_back(
    house: House, taken: Taken, target: Path, tmp_path: Path
) -> None:
    with pytest.raises(BackupRefused, match="not written under this server key"):
        put_back(house, target, tmp_path / "anew", server_key=b"k" * 32)
    nothing_came_of_it(tmp_path / "anew")


def test_the_server_key_may_come_from_the_environment(house: House, taken: Taken, target: Path, tmp_path: Path) -> None:
    key = house.layout.server_key.read_bytes().hex()
    put_back(
        house, target, tmp_path / "anew", server_key=None, settings=builders.settings(tmp_path / "anew", server_key=key)
    )
    assert not (tmp_path / "anew" / "server.key").exists()


def test_a_keyring_older_than_the_log_is_refused(
    house: House, ada: Person, taken: Taken, target: Path, tmp_path: Path
) -> None:
    builders.started_chat(house, ada)
    later = back_up(house, target)
    for path in later.keyring.iterdir():
        path.unlink()
    later.keyring.rmdir()
    with pytest.raises(BackupRefused, match="bring back who was erased"):
        put_back(house, target, tmp_path / "anew")
    assert put_back(house, target, tmp_path / "anew", generation=taken.name).keyring == taken.name


def test_a_newer_keyring_serves_an_older_generation_and_what_was_destroyed_stays_so(
    house: House, ada: Person, taken: Taken, target: Path, tmp_path: Path
) -> None:
    from tests.service.keeping import delete

    (stored,) = [path.name.partition(".")[0] for path in house.layout.blobs.glob("*/*.blob")]
    delete(house, ada, stored)
    later = back_up(house, target)
    for path in taken.keyring.iterdir():
        path.unlink()
    taken.keyring.rmdir()
    said = put_back(house, target, tmp_path / "anew", generation=taken.name)
    assert (said.name, said.keyring, said.blobs) == (taken.name, later.name, 0)
    assert not list((tmp_path / "anew" / "blobs").rglob("*.blob"))


def test_a_damaged_keyring_with_a_right_hash_is_found(house: House, taken: Taken, target: Path, tmp_path: Path) -> None:
    path = taken.keyring / "keyring.db"
    damage_index(path)
    forged(taken.keyring, "keys", lambda manifest: manifest, house.server)
    with pytest.raises(VaultError, match="keyring"):
        put_back(house, target, tmp_path / "anew")
    nothing_came_of_it(tmp_path / "anew")


# -- where to ----------------------------------------------------------------------------------------------------


def test_nothing_is_ever_overwritten(house: House, taken: Taken, target: Path, tmp_path: Path) -> None:
    grow(house, 5)
    before = names(house.layout.data)
    with pytest.raises(BackupRefused, match="5 would be lost: keep it"):
        put_back(house, target, house.layout.data)
    assert names(house.layout.data) == before
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter").touch()
    with pytest.raises(BackupRefused, match="not empty"):
        put_back(house, target, tmp_path / "full")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BackupRefused, match="is a link"):
        put_back(house, target, tmp_path / "link")


def test_an_empty_folder_is_taken(house: House, taken: Taken, target: Path, tmp_path: Path) -> None:
    (tmp_path / "anew").mkdir()
    put_back(house, target, tmp_path / "anew")
    assert (tmp_path / "anew").stat().st_mode & 0o777 == 0o700


def test_a_restore_that_was_killed_has_restored_nothing_and_is_done_again(
    house: House, taken: Taken, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(restoring, "remove_tree", lambda _: None)
        patched.setattr(restoring, "damage_of", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            put_back(house, target, tmp_path / "anew")
    assert not (tmp_path / "anew").exists()
    put_back(house, target, tmp_path / "anew")
    assert not (tmp_path / "anew.restoring").exists()


def test_a_folder_of_somebody_else_in_the_way_is_left_alone(
    house: House, taken: Taken, target: Path, tmp_path: Path
) -> None:
    (tmp_path / "anew.restoring").mkdir()
    (tmp_path / "anew.restoring" / "letter").touch()
    with pytest.raises(BackupRefused, match="in the way"):
        put_back(house, target, tmp_path / "anew")
    assert (tmp_path / "anew.restoring" / "letter").exists()


def test_a_folder_without_backups_is_told(house: House, target: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match="no complete backup"):
        put_back(house, target, tmp_path / "anew")


# -- how the log goes on -----------------------------------------------------------------------------------------


def starts(to: Path) -> int:
    with living(to) as anew:
        return require_history(anew.layout, anew.settings)


def test_by_itself_a_restored_log_signs_nothing(house: House, taken: Taken, target: Path, tmp_path: Path) -> None:
    said = put_back(house, target, tmp_path / "anew")
    assert not said.signs
    with pytest.raises(LogRefused, match="begin-anew"):
        starts(tmp_path / "anew")
    with living(tmp_path / "anew") as anew:
        begin_anew(anew)
        assert sign(anew).origin != verified(house.layout).origin
        assert rows(anew) == rows(house)


def test_with_the_newest_checkpoint_it_goes_on_under_its_key(
    house: House, ada: Person, taken: Taken, target: Path, tmp_path: Path
) -> None:
    """A move: what was there last was signed and is all in the backup."""
    builders.started_chat(house, ada)
    back_up(house, target)  # One event more than was signed: it is signed after it.
    newest = sign(house)
    said = put_back(house, target, tmp_path / "anew", since=house.layout.signed.read_bytes())
    assert (said.signs, said.lost) == (True, 0)
    assert starts(tmp_path / "anew") == newest.size
    with living(tmp_path / "anew") as anew:
        assert sign(anew).origin == newest.origin


def test_a_backup_older_than_a_checkpoint_is_refused_and_says_what_is_lost(
    house: House, taken: Taken, target: Path, tmp_path: Path
) -> None:
    grow(house, 7)
    sign(house)
    newest = house.layout.checkpoint.read_bytes()
    with pytest.raises(BackupRefused, match="7 positions are lost"):
        put_back(house, target, tmp_path / "anew", since=newest)
    nothing_came_of_it(tmp_path / "anew")
    said = put_back(house, target, tmp_path / "anew", since=newest, begin_anew=True)
    assert (said.lost, said.signs) == (7, True)
    assert said.anew
    assert starts(tmp_path / "anew") == 0


def test_two_histories_under_one_key_are_told(house: House, taken: Taken, target: Path, tmp_path: Path) -> None:
    to = tmp_path / "anew"
    put_back(house, target, to, since=house.layout.signed.read_bytes())
    with living(to) as fork:
        grow(fork, 2)
        sign(fork)
        forked = fork.layout.signed.read_bytes()
    grow(house, 2, "chat-b")
    sign(house)
    back_up(house, target)
    with pytest.raises(BackupRefused, match="two histories under one key"):
        put_back(house, target, tmp_path / "again", since=forked)


def test_a_checkpoint_of_another_log_proves_nothing(house: House, taken: Taken, target: Path, tmp_path: Path) -> None:
    with closing(House(builders.settings(tmp_path / "other"))) as other:
        sign(other)
        foreign = other.layout.signed.read_bytes()
    for since in (foreign, b"no note"):
        with pytest.raises(BackupRefused, match="none of this log's key"):
            put_back(house, target, tmp_path / "anew", since=since)
