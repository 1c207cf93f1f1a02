"""The spool's folder goes away, as a disk that is unmounted, and comes back: no byte that was acknowledged is lost."""

from __future__ import annotations

import pytest

from service.desk.desk import Desk
from service.house.house import House
from service.machine.errors import Busy
from tests.builders import Person
from tests.service.desks import at_desk
from tests.tus.store import DATA, ada, begun, house, require_filed_once, seen, sent

__all__ = ["ada", "house"]  # Fixtures.


@pytest.mark.parametrize("rest", [DATA[1_000:], DATA[1_000:2_000]], ids=["the end", "a piece"])
def test_an_upload_outlives_the_time_that_its_folder_is_away(house: House, ada: Person, rest: bytes) -> None:
    spool, away = house.layout.spool, house.layout.data / "away"

    async def story(desk: Desk) -> str:
        upload_id = await begun(desk, ada, len(DATA))
        await sent(desk, ada, upload_id, DATA[:1_000])
        spool.rename(away)
        with pytest.raises(Busy):
            await sent(desk, ada, upload_id, rest, offset_bytes=1_000)
        with pytest.raises(Busy):
            await sent(desk, ada, await begun(desk, ada, 10), b"0123456789")
        away.rename(spool)
        assert (await seen(desk, ada, upload_id)).offset_bytes == 1_000
        await sent(desk, ada, upload_id, DATA[1_000:], offset_bytes=1_000)
        return upload_id

    require_filed_once(house, ada, at_desk(house, story), DATA)
