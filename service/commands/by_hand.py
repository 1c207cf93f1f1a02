"""Exports and imports on the machine itself, by whoever knows the person's password.

They sign in like anybody, second factor and all, and sign out at the end: the history shows both, and the export.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from domain.errors import SecondFactorRequired
from domain.events import ClientHint
from projections.runner import Projector
from service.desk.desk import Desk
from service.entrance import sessions
from service.export import export
from service.factors.second_factor import NO_PROOF, Proof
from service.house.house import House
from service.house.principal import Principal, authenticate, encode_token
from service.importing import importing
from service.importing.importing import Imported
from service.upkeep.projecting import catch_up, projector_lock
from vault.durable import fsync_directory

Result = TypeVar("Result")
Progress = Callable[[int, int], None]
PIECE_BYTES: Final = 1 << 20
CODES: Final = frozenset(("totp", "backup_code"))


class SignIn(msgspec.Struct, frozen=True):
    """`code`: asked for the second factor, if there is one. No repr."""

    name: str
    password: str
    code: Callable[[], str]

    def __repr__(self) -> str:
        return "SignIn(…)"


class NoCode(Exception):
    """The account's second factor is a passkey, which needs a browser."""


def export_to(house: House, sign_in: SignIn, out: Path, show: Progress) -> int:
    """Bytes written. The file is there whole, or not at all. FileExistsError; OSError; Rejected; NoCode."""
    out = out.absolute()
    if out.exists():
        raise FileExistsError(errno.EEXIST, "is there already", str(out))

    async def work(desk: Desk, who: Principal) -> int:
        exporting = await export.begin(desk, who, "command")
        try:
            return await _write(exporting, out, show)
        finally:
            await exporting.close()

    return asyncio.run(_signed_in(house, sign_in, work))


def import_from(house: House, sign_in: SignIn, path: Path, show: Progress) -> Imported:
    """As `importing.take_in`. OSError; NoCode."""
    return asyncio.run(_signed_in(house, sign_in, lambda desk, who: importing.take_in(desk, who, _read(path, show))))


async def _signed_in(house: House, sign_in: SignIn, work: Callable[[Desk, Principal], Awaitable[Result]]) -> Result:
    with closing(Desk(house)) as desk:
        who = await _enter(desk, sign_in)
        try:
            await desk.aside(lambda: _project(house))
            return await work(desk, who)
        finally:
            await sessions.close_session(desk, who, who.session_id, "logout")


async def _enter(desk: Desk, sign_in: SignIn) -> Principal:
    hint = ClientHint("strongroom, on the machine itself")
    try:
        entry = await sessions.login(desk, sign_in.name, sign_in.password, hint, None, NO_PROOF)
    except SecondFactorRequired as required:
        if not CODES.intersection(required.factors):
            raise NoCode from None
        proof = Proof(code=await desk.aside(sign_in.code))
        entry = await sessions.login(desk, sign_in.name, sign_in.password, hint, None, proof)
    return authenticate(desk.house, encode_token(entry.token))


def _project(house: House) -> None:
    """Where nothing runs that brings the read tables up to date, this does."""
    lock = projector_lock(house.layout)
    if lock is not None:
        with lock, Projector(house.layout.user_data) as projector, closing(house.open_log()) as log:
            catch_up(log, projector)


async def _write(exporting: export.Export, out: Path, show: Progress) -> int:
    """Under another name until it is whole and on the disk; readable for its owner alone."""
    part = out.with_name(f"{out.name}.part")
    written = 0
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(fd, "wb", buffering=0) as file:
            async for piece in exporting:
                await asyncio.to_thread(_write_all, file.fileno(), piece)
                written += len(piece)
                show(written >> 20, max(written, exporting.estimate_bytes) >> 20)
            await asyncio.to_thread(os.fsync, file.fileno())
        part.rename(out)
        fsync_directory(out.parent)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    return written


def _write_all(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


async def _read(path: Path, show: Progress) -> AsyncIterator[bytes]:
    read = 0
    with path.open("rb") as file:
        whole = os.fstat(file.fileno()).st_size
        while data := await asyncio.to_thread(file.read, PIECE_BYTES):
            yield data
            read += len(data)
            show(read >> 20, whole >> 20)
