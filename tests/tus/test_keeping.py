"""How many uploads may be under way, how long they wait, and what is left of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.errors import (
    NotFound,
    OffsetConflict,
    QuotaExceeded,
    TooManyUploads,
)
from service.desk.desk import Desk
from service.files import files
from service.house.house import House
from service.upkeep.sweep import first_sweep
from service.uploads import pending, resuming, turns
from service.uploads.resuming import Piece
from service.uploads.upload_words import Words
from tests import builders
from tests.builders import Person
from tests.service.desks import at_desk, failing_appends
from tests.tus.store import DATA, ada, begun, house, require_filed_once, seen, sent, sweep

__all__ = ["ada", "house"]  # Fixtures.
DAY_US = 86_400_000_000


def test_what_is_under_way_counts_towards_the_quota(tmp_path: Path) -> None:
    house = House(builders.settings(tmp_path / "small", quota_bytes=100, reserve_bytes=0))
    ada = builders.person(house, "ada")

    async def story(desk: Desk) -> None:
        first = await begun(desk, ada, 60)
        with pytest.raises(QuotaExceeded):
            await begun(desk, ada, 41)
        deferred = await begun(desk, ada, None)
        await sent(desk, ada, deferred, b"x" * 30)
        with pytest.raises(QuotaExceeded):
            await sent(desk, ada, deferred, b"x" * 11, offset_bytes=30)
        await sent(desk, ada, first, b"x" * 60)
        with pytest.raises(QuotaExceeded):
            await resuming.append(desk, ada.who, deferred, Piece(30, size_bytes=41), nothing())
        await pending.terminate(desk, ada.who, deferred)
        last = await begun(desk, ada, 40)
        assert (await sent(desk, ada, last, b"x" * 40)).position is not None
        with pytest.raises(QuotaExceeded):
            await begun(desk, ada, 1)

    at_desk(house, story)
    house.close()


async def nothing() -> AsyncIterator[bytes]:
    pieces: tuple[bytes, ...] = ()
    for piece in pieces:
        yield piece


def test_an_upload_waits_for_its_sender_until_it_expires(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        upload_id = await begun(desk, ada, len(DATA))
        await sent(desk, ada, upload_id, DATA[:1_000])
        spool = house.layout.spool_file(upload_id)
        first_sweep(house)
        sweep(house)
        assert (await seen(desk, ada, upload_id)).offset_bytes == 1_000
        now_us = house.clock_us()
        monkeypatch.setattr(house, "clock_us", lambda: now_us + DAY_US + 60_000_000)
        held = turns.take_free(house.layout, upload_id)
        assert held is not None
        sweep(house)
        assert spool.exists()
        held.release()
        sweep(house)
        with pytest.raises(NotFound):
            await seen(desk, ada, upload_id)
        assert not spool.exists()
        assert list(house.layout.turns.iterdir()) == []

    at_desk(house, story)


def test_how_long_an_upload_waits_is_a_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    brief = House(builders.settings(tmp_path / "brief", upload_expiry_seconds=60, reserve_bytes=0))
    ada = builders.person(brief, "ada")
    now_us = brief.clock_us()
    monkeypatch.setattr(brief, "clock_us", lambda: now_us)

    async def story(desk: Desk) -> None:
        assert (await seen(desk, ada, await begun(desk, ada, 10))).expires_at_us == now_us + 60_000_000

    at_desk(brief, story)
    brief.close()


def test_a_finished_upload_expires_and_its_file_does_not(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        upload_id = await begun(desk, ada, len(DATA))
        await sent(desk, ada, upload_id, DATA)
        now_us = house.clock_us()
        monkeypatch.setattr(house, "clock_us", lambda: now_us + DAY_US + 60_000_000)
        sweep(house)
        with pytest.raises(NotFound):
            await seen(desk, ada, upload_id)
        require_filed_once(house, ada, upload_id, DATA)

    at_desk(house, story)


def test_a_key_that_a_crash_left_is_spared_while_its_upload_waits(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        upload_id = await begun(desk, ada, len(DATA))
        with monkeypatch.context() as patch:
            failing_appends(desk, patch, TimeoutError())
            with pytest.raises(TimeoutError):
                await sent(desk, ada, upload_id, DATA)
        key = house.keyring.stream_key(f"file-{upload_id}", ada.user)
        assert key is not None
        first_sweep(house)
        sweep(house)
        assert house.keyring.stream_key(f"file-{upload_id}", ada.user) == key
        await seen(desk, ada, upload_id)
        require_filed_once(house, ada, upload_id, DATA)

    at_desk(house, story)


def test_words_are_sealed_with_the_file_and_forgotten_with_it(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        upload_id = await begun(desk, ada, 4)
        early = house.pending.find(upload_id, ada.user)
        await sent(desk, ada, upload_id, b"data")
        late = house.pending.find(upload_id, ada.user)
        assert early is not None and late is not None  # noqa: PT018  (two rows of one story)
        assert early.words != late.words
        assert early.words not in house.layout.uploads.read_bytes()
        await files.delete(desk, ada.who, upload_id)
        with pytest.raises(NotFound):
            await seen(desk, ada, upload_id)
        assert house.pending.find(upload_id, ada.user) is None

    at_desk(house, story)


def test_so_many_and_no_more_are_under_way(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "MAX_OPEN", 2)

    async def story(desk: Desk) -> None:
        first = await begun(desk, ada, 4)
        await begun(desk, ada, 4)
        with pytest.raises(TooManyUploads):
            await begun(desk, ada, 4)
        await sent(desk, ada, first, b"done")
        await begun(desk, ada, 4)

    at_desk(house, story)


def test_an_offset_past_the_end_is_refused(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        upload_id = await begun(desk, ada, 4)
        with pytest.raises(OffsetConflict):
            await sent(desk, ada, upload_id, b"x", offset_bytes=5)

    at_desk(house, story)


def test_words_have_no_repr() -> None:
    assert repr(Words(name="secret")) == "Words(…)"
