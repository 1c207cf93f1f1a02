"""The same complaint at most once a second: an error that stays must not fill the disk with its log."""

from __future__ import annotations

import threading
import time
from typing import Final

PAUSE_S: Final = 1.0


class Quiet:
    def __init__(self, pause_s: float = PAUSE_S) -> None:
        self._pause_s = pause_s
        self._said_s: dict[str, float] = {}
        self._mutex = threading.Lock()

    def may_say(self, what: str) -> bool:
        """`what`: one of few kinds of complaint, not a text with ids in it."""
        now_s = time.monotonic()
        with self._mutex:
            said_s = self._said_s.get(what)
            if said_s is not None and now_s - said_s < self._pause_s:
                return False
            self._said_s[what] = now_s
            return True
