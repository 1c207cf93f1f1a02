"""Databases as they were before an upgrade: removed when nobody goes back any more, and before a receipt is wrong."""

from __future__ import annotations

import structlog

from service.house.house import House
from service.machine.layout import Layout
from service.machine.units import DAY_US
from vault.migrating import KEPT_DAYS, drop_copy, kept_copies

log = structlog.get_logger(__name__)


def drop_older_schemas(house: House) -> int:
    """Those whose time has come; how many. What they were is forgotten with them: an erasure's receipt says by when
    copies of keys are gone."""
    days = min(KEPT_DAYS, house.settings.backup_horizon_days)
    return _drop(house.layout, house.clock_us() - days * DAY_US)


def drop_all_older_schemas(layout: Layout) -> int:
    """Where nobody may go back: under another server key, they would open with the one before."""
    return _drop(layout, None)


def _drop(layout: Layout, before_us: int | None) -> int:
    dropped = 0
    for copy in kept_copies(layout.data):
        try:
            if before_us is None or copy.lstat().st_mtime_ns // 1_000 < before_us:
                drop_copy(copy)
                dropped += 1
        except FileNotFoundError:
            continue  # Another process was quicker.
        except OSError as error:
            log.warning("a database of an older schema stays", file=copy.name, error=type(error).__name__)
    return dropped
