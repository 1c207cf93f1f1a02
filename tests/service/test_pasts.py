"""Looking back has bounds: on memory, time, disk, and on what is kept for the next page."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import msgspec
import pytest

from eventstore.log import Log
from projections.past import Past
from service import pasts, user_data
from service.desk import Desk
from service.errors import Busy, StorageFull
from service.house import House
from service.pasts import TooMuchHistory
from service.user_data import Filters
from tests import builders
from tests.builders import Person
from tests.service.desks import at_desk
from tests.service.test_past import looked_back, texts
from tests.service.test_user_data import shown, told


@pytest.fixture
def folds(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """(user, position) of all that were folded since."""
    done: list[tuple[str, int]] = []
    fold = pasts._fold

    def noted(house: House, user: str, position: int, *rest: object) -> Past:
        done.append((user, position))
        return fold(house, user, position, *rest)  # type: ignore[arg-type]  # As they came.

    monkeypatch.setattr(pasts, "_fold", noted)
    return done


def open_pasts() -> int:
    """How many databases of moments this process has open."""
    links = [path for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    return sum("/past/" in str(path.readlink()) for path in links if path.is_symlink())


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
    monkeypatch.setattr(pasts, "KEPT_MOST", 2)

    async def closed(desk: Desk, left: int) -> None:
        async with asyncio.timeout(5):
            while open_pasts() != left:  # noqa: ASYNC110  (threads close them, which tell nobody)
                await asyncio.sleep(0.005)

    async def story(desk: Desk) -> None:
        for position in (1, 2, 3, 2, 4):
            await looked_back(desk, ada, str(position))
        await closed(desk, 2)
        await looked_back(desk, ada, "2")  # 3 was looked at longest ago, and 1 before.
        assert [position for _, position in folds] == [1, 2, 3, 4]
        await looked_back(desk, ada, "3")
        monkeypatch.setattr(pasts, "KEPT_S", 0.0)
        await looked_back(desk, ada, "3")
        await closed(desk, 0)
        monkeypatch.setattr(pasts, "KEPT_S", 0.05)
        look = await desk.pasts.look(ada.user, 3)
        await looked_back(desk, ada, "4")
        await closed(desk, 1)  # By the clock alone; but what is being looked at stays.
        assert look.past.user(ada.user) is not None
        look.close()
        look.close()
        await closed(desk, 0)

    at_desk(house, story)


def test_one_person_cannot_have_all_places(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pasts, "LOOKS_AT_ONCE", 4)
    ben = builders.person(house, "ben")

    async def story(desk: Desk) -> None:
        looks = [await desk.pasts.look(ada.user, position) for position in (1, 2)]
        with pytest.raises(Busy):
            await desk.pasts.look(ada.user, 2)
        looks += [await desk.pasts.look(ben.user, position) for position in (1, 2)]
        for look in looks:
            look.close()
        (await desk.pasts.look(ada.user, 2)).close()

    at_desk(house, story)


def test_too_much_of_it_is_refused_and_gives_its_place_back(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(house, ada, *(f"message {number}" for number in range(5)))
    monkeypatch.setattr(pasts, "EVENTS_MAX", 5)
    monkeypatch.setattr(pasts, "PAGE", 2)
    monkeypatch.setattr(pasts, "LOOKS_AT_ONCE", 2)

    async def story(desk: Desk) -> None:
        (await desk.pasts.look(ada.user, 5)).close()
        for _ in range(2):
            with pytest.raises(TooMuchHistory):
                await desk.pasts.look(ada.user, 6)
        (await desk.pasts.look(ada.user, 5)).close()

    at_desk(house, story)
    assert open_pasts() == 0


def test_nothing_is_folded_into_the_reserve_of_the_disk(house: House, ada: Person) -> None:
    house.settings = msgspec.structs.replace(house.settings, reserve_bytes=2**62)

    async def story(desk: Desk) -> None:
        with pytest.raises(StorageFull):
            await desk.pasts.look(ada.user, 1)

    at_desk(house, story)
    assert open_pasts() == 0


def test_when_who_asked_has_left_the_fold_ends_and_leaves_nothing(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Page after page without an end, until somebody looks whether anybody is there."""
    told(house, ada, "one", "two")
    monkeypatch.setattr(pasts, "PAGE", 1)
    pages = 0
    folding, go_on = threading.Event(), threading.Event()
    read_user = Log.read_user

    def slowly(log: Log, user: str, after: int, limit: int) -> object:
        nonlocal pages
        pages += 1
        folding.set()
        assert go_on.wait(10)
        return read_user(log, user, after, limit)

    monkeypatch.setattr(Log, "read_user", slowly)

    async def story(desk: Desk) -> None:
        task = asyncio.create_task(desk.pasts.look(ada.user, house.log.head()))
        await asyncio.to_thread(folding.wait, 10)
        waiting = asyncio.create_task(desk.pasts.look(ada.user, 1))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()
        (await waiting).close()  # Whoever came next has their turn.

    at_desk(house, story)
    assert pages == 2
    assert open_pasts() == 0


def test_a_fold_that_ends_as_who_asked_leaves_is_closed(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    folding, go_on = threading.Event(), threading.Event()
    done: list[Past] = []
    fold = pasts._fold

    def held(*given: object) -> Past:
        done.append(fold(*given))  # type: ignore[arg-type]  # As they came.
        folding.set()
        assert go_on.wait(10)
        return done[0]

    monkeypatch.setattr(pasts, "_fold", held)

    async def story(desk: Desk) -> None:
        task = asyncio.create_task(desk.pasts.look(ada.user, 1))
        await asyncio.to_thread(folding.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()

    at_desk(house, story)
    with pytest.raises(Exception, match="closed"):
        done[0].user(ada.user)


def test_others_are_served_while_it_is_folded(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    told(house, ada, "one")
    go_on = threading.Event()
    fold = pasts._fold

    def held(*given: object) -> Past:
        assert go_on.wait(10)
        return fold(*given)  # type: ignore[arg-type]  # As they came.

    monkeypatch.setattr(pasts, "_fold", held)

    async def story(desk: Desk) -> None:
        task = asyncio.create_task(looked_back(desk, ada, str(house.log.head() - 1)))
        found = await user_data.page(user_data.today(desk, ada.who), Filters(), None, 10)
        assert shown(found.items) == ["a chat", "one"]
        assert not task.done()
        go_on.set()
        assert texts(await task) == ["a chat"]

    at_desk(house, story)
