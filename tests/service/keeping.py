"""Files sent and stored by the ways that people and workers take, deleted, and damaged."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from domain.events import FileDeleted
from eventstore.record import Append
from service.house.facts import to_records
from service.house.forgetting import forget_file
from service.house.house import House
from service.processing.storing import Done, load_file, store
from service.upkeep.sweep import Sweeper
from tests.builders import Person
from tests.service.desks import at_desk
from tests.service.receiving import upload

DATA: Final = os.urandom((1 << 20) + 12_345)


def sent(house: House, owner: Person, data: bytes = DATA) -> str:
    """The id of an acknowledged file."""
    done, _ = at_desk(house, lambda desk: upload(desk, owner, data))
    return done.files[0].file_id


def kept(house: House, owner: Person, data: bytes = DATA) -> str:
    """The id of a stored file."""
    file_id = sent(house, owner, data)
    assert store(house, house.log, file_id) in (Done.STORED, Done.STORED_TO_ANALYSE)
    return file_id


def blobs(house: House) -> list[str]:
    return sorted(path.name for path in house.layout.blobs.glob("*/*"))


def own_blob(file_id: str) -> str:
    return f"{file_id}.blob"


def say_deleted(house: House, owner: Person, file_id: str) -> None:
    """Only the event, as if the process had died right after it."""
    loaded = load_file(house.log, file_id)
    assert loaded is not None
    records = to_records(owner.user, f"file-{file_id}", loaded.version, (FileDeleted(),))
    house.writer.append(Append(records))


def delete(house: House, owner: Person, file_id: str) -> None:
    say_deleted(house, owner, file_id)
    forget_file(house, file_id)


def sweep(house: House) -> None:
    sweeper = Sweeper()
    for _ in range(32):
        sweeper.sweep(house, house.log, 0)


def damage(path: Path) -> None:
    with path.open("r+b") as blob:
        blob.seek(500)
        byte = blob.read(1)[0]
        blob.seek(500)
        blob.write(bytes((byte ^ 1,)))
