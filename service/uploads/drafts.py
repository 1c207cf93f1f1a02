"""A working file for one request: written once, read as often as needed, sealed under a key that only this process has.

What it holds came out of sealed rows or is on its way into them, so it may not lie readable on the disk. Its name goes
as soon as it is written; a process that is killed before leaves noise without a key, which is swept like any spool.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Final, TypeVar

from service.desk.desk import Desk
from service.house.house import House
from service.house.room import require_reserve, storage_full
from service.machine.ids import new_id
from vault.keys import new_key
from vault.spool import SpoolReader, SpoolWriter

Item = TypeVar("Item")
RESERVE_CHECK_BYTES: Final = 16 << 20  # Written between two looks at the disk's reserve.


class Draft:
    """Everything here blocks. One thread at a time. Close it, or its room on the disk stays taken."""

    def __init__(self, house: House) -> None:
        """StorageFull when the disk is at its reserve."""
        require_reserve(house)
        self._house = house
        self._id = new_id()
        self._key = new_key()
        self._path = house.layout.spool_file(self._id)
        self._unchecked_bytes = 0
        self._reader: SpoolReader | None = None
        self._writer: SpoolWriter | None = SpoolWriter.create(self._path, self._key, self._id)
        self.size_bytes = 0

    def write(self, data: bytes) -> None:
        """StorageFull from the disk or for its reserve. Nothing after `finish`."""
        assert self._writer is not None
        self._unchecked_bytes += len(data)
        if self._unchecked_bytes >= RESERVE_CHECK_BYTES:
            self._unchecked_bytes = 0
            require_reserve(self._house)
        try:
            self._writer.append(data)
        except OSError as error:
            raise storage_full(error) from error
        self.size_bytes += len(data)

    def finish(self) -> None:
        """From here on it is read; it has no name any more. StorageFull."""
        assert self._writer is not None
        try:
            self._writer.finish()
            self._reader = SpoolReader(self._path, self._key, self._id)
        except OSError as error:
            raise storage_full(error) from error
        finally:
            self._writer = None
            self._path.unlink(missing_ok=True)

    def pieces(self) -> Generator[bytes, None, None]:
        """All of it, in pieces of at most 1 MiB."""
        assert self._reader is not None
        yield from self._reader

    def lines(self) -> Generator[list[bytes], None, None]:
        """All of it, some whole lines at a time, without their newlines."""
        rest = b""
        for piece in self.pieces():
            *lines, rest = (rest + piece).split(b"\n")
            yield lines
        if rest:
            yield [rest]

    def close(self) -> None:
        """Harmless when done twice."""
        if self._writer is not None:
            self._writer.abandon()
            self._writer = None
        if self._reader is not None:
            self._reader.close()
            self._reader = None


async def step_by_step(desk: Desk, steps: Generator[Item, None, None]) -> AsyncIterator[Item]:
    """What a generator that blocks yields, each step on a thread and within the bound on long work."""
    waiting: Iterator[Item | None] = steps
    stepping: asyncio.Future[Item | None] | None = None
    loop = asyncio.get_running_loop()
    try:
        while True:
            async with desk.long_work:
                stepping = loop.run_in_executor(None, next, waiting, None)
                item = await asyncio.shield(stepping)
            if item is None:
                return
            yield item
    finally:
        # Whoever left may leave a thread in the middle of a step: the generator is closed after it, not under it.
        if stepping is None or stepping.done():
            steps.close()
        else:
            stepping.add_done_callback(lambda _: steps.close())
