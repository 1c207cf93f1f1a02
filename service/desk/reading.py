"""Reading one's own writes: a read waits, for a bounded time, until the projection has seen what was acknowledged."""

from __future__ import annotations

import asyncio

import msgspec

from service.desk.desk import Desk

FIRST_PAUSE_S = 0.001
LONGEST_PAUSE_S = 0.02


class Freshness(msgspec.Struct, frozen=True):
    """`position`: what the answer has seen of the log; `user_position`: the person's newest event when they asked,
    seen too unless `stale`: the projection lagged past the bound."""

    position: int
    user_position: int
    stale: bool


async def fresh(desk: Desk, user: str) -> Freshness:
    """Waits until the tables hold the user's newest event, at most `read_wait_ms`."""
    house = desk.house
    wanted = house.log.user_head(user)
    if (position := house.reader.position()) >= wanted:
        return Freshness(position, wanted, stale=False)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + house.settings.read_wait_ms / 1_000
    pause_s = FIRST_PAUSE_S
    while (now := loop.time()) < deadline:
        await asyncio.sleep(min(pause_s, deadline - now))
        if (position := house.reader.position()) >= wanted:
            return Freshness(position, wanted, stale=False)
        pause_s = min(pause_s * 1.5, LONGEST_PAUSE_S)
    return Freshness(position, wanted, stale=True)
