"""Backups of a house, put back into another folder, and compared with what was there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import apsw
import msgspec

from service.backup import restoring, taking
from service.backup.choosing import Asked
from service.backup.copying import hash_file
from service.backup.manifest import encode, read_manifest
from service.backup.restoring import Restored
from service.backup.taking import Taken, Ways
from service.house.house import House
from tests import builders
from vault.kdf import ServerKey


def silent(_done: int, _total: int) -> None:
    pass


def back_up(house: House, target: Path, **given: Any) -> Taken:
    """Keyrings in a folder of their own."""
    return taking.take(house, target / "data", target / "keys", silent, Ways(**given))


def put_back(house: House | None, target: Path, to: Path, **given: Any) -> Restored:
    """With the server key of the house, unless another is given; what nobody has signed is begun anew."""
    fields = {
        "folder": target / "data",
        "keyrings": target / "keys",
        "settings": builders.settings(to),
        "server_key": None if house is None else house.layout.server_key.read_bytes(),
    }
    if house is not None and not house.layout.signed.exists():
        fields["begin_anew"] = True
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


def nothing_came_of_it(to: Path) -> None:
    assert not to.exists()
    assert list(to.parent.glob(f"{to.name}*")) == []


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def forged(folder: Path, kind: Any, change: Callable[[Any], Any], server: ServerKey) -> None:
    """The manifest says something else, and all of its hashes are right: who has that server key has written it."""
    manifest = change(read_manifest(folder, kind))
    files = tuple(
        hash_file(folder / entry.path, entry.path) for entry in manifest.files if (folder / entry.path).exists()
    )
    (folder / "manifest.json").write_bytes(encode(msgspec.structs.replace(manifest, files=files), server))
