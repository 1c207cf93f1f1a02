"""Backups of a house, put back into another folder, and compared with what was there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import apsw

from service.backup import restoring, taking
from service.backup.restoring import Asked, Restored
from service.backup.taking import Taken
from service.house import House
from tests import builders


def silent(_done: int, _total: int) -> None:
    pass


def back_up(house: House, target: Path, **given: Any) -> Taken:
    """Keyrings in a folder of their own."""
    return taking.take(house, target / "data", target / "keys", silent, **given)


def put_back(house: House | None, target: Path, to: Path, **given: Any) -> Restored:
    """With the server key of the house, unless another is given."""
    fields = {
        "folder": target / "data",
        "keyrings": target / "keys",
        "settings": builders.settings(to),
        "server_key": None if house is None else house.layout.server_key.read_bytes(),
    }
    return restoring.restore(Asked(**{**fields, **given}), silent)


@contextmanager
def living(folder: Path) -> Iterator[House]:
    with closing(House(builders.settings(folder))) as house:
        yield house


def rows(house: House) -> list[tuple[bytes, bytes]]:
    """All of the log."""
    return [(record.envelope_bytes, record.sealed) for record in house.log.read_all(0, 10_000)]


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def damage_index(keyring: Path) -> None:
    """A page that nobody reads who does not look for sessions by their age."""
    with closing(apsw.Connection(str(keyring))) as connection:
        page_bytes = connection.pragma("page_size")
        sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'session_by_expiry'"
        ((page,),) = connection.execute(sql).fetchall()
    with keyring.open("r+b") as file:
        file.seek((int(str(page)) - 1) * int(str(page_bytes)))
        file.write(bytes(100))
