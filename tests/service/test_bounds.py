"""What may be done to one thing again and again has a bound, and deleting it has none."""

from __future__ import annotations

import pytest

from domain import chat, file
from domain.errors import TooManyChanges
from domain.events import FileFailed
from eventstore.record import Append
from service.desk.desk import Desk
from service.files import chats, files
from service.house.facts import to_records
from service.house.house import House
from service.processing import storing
from tests import builders
from tests.builders import Person
from tests.service.desks import at_desk


def test_a_chat_renamed_too_often_can_only_be_deleted(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "MAX_RENAMES", 2)
    chat_id = builders.started_chat(house, ada)

    async def story(desk: Desk) -> None:
        await chats.rename(desk, ada.who, chat_id, "one")
        await chats.rename(desk, ada.who, chat_id, "two")
        with pytest.raises(TooManyChanges):
            await chats.rename(desk, ada.who, chat_id, "three")
        assert await chats.delete(desk, ada.who, chat_id) == house.log.head()

    at_desk(house, story)


def test_a_file_retried_too_often_can_only_be_deleted(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "MAX_RETRIES", 1)
    file_id = builders.uploaded_file(house, ada, b"data")

    async def story(desk: Desk) -> None:
        assert storing.fail(house, house.log, file_id, "storage_full")
        await files.retry(desk, ada.who, file_id, None)
        house.writer.append(Append(to_records(ada.user, f"file-{file_id}", 3, (FileFailed(code="storage_full"),))))
        with pytest.raises(TooManyChanges):
            await files.retry(desk, ada.who, file_id, None)
        await files.delete(desk, ada.who, file_id)

    at_desk(house, story)
