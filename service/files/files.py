"""Stored files: their rows, their bytes, retrying and deleting."""

from __future__ import annotations

from contextlib import suppress

import msgspec

from domain import file
from domain.errors import Conflict, NotFound
from domain.events import FileDeleted, FileEvent
from domain.fact import Fact
from domain.file import FileCommand
from eventstore.errors import DuplicateRequest, LogError
from eventstore.record import Append
from service.desk.desk import Desk, decided
from service.desk.reading import fresh
from service.house.facts import fold, to_fact, to_records
from service.house.forgetting import forget_file
from service.house.house import House
from service.house.principal import Principal
from service.house.reach import Reach
from service.house.requests import Asked, earlier, tag_of
from service.machine.errors import Busy
from service.reading.opening import Opener
from service.reading.views import FileView


class Described(msgspec.Struct, frozen=True):
    """A file as the tables have it; `stale`: they lag behind what this person was told."""

    view: FileView
    stale: bool


async def describe(desk: Desk, who: Principal, file_id: str) -> Described:
    """NotFound for what is not there, deleted or another person's; Busy for what was acknowledged and has not reached
    the tables."""
    house = desk.house
    seen = await fresh(desk, who.user)
    row = house.reader.file(who.user, file_id)
    if row is not None and not who.reaches(row.chat_id):
        raise NotFound("No such file.")
    if row is None and seen.stale and _is_acknowledged(house, who, file_id):
        raise Busy("The file is there, but cannot be shown yet. Try again.")
    view = None if row is None else Opener(house, who).file(row)
    if view is None:
        raise NotFound("No such file.")
    return Described(view, seen.stale)


def _is_acknowledged(house: House, who: Principal, file_id: str) -> bool:
    """What the log says: this person's, and not deleted."""
    facts = _facts(house, who, file_id)
    return bool(facts) and _state(facts).status != "deleted"


def _facts(house: House, who: Principal, file_id: str) -> list[Fact]:
    """All that the log says of a file; nothing for another person's, or for one out of reach."""
    records = house.log.read_stream(f"file-{file_id}")
    if not records or records[0].envelope.user != who.user or not Reach(house.log, who).record(records[0]):
        return []
    return [to_fact(record) for record in records]


def _state(facts: list[Fact]) -> file.State:
    return fold(file.evolve, file.State(), FileEvent, (fact.event for fact in facts))


class CarriedOut(msgspec.Struct, frozen=True):
    position: int
    replayed: bool = False


async def retry(desk: Desk, who: Principal, file_id: str, asked: Asked | None) -> CarriedOut:
    """NotFound; NotRetryable when it is stored. What is being processed is left alone."""
    return await _carry_out(desk, who, file_id, file.RetryFile(), asked)


async def delete(desk: Desk, who: Principal, file_id: str) -> int:
    """The event first, then the keys, then the bytes, then the last event: the worker and the sweeper finish what a
    crash leaves (service/house/forgetting.py)."""
    await _carry_out(desk, who, file_id, file.DeleteFile(), None)
    await desk.aside(lambda: forget_file(desk.house, file_id))
    with suppress(LogError, TimeoutError, Conflict):  # It is gone: that nobody could say so yet is no failure.
        await _carry_out(desk, who, file_id, file.FinishDeletion(), None)
    facts = _facts(desk.house, who, file_id)
    return next(fact.position for fact in facts if isinstance(fact.event, FileDeleted))


async def _carry_out(desk: Desk, who: Principal, file_id: str, command: FileCommand, asked: Asked | None) -> CarriedOut:
    house = desk.house
    stream = f"file-{file_id}"
    tag = tag_of(asked, who.writing)
    if (position := earlier(house.log, tag)) is not None:
        return CarriedOut(position, replayed=True)

    async def attempt() -> CarriedOut:
        facts = _facts(house, who, file_id)
        if not facts:
            raise NotFound("No such file.")
        events = file.decide(command, _state(facts))
        if not events:
            return CarriedOut(facts[-1].position)
        appended = await desk.append(Append(to_records(who.user, stream, len(facts), events, request=tag)))
        return CarriedOut(appended.last)

    try:
        return await decided(attempt)
    except DuplicateRequest as duplicate:
        earlier(house.log, tag)
        return CarriedOut(duplicate.position, replayed=True)
