"""Whether a row of measurements rises: a slope that a few odd ones, and garbage that is collected now and then, do not
move. Theil 1950, Sen 1968: the median of the slopes between all pairs."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

HOUR_S: Final = 3_600.0
POINTS_MAX: Final = 200  # Of more, neighbours are taken together: all pairs of 200 are 19,900.
NOISE_SHARE: Final = 0.9  # Of the measurements lie so close to the line that the rest may be outliers.
Point = tuple[float, float]
"""Seconds, and what was measured."""


@dataclass(frozen=True, slots=True)
class Limit:
    """`per_hour`: what may be gained in an hour. `least`: what must be gained in all before anything is said, however
    quiet the measurements are: a cache that fills, an arena that the allocator adds."""

    unit: str
    per_hour: float
    least: float


@dataclass(frozen=True, slots=True)
class Trend:
    """`per_hour`: the slope. `gain`: what it makes over the whole time, and no more than what the last third has over
    the first would make: of a saw with long teeth the slope is that of a tooth. `noise`: how wide the band around the
    line is that NOISE_SHARE of the measurements lie in."""

    per_hour: float
    gain: float
    noise: float

    def exceeds(self, limit: Limit) -> bool:
        """A gain within the noise says nothing: part of a tooth of a saw looks like a slope, too."""
        return self.per_hour > limit.per_hour and self.gain > max(limit.least, self.noise)


def trend(points: Sequence[Point]) -> Trend:
    """Of measurements in the order of time, at least two moments."""
    few = _thinned(points)
    slope = statistics.median(
        (later - earlier) / (late_s - early_s)
        for (early_s, earlier), (late_s, later) in itertools.combinations(few, 2)
        if late_s > early_s
    )
    level = statistics.median(value - slope * at_s for at_s, value in few)
    off = sorted(value - slope * at_s - level for at_s, value in points)
    cut = int(len(off) * (1 - NOISE_SHARE) / 2)
    gain = min(slope * (points[-1][0] - points[0][0]), _risen(points))
    return Trend(slope * HOUR_S, gain, off[-1 - cut] - off[cut])


def _risen(points: Sequence[Point]) -> float:
    """From end to end, as the middles of the first and the last third, two thirds of the way apart, have it."""
    third = max(1, len(points) // 3)
    first, last = (statistics.median(value for _, value in part) for part in (points[:third], points[-third:]))
    return (last - first) * 3 / 2


def _thinned(points: Sequence[Point]) -> list[Point]:
    """Medians of neighbours, at most POINTS_MAX."""
    size = -(-len(points) // POINTS_MAX)
    groups = [points[at : at + size] for at in range(0, len(points), size)]
    return [
        (statistics.median(at_s for at_s, _ in group), statistics.median(value for _, value in group))
        for group in groups
    ]
