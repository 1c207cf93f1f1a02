"""A key of its own for a history that does not go on from what was signed: the way out when a newer log is lost.

What the old key has signed stays as it was, in a folder beside: whoever holds one of its checkpoints can still prove
what was in the log then. The old key signs nothing more.
"""

from __future__ import annotations

import time
from pathlib import Path

from eventstore.note import VerifierKey
from service import locks
from service.house import House
from service.layout import make_folder, sync_folder
from service.log_key import LogRefused, load_signer, read_verifier


def begin_anew(house: House) -> tuple[VerifierKey, Path]:
    """The new key, and the folder where the old files are. LogRefused.

    Stopped half-way, the old key refuses as before, or nothing is signed until this is done again: `key` goes last, and
    where it is without `signing-key`, none is drawn.
    """
    layout = house.layout
    lock = locks.take(layout.signer_lock, wait_s=0.5)
    if lock is None:
        raise LogRefused("another process signs this log at the moment: stop Strongroom first")
    with lock:
        known = read_verifier(layout)
        if known is not None and known.name == house.settings.log_origin:
            raise LogRefused(
                f"STRONGROOM_LOG_ORIGIN is still {known.name}: two logs of one name cannot be told apart, so set it to"
                " another, or to none"
            )
        retired = layout.log / f"retired-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(house.clock_us() / 1e6))}"
        make_folder(retired)
        for path in (layout.log / "tile", layout.checkpoint, layout.signing_key, layout.signed, layout.log_key):
            if path.exists():
                path.rename(retired / path.name)
                sync_folder(retired)
                sync_folder(layout.log)
        layout.log_refused.unlink(missing_ok=True)
        return load_signer(layout, house.server, house.settings.log_origin).verifier, retired
