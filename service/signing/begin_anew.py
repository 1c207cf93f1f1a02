"""A key of its own for a history that does not go on from what was signed: the way out when a newer log is lost.

What the old key has signed stays as it was, in a folder beside: whoever holds one of its checkpoints can still prove
what was in the log then. The old key signs nothing more. What was made from the newer log goes: read tables, and how
far the relay had come, say things of events that are not there any more.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from eventstore.note import VerifierKey
from projections.draft import Draft
from service.house import standstill
from service.house.house import House
from service.house.log_key import LogRefused, load_signer, names_used, unseal_signer
from service.machine import locks
from service.machine.layout import Layout, make_folder, sync_folder
from service.signing import signing_faults


def begin_anew(house: House) -> tuple[VerifierKey, Path]:
    """The new key, and the folder where the old files are. LogRefused; ProjectionError when the tables cannot be begun
    again.

    Stopped half-way, nothing is signed or started until this is done again, and goes on where it was: the old files
    gather in `log/retiring`, which gets its last name when all of them are there.
    """
    layout = house.layout
    lock = locks.take(layout.signer_lock, wait_s=0.5)
    if lock is None:
        raise LogRefused("another process signs this log at the moment: stop Strongroom first")
    with lock:
        _require_new_name(house)
        _forget_what_was_read(layout)
        retired = _retire(layout, house.clock_us())
        for fault in (layout.log_refused, layout.log_unsigned, layout.log_contradicted):
            signing_faults.forget(fault)
        return load_signer(layout, house.server, house.settings.log_origin).verifier, retired


def _require_new_name(house: House) -> None:
    layout, origin = house.layout, house.settings.log_origin
    names = set(names_used(layout))
    with suppress(LogRefused):  # Sealed with it, and there even when the rest is lost.
        names.add(unseal_signer(layout, house.server).verifier.name)
    if origin and origin in names:
        raise LogRefused(
            f"STRONGROOM_LOG_ORIGIN is still {origin}: two logs of one name cannot be told apart, so set it to another,"
            " or to none"
        )


def _forget_what_was_read(layout: Layout) -> None:
    """Read tables at zero in the place of those that stand there, for all who have them open, too; the relay begins
    where they are."""
    with Draft(layout.user_data) as draft:
        draft.take_place()
    with suppress(FileNotFoundError):
        os.truncate(layout.run / "relay.lock", 0)
    standstill.forget(layout)


def _retire(layout: Layout, now_us: int) -> Path:
    make_folder(layout.log_retiring)
    for path in (layout.log / "tile", layout.checkpoint, layout.signing_key, layout.signed, layout.log_key):
        if path.exists():
            path.rename(layout.log_retiring / path.name)
            sync_folder(layout.log_retiring)
            sync_folder(layout.log)
    retired = _free_name(layout.log / f"retired-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(now_us / 1e6))}")
    layout.log_retiring.rename(retired)
    sync_folder(layout.log)
    return retired


def _free_name(path: Path) -> Path:
    """Two may begin in one second, but not in many."""
    number = 2
    free = path
    while free.exists():
        free = path.with_name(f"{path.name}-{number}")
        number += 1
    return free
