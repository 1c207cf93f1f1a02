"""One file of an import: out of the archive into its spool, and acknowledged like any upload."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from domain.errors import QuotaExceeded
from service.desk.desk import Desk
from service.house.principal import Principal
from service.importing.ids import ImportIds
from service.importing.rows import File
from service.uploads import uploads
from service.uploads.incoming import Incoming, Known, Received, room_for
from service.uploads.uploads import Place
from vault.durable import remove_abandoned
from vault.keys import new_key, unwrap_for_server

Result = TypeVar("Result")


class FileTaking:
    """Bytes of a file as they come. `abandon` takes back what came of it, unless it has all come."""

    def __init__(self, desk: Desk, who: Principal, ids: ImportIds, row: File, incoming: Incoming) -> None:
        """Made by `begin_file`."""
        self._desk = desk
        self._who = who
        self._ids = ids
        self._row = row
        self._incoming = incoming
        self._finished = False
        self.size_bytes = 0

    async def append(self, data: bytes) -> None:
        """As `Incoming.append`."""
        self.size_bytes += len(data)
        await self._incoming.append(data)

    async def finish(self) -> bool:
        """False: its bytes are not those of its row, and nothing was kept of them. QuotaExceeded; NotFound for a chat
        that was deleted here since. Otherwise it is acknowledged."""
        received = await self._incoming.finish()
        self._finished = True  # From here on the spool is `uploads.commit`'s: an event may name it.
        summary = received.summary
        if (summary.size_bytes, summary.sha256.hex()) != (self._row.size_bytes, self._row.sha256):
            await self._drop(received)
            return False
        # To its end, also when who sends goes away: keys taken back beside it could leave an event without them.
        await _to_its_end(self._commit(received))
        return True

    async def _commit(self, received: Received) -> None:
        try:
            place = self._place()
        except BaseException:
            await self._drop(received)
            raise
        done, _ = await uploads.commit(self._desk, self._who, place, [received], None)
        if not done.files:
            await self._drop(received)
            raise QuotaExceeded("There is no room left for this file in your quota.")

    async def abandon(self) -> None:
        if not self._finished:
            await self._incoming.abandon()

    def _place(self) -> Place:
        row, ids = self._row, self._ids
        chat_id = None if row.chat_id is None else ids.of("chat", row.chat_id)
        message_id = None if row.message_id is None else ids.of("message", row.message_id)
        return uploads.find_place(self._desk.house, self._who, chat_id, message_id)

    async def _drop(self, received: Received) -> None:
        def work() -> None:
            self._desk.house.layout.spool_file(received.file_id).unlink(missing_ok=True)
            received.hold.release()

        await self._desk.aside(work)


async def begin_file(desk: Desk, who: Principal, ids: ImportIds, row: File) -> FileTaking | None:
    """None when it is here from an earlier try. StorageFull.

    Keys that an earlier try left are the file's: its event may have come to be after all. Its spool is written anew."""
    house = desk.house
    file_id = ids.of("file", row.file_id)
    stream = f"file-{file_id}"
    if house.log.read_stream(stream):
        return None

    def prepare() -> tuple[bytes, int]:
        wrapped = house.keyring.spool_key(file_id)
        master = house.server.purpose("spool")
        key = new_key() if wrapped is None else unwrap_for_server(master, wrapped, who.user, stream, "spool")
        remove_abandoned(house.layout.spool_file(file_id))
        return key, room_for(house, who)

    key, room_bytes = await desk.aside(prepare)
    known = Known(file_id, key, row.uploaded_at_us)
    incoming = Incoming(desk, row.name, row.declared_type, row.kind, room_bytes, known)
    return FileTaking(desk, who, ids, row, incoming)


async def _to_its_end(work: Awaitable[Result]) -> Result:
    """`work`, waited for even by who is cancelled: until it is over, nobody else may begin the same."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
