"""What was found out about a stored file, opened for its owner: waveform, thumbnail, transcript."""

from __future__ import annotations

from domain.errors import NoRendition, NoTranscript, NotReady
from domain.events import Transcript
from service.desk.desk import Desk
from service.desk.renditions import RenditionName, read_small
from service.files.content import Stored, find_stored
from service.house.principal import Principal
from service.reading.opening import Opener


async def small_rendition(desk: Desk, who: Principal, file_id: str, name: RenditionName) -> tuple[Stored, bytes]:
    """As `content.find_stored`; NotReady while it is being analysed; NoRendition when there is none of that name."""
    stored = await find_stored(desk, who, file_id)
    data = await desk.aside(lambda: read_small(desk.house, stored.shelf, name))
    if data is None:
        _require_analysed(desk, file_id)
        raise NoRendition(f"This file has no {name}.")
    return stored, data


async def transcript(desk: Desk, who: Principal, file_id: str) -> Transcript:
    """The same; NoTranscript."""
    await find_stored(desk, who, file_id)
    row = desk.house.reader.transcript(who.user, file_id)
    found = None if row is None else Opener(desk.house, who).transcript(row)
    if found is None:
        _require_analysed(desk, file_id)
        raise NoTranscript("There is no transcript of this file.")
    return found


def _require_analysed(desk: Desk, file_id: str) -> None:
    if desk.house.keyring.finding_key(file_id) is not None:
        raise NotReady("The file is still being analysed.")
