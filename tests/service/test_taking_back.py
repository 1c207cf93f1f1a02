"""Keys are taken back when their event is refused, and kept while it may still come."""

from __future__ import annotations

import asyncio

import pytest

from eventstore.errors import LogFull, LogUnsettled
from service.desk.desk import taking_back


def undone_after(fault: BaseException | None) -> bool:
    undone = False

    async def undo() -> None:
        nonlocal undone
        undone = True

    async def story() -> None:
        async with taking_back(undo):
            if fault is not None:
                raise fault

    if fault is None:
        asyncio.run(story())
    else:
        with pytest.raises(type(fault)):
            asyncio.run(story())
    return undone


@pytest.mark.parametrize("fault", [LogFull("full"), RuntimeError("broken")])
def test_what_was_refused_is_taken_back(fault: Exception) -> None:
    assert undone_after(fault)


@pytest.mark.parametrize("fault", [TimeoutError(), LogUnsettled("open"), asyncio.CancelledError(), None])
def test_what_is_durable_or_may_become_so_stays(fault: BaseException | None) -> None:
    assert not undone_after(fault)
