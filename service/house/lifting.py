"""Databases of an older schema are lifted while nobody works on the folder.

A process of the older program has them open and does not expect it; so whoever starts beside one waits a moment, and is
refused then. Where several of the new one start together, the first lifts and the others find it done.
"""

from __future__ import annotations

import time
from typing import Final

from service.machine import locks
from service.machine.layout import Layout
from vault.keyring_schema import open_database
from vault.keyring_tables import STEPS
from vault.migrating import is_older
from vault.pending import SCHEMA, PendingUploads

WAIT_S: Final = 10.0
PROBE_S: Final = 0.05


class Older(RuntimeError):
    """Databases of an older schema, and somebody who works with them."""

    def __init__(self) -> None:
        super().__init__(
            "the data is of an older version and has to be lifted, and something is running on this folder: "
            "stop Strongroom, then start it again"
        )


def lift_alone(layout: Layout, wait_s: float = WAIT_S) -> None:
    """Before this process takes its own share of `house.lock`. Older; KeyringCorrupt, PendingBroken, OSError."""
    until_s = time.monotonic() + wait_s
    while is_older(layout.keyring, STEPS) or is_older(layout.uploads, SCHEMA.steps):
        alone = locks.take(layout.run / "house.lock")
        if alone is None:
            if time.monotonic() >= until_s:
                raise Older
            time.sleep(PROBE_S)
            continue
        with alone:
            open_database(layout.keyring, keep_older=True).close()
            PendingUploads(layout.uploads, layout.run / "uploads.lock").close()
