"""Keys of streams that a write-only token has begun: opened with the account's secret key by the first who reads, and
put under the user key in passing, so that the next read is as quick as any.

What was sealed in the log stays as it is: only the wrap of its key changes. Reading needs none of this to succeed, and
what is not done now is done by the next read.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from service.house.errands import Errands
from vault.keyring_tokens import StreamRewrap

GATHER_S: Final = 0.05
"""A page of messages is one write of the keyring, not one each: a commit keeps its readers out for milliseconds."""
MOST: Final = 2_000


class Rewraps:
    """One per process. Any thread may add."""

    def __init__(self, errands: Errands, write: Callable[[list[StreamRewrap]], object]) -> None:
        self._errands = errands
        self._write = write
        self._mutex = threading.Lock()
        self._found: dict[str, StreamRewrap] = {}

    def add(self, row: StreamRewrap) -> None:
        """Past MOST that wait, nothing: it will be found again."""
        with self._mutex:
            if len(self._found) >= MOST:
                return
            self._found[row.stream] = row
        self._errands.add("rewrap", self._flush)

    def _flush(self) -> None:
        time.sleep(GATHER_S)
        with self._mutex:
            rows, self._found = list(self._found.values()), {}
        if rows:
            self._write(rows)
