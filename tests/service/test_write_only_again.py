"""A write-only token's message that is sent again after its sender was killed between key and event."""

from __future__ import annotations

import pytest

from service.desk.desk import Desk
from service.files import messages
from service.house.house import House
from service.machine.errors import Busy
from tests.builders import Person, started_chat
from tests.service.desks import at_desk, failing_appends
from tests.service.holding import bot
from tests.service.test_write_only import MESSAGE_ID, draft, posted, said


def test_a_sending_that_was_cut_off_long_ago_is_sent_again_before_any_sweep(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = bot(house, ada, "write")
    wanted = draft(chat_id=started_chat(house, ada), message_id=MESSAGE_ID)

    async def cut_off(desk: Desk) -> None:
        failing_appends(desk, monkeypatch, TimeoutError)
        with pytest.raises(TimeoutError):
            await messages.send(desk, writer.who, wanted, None)

    at_desk(house, cut_off)
    began_us = house.clock_us()
    monkeypatch.setattr(house, "clock_us", lambda: began_us + 60_000_000)
    with pytest.raises(Busy):
        posted(house, writer.who, wanted)
    monkeypatch.setattr(house, "clock_us", lambda: began_us + messages.RENEWED_AFTER_S * 1_000_000 + 1)
    assert posted(house, writer.who, wanted).message_id == MESSAGE_ID
    assert said(house, ada.who) == ["the tide is in"]
