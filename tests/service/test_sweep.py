"""What a crash leaves, and what must not be taken for it."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from domain.events import FileDeleted, PasskeyAdded, SessionClosed
from eventstore.record import Append, Record
from projections.runner import Projector
from service.desk.desk import Desk
from service.house.facts import to_fact, to_records
from service.house.house import House
from service.house.keychain import new_stream
from service.importing.ids import ImportIds
from service.importing.rows import Chat
from service.importing.texts import Counted, Texts
from service.machine import locks
from service.machine.ids import new_id
from service.processing.storing import Done, load_file, store
from service.upkeep.projecting import catch_up
from service.upkeep.sweep import Sweeper, Swept, first_sweep
from service.upkeep.waiting import waiting_files
from tests import builders
from tests.builders import DAY_US, Person
from tests.service.desks import at_desk, before_append
from vault.keyring import AccountMark
from vault.keyring_totp import OFFER_US
from vault.keys import UserKeys, new_key
from vault.spool import SpoolWriter

HOUR_US = 3_600_000_000
SILENCE = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\0\0\0"


def project(house: House) -> None:
    with Projector(house.layout.user_data) as projector:
        catch_up(house.log, projector)


def sweep(house: House, orphan_us: int = 0) -> Swept:
    """All of it, however many slices that takes."""
    total = Swept()
    sweeper = Sweeper()
    for _ in range(32):
        swept = sweeper.sweep(house, house.log, orphan_us)
        assert swept is not None
        for name in total.__struct_fields__:
            setattr(total, name, getattr(total, name) + getattr(swept, name))
    return total


def closings(house: House, session_id: str) -> list[str]:
    facts = [to_fact(record) for record in house.log.read_stream(f"session-{session_id}")]
    return [fact.event.reason for fact in facts if isinstance(fact.event, SessionClosed)]


def test_a_house_in_order_is_left_as_it_is(house: House, ada: Person) -> None:
    chat_id = builders.started_chat(house, ada)
    waiting = builders.uploaded_file(house, ada, b"waits", chat_id=chat_id)
    ready = builders.uploaded_file(house, ada, b"is stored", chat_id=chat_id)
    store(house, house.log, ready)
    project(house)
    head = house.log.head()
    assert not sweep(house)
    assert house.log.head() == head
    assert builders.blob_bytes(house, ada, ready) == b"is stored"
    store(house, house.log, waiting)
    assert builders.blob_bytes(house, ada, waiting) == b"waits"


def test_an_expired_session_is_closed_once(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    project(house)
    now_us = house.clock_us()
    monkeypatch.setattr(house, "clock_us", lambda: now_us + 2 * DAY_US)
    assert sweep(house, HOUR_US).sessions == 1
    assert closings(house, ada.who.session_id) == ["expired"]
    assert not house.keyring.has_session(ada.who.session_id)


def test_a_session_whose_key_is_gone_is_closed(house: House, ada: Person) -> None:
    project(house)
    house.keyring.drop_session(ada.who.session_id, ada.user)
    assert sweep(house, HOUR_US).sessions == 1
    assert closings(house, ada.who.session_id) == ["lost"]


def unregistered(house: House) -> str:
    """An account's keys whose event was never written."""
    user_id, keys = new_id(), UserKeys("", new_key())
    keys.user = user_id
    row = builders._account_row(house, user_id, "ghost", "ghost@example.org", "a password", keys, new_key())
    house.keyring.add_account(row, builders._session_row(house, keys, os.urandom(32)))
    return user_id


def test_a_registration_cut_off_is_dropped_once_it_is_old(house: House) -> None:
    user_id = unregistered(house)
    assert sweep(house, HOUR_US).accounts == 0
    assert sweep(house).accounts == 1
    assert house.keyring.account(user_id) is None


def test_a_chat_key_without_a_chat_is_forgotten_once_it_is_old(house: House, ada: Person) -> None:
    stream = f"chat-{new_id()}"
    _, wrapped = new_stream(ada.who, stream)
    house.keyring.add_stream_key(stream, ada.user, wrapped, house.clock_us())
    assert sweep(house, HOUR_US).keys == 0
    assert sweep(house).keys == 1
    assert house.keyring.stream_key(stream, ada.user) is None


def test_an_upload_without_an_event_is_forgotten_with_its_bytes(house: House, ada: Person) -> None:
    file_id, _, _ = builders.spooled_file(house, ada, b"never acknowledged")
    assert sweep(house, HOUR_US).keys == 0
    assert house.layout.spool_file(file_id).exists()
    assert sweep(house).keys == 1
    assert not house.layout.spool_file(file_id).exists()
    assert house.keyring.spool_key(file_id) is None


def test_an_upload_still_coming_in_is_left_alone(house: House, ada: Person) -> None:
    path = house.layout.spool_file(new_id())
    writer = SpoolWriter.create(path, new_key(), "upload")
    writer.append(b"the beginning")
    assert not sweep(house)
    assert path.exists()
    writer.close()


def test_an_upload_still_coming_in_with_its_keys_already_there_is_left_alone(house: House, ada: Person) -> None:
    file_id, _, _ = builders.spooled_file(house, ada, b"the whole of it, so far")
    writing = locks.take(house.layout.spool_file(file_id))  # What a living writer holds.
    assert writing is not None
    with writing:
        assert not sweep(house)
    assert house.keyring.spool_key(file_id) is not None
    assert house.layout.spool_file(file_id).exists()


def test_a_spool_without_a_key_is_removed_once_it_is_old(house: House) -> None:
    path = house.layout.spool_file(new_id())
    writer = SpoolWriter.create(path, new_key(), "upload")
    writer.close()
    assert sweep(house, HOUR_US).spools == 0
    assert sweep(house).spools == 1
    assert not path.exists()


def test_the_spool_of_a_stored_file_waits_for_its_analysis(house: House, ada: Person) -> None:
    file_id = builders.uploaded_file(house, ada, SILENCE)
    assert store(house, house.log, file_id) is Done.STORED_TO_ANALYSE
    assert not sweep(house)
    assert house.layout.spool_file(file_id).exists()
    house.keyring.drop_spool_key(file_id)
    assert sweep(house).spools == 1
    assert builders.blob_bytes(house, ada, file_id) == SILENCE


def test_spools_that_stay_do_not_hide_the_ones_behind_them(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.upkeep.sweep.SPOOLS_PER_SWEEP", 2)
    waiting = [builders.uploaded_file(house, ada, b"waits") for _ in range(4)]
    noise = house.layout.spool_file("~last")  # Its name comes after every id.
    SpoolWriter.create(noise, new_key(), "upload").close()
    sweeper = Sweeper()
    counts = []
    for _ in range(3):
        swept = sweeper.sweep(house, house.log, 0)
        assert swept is not None
        counts.append(swept.spools)
    assert counts == [0, 0, 1]
    assert not noise.exists()
    SpoolWriter.create(house.layout.spool_file("!first"), new_key(), "upload").close()
    swept = sweeper.sweep(house, house.log, 0)  # And from the beginning again.
    assert swept is not None
    assert swept.spools == 1
    assert all(house.layout.spool_file(file_id).exists() for file_id in waiting)


def deleted_file(house: House, ada: Person) -> str:
    """Stored, then deleted by its event alone."""
    file_id = builders.uploaded_file(house, ada, b"to be forgotten")
    store(house, house.log, file_id)
    house.writer.append(Append(to_records(ada.user, f"file-{file_id}", 2, (FileDeleted(),))))
    return file_id


def test_a_deleted_file_is_forgotten(house: House, ada: Person) -> None:
    file_id = deleted_file(house, ada)
    assert sweep(house).keys == 1
    assert house.keyring.stream_key(f"file-{file_id}", ada.user) is None
    assert house.keyring.blob_key(file_id, ada.user) is None
    assert not house.layout.blob_file(file_id).exists()


def test_the_blob_of_a_deleted_file_goes_though_its_keys_are_gone_already(house: House, ada: Person) -> None:
    file_id = deleted_file(house, ada)
    house.keyring.forget([f"file-{file_id}"])
    assert sweep(house).blobs == 1
    assert not house.layout.blob_file(file_id).exists()


def test_a_deleted_chat_takes_its_key_and_its_files_with_it(house: House, ada: Person) -> None:
    chat_id = builders.started_chat(house, ada)
    file_id = builders.uploaded_file(house, ada, b"in the chat", chat_id=chat_id)
    other = builders.uploaded_file(house, ada, b"elsewhere")
    builders.deleted_chat(house, ada, chat_id)
    swept = sweep(house)
    assert (swept.keys, swept.files_deleted) == (1, 1)
    assert house.keyring.stream_key(f"chat-{chat_id}", ada.user) is None
    loaded = load_file(house.log, file_id)
    assert loaded is not None
    assert loaded.state.status == "deleted"
    assert not house.layout.spool_file(file_id).exists()
    assert house.layout.spool_file(other).exists()


def leftover_part(house: House) -> Path:
    folder = house.layout.blobs / "ab"
    folder.mkdir()
    path = folder / ".some.blob.0123.part"
    path.write_bytes(b"half a blob")
    return path


def test_an_unfinished_blob_is_removed_when_its_writer_is_dead(house: House) -> None:
    path = leftover_part(house)
    lock = locks.take(path)  # What a living writer holds.
    assert lock is not None
    with lock:
        assert sweep(house, HOUR_US).blobs == 0
    assert sweep(house, HOUR_US).blobs == 1
    assert not path.exists()


def test_a_blob_of_a_file_nobody_knows_is_removed(house: House) -> None:
    path = leftover_part(house).rename(house.layout.blobs / "ab" / "unknown.blob")
    assert sweep(house, HOUR_US).blobs == 0
    assert sweep(house).blobs == 1
    assert not path.exists()


def test_the_first_sweep_goes_through_everything(house: House, ada: Person) -> None:
    leftover_part(house)
    unregistered(house)
    deleted_file(house, ada)
    swept = first_sweep(house)
    assert (swept.blobs, swept.accounts, swept.keys) == (1, 1, 1)


def test_only_one_sweeps(house: House) -> None:
    lock = locks.take(house.layout.run / "sweep.lock")
    assert lock is not None
    with lock:
        assert Sweeper().sweep(house, house.log, 0) is None


def test_slices_follow_one_another_until_the_last(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.upkeep.sweep.KEYS_PER_SWEEP", 2)
    for _ in range(5):
        builders.spooled_file(house, ada, b"never acknowledged")
    counts = []
    sweeper = Sweeper()
    for _ in range(3):
        swept = sweeper.sweep(house, house.log, 0)
        assert swept is not None
        counts.append(swept.keys)
    assert counts == [2, 2, 1]


def test_files_that_wait_too_long_are_named(house: House, ada: Person) -> None:
    waiting = builders.uploaded_file(house, ada, b"waits")
    store(house, house.log, builders.uploaded_file(house, ada, b"is stored"))
    project(house)
    assert waiting_files(house, house.clock_us() + 1) == [waiting]
    assert waiting_files(house, house.clock_us() - HOUR_US) == []


def test_a_key_that_is_taken_over_while_the_sweeper_looks_stays(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = f"chat-{new_id()}"
    house.keyring.add_stream_key(stream, ada.user, new_stream(ada.who, stream)[1], 1)
    read_stream = house.log.read_stream

    def take_over(name: str) -> list[Record]:
        if name == stream:
            house.keyring.take_over_streams([stream], ada.user, house.clock_us())
        return read_stream(name)

    monkeypatch.setattr(house.log, "read_stream", take_over)
    sweep(house, HOUR_US)
    assert house.keyring.stream_key(stream, ada.user) is not None
    monkeypatch.undo()
    sweep(house, -HOUR_US)
    assert house.keyring.stream_key(stream, ada.user) is None


def test_what_is_changed_and_told_while_the_sweeper_looks_is_not_told_back(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(house)
    keyring, marks = house.keyring, house.keyring.accounts

    def then_guarded(after: str, limit: int) -> list[AccountMark]:
        found = marks(after, limit)
        with keyring._transaction() as write:
            write.execute("INSERT INTO passkey VALUES ('p', ?, x'00', x'00', 0, x'00', NULL, 1, NULL)", (ada.user,))
        added = to_records(ada.user, f"account-{ada.user}", 2, (PasskeyAdded(passkey="p", opens=False),))
        house.writer.append(Append(added))
        return found

    monkeypatch.setattr(keyring, "accounts", then_guarded)
    Sweeper().sweep(house, house.log, 0)
    assert house.log.read_stream(f"account-{ada.user}")[-1].envelope.type == "PasskeyAdded"


def test_an_authenticator_that_was_shown_and_never_confirmed_is_not_kept(house: House, ada: Person) -> None:
    row = house.keyring.account(ada.user)
    assert row is not None
    house.keyring.offer_totp(ada.user, row.password_verifier, b"secret", house.clock_us() - OFFER_US // 2)
    sweep(house)
    assert house.keyring.totp(ada.user) is not None
    house.keyring.offer_totp(ada.user, row.password_verifier, b"secret", house.clock_us() - OFFER_US - 1)
    sweep(house)
    assert house.keyring.totp(ada.user) is None


def test_a_key_that_a_cut_off_import_left_is_not_swept_under_the_next_one(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = ImportIds(ada.who.keys, "an export")
    stream = f"chat-{ids.of('chat', 'c1')}"
    house.keyring.add_stream_key(stream, ada.user, new_stream(ada.who, stream)[1], 1)

    async def sweep_meanwhile() -> None:
        with closing(house.open_log()) as log:
            Sweeper().sweep(house, log, HOUR_US)

    async def story(desk: Desk) -> None:
        texts = Texts(desk, ada.who, ids, Counted())
        before_append(desk, monkeypatch, sweep_meanwhile)
        await texts.take(Chat("c1", "hello", 1))
        await texts.flush()

    at_desk(house, story)
    assert house.log.read_stream(stream)
    assert house.keyring.stream_key(stream, ada.user) is not None
