"""What was refused is given back when its answer has been read, not when the collector comes."""

from __future__ import annotations

import asyncio
import gc

import pytest

from domain.events import FileDeleted
from eventstore.batch import Batch
from eventstore.errors import VersionConflict
from eventstore.record import Append
from service.house.facts import to_records
from service.house.house import House
from service.machine.appends import AsyncAppends
from service.machine.ids import new_id
from tests.memory import no_collector

__all__ = ["no_collector"]  # Fixtures.


@pytest.mark.usefixtures("no_collector")
def test_nothing_of_a_conflict_waits_for_the_collector(house: House) -> None:
    late, first = (Append(to_records(new_id(), f"file-{new_id()}", after, (FileDeleted(),))) for after in (3, 0))

    async def too_late() -> None:
        log = AsyncAppends(house.writer, 60.0)
        try:
            await log.append(late)
        except VersionConflict:
            await log.append(first)  # The writer keeps what it did last until there is more to do.
            return
        raise AssertionError("it was accepted")

    asyncio.run(too_late())
    assert [each for each in gc.get_objects() if isinstance(each, VersionConflict | Batch)] == []
