"""Whether the log of a backup is sound, and the one that the backups before it are of: asked before anything is pruned.

A log that is damaged, or that of another folder, which came to the same place by an empty disk or a wrong path, would
else push out all that is left of the right one.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from eventstore.log import Log
from eventstore.verify.checkpoints import Policy
from eventstore.verify.data_folder import verify_folder
from service.backup.errors import BackupRefused
from service.backup.manifest import Kind, Manifest, complete, read_manifest
from service.signing.continuity import rows_root

NOT_SIGNED: Final = ("log/key", "log/checkpoint")


def damage_of(folder: Path, signed: int) -> str | None:
    """What is wrong with `events.db` and `log/` in a folder, as any auditor would find it, from the bytes up to the
    signature. `signed`: how many events a checkpoint is to cover; -1: nothing ever was, and nothing has to say so."""
    hands = len(os.sched_getaffinity(0))
    verdict = verify_folder(folder, Policy(), lambda _done, _total: None, hands)
    found = (each for each in verdict.findings if signed >= 0 or each.where not in NOT_SIGNED)
    return next((each.line for each in found), None)


def require_continuation(log: Log, head: int, folder: Path, kind: Kind) -> None:
    """BackupRefused unless the newest backup in a folder is of this log, at an earlier moment. LogError."""
    before = _newest(folder, kind)
    if before is None:
        return
    if before.log_size > head:
        why = f"ends at {head}, and the backup of {before.name} has {before.log_size} positions"
    elif rows_root(log, before.log_size).hex() != before.log_root:
        why = f"does not begin as the backup of {before.name} does"
    else:
        return
    raise BackupRefused(
        f"the log of this folder {why}: {folder} has the backups of another one, and nothing was kept or removed there."
        " Name another place; or, if this log is to take the other's place, say --other-log"
    )


def _newest(folder: Path, kind: Kind) -> Manifest | None:
    """That says anything: whether it may be believed is no matter, since it can only make us refuse."""
    for each in reversed(complete(folder)):
        with suppress(BackupRefused):
            return read_manifest(each, kind)
    return None
