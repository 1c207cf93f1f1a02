"""Whoever asks for the log takes no place from others, and no more than their own share."""

from __future__ import annotations

import asyncio
import gc
import gzip
import threading
from collections.abc import Awaitable
from typing import Any, Self

import falcon.testing
import pytest

from api.access import Access
from api.app import build
from eventstore.bundles import encode_bundle
from eventstore.log import Log
from eventstore.tiles import Tile
from service.desk import public_log
from service.desk.desk import Desk
from service.house.house import House
from service.house.principal import encode_token
from tests import builders
from tests.api.asking import conducted, problem
from tests.builders import Person
from tests.service.desks import at_desk
from tests.service.logs import grow, sign


@pytest.fixture
def signed(house: House) -> House:
    grow(house, 300)
    sign(house)
    return house


TILE = "/log/tile/0/000"


def get(conductor: falcon.testing.ASGIConductor, address: str, path: str = TILE) -> Awaitable[falcon.testing.Result]:
    return conductor.simulate_get(path, remote_addr=address)


def test_one_address_cannot_have_all_places(signed: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_log, "PIECES_AT_ONCE", 3)
    monkeypatch.setattr(public_log, "PIECES_SHARE", 2)

    async def story(desk: Desk) -> None:
        async with conducted(desk) as conductor:
            with Held(desk) as held:
                waiting = [asyncio.ensure_future(get(conductor, "192.0.2.1")) for _ in range(2)]
                await held.begun()
                refused = await get(conductor, "192.0.2.1")
                waiting.append(asyncio.ensure_future(get(conductor, "192.0.2.2")))
                await asyncio.sleep(0)
                full = await get(conductor, "192.0.2.3")
            for result in (refused, full):
                assert result.headers["retry-after"] == "1"
                problem(result, 503, "busy")
            assert [(await each).status_code for each in waiting] == [200, 200, 200]
            assert (await get(conductor, "192.0.2.1")).status_code == 200

    at_desk(signed, story)


class Held:
    """What is asked of the log for all waits while this lasts."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._begun, self._go_on = threading.Event(), threading.Event()

    def __enter__(self) -> Self:
        pool = self._desk.public_log._for_all._pool
        pool.submit(self._hold)
        return self

    def __exit__(self, *_: object) -> None:
        self._go_on.set()

    def _hold(self) -> None:
        self._begun.set()
        self._go_on.wait(10)

    async def begun(self) -> None:
        assert await asyncio.to_thread(self._begun.wait, 10)


def test_strangers_do_not_shut_people_out_of_their_proofs(house: House, ada: Person) -> None:
    grow(house, 300)
    builders.started_chat(house, ada)
    sign(house)
    position = house.log.head()
    headers = {"Authorization": f"Bearer {encode_token(ada.token)}"}

    async def story(desk: Desk) -> None:
        async with conducted(desk) as conductor:
            with Held(desk) as held:
                strangers = [
                    asyncio.ensure_future(get(conductor, f"192.0.2.{at % 16}"))
                    for at in range(public_log.PIECES_AT_ONCE + 8)
                ]
                await held.begun()
                proof = await conductor.simulate_get(f"/api/v1/user/events/{position}/proof", headers=headers)
                assert proof.status_code == 200
                assert not strangers[0].done()
            answers = [(await each).status_code for each in strangers]
            assert answers.count(200) == public_log.PIECES_AT_ONCE

    at_desk(house, story)


def test_one_person_cannot_have_all_proofs(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_log, "PROOFS_SHARE", 1)
    monkeypatch.setattr(public_log, "PROOF_WAIT_S", 0.1)
    ben = builders.person(house, "ben")
    sign(house)
    for owner in (ada, ben):
        builders.started_chat(house, owner)

    async def story(desk: Desk) -> None:
        async with conducted(desk) as conductor:

            async def asked(owner: Person) -> str:
                """For what no checkpoint covers."""
                headers = {"Authorization": f"Bearer {encode_token(owner.token)}"}
                position = house.log.user_head(owner.user)
                answer = await conductor.simulate_get(f"/api/v1/user/events/{position}/proof", headers=headers)
                return str(answer.json["detail"])

            first, second, other = await asyncio.gather(asked(ada), asked(ada), asked(ben))
            assert second.startswith("Many ask for proofs")
            assert first == other
            assert first.startswith("No checkpoint")
            assert await asked(ada) == first

    at_desk(house, story)


def test_a_place_is_given_back_when_the_answer_is_sent_or_cannot_be(signed: House) -> None:
    sending, go_on = asyncio.Event(), asyncio.Event()

    async def story(desk: Desk) -> None:
        free = desk.public_log.pieces._free

        async def send(message: dict[str, Any]) -> None:
            sending.set()
            await go_on.wait()
            raise ConnectionResetError

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        scope = falcon.testing.create_scope(path=TILE)
        task = asyncio.create_task(Access(build(desk))(scope, receive, send))
        await sending.wait()
        assert desk.public_log.pieces._free == free - 1
        go_on.set()
        with pytest.raises(ConnectionResetError):
            await task
        assert desk.public_log.pieces._free == free

    at_desk(signed, story)


def test_what_waits_when_who_asked_goes_away_is_not_done(signed: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is its fault anybody's any more, if it has begun."""
    faults: list[object] = []
    made: list[object] = []
    monkeypatch.setattr(public_log, "_bundle", lambda _, tile: made.append(tile))

    async def story(desk: Desk) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
        begun, go_on = threading.Event(), threading.Event()

        def fails(*_: object) -> None:
            begun.set()
            go_on.wait(10)
            raise ZeroDivisionError

        first = asyncio.create_task(desk.public_log._for_all.aside(fails))
        second = asyncio.create_task(desk.public_log.entries(Tile(0, 0), compressed=False))
        await asyncio.to_thread(begun.wait, 10)
        for task in (first, second):
            task.cancel()
        await asyncio.wait([first, second])
        go_on.set()
        await desk.public_log.tile(Tile(0, 0))
        del first, second, task
        gc.collect()

    at_desk(signed, story)
    assert (faults, made) == ([], [])


def test_a_full_bundle_is_packed_once_and_not_for_ever(signed: House, monkeypatch: pytest.MonkeyPatch) -> None:
    grow(signed, 600)
    sign(signed)
    packed: list[int] = []
    bundle = public_log._bundle

    def noted(log: Log, tile: Tile) -> bytes:
        packed.append(tile.index)
        return bundle(log, tile)

    monkeypatch.setattr(public_log, "_bundle", noted)

    async def story(desk: Desk) -> None:
        async def entries(index: int, width: int = 256) -> int:
            data = await desk.public_log.entries(Tile(0, index, width), compressed=True)
            assert data is not None
            assert gzip.decompress(data) == encode_bundle(signed.log.read_entries(index * 256, width))
            return len(data)

        sizes = [await entries(index) for index in (0, 1, 0, 1)]
        assert packed == [0, 1]
        await entries(0, 9)
        await entries(0, 9)
        assert packed == [0, 1, 0, 0]
        monkeypatch.setattr(public_log, "PACKED_BYTES", sum(sizes[:2]))
        await entries(0)
        await entries(2)  # 1 was asked for longest ago.
        await entries(0)
        await entries(1)
        assert packed == [0, 1, 0, 0, 2, 1]

    at_desk(signed, story)
