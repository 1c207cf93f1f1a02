"""What a backup refuses and looks at again, so that it never pushes out what is sound; and who waits for it."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

import eventstore.copying
from service.backup import copying, moment, taking
from service.backup.errors import BackupRefused
from service.backup.manifest import FILES, complete
from service.backup.taking import Ways
from service.house.house import House
from tests import builders
from tests.builders import Person
from tests.service.backing_up import back_up, put_back, rows, silent
from tests.service.keeping import damage, kept
from tests.service.logs import grow, sign
from vault import durable
from vault.keyring_backup import Snapshot as KeyringSnapshot


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "backups"


# -- what must not push out what is sound ------------------------------------------------------------------------


def test_a_damaged_log_does_not_push_out_better_ones(tmp_path: Path, target: Path) -> None:
    settings = builders.settings(tmp_path / "data")
    with closing(House(settings)) as house:
        builders.person(house, "ada")
        grow(house, 600)
        sign(house)
        before = back_up(house, target)
        envelope = rows(house)[300][0]  # In the middle, where nobody looks who only starts.
    with closing(apsw.Connection(str(house.layout.events))) as log:
        log.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    data = bytearray(house.layout.events.read_bytes())
    data[data.index(envelope) + 40] ^= 1
    house.layout.events.write_bytes(data)
    with closing(House(settings)) as house, pytest.raises(BackupRefused, match="position 301"):
        back_up(house, target, keep=1)
    assert [path.name for path in complete(target / "data")] == [before.name]


def test_another_folders_log_does_not_push_out_ours(house: House, ada: Person, target: Path, tmp_path: Path) -> None:
    builders.started_chat(house, ada)
    before = back_up(house, target)
    with closing(House(builders.settings(tmp_path / "other"))) as other:
        with pytest.raises(BackupRefused, match="ends at 0"):
            back_up(other, target, keep=1, keep_keyrings=1)
        builders.started_chat(other, builders.person(other, "ben"))
        grow(other, 5)
        with pytest.raises(BackupRefused, match="--other-log"):
            back_up(other, target, keep=1, keep_keyrings=1)
        with pytest.raises(BackupRefused, match="does not begin as"):  # The place of its own is not enough.
            taking.take(other, tmp_path / "away", target / "keys", silent, Ways())
        with pytest.raises(BackupRefused, match="does not begin as"):
            taking.take(other, target / "data", tmp_path / "away-keys", silent, Ways())
        assert [path.name for path in complete(target / "data")] == [before.name]
        assert [path.name for path in complete(target / "keys")] == [before.name]
        assert back_up(other, target, keep=1, other_log=True).removed_generations == (before.name,)


def test_a_log_that_was_begun_anew_goes_on_where_it_was(house: House, ada: Person, target: Path) -> None:
    from service.signing.begin_anew import begin_anew

    builders.started_chat(house, ada)
    sign(house)
    back_up(house, target)
    begin_anew(house)
    sign(house)
    assert back_up(house, target).signed == house.log.head()


def test_what_rots_in_one_generation_is_copied_anew_into_the_next(
    house: House, ada: Person, target: Path, tmp_path: Path
) -> None:
    """All of them share one file: nobody would look at it before it is needed."""
    file_id = kept(house, ada, os.urandom(2_000))
    first = back_up(house, target)
    damage(next((first.folder / "blobs").rglob("*.blob")))
    assert back_up(house, target, quick=True).spoilt == []
    third = back_up(house, target)
    assert (len(third.spoilt), third.faults, third.new_files) == (1, [], 1)
    assert file_id in third.spoilt[0]
    assert back_up(house, target).spoilt == []
    assert put_back(house, target, tmp_path / "anew").blobs == 1


@pytest.mark.parametrize("lost", [FILES, "manifest.json"])
def test_a_generation_that_says_nothing_sound_of_itself_is_passed_over(
    house: House, ada: Person, target: Path, lost: str
) -> None:
    kept(house, ada, b"stored")
    (back_up(house, target).folder / lost).unlink()
    assert back_up(house, target).new_files == 1


def test_nothing_is_linked_from_a_generation_that_the_server_key_does_not_vouch_for(
    house: House, ada: Person, target: Path
) -> None:
    kept(house, ada, b"stored")
    manifest = back_up(house, target).folder / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"version": "', b'"version": "x'))
    assert back_up(house, target).new_files == 1


def test_a_folder_for_keyrings_is_locked_too(
    house: House, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another folder's backup into it would take what is half written for a leftover."""
    with closing(House(builders.settings(tmp_path / "other"))) as other:

        def another(*_: object) -> Any:
            with pytest.raises(BackupRefused, match="wait for its end"):
                taking.take(other, tmp_path / "away", target / "keys", silent, Ways())
            return iter(())

        monkeypatch.setattr(taking, "named_blobs", another)
        back_up(house, target)


def test_both_parts_in_one_folder_are_refused(house: House, target: Path) -> None:
    with pytest.raises(BackupRefused, match="a folder of its own"):
        taking.take(house, target, target, silent, Ways())


# -- who waits for it --------------------------------------------------------------------------------------------


def test_nobody_waits_for_the_backups_disk(
    house: House, ada: Person, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While anything is written there, the keyring can be read and written; and the log's write-ahead log is shortened,
    unless it is the log that is written."""
    copy_file, copy_log, copy_keyring = copying.copy_file, eventstore.copying.Snapshot.copy_to, KeyringSnapshot.copy_to
    written: list[str] = []

    def require_free() -> None:
        with closing(apsw.Connection(str(house.layout.keyring))) as keyring:
            keyring.execute("BEGIN EXCLUSIVE; ROLLBACK")  # BusyError while anybody reads.

    def file(source: Path, to: Path, *given: Any) -> Any:
        require_free()
        with closing(apsw.Connection(str(house.layout.events))) as log:
            assert log.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0][0] == 0
        written.append(to.name)
        return copy_file(source, to, *given)

    def log(snapshot: Any, to: Path, *given: Any) -> None:
        require_free()
        written.append(to.name)
        copy_log(snapshot, to, *given)

    def keyring(snapshot: Any, to: Path) -> None:
        assert house.layout.run in to.parents
        copy_keyring(snapshot, to)

    kept(house, ada, b"stored")
    monkeypatch.setattr(taking, "copy_file", file)
    monkeypatch.setattr(eventstore.copying.Snapshot, "copy_to", log)
    monkeypatch.setattr(KeyringSnapshot, "copy_to", keyring)
    back_up(house, target)
    assert written[:3] == ["events.db", "keyring.db", "uploads.db"]


def test_the_copy_that_lay_beside_the_keyring_is_overwritten(
    house: House, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, wiped = durable.overwrite, list[tuple[str, set[int]]]()

    def overwrite(path: Path) -> None:
        real(path)
        wiped.append((path.name, set(path.read_bytes())))

    monkeypatch.setattr(moment, "overwrite", overwrite)
    back_up(house, target)
    assert sorted(wiped) == [("keyring.db", {0}), ("uploads.db", {0})]
    assert not (house.layout.run / moment.SCRATCH).exists()
