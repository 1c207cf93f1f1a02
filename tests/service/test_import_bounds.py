"""How long an import goes on, what it holds meanwhile, and what one person's takes from the others."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.errors import BadCredentials, BadExport
from service.desk.desk import Desk
from service.house.house import House
from service.importing import importing
from tests.builders import Person, person, settings, started_chat
from tests.service.archives import export_of, in_pieces, project, standing_still
from tests.service.desks import at_desk
from tests.service.keeping import kept


@pytest.fixture
def other(tmp_path: Path) -> Iterator[House]:
    """Another Strongroom, with other keys."""
    house = House(settings(tmp_path / "other"))
    yield house
    house.close()


@pytest.fixture
def bob(other: House) -> Person:
    return person(other, "bob")


def events_of(house: House, owner: Person) -> list[str]:
    return [entry.envelope.type for entry in house.log.read_user_entries(owner.user, 0, 1_000)]


def sealed_after(house: House, owner: Person, archive: bytes, pieces: int) -> AsyncIterator[bytes]:
    """The archive, and in its middle the sealing of its sender's sessions."""

    async def coming() -> AsyncIterator[bytes]:
        at = 0
        async for piece in in_pieces(archive, len(archive) // 8):
            if at == pieces:
                house.keyring.seal(owner.user)
            yield piece
            at += 1

    return coming()


@pytest.mark.parametrize("pieces", [0, 4, 7])
def test_nothing_more_comes_in_once_the_session_has_ended(
    other: House, bob: Person, house: House, ada: Person, pieces: int
) -> None:
    started_chat(house, ada)
    for size in (10_000, 400_000):
        kept(house, ada, os.urandom(size))
    archive = export_of(house, ada)
    project(other)
    with pytest.raises(BadCredentials):
        at_desk(other, lambda desk: importing.take_in(desk, bob.who, sealed_after(other, bob, archive, pieces)))
    assert events_of(other, bob).count("FileUploaded") < 2
    assert "DataImported" not in events_of(other, bob)
    assert not list(other.layout.spool.glob("*")) or pieces


def test_what_came_is_not_told_of_once_the_session_has_ended(
    other: House, bob: Person, house: House, ada: Person
) -> None:
    """Not even the end of an archive that has brought nothing but chats, which are here by then."""
    started_chat(house, ada)
    archive = export_of(house, ada)
    project(other)
    with pytest.raises(BadCredentials):
        at_desk(other, lambda desk: importing.take_in(desk, bob.who, sealed_after(other, bob, archive, 7)))
    assert "ChatStarted" in events_of(other, bob)
    assert "DataImported" not in events_of(other, bob)


def test_an_import_whose_sender_stands_still_is_given_up(tmp_path: Path) -> None:
    """So that what it holds is there for others."""
    hasty = House(settings(tmp_path / "hasty", body_timeout_s=1))
    try:
        eve = person(hasty, "eve")
        project(hasty)
        closed: list[bool] = []
        with pytest.raises(BadExport, match="too slowly"):
            at_desk(hasty, lambda desk: importing.take_in(desk, eve.who, standing_still(closed)))
        assert closed
    finally:
        hasty.close()


def test_sixteen_imports_that_stand_still_keep_nobody_out(other: House, bob: Person, house: House, ada: Person) -> None:
    started_chat(house, ada)
    archive = export_of(house, ada)
    people = [person(other) for _ in range(16)]

    async def story(desk: Desk) -> importing.Imported:
        waiting = [asyncio.ensure_future(importing.take_in(desk, each.who, standing_still([]))) for each in people]
        await asyncio.sleep(0)
        try:
            return await importing.take_in(desk, bob.who, in_pieces(archive))
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.wait(waiting)

    project(other)
    assert at_desk(other, story).chats == 1


def test_chats_come_in_together(
    other: House, bob: Person, house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(30):
        started_chat(house, ada)
    archive = export_of(house, ada)
    project(other)

    async def story(desk: Desk) -> int:
        append, appends = desk.append, 0

        async def count(records: Any) -> Any:
            nonlocal appends
            appends += 1
            return await append(records)

        monkeypatch.setattr(desk, "append", count)
        assert (await importing.take_in(desk, bob.who, in_pieces(archive))).chats == 30
        return appends

    assert at_desk(other, story) == 2  # With the event that says what came.
