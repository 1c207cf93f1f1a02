"""Parts joined into one upload, once, whatever happens on the way."""

from __future__ import annotations

import asyncio

import pytest

from service.desk.desk import Desk
from service.house.house import House
from service.uploads import joining
from tests.builders import Person
from tests.service.desks import at_desk
from tests.tus.store import DATA, WORDS, Crash, ada, begun, crashing, house, require_filed_once, sent, sweep
from vault.keyring import Keyring
from vault.pending import Form, PendingUploads
from vault.spool import SpoolWriter

__all__ = ["ada", "house"]  # Fixtures.


async def two_parts(desk: Desk, owner: Person) -> list[str]:
    parts = []
    for data in (DATA[:1_000_000], DATA[1_000_000:]):
        part = await begun(desk, owner, len(data), Form.PART)
        await sent(desk, owner, part, data)
        parts.append(part)
    return parts


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("kind", "name"),
    [(SpoolWriter, "finish"), (PendingUploads, "add"), (Keyring, "add_files"), (PendingUploads, "file")],
    ids=["finish", "add", "add_files", "file"],
)
def test_joining_cut_off_at_any_step_is_done_by_asking_again(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, kind: type, name: str, *, after: bool
) -> None:
    async def story(desk: Desk) -> None:
        parts = await two_parts(desk, ada)
        crashing(monkeypatch, kind, name, after=after)
        with pytest.raises(Crash):
            await joining.join(desk, ada.who, WORDS, parts, None)
        done = await joining.join(desk, ada.who, WORDS, parts, None)
        assert done.position is not None
        require_filed_once(house, ada, done.upload_id, DATA)
        again = await joining.join(desk, ada.who, WORDS, parts, None)
        assert (again.upload_id, again.replayed) == (done.upload_id, True)

    at_desk(house, story)
    sweep(house)
    assert len(list(house.layout.spool.iterdir())) == 1


def test_two_who_join_the_same_parts_at_once_make_one_file(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        parts = await two_parts(desk, ada)
        first, second = await asyncio.gather(*(joining.join(desk, ada.who, WORDS, parts, None) for _ in range(2)))
        assert first.upload_id == second.upload_id
        require_filed_once(house, ada, first.upload_id, DATA)

    at_desk(house, story)
