"""Waiting for a condition, bounded: instead of sleeping and hoping."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")
POLL_S = 0.01


def wait_for(condition: Callable[[], Value], what: str, timeout_s: float = 60.0) -> Value:
    """The condition's first true value; AssertionError naming `what` when it stays false."""
    until_s = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < until_s, f"not within {timeout_s} s: {what}"
        time.sleep(POLL_S)
    return value
