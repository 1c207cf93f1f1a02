"""Whose turn it is at an upload: the newest comer's, and nobody is left waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.errors import (
    UploadLocked,
    UploadTakenOver,
)
from service.desk.desk import Desk
from service.house.house import House
from service.machine.layout import Layout
from service.uploads import resuming, turns
from service.uploads.resuming import Piece
from tests.builders import Person
from tests.descriptors import open_files
from tests.service.desks import at_desk
from tests.tus.store import DATA, ada, begun, house, require_filed_once, seen, sent

__all__ = ["ada", "house"]  # Fixtures.


def open_of(upload_id: str) -> list[str]:
    """What this process has open of an upload: its spool, its turn."""
    return [name for name in open_files().values() if upload_id in name]


def test_who_comes_back_takes_over_from_a_connection_that_stands_still(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        upload_id = await begun(desk, ada, len(DATA))
        stalled = asyncio.Event()

        async def source() -> AsyncIterator[bytes]:
            yield DATA[:1_000]
            stalled.set()
            await asyncio.Event().wait()

        holder = asyncio.create_task(resuming.append(desk, ada.who, upload_id, Piece(0), source()))
        await stalled.wait()
        found = await seen(desk, ada, upload_id)
        assert found.offset_bytes == 1_000
        with pytest.raises(UploadTakenOver):
            await holder
        await sent(desk, ada, upload_id, DATA[1_000:], offset_bytes=1_000)
        require_filed_once(house, ada, upload_id, DATA)

    at_desk(house, story)


def test_who_does_not_give_way_is_not_waited_for_long(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        upload_id = await begun(desk, ada, 10)
        held = await turns.take(house.layout, upload_id)
        with pytest.raises(UploadLocked):
            await turns.take(house.layout, upload_id, wait_s=0.05)
        held.release()
        assert (await seen(desk, ada, upload_id)).offset_bytes == 0

    at_desk(house, story)


def test_a_claim_that_nobody_waits_for_any_more_disturbs_nobody(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        upload_id = await begun(desk, ada, len(DATA))
        (house.layout.turns / f"{upload_id}.claim").touch()
        await sent(desk, ada, upload_id, DATA)
        require_filed_once(house, ada, upload_id, DATA)

    at_desk(house, story)


def test_a_sender_who_is_cancelled_leaves_what_came_and_nothing_open(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        upload_id = await begun(desk, ada, len(DATA))
        stalled = asyncio.Event()

        async def source() -> AsyncIterator[bytes]:
            yield DATA[:1_000]
            stalled.set()
            await asyncio.Event().wait()

        sending = asyncio.create_task(resuming.append(desk, ada.who, upload_id, Piece(0), source()))
        await stalled.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert (await seen(desk, ada, upload_id)).offset_bytes == 1_000
        assert open_of(upload_id) == []

    at_desk(house, story)


def test_an_upload_that_ends_while_somebody_waits_for_it_is_gone_for_them(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.create()

    async def story() -> None:
        first = await turns.take(layout, "u")
        waiting = asyncio.create_task(turns.take(layout, "u"))
        await asyncio.sleep(0)
        first.end()
        second = await waiting
        assert turns.take_free(layout, "u") is None
        second.end()
        assert list(layout.turns.iterdir()) == []

    asyncio.run(story())
