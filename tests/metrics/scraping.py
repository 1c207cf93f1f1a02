"""Asking for the metrics of an app, as the operator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import falcon.testing

from api.access import Access
from service.desk.desk import Desk
from service.house.house import House
from tests.api.asking import built
from tests.metrics.reading import Series, series
from tests.service.desks import at_desk


@asynccontextmanager
async def served(desk: Desk) -> AsyncIterator[falcon.testing.ASGIConductor]:
    meter = desk.house.meter
    async with falcon.testing.ASGIConductor(Access(built(desk), meter=meter)) as conductor:
        yield conductor


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def scraped(conductor: falcon.testing.ASGIConductor) -> Series:
    result = await conductor.simulate_get("/metrics", headers=bearer("o" * 40))
    assert result.status_code == 200, result.text
    assert result.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return series(result.text)


async def scraped_after(conductor: falcon.testing.ASGIConductor, appends: int) -> Series:
    """Once so many were counted, one to a commit: the log counts them after it has answered."""
    async with asyncio.timeout(30):
        while (found := await scraped(conductor))["strongroom_commit_seconds_count"] < appends:
            pass  # Asking takes its time, and lets others run.
    return found


def scrape(house: House) -> Series:
    async def story(desk: Desk) -> Series:
        async with served(desk) as conductor:
            return await scraped(conductor)
        raise AssertionError("the app's shutdown swallowed the answer")

    return at_desk(house, story)
