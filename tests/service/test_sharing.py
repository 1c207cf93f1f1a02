"""The same content twice: stored once, deleted one by one, and nothing of it in the log."""

from __future__ import annotations

import os

import pytest

from eventstore.record import Record
from service.desk.renditions import Shelf, read_small, write
from service.house.facts import open_event
from service.house.house import House
from service.house.keychain import Keychain
from service.processing import sharing, storing
from service.processing.storing import Done, store
from tests import builders
from tests.builders import Person
from tests.service.keeping import DATA, blobs, delete, kept, own_blob, sent
from vault.errors import SealBroken
from vault.keys import FindingKeys, details_key

PNG = b"\x89PNG\r\n\x1a\n" + os.urandom(100)


@pytest.fixture
def bob(house: House) -> Person:
    return builders.person(house, "bob")


# -- well --------------------------------------------------------------------------------------------------------


def test_the_same_content_twice_lies_in_one_blob_and_reads_twice(house: House, ada: Person) -> None:
    first, second = kept(house, ada), kept(house, ada)
    assert blobs(house) == [own_blob(first)]
    for file_id in (first, second):
        row = house.keyring.blob_key(file_id, ada.user)
        assert row is not None
        assert row.blob_id == first
        assert builders.blob_bytes(house, ada, file_id) == DATA
        assert not house.layout.spool_file(file_id).exists()
        assert house.keyring.spool_key(file_id) is None


def test_a_third_file_shares_the_blob_when_the_first_is_gone(house: House, ada: Person) -> None:
    first, second = kept(house, ada), kept(house, ada)
    delete(house, ada, first)
    third = kept(house, ada)
    assert blobs(house) == [own_blob(first)]
    delete(house, ada, second)
    assert builders.blob_bytes(house, ada, third) == DATA


@pytest.mark.parametrize("gone", [0, 1])
def test_each_is_deleted_alone_and_the_bytes_go_with_the_last(house: House, ada: Person, gone: int) -> None:
    files = [kept(house, ada), kept(house, ada)]
    delete(house, ada, files[gone])
    assert house.keyring.blob_key(files[gone], ada.user) is None
    assert builders.blob_bytes(house, ada, files[1 - gone]) == DATA
    delete(house, ada, files[1 - gone])
    assert blobs(house) == []


def test_what_is_derived_from_a_shared_blob_is_shared_and_goes_with_it(house: House, ada: Person) -> None:
    files = [kept(house, ada, PNG), kept(house, ada, PNG)]
    shelves = []
    for file_id in files:
        wrapped, row = house.keyring.finding_key(file_id), house.keyring.blob_key(file_id, ada.user)
        assert wrapped is not None
        assert row is not None
        keys = FindingKeys.unwrap(house.server.purpose("spool"), wrapped, ada.user, file_id)
        shelves.append(Shelf(ada.user, row.blob_id, keys))
    write(house, shelves[1], "thumbnail", lambda out: out.write(b"small"))
    assert read_small(house, shelves[0], "thumbnail") == b"small"
    delete(house, ada, files[0])
    assert read_small(house, shelves[1], "thumbnail") == b"small"
    delete(house, ada, files[1])
    assert blobs(house) == []


def test_what_was_found_out_about_a_deleted_file_opens_with_no_key_of_the_other(house: House, ada: Person) -> None:
    first, second = kept(house, ada), kept(house, ada)
    details = Keychain(house, ada.who).details(first)
    assert details is not None
    record = house.log.read_stream(f"file-{first}")[-1]
    open_event(record, details)
    delete(house, ada, first)
    left = Keychain(house, ada.who)
    row = house.keyring.blob_key(second, ada.user)
    blob_key = left.blob(second)
    assert row is not None
    assert blob_key is not None
    for key in (left.details(second), blob_key, details_key(blob_key, b""), details_key(blob_key, row.salt)):
        assert key is not None
        with pytest.raises(SealBroken):
            open_event(record, key)


def test_an_empty_file_is_shared_like_any(house: House, ada: Person) -> None:
    first, second = kept(house, ada, b""), kept(house, ada, b"")
    assert blobs(house) == [own_blob(first)]
    assert builders.blob_bytes(house, ada, second) == b""


def test_two_at_once_are_both_stored(house: House, ada: Person) -> None:
    waiting = [sent(house, ada), sent(house, ada)]
    for file_id in waiting:
        store(house, house.log, file_id)
        assert builders.blob_bytes(house, ada, file_id) == DATA
    assert blobs(house) == sorted(map(own_blob, waiting))


def test_a_duplicate_counts_towards_the_quota_in_full(house: House, ada: Person) -> None:
    kept(house, ada)
    kept(house, ada)
    assert house.keyring.used_bytes(ada.user) == 2 * len(DATA)


def test_no_room_is_needed_for_what_is_there_already(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(house, ada)
    second = sent(house, ada)
    monkeypatch.setattr(storing, "free_bytes", lambda _: 0)
    assert store(house, house.log, second) is Done.STORED


# -- strangers ---------------------------------------------------------------------------------------------------


def test_another_persons_file_is_never_shared(house: House, ada: Person, bob: Person) -> None:
    first, other = kept(house, ada), kept(house, bob)
    assert blobs(house) == sorted(map(own_blob, (first, other)))
    delete(house, ada, first)
    assert builders.blob_bytes(house, bob, other) == DATA


def test_the_same_content_has_another_tag_for_everybody(house: House, ada: Person, bob: Person) -> None:
    tags = {person.who.keys.content_tag(4, b"\x01" * 32) for person in (ada, bob)}
    tags |= {ada.who.keys.content_tag(5, b"\x01" * 32), ada.who.keys.content_tag(4, b"\x02" * 32)}
    assert len(tags) == 4


def test_a_tag_of_another_person_finds_nothing(house: House, ada: Person, bob: Person) -> None:
    """Even one that was read from the keyring and could be offered as one's own."""
    first = kept(house, ada)
    ((tag,),) = house.keyring._reader.execute("SELECT tag FROM content_tag WHERE file_id = ?", (first,)).fetchall()
    assert isinstance(tag, bytes)
    assert sharing.stored_before(house, ada.user, {"new": tag}).keys() == {"new"}
    assert sharing.stored_before(house, bob.user, {"new": tag}) == {}


def shape(record: Record) -> dict[str, object]:
    """All that a reader of the log sees and that is not drawn at random or counted on."""
    envelope = record.envelope
    public = {name: value for name, value in envelope.public.items() if name != "commitment"}
    key_kind = envelope.key_id.partition("-")[0]
    return {"type": envelope.type, "schema": envelope.schema, "public": public, "key": key_kind} | {
        "user": envelope.user,
        "version": envelope.version,
        "sealed_bytes": len(record.sealed),
        "request": envelope.request,
    }


def test_the_log_of_a_duplicate_looks_like_that_of_any_file(house: House, ada: Person) -> None:
    start = house.log.head()
    first, fresh, again = kept(house, ada), kept(house, ada, os.urandom(len(DATA))), kept(house, ada)
    assert len(blobs(house)) == 2
    everything = house.log.read_all(start, 100)
    logs = [
        [record for record in everything if record.envelope.stream == f"file-{one}"] for one in (first, fresh, again)
    ]
    assert everything == [record for log in logs for record in log]  # Nothing else, and in the same order.
    shapes = [[shape(record) for record in log] for log in logs]
    assert shapes[0] == shapes[1] == shapes[2]
    drawn = [(r.sealed, r.envelope.public.get("commitment", r.sealed), r.envelope.key_id) for log in logs for r in log]
    assert all(len({values[at] for values in drawn}) == len(drawn) for at in range(3))
