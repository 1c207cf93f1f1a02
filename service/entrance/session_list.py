"""The sessions that somebody can still come in by, for their owner to look through."""

from __future__ import annotations

from typing import Final

from projections.queries import SESSIONS_MAX
from service.desk.desk import Desk
from service.house.principal import Principal
from service.house.seen import is_idle, last_use_us
from service.reading.user_data import head, today
from service.reading.views import OpenSession, rfc3339

LISTED_MAX: Final = SESSIONS_MAX


def listed(desk: Desk, who: Principal) -> list[OpenSession]:
    """The oldest first. The log says of each what it was opened with; the keyring, when it was last used, and whether
    it opens anything any more: what was closed a moment ago or left alone for too long is not listed."""
    house = desk.house
    now_us = house.clock_us()
    rows = {row.session_id: row for row in house.keyring.sessions_of(who.user, LISTED_MAX)}
    found = []
    for session in head(today(desk, who))[1]:
        row = rows.get(session.id)
        if row is None or is_idle(house.settings, row, now_us):
            continue
        found.append(
            OpenSession(
                id=session.id,
                created_at=session.created_at,
                expires_at=session.expires_at,
                current=session.current,
                client=session.client,
                place=session.place,
                last_seen_at=max(session.created_at, rfc3339(last_use_us(row))),  # Of one width: they sort as times.
            )
        )
    return found
