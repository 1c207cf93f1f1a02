"""Taking backups: what lies in them, while others write and delete, and when there is none."""

from __future__ import annotations

import errno
import os
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from projections.runner import Projector
from service.backup import moment, taking
from service.backup.errors import BackupRefused
from service.backup.last import last_backup
from service.backup.manifest import FILES, complete, read_entries, read_manifest
from service.backup.named import named_blobs
from service.backup.taking import Ways
from service.house.house import House
from service.house.log_key import LogRefused
from service.processing.storing import load_file, store
from service.upkeep.inventory import check
from service.upkeep.projecting import catch_up
from tests import builders
from tests.builders import Person, blob_bytes
from tests.disks import mounted
from tests.service.backing_up import back_up, damage_index, living, names, put_back, rows, silent
from tests.service.keeping import damage, delete, kept, say_deleted, sent, sweep
from tests.service.logs import sign
from vault.errors import KeyringCorrupt


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def test_a_backup_gives_back_all_that_was_there(house: House, ada: Person, target: Path, tmp_path: Path) -> None:
    builders.started_chat(house, ada)
    stored, waiting = kept(house, ada, b"stored already"), sent(house, ada, b"acknowledged, in its spool")
    with Projector(house.layout.user_data) as projector:
        catch_up(house.log, projector)
    sign(house)
    taken = back_up(house, target)
    assert (taken.log_size, taken.spools, taken.faults) == (house.log.head(), 1, [])
    said = put_back(house, target, tmp_path / "anew")
    assert (said.positions, said.blobs, said.spools, said.faults) == (house.log.head(), 1, 1, [])
    with living(tmp_path / "anew") as anew:
        assert rows(anew) == rows(house)
        assert anew.reader.position() == house.log.head()
        assert blob_bytes(anew, ada, stored) == b"stored already"
        store(anew, anew.log, waiting)
        assert blob_bytes(anew, ada, waiting) == b"acknowledged, in its spool"
        assert check(anew, silent).found == []


def test_the_second_backup_copies_only_what_is_new(house: House, ada: Person, target: Path, tmp_path: Path) -> None:
    kept(house, ada, b"old")
    gone = kept(house, ada, b"deleted between the two")
    first = back_up(house, target)
    delete(house, ada, gone)
    fresh = kept(house, ada, b"new")
    second = back_up(house, target)
    assert (first.files, first.new_files) == (2, 2)
    assert (second.files, second.new_files, second.new_bytes) == (2, 1, house.layout.blob_file(fresh).stat().st_size)
    assert names(second.folder / "blobs") == names(house.layout.blobs)
    links = {path.stat().st_nlink for path in (second.folder / "blobs").rglob("*.blob")}
    assert links == {1, 2}  # The old one lies there once, under two names.
    assert put_back(house, target, tmp_path / "anew").blobs == 2


def test_where_there_are_no_links_everything_is_copied(
    house: House, ada: Person, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(house, ada, b"old")
    back_up(house, target)

    def refuse(source: Path, to: Path, **_: Any) -> None:
        if str(target) in str(to):
            raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    assert back_up(house, target).new_files == 1


def test_no_key_lies_with_the_data_and_the_server_key_nowhere(house: House, ada: Person, target: Path) -> None:
    kept(house, ada, b"stored")
    sign(house)
    taken = back_up(house, target)
    assert [name for name in names(taken.folder) if "key" in name] == ["log/key"]  # The public one.
    assert names(taken.keyring) == ["keyring.db", "manifest.json", "signing-key", "uploads.db"]
    secret = house.layout.server_key.read_bytes()
    assert not [path for path in target.rglob("*") if path.is_file() and secret in path.read_bytes()]


def test_everything_in_it_is_for_its_owner_only(house: House, ada: Person, target: Path) -> None:
    kept(house, ada, b"stored")
    sent(house, ada, b"waiting")
    umask = os.umask(0)
    try:
        taken = back_up(house, target)
    finally:
        os.umask(umask)
    for folder in (taken.folder, taken.keyring):
        assert {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()} == {0o600}
        assert {path.stat().st_mode & 0o777 for path in (folder, *folder.rglob("*")) if path.is_dir()} == {0o700}


def test_others_write_and_delete_all_the_while(house: House, ada: Person, target: Path, tmp_path: Path) -> None:
    """Whatever was acknowledged before it began is in it, and nothing that it names is missing."""
    before = [kept(house, ada, os.urandom(100_000)) for _ in range(4)]
    ending = threading.Event()

    def busy() -> None:
        with living(house.layout.data) as other:
            doomed: list[str] = []
            while not ending.is_set():
                builders.started_chat(other, ada)
                doomed.append(builders.uploaded_file(other, ada, os.urandom(20_000)))
                if len(doomed) > 1:
                    store(other, other.log, doomed[-1])
                if len(doomed) > 2:
                    delete(other, ada, doomed.pop(0))

    writer = threading.Thread(target=busy)
    writer.start()
    try:
        while house.log.head() < 30:
            ending.wait(0.01)
        for round_ in range(2):
            head = house.log.head()
            taken = back_up(house, target)
            assert taken.log_size >= head
            assert taken.faults == []
            to = tmp_path / f"anew-{round_}"
            assert put_back(house, target, to).faults == []
            with living(to) as anew:
                assert rows(anew) == rows(house)[: taken.log_size]
                assert [len(blob_bytes(anew, ada, file_id)) for file_id in before] == [100_000] * 4
                sweep(anew)
                for file_id in waiting(anew):
                    store(anew, anew.log, file_id)
                assert not [found for found in check(anew, silent).found if found.kind == "fault"]
    finally:
        ending.set()
        writer.join()


def waiting(house: House) -> list[str]:
    """Files that the log calls uploaded, and neither stored nor deleted."""
    streams = {record.envelope.stream for record in house.log.read_all(0, 10_000) if "file-" in record.envelope.stream}
    files = (load_file(house.log, stream.removeprefix("file-")) for stream in streams)
    return [file.file_id for file in files if file is not None and file.state.status == "processing"]


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Any) -> None:
    """Once, between the moment that is held and the copying of blobs."""

    def first(*given: Any) -> Any:
        act()
        return named_blobs(*given)

    monkeypatch.setattr(taking, "named_blobs", first)


def test_what_is_deleted_while_it_is_taken_is_told_as_forgotten(
    house: House, ada: Person, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stays, goes = kept(house, ada, b"stays"), kept(house, ada, b"goes")
    meanwhile(monkeypatch, lambda: delete(house, ada, goes))
    taken = back_up(house, target)
    assert (taken.forgotten, taken.faults) == (1, [])
    said = put_back(house, target, tmp_path / "anew")
    assert (said.blobs, said.faults) == (1, [])
    with living(tmp_path / "anew") as anew:
        assert blob_bytes(anew, ada, stays) == b"stays"
        assert anew.keyring.blob_key(goes, ada.user) is None
        assert anew.keyring.stream_key(f"file-{goes}", ada.user) is None


def test_an_upload_that_is_stored_while_the_backup_is_taken_is_in_it_as_it_was(
    house: House, ada: Person, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = sent(house, ada, b"spooled in that moment")
    meanwhile(monkeypatch, lambda: store(house, house.log, waits))
    back_up(house, target)
    assert not house.layout.spool_file(waits).exists()
    put_back(house, target, tmp_path / "anew")
    with living(tmp_path / "anew") as anew:
        store(anew, anew.log, waits)
        assert blob_bytes(anew, ada, waits) == b"spooled in that moment"


def test_a_file_whose_deletion_was_cut_off_is_forgotten_after_the_restore(
    house: House, ada: Person, target: Path, tmp_path: Path
) -> None:
    file_id = kept(house, ada, b"deleted, keys still there")
    say_deleted(house, ada, file_id)
    assert back_up(house, target).faults == []
    put_back(house, target, tmp_path / "anew")
    with living(tmp_path / "anew") as anew:
        sweep(anew)
        assert anew.keyring.stream_key(f"file-{file_id}", ada.user) is None


def test_what_the_folder_itself_has_lost_is_told_and_the_rest_is_kept(
    house: House, ada: Person, target: Path, tmp_path: Path
) -> None:
    whole, lost, spoilt = kept(house, ada, b"whole"), kept(house, ada, b"lost"), kept(house, ada, os.urandom(2_000))
    house.layout.blob_file(lost).unlink()
    damage(house.layout.blob_file(spoilt))
    faults = back_up(house, target).faults
    assert [(lost in fault, spoilt in fault) for fault in faults] == [(True, False), (False, True)]
    said = put_back(house, target, tmp_path / "anew")
    assert (said.blobs, len(said.faults)) == (1, 2)
    with living(tmp_path / "anew") as anew:
        assert blob_bytes(anew, ada, whole) == b"whole"


def test_a_blob_that_was_damaged_since_is_sound_in_the_next_generation(
    house: House, ada: Person, target: Path, tmp_path: Path
) -> None:
    file_id = kept(house, ada, os.urandom(2_000))
    back_up(house, target)
    damage(house.layout.blob_file(file_id))
    assert back_up(house, target).faults == []
    put_back(house, target, tmp_path / "anew")
    with living(tmp_path / "anew") as anew:
        assert len(blob_bytes(anew, ada, file_id)) == 2_000


def test_an_unfinished_backup_is_none_and_goes_with_the_next(
    house: House, ada: Person, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(house, ada, b"stored")
    with monkeypatch.context() as patched:
        patched.setattr(taking, "remove_tree", lambda _: None)  # As if the process had been killed.
        patched.setattr(taking, "encode", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            back_up(house, target)
    assert complete(target / "data") == complete(target / "keys") == []
    assert len(list((target / "data").glob("*.part"))) == 1
    taken = back_up(house, target)
    assert [path.name for path in (target / "data").iterdir() if path.is_dir()] == [taken.name]
    assert [path.name for path in (target / "keys").iterdir() if path.is_dir()] == [taken.name]
    assert not (house.layout.run / moment.SCRATCH).exists()


@pytest.mark.parametrize("failing", ["copy_file", "put_file", "hash_file"])
def test_a_full_disk_is_told_by_its_name_and_leaves_nothing(
    house: House, ada: Person, target: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    kept(house, ada, b"stored")
    before = back_up(house, target)
    kept(house, ada, b"another")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(taking, failing, full)
    with pytest.raises(BackupRefused if failing != "hash_file" else (BackupRefused, OSError), match="full"):
        back_up(house, target)
    assert [path.name for path in complete(target / "data")] == [before.name]
    assert not list(target.rglob("*.part"))


@pytest.mark.parametrize(("full", "told"), [("data", "the data folder"), ("backups", "the backup")])
def test_it_is_told_which_disk_is_full(tmp_path: Path, full: str, told: str) -> None:
    with mounted(tmp_path / "disk", 32 << 20) as disk:
        places = {name: (disk.folder if name == full else tmp_path) / name for name in ("data", "backups")}
        with closing(House(builders.settings(places["data"], reserve_bytes=0))) as house:
            kept(house, builders.person(house, "ada"), b"stored")
            before = back_up(house, places["backups"])
            disk.fill()
            with pytest.raises(BackupRefused, match=f"the disk of {told} is full: nothing of this backup was kept"):
                back_up(house, places["backups"])
            disk.empty()
        assert [path.name for path in complete(places["backups"] / "data")] == [before.name]


@pytest.mark.parametrize("where", ["data/inside", "data", "."])
def test_it_is_never_put_into_the_data_folder_nor_around_it(house: House, tmp_path: Path, where: str) -> None:
    with pytest.raises(BackupRefused, match="belongs elsewhere"):
        taking.take(house, tmp_path / where, tmp_path / "keys", silent, Ways())
    with pytest.raises(BackupRefused, match="belongs elsewhere"):
        taking.take(house, tmp_path / "elsewhere", tmp_path / where, silent, Ways())
    (tmp_path / "link").symlink_to(house.layout.data)
    with pytest.raises(BackupRefused, match="belongs elsewhere"):
        taking.take(house, tmp_path / "link" / "inside", tmp_path / "keys", silent, Ways())


def test_one_at_a_time(house: House, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def another(*_: object) -> Any:
        with pytest.raises(BackupRefused, match="wait for its end"):
            taking.take(house, target / "data", target / "keys", silent, Ways())
        return iter(())

    monkeypatch.setattr(taking, "named_blobs", another)
    back_up(house, target)


def test_a_blob_that_is_a_link_is_not_followed(house: House, ada: Person, target: Path, tmp_path: Path) -> None:
    file_id = kept(house, ada, b"stored")
    secret = tmp_path / "secret"
    secret.write_bytes(b"of somebody else")
    house.layout.blob_file(file_id).unlink()
    house.layout.blob_file(file_id).symlink_to(secret)
    assert len(back_up(house, target).faults) == 1
    assert not list((target / "data").rglob("*.blob"))


def test_a_log_behind_its_own_checkpoint_does_not_push_out_better_backups(
    house: House, ada: Person, target: Path
) -> None:
    sign(house)
    house.layout.events.rename(house.layout.events.with_suffix(".away"))
    with closing(House(house.settings)) as emptied, pytest.raises(LogRefused, match="were signed"):
        back_up(emptied, target)
    assert complete(target / "data") == []


def test_a_damaged_keyring_does_not_push_out_better_ones(house: House, ada: Person, target: Path) -> None:
    before = back_up(house, target)
    damage_index(house.layout.keyring)
    with pytest.raises(KeyringCorrupt, match="damaged"):
        back_up(house, target, keep_keyrings=1)
    assert [path.name for path in complete(target / "keys")] == [before.name]


def test_copies_of_the_keyring_have_an_end_of_their_own(tmp_path: Path, target: Path) -> None:
    day_us = 86_400_000_000
    now = [1_800_000_000_000_000]
    settings = builders.settings(tmp_path / "data", backup_horizon_days=10)
    with closing(House(settings, lambda: now[0])) as house:
        taken = []
        for days in (0, 5, 11, 40):
            now[0] = 1_800_000_000_000_000 + days * day_us
            taken.append(back_up(house, target))
        assert [each.removed_keyrings for each in taken] == [(), (), (taken[0].name,), (taken[1].name, taken[2].name)]
        assert [path.name for path in complete(target / "keys")] == [taken[3].name]  # The newest stays in any case.
        assert len(complete(target / "data")) == 4
        now[0] += day_us
        last = back_up(house, target, keep_keyrings=1, keep=2)
        assert [path.name for path in complete(target / "keys")] == [last.name]
        assert [path.name for path in complete(target / "data")] == [taken[3].name, last.name]
        assert last.removed_generations == tuple(each.name for each in taken[:3])


def test_a_clock_that_was_set_back_does_not_mix_up_their_order(tmp_path: Path, target: Path) -> None:
    now = [1_800_000_000_000_000]
    with closing(House(builders.settings(tmp_path / "data"), lambda: now[0])) as house:
        back_up(house, target)
        now[0] -= 3_600_000_000
        with pytest.raises(BackupRefused, match="set it right"):
            back_up(house, target)


def test_the_manifest_says_what_there_is(house: House, ada: Person, target: Path) -> None:
    file_id = kept(house, ada, b"stored")
    signed = sign(house)
    builders.started_chat(house, ada)
    taken = back_up(house, target)
    data, keys = read_manifest(taken.folder, "data"), read_manifest(taken.keyring, "keys")
    assert (data.log_size, data.signed) == (house.log.head(), signed.size) == (keys.log_size, keys.signed)
    assert data.keyring_generation == keys.keyring_generation > 0
    assert {entry.path for entry in data.files} == {
        "events.db", FILES, "log/key", "log/signed", "log/checkpoint",
    }  # fmt: skip
    (blob,) = read_entries(taken.folder / FILES)
    assert blob.path == str(house.layout.blob_file(file_id).relative_to(house.layout.data))


def test_when_it_was_last_taken_is_remembered(house: House, target: Path) -> None:
    assert last_backup(house.layout) is None
    taken = back_up(house, target)
    last = last_backup(house.layout)
    assert last is not None
    assert (last.name, last.folder, last.faults) == (taken.name, str(target / "data"), 0)


def test_earlier_logs_of_the_folder_come_along(house: House, target: Path, tmp_path: Path) -> None:
    from service.signing.begin_anew import begin_anew

    sign(house)
    begin_anew(house)
    sign(house)
    first, second = back_up(house, target), back_up(house, target)
    here = [name for name in names(house.layout.log) if "retired" in name and "signing-key" not in name]
    for taken in (first, second):
        assert [name.removeprefix("log/") for name in names(taken.folder) if "retired" in name] == here
    put_back(house, target, tmp_path / "anew")
    assert [name for name in names(tmp_path / "anew" / "log") if "retired" in name] == here
