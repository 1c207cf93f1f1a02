"""Files received and committed, and what then lies in the house."""

from __future__ import annotations

from pathlib import Path

from domain.events import FileUploaded
from service.desk.desk import Desk
from service.house.facts import open_event
from service.house.house import House
from service.house.keychain import Keychain
from service.uploads import uploads
from service.uploads.incoming import Incoming, Received
from service.uploads.uploads import Place, Refused, Uploaded
from tests.builders import Person
from vault.keys import unwrap_for_server
from vault.spool import SpoolReader

ROOM = 1 << 30
NOWHERE = Place()


async def receive(desk: Desk, data: bytes, name: str = "notes.txt") -> Received:
    incoming = Incoming(desk, name, "text/plain", "file", ROOM)
    await incoming.append(data)
    return await incoming.finish()


async def upload(desk: Desk, owner: Person, *contents: bytes) -> tuple[Uploaded, list[Refused]]:
    received = [await receive(desk, data, f"{number}.txt") for number, data in enumerate(contents)]
    return await uploads.commit(desk, owner.who, NOWHERE, received, None)


def open_files() -> int:
    """Descriptors of this process."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def assert_nothing_left(house: House, head: int) -> None:
    """No event, no key, no spool."""
    assert house.log.head() == head
    assert [s for s, _ in house.keyring.stream_keys_before(2**62, "", 100) if s.startswith("file-")] == []
    assert list(house.layout.spool.iterdir()) == []


def declared_of(house: House, owner: Person, file_id: str) -> FileUploaded:
    (record,) = house.log.read_stream(f"file-{file_id}")
    key = Keychain(house, owner.who).stream(f"file-{file_id}")
    assert key is not None
    event = open_event(record, key)
    assert isinstance(event, FileUploaded)
    return event


def spooled(house: House, owner: Person, file_id: str) -> bytes:
    """As the worker reads it: under the server's key and nobody's password."""
    wrapped = house.keyring.spool_key(file_id)
    assert wrapped is not None
    key = unwrap_for_server(house.server.purpose("spool"), wrapped, owner.user, f"file-{file_id}", "spool")
    with SpoolReader(house.layout.spool_file(file_id), key, file_id) as reader:
        return b"".join(reader)
