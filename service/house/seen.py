"""When a session was last used, as coarse as that need be known, and when it has been left alone for too long."""

from __future__ import annotations

from typing import Final

import structlog

from service.house.house import House
from service.machine.config import Settings
from service.machine.units import DAY_US, HOUR_US
from vault.errors import KeyringBusy, KeyringFull
from vault.keyring import SessionKeyRow

SEEN_EVERY_US: Final = HOUR_US
"""Each note is an fsync of the keyring; nobody needs to know the minute."""
_log = structlog.get_logger("seen")


def last_use_us(row: SessionKeyRow) -> int:
    """At most SEEN_EVERY_US before it really was used last."""
    return max(row.seen_at_us, row.created_at_us)


def is_idle(settings: Settings, row: SessionKeyRow, now_us: int) -> bool:
    """Whether it has not been used for `session_idle_days`: it opens nothing any more, swept or not."""
    return last_use_us(row) < idle_since_us(settings, now_us)


def idle_since_us(settings: Settings, now_us: int) -> int:
    """Whatever was last noted before this time is idle. A use need not be noted within SEEN_EVERY_US of the last."""
    return now_us - settings.session_idle_days * DAY_US - SEEN_EVERY_US


def due(row: SessionKeyRow, now_us: int) -> bool:
    """Whether this use is to be noted."""
    return now_us - last_use_us(row) >= SEEN_EVERY_US


def note_use(house: House, session_id: str, now_us: int) -> None:
    """Off the loop, and nobody waits for it: a use that cannot be noted is one that was not, and the next one is."""
    try:
        house.keyring.touch_session(session_id, now_us)
    except (KeyringFull, KeyringBusy):
        _log.warning("a session's use was not noted", session_id=session_id)
