"""How long to wait before asking again: longer each time, never at the same moment as everybody else, and not before
the other side said."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

MOST_PAUSE_S: Final = 60.0
MOST_RETRY_AFTER_S: Final = 300.0  # Whoever asks for more is asked once too often, and asks again.
_DOUBLINGS: Final = 16
_random: Final = random.SystemRandom()


def pause_s(first_s: float, attempt: int, after_s: float = 0.0) -> float:
    """Before the try that follows `attempt` (from 0) failed ones more than the first; at least `after_s`."""
    longest_s = min(MOST_PAUSE_S, first_s * float(2 ** min(attempt, _DOUBLINGS)))
    # Half of it is chance: after an outage not all clients come back at once.
    return after_s + longest_s * _random.uniform(0.5, 1.0)


def retry_after_s(headers: Mapping[str, str], now: datetime | None = None) -> float:
    """Seconds from `Retry-After`, in either form, bounded; 0 without it or when it says nothing. RFC 9110 §10.2.3."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(min(int(value[:9]), MOST_RETRY_AFTER_S))
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - (now or datetime.now(UTC))).total_seconds()
    return min(max(seconds, 0.0), MOST_RETRY_AFTER_S)
