"""Taking stock: what is missing or changed is told, what nobody names is found, and all else is left alone."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from domain import file
from domain.events import AudioDetails
from eventstore.record import Append
from service.desk.renditions import RenditionName, Shelf, write
from service.house.facts import Sealing, to_records
from service.house.forgetting import forget_file
from service.house.house import House
from service.machine.ids import new_id
from service.management.erasing import request_erasure
from service.processing.storing import load_file, store
from service.upkeep import inventory, leftovers
from service.upkeep.inventory import Stock
from tests import builders
from tests.builders import Person
from tests.service.keeping import damage, kept, say_deleted
from vault.blob_scan import ScannedBlob, scan_blob
from vault.keyring import BlobKeyRow
from vault.keys import FindingKeys
from vault.pending import Form, PendingRow, Stage

DATA = os.urandom(2_000_000)
WAV = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\0\0\0"


def stored(house: House, owner: Person, data: bytes = DATA) -> str:
    file_id = builders.uploaded_file(house, owner, data)
    store(house, house.log, file_id)
    return file_id


def shelf_of(house: House, owner: Person, file_id: str) -> Shelf:
    wrapped, row = house.keyring.finding_key(file_id), house.keyring.blob_key(file_id, owner.user)
    assert wrapped is not None
    assert row is not None
    return Shelf(
        owner.user, row.blob_id, FindingKeys.unwrap(house.server.purpose("spool"), wrapped, owner.user, file_id)
    )


def analysed(house: House, owner: Person, *names: RenditionName) -> str:
    """A recording with these renditions, and the event that names them."""
    file_id = stored(house, owner, WAV)
    shelf = shelf_of(house, owner, file_id)
    for name in names:
        write(house, shelf, name, lambda out: out.write(b"derived"))
    loaded = load_file(house.log, file_id)
    assert loaded is not None
    events = file.decide(file.RecordAudio(names, AudioDetails(1.0, "pcm", 8_000, 1)), loaded.state)
    sealing = Sealing(f"blob-{file_id}", shelf.keys.details)
    house.writer.append(Append(to_records(owner.user, f"file-{file_id}", loaded.version, events, sealing)))
    return file_id


def check(house: House, *, sweep: bool = False) -> Stock:
    return inventory.check(house, lambda _done, _total: None, sweep=sweep)


def told(stock: Stock) -> list[tuple[str, str]]:
    """(kind, name of the file) of everything found."""
    return [(found.kind, Path(found.path).name) for found in stock.found]


def age(path: Path, seconds: int = 10_000) -> Path:
    then = time.time() - seconds
    os.utime(path, (then, then))
    return path


def numbers(stock: Stock) -> tuple[int, int, int, int, int]:
    return stock.files, stock.forgotten, stock.faults, stock.orphans, stock.removed


# -- in order ----------------------------------------------------------------------------------------------------


def test_a_house_in_order_has_nothing_to_tell(house: House, ada: Person) -> None:
    stored(house, ada)
    stored(house, ada, b"")
    kept(house, ada, b"twice")
    kept(house, ada, b"twice")
    analysed(house, ada, "waveform", "play")
    builders.uploaded_file(house, ada, b"waits")
    before = sorted(path for path in house.layout.data.rglob("*") if "run" not in path.parts)
    stock = check(house, sweep=True)
    assert stock.found == []
    assert numbers(stock) == (5, 0, 0, 0, 0)
    assert sorted(path for path in house.layout.data.rglob("*") if "run" not in path.parts) == before


def test_an_empty_house_is_in_order(house: House) -> None:
    assert numbers(check(house)) == (0, 0, 0, 0, 0)


def test_what_is_forgotten_is_no_fault(house: House, ada: Person) -> None:
    gone, _ = stored(house, ada), stored(house, ada)
    say_deleted(house, ada, gone)
    forget_file(house, gone)
    assert numbers(check(house)) == (2, 1, 0, 0, 0)


def test_a_deletion_under_way_is_no_fault(house: House, ada: Person) -> None:
    say_deleted(house, ada, stored(house, ada))
    assert numbers(check(house)) == (1, 0, 0, 0, 0)


def test_a_file_forgotten_while_its_blob_is_looked_for_is_no_fault(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = stored(house, ada)
    blob_key = house.keyring.blob_key

    def forgotten_after(of: str, user: str) -> BlobKeyRow | None:
        row = blob_key(of, user)
        forget_file(house, file_id)
        return row

    monkeypatch.setattr(house.keyring, "blob_key", forgotten_after)
    assert numbers(check(house)) == (1, 1, 0, 0, 0)


def test_a_shared_blob_is_read_once(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        kept(house, ada, DATA)
    read: list[Path] = []

    def counted(path: Path, advance: Callable[[int], object]) -> ScannedBlob:
        read.append(path)
        return scan_blob(path, advance)

    monkeypatch.setattr(inventory, "scan_blob", counted)
    assert numbers(check(house)) == (3, 0, 0, 0, 0)
    assert len(read) == 1


def test_progress_is_told_in_mib_up_to_all_of_it(house: House, ada: Person) -> None:
    stored(house, ada, os.urandom(3 << 20))
    seen: list[tuple[int, int]] = []
    inventory.check(house, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (3, 3)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


# -- faults ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (Path.unlink, "is not there"),
        (damage, "hashes to something else"),
        (lambda path: os.truncate(path, 1 << 20), "bytes where the log says"),
        (lambda path: path.write_bytes(b""), "is no blob"),
        (lambda path: path.write_bytes(b"\x29" + path.read_bytes()[1:]), "is no blob"),
        (lambda path: path.write_bytes(path.read_bytes() + b"\0"), "bytes where the log says"),
        (lambda path: (path.unlink(), path.mkdir()), "cannot be read"),
    ],
)
def test_a_blob_that_is_not_what_was_stored_is_a_fault(
    house: House, ada: Person, harm: Callable[[Path], object], why: str
) -> None:
    file_id = stored(house, ada)
    stored(house, ada)
    harm(house.layout.blob_file(file_id))
    stock = check(house, sweep=True)
    faults = [found for found in stock.found if found.kind == "fault"]
    assert [Path(found.path).name for found in faults] == [f"{file_id}.blob"]
    assert why in faults[0].why
    assert file_id in faults[0].why
    assert (stock.files, stock.faults, stock.removed) == (2, 1, 0)


def test_blobs_that_changed_places_are_faults(house: House, ada: Person) -> None:
    one, other = (house.layout.blob_file(stored(house, ada)) for _ in range(2))
    one_bytes, other_bytes = one.read_bytes(), other.read_bytes()
    one.write_bytes(other_bytes)
    other.write_bytes(one_bytes)
    assert check(house).faults == 2


def test_a_missing_key_of_a_file_that_is_not_forgotten_is_a_fault(house: House, ada: Person) -> None:
    file_id = stored(house, ada)
    with house.keyring._transaction() as write_:
        write_.execute("DELETE FROM blob_key")
    stock = check(house, sweep=True)
    assert told(stock) == [("fault", f"{file_id}.blob")]
    assert "key" in stock.found[0].why
    assert house.layout.blob_file(file_id).exists()


def test_every_file_in_a_damaged_blob_is_told(house: House, ada: Person) -> None:
    files = [kept(house, ada, DATA), kept(house, ada, DATA)]
    damage(house.layout.blob_file(files[0]))
    stock = check(house)
    assert told(stock) == [("fault", f"{files[0]}.blob")] * 2
    assert [file_id in found.why for file_id, found in zip(files, stock.found, strict=True)] == [True, True]


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_rendition_that_the_log_names_and_that_is_not_there_is_a_fault(
    house: House, ada: Person, harm: Callable[[Path], object]
) -> None:
    file_id = analysed(house, ada, "waveform", "play")
    harm(house.layout.blob_file(file_id, "play"))
    assert told(check(house)) == [("fault", f"{file_id}.play.blob")]


# -- what nobody names -------------------------------------------------------------------------------------------


def stray(house: House, name: str, folder: str = "") -> Path:
    path = house.layout.blobs / (folder or name.partition(".")[0][-2:]) / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"noise")
    return path


def test_what_nobody_names_is_told_and_stays(house: House) -> None:
    gone = new_id()
    paths = [
        stray(house, f"{gone}.blob"),
        stray(house, f"{gone}.play.blob"),
        stray(house, f".{gone}.blob.1.part", "aa"),
    ]
    paths.append(house.layout.spool_file(new_id()))
    paths[-1].write_bytes(b"noise")
    stock = check(house)
    assert sorted(told(stock)) == sorted(("orphan", path.name) for path in paths)
    assert all(path.exists() for path in paths)
    assert numbers(stock) == (0, 0, 0, 4, 0)


def test_what_is_old_enough_is_swept_and_the_rest_waits(house: House) -> None:
    old, young = age(stray(house, f"{new_id()}.blob")), stray(house, f"{new_id()}.blob")
    old_spool = house.layout.spool_file(new_id())
    old_spool.write_bytes(b"noise")
    age(old_spool)
    assert numbers(check(house, sweep=True)) == (0, 0, 0, 3, 2)
    assert [old.exists(), young.exists(), old_spool.exists()] == [False, True, False]
    assert numbers(check(house)) == (0, 0, 0, 1, 0)


def test_what_a_deletion_left_behind_is_swept(house: House, ada: Person) -> None:
    file_id = analysed(house, ada, "waveform")
    say_deleted(house, ada, file_id)
    house.keyring.forget([f"file-{file_id}"])
    house.layout.spool_file(file_id).unlink()
    for path in house.layout.blob_files(file_id):
        age(path)
    stock = check(house, sweep=True)
    assert numbers(stock) == (1, 1, 0, 2, 2)
    assert house.layout.blob_files(file_id) == []


def test_bytes_of_an_account_whose_keys_are_gone_are_nobodys(house: House, ada: Person) -> None:
    file_id = stored(house, ada)
    house.keyring.drop_account(ada.user)
    assert told(check(house)) == []  # Of an older keyring, as long as the log says nothing of an erasure.
    request_erasure(house.writer, house.log, ada.user)
    assert told(check(house)) == [("orphan", f"{file_id}.blob")]


def test_a_rendition_made_on_demand_is_wanted_as_long_as_its_blob_is(house: House, ada: Person) -> None:
    file_id = stored(house, ada, WAV)
    write(house, shelf_of(house, ada, file_id), "aac", lambda out: out.write(b"derived"))
    age(house.layout.blob_file(file_id, "aac"))
    assert numbers(check(house, sweep=True)) == (1, 0, 0, 0, 0)


def test_a_blob_written_and_not_recorded_yet_is_wanted(house: House, ada: Person) -> None:
    file_id = builders.uploaded_file(house, ada, DATA)
    age(stray(house, f"{file_id}.blob"))
    assert numbers(check(house, sweep=True)) == (0, 0, 0, 0, 0)


def test_what_is_being_written_is_left_alone(house: House) -> None:
    paths = [age(stray(house, f".{new_id()}.blob.1.part", "aa")), house.layout.spool_file(new_id())]
    paths[1].write_bytes(b"noise")
    age(paths[1])
    with paths[0].open("rb") as part, paths[1].open("rb") as spool:
        fcntl.flock(part, fcntl.LOCK_EX)
        fcntl.flock(spool, fcntl.LOCK_EX)
        assert numbers(check(house, sweep=True)) == (0, 0, 0, 0, 0)
    assert numbers(check(house, sweep=True)) == (0, 0, 0, 2, 2)


def test_the_spool_of_an_upload_that_may_go_on_is_wanted(house: House, ada: Person) -> None:
    upload_id = new_id()
    row = PendingRow(upload_id, ada.user, b"", b"", Form.WHOLE, Stage.OPEN, 10, 5, (), None, None, 1 << 60)
    house.pending.add(row, 1 << 40, lambda: 0, 10)
    path = house.layout.spool_file(upload_id)
    path.write_bytes(b"half")
    age(path)
    assert numbers(check(house, sweep=True)) == (0, 0, 0, 0, 0)


def test_what_is_being_deleted_just_now_is_not_told(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    path = stray(house, f"{new_id()}.blob")
    monkeypatch.setattr(time, "sleep", lambda _: path.unlink())
    assert numbers(check(house)) == (0, 0, 0, 0, 0)


def test_what_is_not_ours_is_told_and_never_removed(house: House, ada: Person, tmp_path: Path) -> None:
    file_id = stored(house, ada)
    elsewhere = tmp_path / "precious"
    elsewhere.write_bytes(b"precious")
    strangers = [stray(house, "notes.txt", "aa"), stray(house, f"{file_id}.blob", "zz")]
    strangers += [house.layout.spool / "notes.txt", house.layout.blobs / "aa" / "folder.blob"]
    strangers[2].write_bytes(b"")
    strangers[3].mkdir()
    link = house.layout.blobs / "aa" / ".link.part"
    link.symlink_to(elsewhere)
    for path in strangers:
        age(path)
    stock = check(house, sweep=True)
    assert sorted(told(stock)) == sorted(("orphan", path.name) for path in [*strangers, link])
    assert stock.removed == 0
    assert all(path.exists() for path in [*strangers, link, elsewhere])
    assert builders.blob_bytes(house, ada, file_id) == DATA


def test_no_more_is_kept_than_can_be_read(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventory, "MAX_LISTED", 3)
    monkeypatch.setattr(leftovers, "SUSPECTS", 2)
    for _ in range(5):
        stray(house, f"{new_id()}.blob")
    stock = check(house)
    assert (len(stock.found), stock.orphans) == (3, 5)
    assert "… and 2 more" in list(inventory.lines(stock))
