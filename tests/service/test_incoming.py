"""Receiving one file: within its room, into its spool, and gone without a trace when it is given up."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from domain.errors import FileTooLarge, QuotaExceeded
from service.desk.desk import Desk
from service.house.house import House
from service.machine.errors import BodyCut, Busy, StorageFull
from service.uploads import incoming as incoming_module
from service.uploads.incoming import Incoming, room_for
from tests.builders import Person, person, settings
from tests.service.desks import at_desk
from tests.service.receiving import ROOM, assert_nothing_left, open_files, upload
from vault.spool import SpoolSummary, SpoolWriter


@pytest.fixture
def small(tmp_path: Path) -> Iterator[House]:
    """A house where each may keep 100 bytes."""
    house = House(settings(tmp_path / "small", quota_bytes=100))
    yield house
    house.close()


def test_a_file_past_its_room_is_refused_and_its_spool_removed(house: House, ada: Person) -> None:
    async def story(desk: Desk, bound: int, error: type[Exception]) -> None:
        incoming = Incoming(desk, "large", "text/plain", "file", bound)
        await incoming.append(b"x" * bound)
        with pytest.raises(error):
            await incoming.append(b"x")
        await incoming.abandon()
        await incoming.abandon()

    head = house.log.head()
    at_desk(house, lambda desk: story(desk, 10, QuotaExceeded))
    limited = msgspec.structs.replace(house.settings, max_file_bytes=10)
    house.settings = limited
    at_desk(house, lambda desk: story(desk, 10, FileTooLarge))
    assert_nothing_left(house, head)


def test_an_upload_abandoned_while_it_is_written_leaves_nothing_and_writes_no_more(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing, go_on = threading.Event(), threading.Event()
    append = SpoolWriter.append

    def slowly(writer: SpoolWriter, data: bytes) -> None:
        writing.set()
        go_on.wait(10)
        append(writer, data)

    monkeypatch.setattr(SpoolWriter, "append", slowly)

    async def story(desk: Desk) -> None:
        incoming = Incoming(desk, "cut", "text/plain", "file", ROOM)
        await incoming.append(b"x" * 3_000_000)
        await asyncio.to_thread(writing.wait, 10)
        cancelled = asyncio.create_task(incoming.append(b"x" * 3_000_000))
        await asyncio.sleep(0)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        abandoning = asyncio.create_task(incoming.abandon())
        await asyncio.sleep(0)
        go_on.set()
        await abandoning

    head = house.log.head()
    at_desk(house, story)
    assert_nothing_left(house, head)


def test_a_write_that_comes_after_the_abandoning_is_refused(house: House) -> None:
    async def story(desk: Desk) -> None:
        incoming = Incoming(desk, "cut", "text/plain", "file", ROOM)
        await incoming.abandon()
        await incoming.append(b"late")
        with pytest.raises(BodyCut):
            await incoming.finish()

    at_desk(house, story)
    assert_nothing_left(house, 0)


@pytest.mark.parametrize("next_step", ["append", "finish"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_as_such_by_the_step_after_the_write(
    house: House, monkeypatch: pytest.MonkeyPatch, code: int, next_step: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(code, "no room")

    monkeypatch.setattr(SpoolWriter, "append", full)

    async def story(desk: Desk) -> None:
        incoming = Incoming(desk, "any", "text/plain", "file", ROOM)
        await incoming.append(b"data")
        with pytest.raises(StorageFull):
            await (incoming.append(b"more") if next_step == "append" else incoming.finish())
        await incoming.abandon()

    at_desk(house, story)
    assert_nothing_left(house, 0)


def test_a_fault_that_nobody_waited_for_does_not_spoil_the_abandoning(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError(errno.EIO, "broken disk")

    monkeypatch.setattr(SpoolWriter, "append", broken)

    async def story(desk: Desk) -> None:
        incoming = Incoming(desk, "any", "text/plain", "file", ROOM)
        await incoming.append(b"data")
        await incoming.abandon()

    at_desk(house, story)
    assert_nothing_left(house, 0)


def test_there_is_no_room_below_the_reserve(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    assert room_for(house, ada.who) == house.settings.max_file_bytes
    monkeypatch.setattr("service.house.room.free_bytes", lambda _: house.settings.reserve_bytes - 1)
    with pytest.raises(StorageFull):
        room_for(house, ada.who)


def test_room_is_what_the_quota_leaves(small: House) -> None:
    ada = person(small)
    at_desk(small, lambda desk: upload(desk, ada, b"x" * 70))
    assert room_for(small, ada.who) == 30
    at_desk(small, lambda desk: upload(desk, ada, b"x" * 30))
    assert room_for(small, ada.who) == 0


def test_the_reserve_is_looked_at_again_while_a_large_file_is_written(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming_module, "RESERVE_CHECK_BYTES", 4_000)

    async def story(desk: Desk) -> None:
        incoming = Incoming(desk, "large", "text/plain", "file", ROOM)
        await incoming.append(b"x" * 3_999)
        monkeypatch.setattr("service.house.room.free_bytes", lambda _: house.settings.reserve_bytes - 1)
        await incoming.append(b"x")
        with pytest.raises(StorageFull):
            await incoming.finish()
        await incoming.abandon()

    at_desk(house, story)
    assert_nothing_left(house, 0)


def test_an_upload_cancelled_during_its_last_fsync_leaves_nothing_and_nothing_open(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    finishing, go_on = threading.Event(), threading.Event()
    finish = SpoolWriter.finish

    def slowly(writer: SpoolWriter) -> SpoolSummary:
        finishing.set()
        go_on.wait(10)
        return finish(writer)

    async def story(desk: Desk) -> None:
        # The threads that the story uses exist before files are counted.
        await asyncio.gather(*(asyncio.to_thread(os.getpid) for _ in range(4)))
        before = open_files()
        monkeypatch.setattr(SpoolWriter, "finish", slowly)
        incoming = Incoming(desk, "cut", "text/plain", "file", ROOM)
        await incoming.append(b"data")
        cancelled = asyncio.create_task(incoming.finish())
        await asyncio.to_thread(finishing.wait, 10)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        abandoning = asyncio.create_task(incoming.abandon())
        await asyncio.sleep(0)
        go_on.set()
        await abandoning
        assert open_files() == before

    at_desk(house, story)
    assert_nothing_left(house, 0)


def test_one_person_leaves_half_of_the_room_to_others(house: House) -> None:
    house.settings = msgspec.structs.replace(house.settings, uploads_at_once=4)

    async def story(desk: Desk) -> None:
        with desk.uploads.one("ann"), desk.uploads.one("ann"):
            with pytest.raises(Busy), desk.uploads.one("ann"):
                pass
            with desk.uploads.one("ben"):
                pass
        with desk.uploads.one("ann"):
            pass

    at_desk(house, story)


def test_only_so_many_uploads_are_received_at_once(house: House) -> None:
    house.settings = msgspec.structs.replace(house.settings, uploads_at_once=2)

    async def story(desk: Desk) -> None:
        with desk.uploads.one("ann"):
            with desk.uploads.one("ben"), pytest.raises(Busy), desk.uploads.one("cyd"):
                pass
            with pytest.raises(ZeroDivisionError), desk.uploads.one("ben"):
                _ = 1 // 0
            with desk.uploads.one("ben"):
                pass  # Whoever ended, however it ended, made room.

    at_desk(house, story)
