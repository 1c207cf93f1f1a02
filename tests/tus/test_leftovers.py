"""Nothing is left behind by an upload that failed or is over: no lock, no copy, no key; and nobody's room is taken."""

from __future__ import annotations

import errno
import threading
from pathlib import Path
from typing import Any

import pytest

from domain.errors import FileTooLarge, NotFound, QuotaExceeded, TooManyUploads
from service.desk.desk import Desk
from service.files import files
from service.house.forgetting import forget_file
from service.house.house import House
from service.machine import locks
from service.machine.errors import StorageFull
from service.uploads import joining, resuming, turns, uploads
from service.uploads.uploads import Place
from tests import builders
from tests.builders import Person
from tests.service.desks import asked, at_desk, failing_appends
from tests.service.receiving import receive
from tests.tus.store import DATA, WORDS, Crash, ada, begun, crashing, house, require_filed_once, seen, sent
from tests.tus.test_joining import two_parts
from tests.tus.test_turns import open_of
from vault.errors import SpoolBroken, TooManyPending
from vault.frames import Frames, Kind
from vault.pending import PendingUploads
from vault.spool import SpoolWriter

__all__ = ["ada", "house"]  # Fixtures.


# -- ends that fail ----------------------------------------------------------------------------------------------


async def all_but_the_end(desk: Desk, owner: Person, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every byte is recorded, and a crash came before the end frame."""
    upload_id = await begun(desk, owner, len(DATA))
    await sent(desk, owner, upload_id, DATA[:1_000])
    crashing(monkeypatch, SpoolWriter, "finish", after=False)
    with pytest.raises(Crash):
        await sent(desk, owner, upload_id, DATA[1_000:], offset_bytes=1_000)
    return upload_id


def test_an_end_that_finds_no_room_is_told_as_such_and_comes_later(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Frames.write

    def full(frames: Frames, place: Any, kind: Kind, plaintext: memoryview) -> Any:
        if kind is Kind.END:
            raise OSError(errno.ENOSPC, "no room")
        return write(frames, place, kind, plaintext)

    async def story(desk: Desk) -> None:
        upload_id = await all_but_the_end(desk, ada, monkeypatch)
        with monkeypatch.context() as patch:
            patch.setattr(Frames, "write", full)
            for _ in range(2):
                with pytest.raises(StorageFull):
                    await seen(desk, ada, upload_id)
                assert open_of(upload_id) == []
        assert (await seen(desk, ada, upload_id)).position is not None
        require_filed_once(house, ada, upload_id, DATA)

    at_desk(house, story)


def test_a_spool_that_does_not_open_at_its_end_is_let_go_of(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_writer: SpoolWriter) -> bytes:
        raise SpoolBroken

    async def story(desk: Desk) -> None:
        upload_id = await all_but_the_end(desk, ada, monkeypatch)
        monkeypatch.setattr(SpoolWriter, "_rehash", broken)
        with pytest.raises(NotFound):
            await seen(desk, ada, upload_id)
        assert open_of(upload_id) == []
        assert list(house.layout.spool.iterdir()) == []

    at_desk(house, story)


@pytest.mark.parametrize("work", [(Path, "touch"), (locks, "take")], ids=["claim", "lock"])
def test_a_turn_that_finds_no_room_is_told_as_such(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, work: tuple[object, str]
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    async def story(desk: Desk) -> None:
        upload_id = await begun(desk, ada, 10)
        held = await turns.take(house.layout, upload_id)
        try:
            monkeypatch.setattr(*work, full)
            with pytest.raises(StorageFull):
                await seen(desk, ada, upload_id)
        finally:
            held.release()

    at_desk(house, story)


# -- keys and words ----------------------------------------------------------------------------------------------


def test_a_file_has_its_spool_key_in_the_keyring_alone(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        upload_id = await begun(desk, ada, 4)
        early = house.pending.find(upload_id, ada.user)
        await sent(desk, ada, upload_id, b"data")
        late = house.pending.find(upload_id, ada.user)
        assert early is not None and late is not None  # noqa: PT018  (two rows of one story)
        assert late.spool_by_server == b""
        assert early.spool_by_server not in house.layout.uploads.read_bytes()
        forget_file(house, upload_id)
        assert not house.pending.has(upload_id)
        assert late.words not in house.layout.uploads.read_bytes()

    at_desk(house, story)


def test_a_row_whose_sender_never_came_back_goes_with_its_file(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        upload_id = await begun(desk, ada, 4)
        crashing(monkeypatch, PendingUploads, "file", after=False)
        with pytest.raises(Crash):
            await sent(desk, ada, upload_id, b"data")
        row = house.pending.find(upload_id, ada.user)
        assert row is not None
        await files.delete(desk, ada.who, upload_id)
        assert not house.pending.has(upload_id)
        left = house.layout.uploads.read_bytes()
        assert row.words not in left
        assert row.spool_by_server not in left

    at_desk(house, story)


def test_a_try_that_is_refused_spares_the_key_of_an_earlier_one(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        upload_id = await begun(desk, ada, 4)
        stream = f"file-{upload_id}"
        work = sent(desk, ada, upload_id, b"data")
        for fault, kept in ((StorageFull(), False), (TimeoutError(), True), (StorageFull(), True)):
            with monkeypatch.context() as patch:
                failing_appends(desk, patch, fault)
                with pytest.raises(type(fault)):
                    await work
            work = seen(desk, ada, upload_id)
            assert (house.keyring.stream_key(stream, ada.user) is not None) is kept
        assert (await work).position is not None

    at_desk(house, story)


# -- copies ------------------------------------------------------------------------------------------------------


def test_a_join_that_is_refused_leaves_no_copy(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise TooManyPending

    async def story(desk: Desk) -> None:
        parts = await two_parts(desk, ada)
        before = sorted(house.layout.spool.iterdir())
        monkeypatch.setattr(PendingUploads, "add", refuse)
        with pytest.raises(TooManyUploads):
            await joining.join(desk, ada.who, WORDS, parts, None)
        assert sorted(house.layout.spool.iterdir()) == before

    at_desk(house, story)


@pytest.mark.parametrize("late", [False, True], ids=["known before", "known too late"])
def test_a_join_asked_for_before_leaves_no_copy(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, *, late: bool
) -> None:
    copied: list[str] = []
    copy = joining._copy

    async def counted(desk: Desk, row: Any, parts: Any) -> Any:
        copied.append(row.upload_id)
        return await copy(desk, row, parts)

    async def unknown(*_: object) -> None:
        return None

    async def story(desk: Desk) -> None:
        first = await joining.join(desk, ada.who, WORDS, await two_parts(desk, ada), asked())
        parts = await two_parts(desk, ada)
        before = sorted(house.layout.spool.iterdir())
        monkeypatch.setattr(joining, "_copy", counted)
        if late:
            monkeypatch.setattr(joining, "asked_before", unknown)
        again = await joining.join(desk, ada.who, WORDS, parts, asked())
        assert again.upload_id == first.upload_id
        assert sorted(house.layout.spool.iterdir()) == before
        assert len(copied) == late

    at_desk(house, story)


# -- room --------------------------------------------------------------------------------------------------------


def test_what_an_upload_has_claimed_is_kept_for_it(tmp_path: Path) -> None:
    house = House(builders.settings(tmp_path / "small", quota_bytes=100, reserve_bytes=0))
    ada = builders.person(house, "ada")

    async def story(desk: Desk) -> None:
        upload_id = await begun(desk, ada, 60)
        for size_bytes, fits in ((41, False), (40, True)):
            received = [await receive(desk, b"x" * size_bytes)]
            done, refused = await uploads.commit(desk, ada.who, Place(), received, asked(f"key-{size_bytes}"))
            assert (len(done.files), len(refused)) == (fits, not fits)
        await sent(desk, ada, upload_id, b"x" * 60)
        with pytest.raises(QuotaExceeded):
            await begun(desk, ada, 1)

    at_desk(house, story)
    house.close()


def test_so_many_frames_and_no_more(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resuming, "MAX_FRAMES", 2)

    async def story(desk: Desk) -> None:
        upload_id = await begun(desk, ada, 10)
        for offset in range(3):
            await sent(desk, ada, upload_id, b"x", offset_bytes=offset)
        with pytest.raises(FileTooLarge, match="small pieces"):
            await sent(desk, ada, upload_id, b"x", offset_bytes=3)
        row = house.pending.find(upload_id, ada.user)
        assert row is not None
        assert (row.last.index, row.last.plain_bytes) == (2, 2)

    at_desk(house, story)


# -- the loop ----------------------------------------------------------------------------------------------------


def test_no_reader_waits_for_a_commit_on_the_loop(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    on_loop: list[str] = []

    def watch(owner: object, name: str) -> None:
        work = getattr(owner, name)

        def watched(*args: Any, **kwargs: Any) -> Any:
            if threading.current_thread() is threading.main_thread():
                on_loop.append(name)
            return work(*args, **kwargs)

        monkeypatch.setattr(owner, name, watched)

    async def story(desk: Desk) -> None:
        for name in ("find", "full", "joined_from", "claimed_bytes", "asked_for", "has"):
            watch(house.pending, name)
        watch(locks, "take")
        watch(resuming, "room_for")
        deferred = await begun(desk, ada, None)
        await sent(desk, ada, deferred, b"x")
        await joining.join(desk, ada.who, WORDS, await two_parts(desk, ada), asked())
        await seen(desk, ada, deferred)

    at_desk(house, story)
    assert on_loop == []
