"""Files on their way: acknowledged, resumed, stored, shared."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from domain.events import FileStored, FileUploaded
from service.desk.desk import Desk
from service.house.house import House
from service.processing.storing import store
from service.uploads import pending, resuming
from service.uploads.resuming import Piece
from service.uploads.upload_words import Words
from tests.builders import Person
from tests.crash.story import (
    DATA,
    Ada,
    Facts,
    More,
    Operation,
    by_ada,
    by_worker,
    file_bytes,
    here,
    judged,
    prepared,
    require_readable,
    told,
    uploaded,
)
from tests.service.receiving import spooled
from vault.pending import Form

SENT: Final = b"sent in one piece" * 100
HALF: Final = len(SENT) // 2


async def _upload(desk: Desk, ada: Ada) -> None:
    await uploaded(desk, ada.who, SENT)


async def _is_acknowledged(desk: Desk, facts: Facts) -> bool:
    """The file, whole; or no event, no key and no byte."""
    house = desk.house
    streams = {record.envelope.stream for record in house.log.read_user(facts.user, 0, 500)}
    new = [one for one in streams if told(house, one, FileUploaded) and one != f"file-{facts.file}"]
    assert len(new) <= 1
    if not new:
        _require_only(house, facts)
        return False
    file_id = new[0].removeprefix("file-")
    who = here(house, facts.token)
    assert spooled(house, Person(who, b"", "", "", ""), file_id) == SENT
    store(house, house.log, file_id)
    assert file_bytes(house, who, file_id) == SENT
    return True


def _require_only(house: House, facts: Facts) -> None:
    """Keys of files, and spools: of nothing but what was there before."""
    keyed = [stream for stream, _ in house.keyring.stream_keys_before(2**62, "", 100) if stream.startswith("file-")]
    assert keyed == [f"file-{facts.file}"]
    assert list(house.layout.spool.iterdir()) == []


async def _half_way(desk: Desk, ada: Ada) -> More:
    upload = await pending.create(desk, ada.who, Words(name="notes.txt"), len(SENT), Form.WHOLE, None)
    await _send(desk, ada, upload.upload_id, 0, SENT[:HALF])
    return {"upload": upload.upload_id}


async def _send(desk: Desk, ada: Ada, upload_id: str, offset_bytes: int, data: bytes) -> None:
    async def source() -> AsyncIterator[bytes]:
        yield data

    await resuming.append(desk, ada.who, upload_id, Piece(offset_bytes), source())


async def _go_on(desk: Desk, ada: Ada) -> None:
    """From where it stands, which is asked for first."""
    upload_id = ada.facts.more["upload"]
    seen = await pending.describe(desk, ada.who, upload_id)
    if not seen.complete:
        await _send(desk, ada, upload_id, seen.offset_bytes, SENT[seen.offset_bytes :])


async def _is_resumed(desk: Desk, facts: Facts) -> bool:
    """All of it has come: then it is a file at the next question. Or it stands where it stood."""
    house, upload_id = desk.house, facts.more["upload"]
    who = here(house, facts.token)
    seen = await pending.describe(desk, who, upload_id)
    assert told(house, f"file-{upload_id}", FileUploaded) == seen.complete
    if not seen.complete:
        assert seen.offset_bytes == HALF
        return False
    store(house, house.log, upload_id)
    assert file_bytes(house, who, upload_id) == SENT
    return True


async def _waiting(desk: Desk, ada: Ada) -> More:
    """One whose blob will lie in a folder of its own, as nearly all do."""
    while (file_id := await uploaded(desk, ada.who, SENT))[-2:] == ada.facts.file[-2:]:
        pass
    return {"waiting": file_id}


async def _waiting_twin(desk: Desk, ada: Ada) -> More:
    return {"waiting": await uploaded(desk, ada.who, DATA)}


def _store(house: House, facts: Facts) -> None:
    store(house, house.log, facts.more["waiting"])


def _stored(data: bytes) -> Callable[[Desk, Facts], Awaitable[bool]]:
    async def is_stored(desk: Desk, facts: Facts) -> bool:
        """Until it is said to be stored, the spool opens, and the job done again stores it."""
        house, file_id = desk.house, facts.more["waiting"]
        who = here(house, facts.token)
        stored = told(house, f"file-{file_id}", FileStored)
        if stored:
            assert file_bytes(house, who, file_id) == data
            assert list(house.layout.blobs.glob("*/*.part")) == []
        else:
            assert spooled(house, Person(who, b"", "", "", ""), file_id) == data
        require_readable(house, who, facts)
        return bool(stored)

    return is_stored


RECEIVING: Final = (
    Operation(
        "Acknowledging an upload",
        "nothing of it is left: no event, no key, no byte",
        "the file is there, and is stored by the next who comes",
        by_ada(_upload),
        judged(_is_acknowledged),
    ),
    Operation(
        "Ending a resumable upload",
        "it stands where it stood, and is gone on with",
        "all of it is there, and a file once somebody asks",
        by_ada(_go_on),
        judged(_is_resumed),
        prepared(_half_way),
    ),
    Operation(
        "Storing a file",
        "it opens from its spool, and is stored by the next who comes",
        "it opens from its blob",
        by_worker(_store),
        judged(_stored(SENT)),
        prepared(_waiting),
    ),
    Operation(
        "Storing content that is there already",
        "it opens from its spool, and is stored by the next who comes",
        "it opens from the blob of the file before, and so does that",
        by_worker(_store),
        judged(_stored(DATA)),
        prepared(_waiting_twin),
    ),
)
