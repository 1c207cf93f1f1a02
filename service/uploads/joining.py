"""One upload out of several that came beside each other: their spools, read and sealed anew in order, then the ordinary
commit.

Until the new spool is whole nothing names it, and what a crash leaves of it is swept; the parts stay until the log has
the file. Asking for the same parts again finds what was made of them.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final

import msgspec

from domain.errors import NotFound, UploadUnfinished
from service.desk.desk import Desk
from service.house.house import House
from service.house.principal import Principal
from service.house.requests import Asked
from service.house.room import folder_away, require_reserve, storage_full
from service.uploads import turns
from service.uploads.incoming import Spooling
from service.uploads.pending import (
    Upload,
    asked_before,
    at_turn,
    begin,
    new_row,
    require_known,
    require_size,
    settle,
    spool_key,
    to_its_end,
)
from service.uploads.upload_words import Words
from service.uploads.uploads import find_place
from vault.errors import SpoolBroken
from vault.pending import Form, PendingRow, Stage
from vault.spool import SpoolReader, SpoolSummary, SpoolWriter

MAX_PARTS: Final = 100


async def join(desk: Desk, who: Principal, words: Words, parts: Sequence[str], asked: Asked | None) -> Upload:
    """The file made of these parts, in this order; none of them twice. NotFound for one that is no part of this
    person's; UploadUnfinished for one that has not all come; FileTooLarge, StorageFull; and what `settle` raises."""
    assert 1 <= len(set(parts)) == len(parts) <= MAX_PARTS
    house = desk.house
    require_reserve(house)
    find_place(house, who, words.chat_id, words.message_id)

    async def work() -> Upload:
        with ExitStack() as held:
            known = await desk.aside(lambda: house.pending.joined_from(parts, who.user))
            if known is None:
                await _require_parts(desk, who, parts)
                for part in sorted(parts):  # In one order, so that two who join the same parts cannot block each other.
                    held.callback((await turns.take(house.layout, part)).release)
                known = await desk.aside(lambda: house.pending.joined_from(parts, who.user))  # By who had the turns.
            if known is not None:
                upload_id = known.upload_id
                done = await at_turn(desk, upload_id, lambda _: settle(desk, who, upload_id))
                return msgspec.structs.replace(done, replayed=True)
            return await _join(desk, who, words, parts, asked)

    return await to_its_end(work())


async def _join(desk: Desk, who: Principal, words: Words, parts: Sequence[str], asked: Asked | None) -> Upload:
    house = desk.house
    size_bytes = 0
    for part in parts:
        size_bytes += (await settle(desk, who, part)).offset_bytes
    rows = await _require_parts(desk, who, parts)
    require_size(house, size_bytes)
    require_reserve(house, size_bytes)
    row = new_row(house, who, words, Form.JOINED, size_bytes, asked)
    begun, summary = await asked_before(desk, who, row), None
    if begun is None:
        whole = msgspec.structs.replace(row, stage=Stage.FULL, offset_bytes=size_bytes, parts=tuple(parts))
        try:
            async with desk.long_work:
                summary = await _copy(desk, row, rows)
            assert summary.size_bytes == size_bytes
            begun = await begin(desk, who, whole)
        finally:
            await desk.aside(lambda: _drop_nameless(house, row.upload_id))
    upload_id, own = begun.upload_id, summary if begun.upload_id == row.upload_id else None
    return await at_turn(desk, upload_id, lambda _: settle(desk, who, upload_id, own))


def _drop_nameless(house: House, upload_id: str) -> None:
    """A copy that no row came to name: refused, or the request was known. It counts towards nobody's quota."""
    if not house.pending.has(upload_id):
        house.layout.spool_file(upload_id).unlink(missing_ok=True)


async def _require_parts(desk: Desk, who: Principal, parts: Sequence[str]) -> list[PendingRow]:
    rows = [await require_known(desk, who, part) for part in parts]
    for row in rows:
        if row.form is not Form.PART:
            raise NotFound("No such part.")
        if row.offset_bytes != row.size_bytes:
            raise UploadUnfinished("Not all of the parts have come.")
    return rows


def _reader(house: House, part: PendingRow) -> SpoolReader:
    return SpoolReader(house.layout.spool_file(part.upload_id), spool_key(house, part), part.upload_id)


async def _copy(desk: Desk, row: PendingRow, parts: Sequence[PendingRow]) -> SpoolSummary:
    """All parts into one spool; nothing of it stays unless all are sound."""
    house = desk.house
    path, key = house.layout.spool_file(row.upload_id), spool_key(house, row)
    spooling = Spooling(desk, lambda: SpoolWriter.create(path, key, row.upload_id))
    try:
        for part in parts:
            opening = functools.partial(_reader, house, part)
            with await desk.aside(opening) as reader:
                following = functools.partial(next, iter(reader), None)
                while (frame := await desk.aside(following)) is not None:
                    await spooling.append(frame)
        return await spooling.then(SpoolWriter.finish)
    except BaseException as error:
        await spooling.end(lambda writer: None if writer is None else writer.abandon())
        if isinstance(error, OSError) and folder_away(error):
            raise storage_full(error) from error
        if isinstance(error, (SpoolBroken, FileNotFoundError)):
            raise NotFound("A part is damaged. Send it again.") from error
        raise
