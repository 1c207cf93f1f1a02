"""What counts: the keyring, the log, its history, and what witnesses say of it."""

from __future__ import annotations

import time
from contextlib import closing
from typing import Final

from eventstore.log import Log
from eventstore.schema import require_sqlite
from service.doctor.finding import Hint, Unwell
from service.doctor.folder import require
from service.house.log_key import read_verifier
from service.house.pulse import pulses
from service.house.server_key import find_server_key, fits, is_half_replaced
from service.machine.config import Settings
from service.machine.given_key import given_server_key
from service.machine.ids import now_us
from service.machine.layout import Layout
from service.signing import signing_faults
from service.signing.continuity import read_published, require_history
from vault.errors import KeyringCorrupt, KeyringOlder, WrongServerKey
from vault.keyring_backup import snapshot, telling_damage
from vault.keyring_mark import read_mark
from vault.keyring_rotating import read_server_row

UNSIGNED_MAX_S: Final = 60


def sqlite() -> str:
    require_sqlite()
    return "new enough"


def keyring(layout: Layout, settings: Settings) -> str | Hint:
    """As a copy in memory: who writes to it waits for that, and not for each page to be looked at."""
    require(layout.keyring)
    server, row = find_server_key(layout, given_server_key(settings)), read_server_row(layout.keyring)
    if row is None:
        raise KeyringCorrupt(f"{layout.keyring.name} is empty, or says nothing of whose it is")
    if not fits(server, row):
        raise WrongServerKey
    newest = read_mark(layout.keyring_mark)  # Before the keyring: it never runs ahead of it.
    with telling_damage(), snapshot(layout.keyring) as held:
        copied = held.in_memory()
    with copied as keys:
        keys.require_sound()
        if keys.outdated:
            return Hint("opens; an older version of it", "the next start lifts it")
        if keys.generation < newest:
            raise KeyringOlder(keys.generation, newest)
        return f"opens, generation {keys.generation}"


def log(layout: Layout) -> str:
    require(layout.events)
    with closing(Log(layout.events)) as opened:
        head = opened.head()
        opened.read_all(max(0, head - 1), 1)
    return f"newest position {head}"


def history(layout: Layout, settings: Settings) -> str | Hint:
    require(layout.events)
    if is_half_replaced(layout, find_server_key(layout, given_server_key(settings))):
        return Hint("the server key was being replaced", "start Strongroom: it finishes that, and then ask again")
    signed = require_history(layout, settings)
    with closing(Log(layout.events)) as opened:
        waiting = opened.head() - signed
        waited_s = int((now_us() - opened.read_envelopes(signed, 1)[0].at_us) / 1e6) if waiting else 0
    state = f"signed up to position {signed}, {waiting} events since"
    if waiting:
        state += f", the first of them {waited_s} s ago"
    if layout.checkpoint.exists():
        state += f"; published {int(time.time() - layout.checkpoint.stat().st_mtime)} s ago"
    if (why := signing_faults.told(layout.log_unsigned)) is not None:
        raise Unwell(f"signing fails: {why}; {state}", "make room on the disk, or mend what it says")
    if waited_s > UNSIGNED_MAX_S and any(pulses(layout).values()):
        raise Unwell(f"{state}: nobody signs", "look into the log for `log not signed`, and start Strongroom anew")
    return state


def witnesses(layout: Layout, settings: Settings) -> str:
    """What they said while they were asked last: nobody is asked from here."""
    if (said := signing_faults.told(layout.log_contradicted)) is not None:
        way = "see docs/operating.md, A witness that contradicts"
        raise Unwell("; ".join(said.splitlines()), way)
    if not settings.log_witnesses:
        return "none: whoever comes for the first time has only this server's word"
    from service.signing.cosigning import parse_witnesses  # noqa: PLC0415  (an HTTP client, which is slow to load)

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
