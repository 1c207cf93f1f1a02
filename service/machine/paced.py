"""A thread for long work beside an event loop, which takes at most half of the interpreter's time.

Only one thread of a process runs Python at a time. A thread that never rests stands in the loop's way again and again,
for as long as the interpreter lets a thread go on (5 ms); so long work comes here in short pieces, and after each the
thread rests as long as the piece took.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


class PacedThread:
    """Takes pieces in the order in which they came: several works that give one piece at a time take turns."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._rested_at_s = 0.0

    def submit(self, piece: Callable[[], Result]) -> Future[Result]:
        """RuntimeError when it is closed."""
        return self._pool.submit(self._run, piece)

    def close(self) -> None:
        """Waits for the piece that it is at; the others are cancelled."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, piece: Callable[[], Result]) -> Result:
        # Before the piece, and not after: who asks for little does not wait for the rest.
        time.sleep(max(0.0, self._rested_at_s - time.monotonic()))
        began_s = time.thread_time()
        try:
            return piece()
        finally:
            self._rested_at_s = time.monotonic() + time.thread_time() - began_s
