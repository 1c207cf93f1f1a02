"""What the operator does with a whole folder: first start, another server key, backups, an older keyring."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from domain.errors import BadCredentials
from service.accounts.registering import Registration, register
from service.backup import restoring, taking
from service.backup.choosing import Asked
from service.backup.manifest import complete
from service.desk.desk import Desk
from service.entrance import passwords, sessions
from service.entrance.passwords import Change
from service.files import files
from service.house.house import House
from service.machine.layout import Layout
from service.processing.storing import store
from service.upkeep.accepting import accept
from service.upkeep.rotating import rotate
from tests.builders import NO_HINT
from tests.crash.forgetting import require_no_trace
from tests.crash.story import (
    DATA,
    NEW_PASSWORD,
    PASSWORD,
    Ada,
    Facts,
    Folder,
    Mark,
    More,
    Operation,
    enters,
    file_bytes,
    here,
    is_let_in,
    prepared,
    project,
    started,
    uploaded,
)
from tests.service.backing_up import silent
from tests.service.desks import at_desk
from tests.service.logs import sign
from vault.errors import KeyringOlder, WrongServerKey

NEW_KEY: Final = bytes(range(32))


def whole(folder: Folder, facts: Facts, *, waiting: str = "", tokens: bool = True) -> None:
    """All of Ada's data opens, her session too, and what waits in a spool is stored."""
    with started(folder) as house:
        assert at_desk(house, lambda desk: enters(desk, facts, PASSWORD, "ada@example.org"))
        assert is_let_in(house, facts.token) == tokens
        if waiting:
            store(house, house.log, waiting)
            entry = at_desk(house, lambda desk: sessions.login(desk, "ada", PASSWORD, NO_HINT, None))
            assert file_bytes(house, here(house, entry.token), waiting) == DATA[:100]
        sign(house)


async def _waiting(desk: Desk, ada: Ada) -> More:
    """A file in its spool."""
    return {"waiting": await uploaded(desk, ada.who, DATA[:100])}


# -- the first start -----------------------------------------------------------------------------------------------


def _start(folder: Folder, _: Facts, begin: Mark, end: Mark) -> None:
    begin()
    with folder.opened() as house:
        sign(house)
    end()


def _is_started(folder: Folder, _: Facts) -> bool:
    """It starts in any case."""
    there = Layout(folder.data).checkpoint.exists()
    with started(folder) as house:
        entry = at_desk(house, lambda desk: register(desk, Registration("ada", "a@b.org", PASSWORD, NO_HINT), None))
        assert is_let_in(house, entry.token)
        sign(house)
    return there


# -- another server key --------------------------------------------------------------------------------------------


def _with_waiting(folder: Folder, facts: Facts) -> More:
    more = prepared(_waiting)(folder, facts)
    return {**more, "key": Layout(folder.data).server_key.read_bytes()}


def _rotate(folder: Folder, _: Facts, begin: Mark, end: Mark) -> None:
    with folder.opened() as house:
        begin()
        rotate(house, None)
        end()


def _is_rotated(folder: Folder, facts: Facts) -> bool:
    """Under one of the two keys everything opens, and under the other nothing does."""
    layout, old = Layout(folder.data), facts.more["key"]
    whole(folder, facts, waiting=facts.more["waiting"])
    rotated: bool = layout.server_key.read_bytes() != old
    if rotated:
        assert not _opens(replace(folder, server_key=old.hex()))
        assert all(old not in path.read_bytes() for path in layout.data.rglob("*") if path.is_file())
    return rotated


def _opens(folder: Folder) -> bool:
    try:
        with folder.opened():
            return True
    except WrongServerKey:
        return False


def _outside(folder: Folder, facts: Facts) -> More:
    """The key lies in no file of the folder."""
    more = _with_waiting(folder, facts)
    Layout(folder.data).server_key.unlink()
    return more


def _rotate_outside(folder: Folder, facts: Facts, begin: Mark, end: Mark) -> None:
    with replace(folder, server_key=facts.more["key"].hex()).opened() as house:
        begin()
        rotate(house, NEW_KEY)
        end()


def _is_rotated_outside(folder: Folder, facts: Facts) -> bool:
    old, new = (replace(folder, server_key=key.hex()) for key in (facts.more["key"], NEW_KEY))
    rotated = _opens(new)
    assert _opens(old) == (not rotated)
    whole(new if rotated else old, facts, waiting=facts.more["waiting"])
    return rotated


# -- backups -------------------------------------------------------------------------------------------------------


def _back_up(folder: Folder, _: Facts, begin: Mark, end: Mark) -> None:
    with folder.opened() as house:
        begin()
        _take(house, folder)
        end()


def _take(house: House, folder: Folder) -> str:
    ways = taking.Ways(keep=1, keep_keyrings=1)
    return taking.take(house, folder.root / "backups" / "data", folder.root / "backups" / "keys", silent, ways).name


def _is_backed_up(folder: Folder, facts: Facts) -> bool:
    """What counts as a backup can be put back; what was cut off does not count, and the next clears it away."""
    halves = [folder.root / "backups" / half for half in ("data", "keys")]
    names = {each.name for each in complete(halves[0])}
    taken = bool(names - set(facts.more["names"]))
    assert names or not facts.more["names"], "the backup of before is gone, and there is no other"
    if names:
        with _put_back(folder, "again") as copy:
            whole(copy, facts, waiting=facts.more["waiting"], tokens=False)
    if taken and _remains(folder, halves):
        with folder.opened() as house:
            _take(house, folder)
        assert _remains(folder, halves) == []
    return taken


def _remains(folder: Folder, halves: list[Path]) -> list[Path]:
    """What was cut off, and what is there besides the one that is to be kept."""
    half_done = [path for half in halves for path in half.glob("*.part")]
    surplus = [path for half in halves for path in complete(half)[:-1]]
    return [*half_done, *surplus, *Layout(folder.data).run.glob("backup")]


def _none_yet(folder: Folder, facts: Facts) -> More:
    return {**prepared(_waiting)(folder, facts), "names": []}


def _one_there(folder: Folder, facts: Facts) -> More:
    more = prepared(_waiting)(folder, facts)
    with folder.opened() as house:
        return {**more, "names": [_take(house, folder)]}


def _restore(folder: Folder, name: str) -> Folder:
    """What was there last was signed and is all in the backup: it goes on under its key."""
    source, copy = Layout(folder.data), Folder(folder.root / name, folder.later_s)
    restoring.restore(
        Asked(
            folder=folder.root / "backups" / "data",
            keyrings=folder.root / "backups" / "keys",
            settings=copy.settings,
            server_key=source.server_key.read_bytes(),
            since=source.signed.read_bytes(),
        ),
        silent,
    )
    return copy


@contextmanager
def _put_back(folder: Folder, name: str) -> Iterator[Folder]:
    yield _restore(folder, name)
    shutil.rmtree(folder.root / name)


def _put_anew(folder: Folder, _: Facts, begin: Mark, end: Mark) -> None:
    begin()
    _restore(folder, "anew")
    end()


def _is_put_anew(folder: Folder, facts: Facts) -> bool:
    copy = Folder(folder.root / "anew", folder.later_s)
    if not copy.data.exists():
        return False
    whole(copy, facts, waiting=facts.more["waiting"], tokens=False)
    assert [path.name for path in copy.root.iterdir()] == ["data"]
    return True


# -- an older keyring ----------------------------------------------------------------------------------------------


def _older_keyring(folder: Folder, facts: Facts) -> More:
    """Put back, after a password was changed, a session closed and a file deleted."""
    copy = folder.root / "copy"
    shutil.copyfile(Layout(folder.data).keyring, copy)
    with folder.opened() as house:

        async def story(desk: Desk) -> bytes:
            entry = await sessions.login(desk, "ada", PASSWORD, NO_HINT, None)
            await passwords.change(desk, here(house, entry.token), Change(PASSWORD, NEW_PASSWORD), None)
            await files.delete(desk, here(house, entry.token), facts.file)
            return entry.token

        token = at_desk(house, story)
        project(house)
    copy.replace(Layout(folder.data).keyring)
    return {"token": token}


def _accept(folder: Folder, _: Facts, begin: Mark, end: Mark) -> None:
    with folder.opened(older=True) as house:
        begin()
        accept(house)
        end()


def _is_accepted(folder: Folder, facts: Facts) -> bool:
    try:
        with folder.opened():
            pass
    except KeyringOlder:
        return False
    with started(folder) as house:
        assert not is_let_in(house, facts.token)
        require_no_trace(house, facts.file)

        async def story(desk: Desk) -> None:
            for password in (PASSWORD, NEW_PASSWORD):
                with pytest.raises(BadCredentials):
                    await sessions.login(desk, "ada", password, NO_HINT, None)

        at_desk(house, story)
    return True


KEEPING: Final = (
    Operation(
        "Starting for the first time",
        "the next start makes what is missing",
        "keys, databases and a signed log are there",
        _start,
        _is_started,
        again=False,
        empty=True,
    ),
    Operation(
        "Rotating the server key",
        "everything opens under the old key",
        "everything opens under the new key, and the old one is nowhere",
        _rotate,
        _is_rotated,
        _with_waiting,
    ),
    Operation(
        "Rotating a server key that comes from outside",
        "everything opens under the old key, and nothing under the new one",
        "everything opens under the new key, and nothing under the old one",
        _rotate_outside,
        _is_rotated_outside,
        _outside,
        bare=True,
    ),
    Operation(
        "Taking the first backup",
        "there is none, and the next succeeds",
        "it can be put back, and all that was there opens",
        _back_up,
        _is_backed_up,
        _none_yet,
    ),
    Operation(
        "Taking another backup, and removing the one before",
        "the one before can be put back",
        "the new one can",
        _back_up,
        _is_backed_up,
        _one_there,
    ),
    Operation(
        "Putting a backup back",
        "there is no folder, and the next succeeds",
        "the folder is whole: all that was there opens",
        _put_anew,
        _is_put_anew,
        _one_there,
    ),
    Operation(
        "Accepting an older keyring",
        "nothing starts on the folder",
        "what was closed, replaced or deleted since opens nothing",
        _accept,
        _is_accepted,
        _older_keyring,
    ),
)
