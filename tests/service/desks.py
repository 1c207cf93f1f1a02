"""A desk for the length of one story, and the faults that befall it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import TypeVar

import pytest

from eventstore.record import Append, Appended
from service.desk.desk import Desk
from service.house.house import House
from service.house.requests import Asked

Result = TypeVar("Result")
Fault = Exception | type[Exception]


def at_desk(house: House, story: Callable[[Desk], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        with closing(Desk(house)) as desk:
            return await story(desk)

    return asyncio.run(run())


def asked(key: str = "key-1", body: bytes = b"body", route: str = "POST /things") -> Asked:
    return Asked(route, key, body)


def failing_appends(desk: Desk, monkeypatch: pytest.MonkeyPatch, fault: Fault, *, written: bool = False) -> None:
    """From now on every append ends in `fault`; with `written` it has become durable all the same."""
    append = desk.append

    async def fail(records: Append) -> Appended:
        if written:
            await append(records)
        raise fault

    monkeypatch.setattr(desk, "append", fail)


def before_append(desk: Desk, monkeypatch: pytest.MonkeyPatch, act: Callable[[], Awaitable[object]]) -> None:
    """Once, between deciding and appending, something else happens."""
    append = desk.append

    async def act_first(records: Append) -> Appended:
        monkeypatch.setattr(desk, "append", append)
        await act()
        return await append(records)

    monkeypatch.setattr(desk, "append", act_first)
