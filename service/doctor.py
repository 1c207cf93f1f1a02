"""What may be wrong with a data folder or a machine, looked at one by one. Changes nothing but opens
everything."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from eventstore.errors import LogError
from eventstore.log import Log
from eventstore.schema import require_sqlite
from projections.errors import ProjectionError
from projections.queries import Reader
from service import signing_faults
from service.config import Settings
from service.continuity import read_published, require_history
from service.ids import now_us
from service.layout import Layout, load_server_key
from service.log_key import read_verifier
from service.media.child.seccomp import program as known_machine
from service.media.errors import MediaFailed
from service.media.opening import confinement
from service.pulse import pulses
from service.standstill import standstill
from service.valkey import ValkeyMissing, valkey_binary
from vault.errors import VaultError
from vault.kdf import ServerKey
from vault.keyring import Keyring

LAG_MAX: Final = 1_000
UNSIGNED_MAX_S: Final = 60


class Finding(msgspec.Struct, frozen=True):
    what: str
    well: bool
    detail: str


class _Unwell(Exception):
    """One line that says what is wrong."""


def examine(settings: Settings) -> list[Finding]:
    """In order from the ground up; what cannot be looked at because something below is missing says so
    itself."""
    layout = Layout(Path(settings.data).absolute())
    looks: dict[str, Callable[[], str]] = {
        "folder": lambda: _folder(layout),
        "server key": lambda: _server_key(layout, settings),
        "disk": lambda: _disk(layout, settings),
        "sqlite": _sqlite,
        "keyring": lambda: _keyring(layout, settings),
        "log": lambda: _log(layout),
        "history": lambda: _history(layout, settings),
        "witnesses": lambda: _witnesses(layout, settings),
        "projection": lambda: _projection(layout),
        "queue": lambda: _queue(settings),
        "workers": lambda: _workers(layout),
        "media": _media,
    }
    return [_look(what, look) for what, look in looks.items()]


def _look(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, well=True, detail=look())
    except (_Unwell, OSError, RuntimeError, LogError, VaultError, ProjectionError, ValkeyMissing) as error:
        return Finding(what, well=False, detail=str(error))


def _folder(layout: Layout) -> str:
    for folder in (layout.data, layout.spool, layout.blobs, layout.run):
        found = folder.stat()
        if stat.S_IMODE(found.st_mode) & 0o077:
            raise _Unwell(f"{folder} is open to other users: chmod 700")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise _Unwell(f"{folder} cannot be written")
    return str(layout.data)


def _server_key(layout: Layout, settings: Settings) -> str:
    if settings.server_key is None:
        if not layout.server_key.exists():
            raise _Unwell(f"{layout.server_key} is missing")
        if stat.S_IMODE(layout.server_key.stat().st_mode) & 0o077:
            raise _Unwell(f"{layout.server_key} is open to other users: chmod 600")
    load_server_key(layout, settings.server_key)
    return "in the environment" if settings.server_key is not None else str(layout.server_key)


def _disk(layout: Layout, settings: Settings) -> str:
    disk = os.statvfs(layout.data)
    free = disk.f_bavail * disk.f_frsize
    if free < settings.reserve_bytes:
        raise _Unwell(f"{free >> 20} MiB free, less than the reserve: uploads are refused")
    return f"{free >> 20} MiB free"


def _sqlite() -> str:
    require_sqlite()
    return "new enough"


def _keyring(layout: Layout, settings: Settings) -> str:
    _require(layout.keyring)
    server = ServerKey(load_server_key(layout, settings.server_key))
    with closing(Keyring(layout.keyring, layout.run / "keyring.lock", server.purpose("check"))) as keyring:
        keyring.accounts("", 1)
    return "opens"


def _log(layout: Layout) -> str:
    _require(layout.events)
    with closing(Log(layout.events)) as log:
        head = log.head()
        log.read_all(max(0, head - 1), 1)
    return f"newest position {head}"


def _history(layout: Layout, settings: Settings) -> str:
    _require(layout.events)
    signed = require_history(layout, settings)
    with closing(Log(layout.events)) as log:
        waiting = log.head() - signed
        waited_s = int((now_us() - log.read_envelopes(signed, 1)[0].at_us) / 1e6) if waiting else 0
    state = f"signed up to position {signed}, {waiting} events since"
    if waiting:
        state += f", the first of them {waited_s} s ago"
    if layout.checkpoint.exists():
        state += f"; published {int(time.time() - layout.checkpoint.stat().st_mtime)} s ago"
    if (why := signing_faults.told(layout.log_unsigned)) is not None:
        raise _Unwell(f"signing fails: {why}; {state}")
    if waited_s > UNSIGNED_MAX_S and any(pulses(layout).values()):
        raise _Unwell(f"{state}: nobody signs")
    return state


def _witnesses(layout: Layout, settings: Settings) -> str:
    """What they said while they were asked last: nobody is asked from here."""
    if (said := signing_faults.told(layout.log_contradicted)) is not None:
        raise _Unwell(f"{'; '.join(said.splitlines())}: see docs/operating.md, A witness that contradicts")
    if not settings.log_witnesses:
        return "none: whoever comes for the first time has only this server's word"
    from service.cosigning import parse_witnesses  # noqa: PLC0415  (an HTTP client, which is slow to load)

    keys = [address.key for address in parse_witnesses(settings.log_witnesses)]
    verifier = read_verifier(layout)
    published = None if verifier is None else read_published(layout, verifier)
    if published is None:
        return f"{len(keys)} to be asked, nothing published yet"
    note = published[1]
    there = [key.name for key in keys if any(key.verifies(note.text, line) for line in note.signatures)]
    away = [key.name for key in keys if key.name not in there]
    said_so = f"the checkpoint of {published[0].size} events is cosigned by {', '.join(there) or 'nobody'}"
    return said_so + (f", not by {', '.join(away)}" if away else "")


def _projection(layout: Layout) -> str:
    _require(layout.events)
    with closing(Log(layout.events)) as log, closing(Reader(layout.user_data)) as reader:
        position = reader.position()  # Before the head, which only grows.
        lag = log.head() - position
    if (stands := standstill(layout)) is not None:
        raise _Unwell(f"{stands}; {lag} events behind the log")
    if lag < 0:
        raise _Unwell(f"{-lag} events past the end of the log: of another one. The next worker begins them again")
    if lag > LAG_MAX:
        raise _Unwell(f"{lag} events behind the log: is a worker running?")
    return f"{lag} events behind the log"


def _queue(settings: Settings) -> str:
    return "set by STRONGROOM_REDIS_URL" if settings.redis_url is not None else str(valkey_binary())


def _workers(layout: Layout) -> str:
    """Not running is not unwell: the doctor may be asked while everything is down."""
    alive = [name for name, beats in pulses(layout).items() if beats]
    return f"alive: {', '.join(alive)}" if alive else "not running"


def _media() -> str:
    """Tried by a child as it opens every medium."""
    try:
        left = confinement().open
    except MediaFailed as failure:
        machine = os.uname().machine
        why = failure.code if known_machine(machine) else f"no filter of system calls is known for {machine}"
        raise _Unwell(f"no child can be confined, so no medium is opened: {why}") from None
    if left:
        raise _Unwell(f"this system does not keep a child from: {', '.join(left)}")
    return "children are confined"


def _require(path: Path) -> None:
    if not path.exists():
        raise _Unwell(f"{path.name} is missing")
