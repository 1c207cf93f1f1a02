"""Sums over measured values."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

MEGABYTE = 1_000_000


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile; 0 of nothing."""
    if not values:
        return 0.0
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * percent / 100))]


def repeat(work: Callable[[], object], most_s: float, least: int = 3) -> list[float]:
    """Seconds of each call, for as many calls as fit into `most_s`, and `least` at any rate."""
    took_s: list[float] = []
    until_s = time.perf_counter() + most_s
    while len(took_s) < least or time.perf_counter() < until_s:
        began_s = time.perf_counter()
        work()
        took_s.append(time.perf_counter() - began_s)
    return took_s


def rate(took_s: Sequence[float], each: float = 1) -> float:
    """How much a second, when every call did `each`."""
    return each * len(took_s) / sum(took_s)
