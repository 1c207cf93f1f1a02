"""A body that does not come is given up, and one that comes slowly, and none that is only long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from service.machine.steady import TooSlow, steady
from tests.service.archives import in_pieces, standing_still


def test_who_stands_still_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        looks = 0

        def look() -> None:
            nonlocal looks
            looks += 1

        closed: list[bool] = []
        source = standing_still(closed)
        async with aclosing(steady(source, 0.05, look)) as pieces:
            assert await anext(pieces)
            with pytest.raises(TooSlow):
                await anext(pieces)
        assert closed
        assert looks

    monkeypatch.setattr("service.machine.steady.LOOK_EVERY_S", 0.01)
    asyncio.run(story())


def test_a_byte_now_and_then_is_standing_still(monkeypatch: pytest.MonkeyPatch) -> None:
    async def bytewise() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.01)
            yield b"x"

    async def story() -> None:
        with pytest.raises(TooSlow):
            async for _ in steady(bytewise(), 0.05, lambda: None):
                pass

    asyncio.run(asyncio.wait_for(story(), 60))


def test_who_works_for_long_on_a_piece_does_not_make_its_sender_slow() -> None:
    async def story() -> int:
        count = 0
        async with aclosing(steady(in_pieces(bytes(4), 1), 0.02, lambda: None)) as pieces:
            async for _ in pieces:
                await asyncio.sleep(0.03)
                count += 1
        return count

    assert asyncio.run(story()) == 4
