"""Looking back has bounds: on memory, time, disk, and on what is kept for the next page."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field

import msgspec
import pytest

import service.desk.folds
from eventstore.record import Append, NewRecord
from projections.errors import ProjectionFull, ProjectionStopped
from projections.past import Folding, Past
from service.desk.desk import Desk
from service.desk.folds import Fold, TooMuchHistory
from service.house.house import House
from service.machine.errors import Busy, StorageFull
from service.reading import user_data
from service.reading.user_data import Filters
from tests import builders
from tests.builders import Person
from tests.descriptors import open_files
from tests.service.desks import at_desk
from tests.service.test_moment import looked_back, texts
from tests.service.test_user_data import shown, told
from tests.waiting import wait_for


@dataclass(slots=True)
class Batch:
    folding: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    begun: list[Fold] = field(default_factory=list)
    done: list[Past] = field(default_factory=list)


@pytest.fixture
def folds(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """(user, position) of all that were folded since."""
    done: list[tuple[str, int]] = []

    class Noted(Fold):
        def __init__(self, house: House, user: str, position: int) -> None:
            done.append((user, position))
            super().__init__(house, user, position)

    monkeypatch.setattr(service.desk.folds, "Fold", Noted)
    return done


@pytest.fixture
def batch(monkeypatch: pytest.MonkeyPatch) -> Batch:
    """From now on every batch is held until it is let go on."""
    held = Batch()
    step = Fold.step

    def stepping(fold: Fold) -> Past | None:
        held.begun.append(fold)
        held.folding.set()
        assert held.go_on.wait(10)
        found = step(fold)
        if found is not None:
            held.done.append(found)
        return found

    monkeypatch.setattr(Fold, "step", stepping)
    return held


def open_pasts() -> int:
    """How many databases of moments this process has open."""
    return sum("/past/" in name for name in open_files().values())


def test_the_next_page_of_a_moment_folds_nothing_and_nobody_else_gets_it(
    house: House, ada: Person, folds: list[tuple[str, int]]
) -> None:
    ben = builders.person(house, "ben")
    told(house, ada, *(f"message {number}" for number in range(20)))
    then = house.log.head()

    async def story(desk: Desk) -> None:
        first = await looked_back(desk, ada, str(then))
        assert (await looked_back(desk, ada, str(then)), texts(await looked_back(desk, ben, str(then)))) == (first, [])
        several = await asyncio.gather(*(looked_back(desk, ada, str(then - 1)) for _ in range(4)))
        assert texts(several[0]) == texts(first)[:-1]

    at_desk(house, story)
    assert folds == [(ada.user, then), (ben.user, then), (ada.user, then - 1)]
    assert open_pasts() == 0


def test_few_moments_are_kept_and_none_for_long(
    house: House, ada: Person, folds: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    told(house, ada, "one", "two")
    monkeypatch.setattr(service.desk.folds, "KEPT_MOST", 2)

    async def closed(left: int) -> None:
        await asyncio.to_thread(wait_for, lambda: open_pasts() == left, f"{left} open")

    async def story(desk: Desk) -> None:
        for position in (1, 2, 3, 2, 4):
            await looked_back(desk, ada, str(position))
        await closed(2)
        await looked_back(desk, ada, "2")  # 3 was looked at longest ago, and 1 before.
        assert [position for _, position in folds] == [1, 2, 3, 4]
        await looked_back(desk, ada, "3")
        monkeypatch.setattr(service.desk.folds, "KEPT_S", 0.0)
        await looked_back(desk, ada, "3")
        await closed(0)
        monkeypatch.setattr(service.desk.folds, "KEPT_S", 0.05)
        look = await desk.folds.look(ada.user, 3)
        await looked_back(desk, ada, "4")
        await closed(1)  # By the clock alone; but what is being looked at stays.
        assert look.past.user(ada.user) is not None
        look.close()
        look.close()
        await closed(0)

    at_desk(house, story)


def test_one_person_cannot_have_all_places(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service.desk.folds, "LOOKS_AT_ONCE", 4)
    ben = builders.person(house, "ben")

    async def story(desk: Desk) -> None:
        looks = [await desk.folds.look(ada.user, position) for position in (1, 2)]
        with pytest.raises(Busy):
            await desk.folds.look(ada.user, 2)
        looks += [await desk.folds.look(ben.user, position) for position in (1, 2)]
        for look in looks:
            look.close()
        (await desk.folds.look(ada.user, 2)).close()

    at_desk(house, story)


def test_too_much_of_it_is_refused_and_gives_its_place_back(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(house, ada, *(f"message {number}" for number in range(5)))
    monkeypatch.setattr(service.desk.folds, "EVENTS_MAX", 5)
    monkeypatch.setattr(service.desk.folds, "BATCH", 2)
    monkeypatch.setattr(service.desk.folds, "LOOKS_AT_ONCE", 2)

    async def story(desk: Desk) -> None:
        (await desk.folds.look(ada.user, 5)).close()
        for _ in range(2):
            with pytest.raises(TooMuchHistory):
                await desk.folds.look(ada.user, 6)
        (await desk.folds.look(ada.user, 5)).close()

    at_desk(house, story)
    assert open_pasts() == 0


def test_nothing_is_folded_into_the_reserve_of_the_disk(house: House, ada: Person) -> None:
    house.settings = msgspec.structs.replace(house.settings, reserve_bytes=2**62)

    async def story(desk: Desk) -> None:
        with pytest.raises(StorageFull):
            await desk.folds.look(ada.user, 1)

    at_desk(house, story)
    assert open_pasts() == 0


def test_a_disk_that_fills_up_under_a_fold_is_said_to_be_full(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Folding, __: object) -> None:
        raise ProjectionFull("database or disk is full")

    monkeypatch.setattr(Folding, "add", full)

    async def story(desk: Desk) -> None:
        with pytest.raises(StorageFull):
            await desk.folds.look(ada.user, 1)

    at_desk(house, story)
    assert open_pasts() == 0


def test_when_who_asked_has_left_the_fold_ends_and_leaves_nothing(
    house: House, ada: Person, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(house, ada, "one", "two")
    monkeypatch.setattr(service.desk.folds, "BATCH", 1)

    async def story(desk: Desk) -> None:
        task = asyncio.create_task(desk.folds.look(ada.user, house.log.head()))
        await asyncio.to_thread(batch.folding.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        batch.go_on.set()
        (await desk.folds.look(ada.user, 1)).close()  # Whoever comes next has their turn.

    at_desk(house, story)
    first, second = batch.begun
    assert first is not second
    assert open_pasts() == 0


def test_a_fold_that_ends_as_who_asked_leaves_is_closed(house: House, ada: Person, batch: Batch) -> None:
    async def story(desk: Desk) -> None:
        task = asyncio.create_task(desk.folds.look(ada.user, 1))
        await asyncio.to_thread(batch.folding.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        batch.go_on.set()

    at_desk(house, story)
    with pytest.raises(Exception, match="closed"):
        batch.done[0].user(ada.user)


def test_a_fold_under_way_ends_with_the_desk(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batch after batch without an end."""
    step = Fold.step
    monkeypatch.setattr(service.desk.folds, "BATCH", 1)
    monkeypatch.setattr(Fold, "step", lambda fold: step(fold) if fold._opened is None else None)
    told(house, ada, "one", "two")

    async def story(desk: Desk) -> None:
        task = asyncio.create_task(desk.folds.look(ada.user, house.log.head()))
        await asyncio.to_thread(wait_for, lambda: open_pasts() == 1, "it to begin")
        assert not task.done()

    at_desk(house, story)
    assert open_pasts() == 0


def test_others_are_served_while_it_is_folded(house: House, ada: Person, batch: Batch) -> None:
    told(house, ada, "one")

    async def story(desk: Desk) -> None:
        task = asyncio.create_task(looked_back(desk, ada, str(house.log.head() - 1)))
        found = await user_data.page(user_data.today(desk, ada.who), Filters(), None, 10)
        assert shown(found.items) == ["a chat", "one"]
        assert not task.done()
        batch.go_on.set()
        assert texts(await task) == ["a chat"]

    at_desk(house, story)


def test_a_person_has_one_fold_under_way_and_those_who_ask_for_the_same_share_it(
    house: House, ada: Person, folds: list[tuple[str, int]], batch: Batch
) -> None:
    ben = builders.person(house, "ben")

    async def story(desk: Desk) -> None:
        (first, same) = (asyncio.create_task(desk.folds.look(ada.user, 2)) for _ in range(2))
        other = asyncio.create_task(desk.folds.look(ben.user, 1))
        await asyncio.to_thread(batch.folding.wait, 10)
        with pytest.raises(Busy):
            await desk.folds.look(ada.user, 1)
        batch.go_on.set()
        for look in await asyncio.gather(first, same, other):
            look.close()
        (await desk.folds.look(ada.user, 1)).close()

    at_desk(house, story)
    assert folds == [(ada.user, 2), (ben.user, 1), (ada.user, 1)]


def test_a_short_history_does_not_wait_for_a_long_one(
    house: House, ada: Person, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They take turns, batch by batch."""
    told(house, ada, *(f"message {number}" for number in range(20)))
    ben = builders.person(house, "ben")
    monkeypatch.setattr(service.desk.folds, "BATCH", 1)

    async def story(desk: Desk) -> None:
        long = asyncio.create_task(desk.folds.look(ada.user, house.log.head()))
        short = asyncio.create_task(desk.folds.look(ben.user, house.log.head()))
        batch.go_on.set()
        (await short).close()
        assert not long.done()
        (await long).close()

    at_desk(house, story)


def test_what_a_newer_strongroom_wrote_is_told_by_its_position(house: House, ada: Person) -> None:
    record = NewRecord(
        stream="message-from-the-future", version=1, type="MessagePinned", schema=1, user=ada.user, public={},
        key_id="", sealed=b"", request=None,
    )  # fmt: skip
    position = house.writer.append(Append((record,))).first

    async def story(desk: Desk) -> None:
        (await desk.folds.look(ada.user, position - 1)).close()
        with pytest.raises(ProjectionStopped) as told:
            await desk.folds.look(ada.user, position)
        assert (told.value.position, told.value.event_type, told.value.why) == (
            position,
            "MessagePinned",
            "UnknownEvent",
        )

    at_desk(house, story)
    assert open_pasts() == 0
