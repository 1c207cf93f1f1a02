"""Exports made and taken in without HTTP, and what is in them."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import zipfile
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any

from projections.runner import Projector
from service.desk.desk import Desk
from service.export import export
from service.export.export import By
from service.files import messages
from service.files.messages import Draft
from service.house.house import House
from service.importing import importing
from service.importing.importing import Imported
from service.upkeep.projecting import catch_up
from tests.builders import Person
from tests.service.desks import at_desk

Json = dict[str, Any]


def project(house: House) -> None:
    with Projector(house.layout.user_data) as projector, closing(house.open_log()) as log:
        catch_up(log, projector)


async def exported(desk: Desk, owner: Person, by: By = "session") -> bytes:
    project(desk.house)
    return b"".join([piece async for piece in await export.begin(desk, owner.who, by)])


def export_of(house: House, owner: Person) -> bytes:
    return at_desk(house, lambda desk: exported(desk, owner))


def entries(archive: bytes) -> dict[str, bytes]:
    """Path → bytes, CRCs checked."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {info.filename: opened.read(info) for info in opened.infolist()}


def data_of(archive: bytes) -> Json:
    found: Json = json.loads(entries(archive)["data.json"])
    return found


def manifest_of(archive: bytes) -> Json:
    found: Json = json.loads(entries(archive)["manifest.json"])
    return found


def lines_of(archive: bytes) -> list[Json]:
    return [json.loads(line) for line in entries(archive)["data.ndjson"].splitlines()]


async def in_pieces(data: bytes, size: int = 1 << 20) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def standing_still(closed: list[bool]) -> AsyncIterator[bytes]:
    """The beginning of an archive, and never the end of it. `closed` is told when nobody waits for that any more."""
    try:
        yield b"PK\x03\x04"
        await asyncio.Event().wait()
    finally:
        closed.append(True)


def import_into(house: House, owner: Person, archive: bytes, size: int = 1 << 20) -> Imported:
    project(house)
    done = at_desk(house, lambda desk: importing.take_in(desk, owner.who, in_pieces(archive, size)))
    project(house)
    return done


async def say(desk: Desk, owner: Person, content: str, chat_id: str | None = None, *files: str) -> str:
    """The message's id."""
    draft = Draft(content, chat_id, "text/plain", "user", None, files)
    return (await messages.send(desk, owner.who, draft, None)).message_id


def packed(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """As a tool that can seek packs it, in this order."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for path, data in parts.items():
            archive.writestr(path, data)
    return out.getvalue()


def with_data(parts: dict[str, bytes], lines: list[Json]) -> dict[str, bytes]:
    """The same parts with other lines in `data.ndjson`, whose last one is true of them."""
    told = b"".join(json.dumps(line).encode() + b"\n" for line in lines[:-1])
    end = {**lines[-1], "lines": len(lines) - 1, "sha256": hashlib.sha256(told).hexdigest()}
    data = told + json.dumps(end).encode() + b"\n"
    manifest = json.loads(parts["manifest.json"])
    for entry in manifest["entries"]:
        if entry["path"] == "data.ndjson":
            entry["sha256"] = hashlib.sha256(data).hexdigest()
    return {**parts, "data.ndjson": data, "manifest.json": json.dumps(manifest).encode()}
