"""AAC on demand: one at a time for each person, together for all who ask, and nothing for what is deleted."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from domain.errors import NoRendition, NotFound
from service.desk.desk import Desk
from service.files.content import open_content
from service.house.forgetting import forget_file
from service.house.house import House
from service.machine.errors import Busy, StorageFull
from service.media import opening
from service.media.errors import MediaFailed
from service.media.values import Rendition, Sink, Source
from service.processing.analysing import analyse
from service.processing.storing import store
from tests import builders
from tests.builders import Person
from tests.media_made import tone_wav
from tests.service.desks import at_desk
from tests.service.test_user_data import project


@pytest.fixture
def memo(house: House, ada: Person) -> str:
    return _memo(house, ada, 1.0)


def _memo(house: House, ada: Person, seconds: float) -> str:
    file_id = builders.uploaded_file(house, ada, tone_wav(seconds), kind="audio")
    store(house, house.log, file_id)
    analyse(house, house.log, file_id)
    project(house)
    return file_id


async def ask(desk: Desk, who: Person, file_id: str) -> int:
    content, _ = await open_content(desk, who.who, file_id, "aac")
    content.close()
    return content.size_bytes


@contextmanager
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    """(begun, go on) of the next conversion."""
    begun, go_on = threading.Event(), threading.Event()
    to_aac = opening.to_aac

    def hold(source: Source, sink: Sink) -> Rendition:
        begun.set()
        assert go_on.wait(20.0)
        return to_aac(source, sink)

    monkeypatch.setattr(opening, "to_aac", hold)
    yield begun, go_on
    go_on.set()


def test_those_who_ask_for_the_same_wait_for_the_same(
    house: House, ada: Person, memo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held(monkeypatch) as (begun, go_on):

        async def story(desk: Desk) -> list[int]:
            asking = [asyncio.ensure_future(ask(desk, ada, memo)) for _ in range(3)]
            await asyncio.to_thread(begun.wait, 20.0)
            go_on.set()
            return await asyncio.gather(*asking)

        sizes = at_desk(house, story)
    assert len(set(sizes)) == 1


def test_one_person_has_one_conversion_under_way(
    house: House, ada: Person, memo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = _memo(house, ada, 1.5)
    with held(monkeypatch) as (begun, go_on):

        async def story(desk: Desk) -> None:
            first = asyncio.ensure_future(ask(desk, ada, memo))
            await asyncio.to_thread(begun.wait, 20.0)
            with pytest.raises(Busy):
                await ask(desk, ada, other)
            go_on.set()
            await first
            assert await ask(desk, ada, other) > 0

        at_desk(house, story)


def test_a_file_deleted_amid_its_conversion_leaves_nothing(
    house: House, ada: Person, memo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held(monkeypatch) as (begun, go_on):

        async def story(desk: Desk) -> None:
            asking = asyncio.ensure_future(ask(desk, ada, memo))
            await asyncio.to_thread(begun.wait, 20.0)
            await desk.aside(lambda: forget_file(house, memo))
            go_on.set()
            with pytest.raises(NotFound):
                await asking

        at_desk(house, story)
    assert house.layout.blob_files(memo) == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (MediaFailed("media_died"), NoRendition),
        (OSError(errno.ENOSPC, "full"), StorageFull),
        (OSError(errno.EAGAIN, "no process"), OSError),
    ],
)
def test_why_it_cannot_be_converted_is_told_apart(
    house: House, ada: Person, memo: str, monkeypatch: pytest.MonkeyPatch, fault: Exception, said: type[Exception]
) -> None:
    def fail(*_: object) -> None:
        raise fault

    monkeypatch.setattr(opening, "to_aac", fail)
    with pytest.raises(said):
        at_desk(house, lambda desk: ask(desk, ada, memo))
    monkeypatch.undo()
    assert at_desk(house, lambda desk: ask(desk, ada, memo)) > 0
