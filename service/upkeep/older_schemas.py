"""Databases as they were before an upgrade: removed when nobody goes back any more, and before a receipt is wrong."""

from __future__ import annotations

import structlog

from service.house.house import House
from vault.migrating import KEPT_DAYS, kept_copies

DAY_US = 86_400_000_000
log = structlog.get_logger(__name__)


def drop_older_schemas(house: House) -> int:
    """How many. What they were is forgotten with them: an erasure's receipt says by when copies of keys are gone."""
    days = min(KEPT_DAYS, house.settings.backup_horizon_days)
    before_us = house.clock_us() - days * DAY_US
    dropped = 0
    for copy in kept_copies(house.layout.data):
        try:
            if copy.stat().st_mtime_ns // 1_000 < before_us:
                copy.unlink()
                dropped += 1
        except FileNotFoundError:
            continue  # Another process was quicker.
        except OSError as error:
            log.warning("a database of an older schema stays", file=copy.name, error=type(error).__name__)
    return dropped
