"""Every step of an upload cut off after it: whoever comes next finds it where it was recorded, or completes it."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import AsyncIterator

import pytest

from domain.errors import (
    ChecksumMismatch,
    NotFound,
)
from eventstore.errors import LogUnsettled
from eventstore.record import Append, Appended
from service.desk.desk import Desk
from service.house.house import House
from service.machine.errors import BodyCut, StorageFull
from service.processing.storing import Done, store
from service.uploads import resuming
from service.uploads.resuming import Checksum, Piece
from tests.builders import Person, blob_bytes
from tests.service.desks import at_desk, before_append, failing_appends
from tests.tus.store import DATA, WORDS, Crash, ada, begun, crashing, house, require_filed_once, seen, sent
from vault.errors import KeyringFull, PendingFull
from vault.keyring import Keyring
from vault.pending import PendingUploads
from vault.spool import SpoolWriter

__all__ = ["ada", "house"]  # Fixtures.


STEPS = [
    (SpoolWriter, "sync"),
    (PendingUploads, "advance"),
    (SpoolWriter, "finish"),
    (PendingUploads, "fill"),
    (Keyring, "add_files"),
    (PendingUploads, "file"),
]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("kind", "name"), STEPS, ids=[name for _, name in STEPS])
def test_an_upload_cut_off_at_any_step_goes_on(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, kind: type, name: str, *, after: bool
) -> None:
    async def story(desk: Desk) -> None:
        upload_id = await begun(desk, ada, len(DATA))
        assert (await sent(desk, ada, upload_id, DATA[:1_000_000])).offset_bytes == 1_000_000
        crashing(monkeypatch, kind, name, after=after)
        with pytest.raises(Crash):
            await sent(desk, ada, upload_id, DATA[1_000_000:], offset_bytes=1_000_000)
        found = await seen(desk, ada, upload_id)
        assert found.offset_bytes in (1_000_000, len(DATA))
        if not found.complete:
            found = await sent(desk, ada, upload_id, DATA[found.offset_bytes :], offset_bytes=found.offset_bytes)
        assert found.position is not None
        require_filed_once(house, ada, upload_id, DATA)
        assert (await seen(desk, ada, upload_id)).words == WORDS

    at_desk(house, story)


@pytest.mark.parametrize("written", [False, True], ids=["lost", "durable"])
@pytest.mark.parametrize("fault", [TimeoutError, LogUnsettled("?")], ids=["timeout", "unsettled"])
def test_an_append_of_which_nobody_heard_the_end_is_settled_by_the_next(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, fault: Exception, *, written: bool
) -> None:
    async def story(desk: Desk) -> None:
        upload_id = await begun(desk, ada, len(DATA))
        with monkeypatch.context() as patch:
            failing_appends(desk, patch, fault, written=written)
            with pytest.raises((TimeoutError, LogUnsettled)):
                await sent(desk, ada, upload_id, DATA)
        key = house.keyring.stream_key(f"file-{upload_id}", ada.user)
        assert (await seen(desk, ada, upload_id)).position is not None
        assert house.keyring.stream_key(f"file-{upload_id}", ada.user) == key
        require_filed_once(house, ada, upload_id, DATA)

    at_desk(house, story)


def test_an_append_that_becomes_durable_late_is_not_made_twice(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        upload_id = await begun(desk, ada, len(DATA))
        append, asked_for = desk.append, []

        async def hold_back(records: Append) -> Appended:
            asked_for.append(records)
            raise TimeoutError

        with monkeypatch.context() as patch:
            patch.setattr(desk, "append", hold_back)
            with pytest.raises(TimeoutError):
                await sent(desk, ada, upload_id, DATA)
        before_append(desk, monkeypatch, lambda: append(asked_for[0]))
        assert (await seen(desk, ada, upload_id)).position is not None
        require_filed_once(house, ada, upload_id, DATA)

    at_desk(house, story)


def test_a_file_that_is_stored_before_its_sender_hears_of_it_is_found(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        upload_id = await begun(desk, ada, len(DATA))
        with monkeypatch.context() as patch:
            failing_appends(desk, patch, TimeoutError(), written=True)
            with pytest.raises(TimeoutError):
                await sent(desk, ada, upload_id, DATA)
        assert store(house, house.log, upload_id) is Done.STORED
        house.layout.spool_file(upload_id).unlink(missing_ok=True)
        assert (await seen(desk, ada, upload_id)).position is not None
        assert blob_bytes(house, ada, upload_id) == DATA

    at_desk(house, story)


def test_a_full_disk_at_the_end_loses_nothing(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise KeyringFull("no room")

    async def story(desk: Desk) -> None:
        upload_id = await begun(desk, ada, len(DATA))
        with monkeypatch.context() as patch:
            patch.setattr(Keyring, "add_files", full)
            with pytest.raises(StorageFull):
                await sent(desk, ada, upload_id, DATA)
            with pytest.raises(StorageFull):
                await seen(desk, ada, upload_id)
        assert (await seen(desk, ada, upload_id)).position is not None
        require_filed_once(house, ada, upload_id, DATA)

    at_desk(house, story)


def test_a_full_disk_in_the_middle_keeps_what_was_recorded(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    async def story(desk: Desk) -> None:
        upload_id = await begun(desk, ada, len(DATA))
        await sent(desk, ada, upload_id, DATA[:1_000])
        for kind, name, fault in ((SpoolWriter, "append", full), (SpoolWriter, "sync", full)):
            with monkeypatch.context() as patch:
                patch.setattr(kind, name, fault)
                with pytest.raises(StorageFull):
                    await sent(desk, ada, upload_id, DATA[1_000:-1], offset_bytes=1_000)
            assert (await seen(desk, ada, upload_id)).offset_bytes == 1_000
        await sent(desk, ada, upload_id, DATA[1_000:], offset_bytes=1_000)
        require_filed_once(house, ada, upload_id, DATA)

    at_desk(house, story)


def test_what_cannot_be_recorded_is_not_answered_for(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise PendingFull("no room")

    async def story(desk: Desk) -> None:
        upload_id = await begun(desk, ada, len(DATA))
        with monkeypatch.context() as patch:
            patch.setattr(PendingUploads, "advance", full)
            with pytest.raises(PendingFull):
                await sent(desk, ada, upload_id, DATA[:1_000])
        assert (await seen(desk, ada, upload_id)).offset_bytes == 0

    at_desk(house, story)


def test_progress_is_recorded_while_a_long_piece_comes(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resuming, "KEEP_BYTES", 1_000_000)

    async def story(desk: Desk) -> None:
        upload_id = await begun(desk, ada, len(DATA))
        offsets = []

        async def source() -> AsyncIterator[bytes]:
            for start in range(0, len(DATA), 500_000):
                row = house.pending.find(upload_id, ada.user)
                assert row is not None
                offsets.append(row.offset_bytes)
                yield DATA[start : start + 500_000]

        await resuming.append(desk, ada.who, upload_id, Piece(0), source())
        assert offsets == [0, 0, 1_000_000, 1_000_000, 2_000_000, 2_000_000]

    at_desk(house, story)


@pytest.mark.parametrize("guarded", [False, True])
def test_a_body_cut_short_leaves_what_came_unless_a_checksum_guards_it(
    house: House, ada: Person, *, guarded: bool
) -> None:
    async def story(desk: Desk) -> None:
        upload_id = await begun(desk, ada, len(DATA))

        async def source() -> AsyncIterator[bytes]:
            yield DATA[:1_234_567]
            raise BodyCut

        guard = Checksum("sha256", hashlib.sha256(DATA).digest()) if guarded else None
        with pytest.raises(BodyCut):
            await resuming.append(desk, ada.who, upload_id, Piece(0, checksum=guard), source())
        assert (await seen(desk, ada, upload_id)).offset_bytes == (0 if guarded else 1_234_567)

    at_desk(house, story)


def test_a_wrong_checksum_leaves_not_a_byte_of_its_piece(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        upload_id = await begun(desk, ada, len(DATA))
        await sent(desk, ada, upload_id, b"12345")
        before = house.layout.spool_file(upload_id).read_bytes()

        async def source() -> AsyncIterator[bytes]:
            yield DATA[5:]

        wrong = Checksum("sha1", bytes(20))
        with pytest.raises(ChecksumMismatch):
            await resuming.append(desk, ada.who, upload_id, Piece(5, checksum=wrong), source())
        assert house.layout.spool_file(upload_id).read_bytes() == before

    at_desk(house, story)


def test_a_damaged_spool_ends_its_upload_so_that_its_sender_begins_anew(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        lost, torn = await begun(desk, ada, 10), await begun(desk, ada, 10)
        for upload_id in (lost, torn):
            await sent(desk, ada, upload_id, b"12345")
        house.layout.spool_file(lost).unlink()
        house.layout.spool_file(torn).write_bytes(house.layout.spool_file(torn).read_bytes()[:-1])
        for upload_id in (lost, torn):
            with pytest.raises(NotFound):
                await sent(desk, ada, upload_id, b"67890", offset_bytes=5)
            with pytest.raises(NotFound):
                await seen(desk, ada, upload_id)

    at_desk(house, story)
