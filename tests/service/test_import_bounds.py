"""How long an import goes on, what it holds meanwhile, and what one person's takes from the others."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from domain.errors import BadCredentials, BadExport, QuotaExceeded
from service.desk.desk import Desk
from service.files import messages
from service.house.house import House
from service.importing import importing
from service.importing.data import Data
from tests.builders import Person, person, settings, started_chat
from tests.service.archives import (
    data_of,
    export_of,
    exported,
    import_into,
    in_pieces,
    project,
    say,
    standing_still,
)
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


def texts(house: House, owner: Person) -> bytes:
    """Messages of all lengths and letters, one of them failed."""

    async def story(desk: Desk) -> None:
        first = await say(desk, owner, "ok")
        (chat_id,) = [row["chat_id"] for row in data_of(await exported(desk, owner))["chats"]]
        for content in ("\x01" * 3_000, "é" * 3_000, '"\\\n' * 3_000, "plain " * 3_000):
            await say(desk, owner, content, chat_id)
        await messages.mark(desk, owner.who, first, "error", "model_overloaded", None)

    project(house)
    at_desk(house, story)
    return export_of(house, owner)


def test_an_import_takes_no_more_of_the_log_than_its_owner_may_keep_and_is_refused_whole(
    tmp_path: Path, house: House, ada: Person
) -> None:
    archive = texts(house, ada)
    with closing(House(settings(tmp_path / "narrow", quota_bytes=10_000))) as narrow:
        eve = person(narrow, "eve")
        head = narrow.log.head()
        for _ in range(2):
            with pytest.raises(QuotaExceeded, match="Nothing of it was taken in"):
                import_into(narrow, eve, archive)
        assert narrow.log.head() == head


def test_what_is_counted_for_a_row_is_no_less_than_it_has_in_the_log(
    other: House, bob: Person, house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    archive = texts(house, ada)
    finish = Data.finish

    def noted(data: Data) -> None:
        counted.append(data.log_bytes)
        finish(data)

    monkeypatch.setattr(Data, "finish", noted)
    before = other.log.head()
    import_into(other, bob, archive)
    import_into(other, bob, archive)
    records = [record for record in other.log.read_all(before, 1_000) if record.envelope.type != "DataImported"]
    written = sum(len(record.envelope_bytes) + len(record.sealed) for record in records)
    assert len(records) == 7  # The chat, five messages, and that one failed.
    assert written <= counted[0] == counted[1]  # Also of what is here already.
