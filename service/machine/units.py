"""What times and sizes are counted in: microseconds and bytes."""

from __future__ import annotations

from typing import Final

HOUR_US: Final = 3_600_000_000
DAY_US: Final = 24 * HOUR_US
MIB: Final = 1 << 20
