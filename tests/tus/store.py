"""The store of uploads under way, without HTTP: one person's uploads at a desk of the test's own."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from service.desk.desk import Desk
from service.house.house import House
from service.house.principal import Principal
from service.upkeep.sweep import Sweeper
from service.uploads import pending, resuming
from service.uploads.pending import Upload
from service.uploads.resuming import Piece
from service.uploads.upload_words import Words
from tests import builders
from tests.builders import Person
from tests.service.receiving import declared_of, spooled
from vault.pending import Form

DATA = hashlib.shake_128(b"data").digest(3_000_000)
WORDS = Words(name="notes.txt", declared_type="text/plain")


class Sender(Protocol):
    """A person, or a program of theirs."""

    @property
    def who(self) -> Principal: ...


async def begun(desk: Desk, owner: Sender, size_bytes: int | None, form: Form = Form.WHOLE) -> str:
    """The id of a new upload."""
    return (await pending.create(desk, owner.who, WORDS, size_bytes, form, None)).upload_id


async def sent(desk: Desk, owner: Sender, upload_id: str, *pieces: bytes, offset_bytes: int = 0) -> Upload:
    """All pieces in one go."""

    async def source() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    return await resuming.append(desk, owner.who, upload_id, Piece(offset_bytes), source())


async def seen(desk: Desk, owner: Person, upload_id: str) -> Upload:
    return await pending.describe(desk, owner.who, upload_id)


class Crash(BaseException):
    """As if the process had ended here: no handler for errors takes it."""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(builders.settings(tmp_path / "data", reserve_bytes=0))
    yield house
    house.close()


@pytest.fixture
def ada(house: House) -> Person:
    return builders.person(house, "ada")


def crashing(monkeypatch: pytest.MonkeyPatch, kind: type, name: str, *, after: bool) -> None:
    """The next call of the method is the last thing that the process does."""
    work = getattr(kind, name)

    def crash(*args: Any, **kwargs: Any) -> None:
        monkeypatch.setattr(kind, name, work)
        if after:
            work(*args, **kwargs)
        raise Crash

    monkeypatch.setattr(kind, name, crash)


def require_filed_once(house: House, owner: Person, upload_id: str, data: bytes) -> None:
    """One event, whose key opens it, and a spool that the worker can read."""
    assert declared_of(house, owner, upload_id).size_bytes == len(data)
    assert spooled(house, owner, upload_id) == data


def sweep(house: House) -> None:
    """Once, with nothing too young for it."""
    assert Sweeper().sweep(house, house.log, 0) is not None
