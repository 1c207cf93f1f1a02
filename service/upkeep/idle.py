"""What nobody came back to, of sessions, of challenges and of invitations: beside the sweeper's other work, in bounded
slices."""

from __future__ import annotations

from typing import Final

from eventstore.errors import VersionConflict
from eventstore.log import Log
from eventstore.record import Append
from service.entrance.sessions import close_records
from service.house.house import House
from service.house.seen import idle_since_us

SESSIONS_PER_SWEEP: Final = 1_000
INVITATIONS_PER_SWEEP: Final = 1_000
SPENT_KEPT_US: Final = 60_000_000
"""Past its expiry: a clock that is set back a little brings no challenge back."""


def close_idle(house: House, log: Log) -> int:
    """How many were closed here. The events first: a session that was left alone opens nothing, so its key may stay a
    moment longer."""
    before_us = idle_since_us(house.settings, house.clock_us())
    idle = house.keyring.idle_sessions(before_us, SESSIONS_PER_SWEEP)
    closed = 0
    for session_id in idle:
        records = close_records(log, session_id, "idle")
        try:
            if records:
                house.writer.append(Append(records))
                closed += 1
        except VersionConflict:
            continue  # Somebody closes it at this moment.
    if idle:
        house.keyring.drop_idle_sessions(idle, before_us)
    return closed


def drop_invitations(house: House) -> int:
    """Those that expired a while ago."""
    return house.keyring.drop_expired_invitations(house.clock_us(), INVITATIONS_PER_SWEEP)


def drop_spent(house: House) -> int:
    """Challenges that were answered, once nobody takes them any more."""
    return house.keyring.drop_spent(house.clock_us() - SPENT_KEPT_US)
