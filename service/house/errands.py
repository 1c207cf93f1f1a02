"""What a request leaves to be done after it: small durable writes that no answer waits for, on a thread of their own.

Each is something that the next request would find undone and leave again: so what is refused by a full disk, dropped
because too many wait, or lost with the process, loses nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog

from eventstore.errors import LogError
from vault.errors import AccountGone, KeyringBusy, KeyringFull

MOST: Final = 1_000
PUT_OFF: Final = (KeyringFull, KeyringBusy, AccountGone, LogError, TimeoutError)
_log = structlog.get_logger("errands")


class Errands:
    """One per process; the thread begins with the first errand. Any thread may add."""

    def __init__(self) -> None:
        self._waiting: set[str] = set()
        self._mutex = threading.Lock()
        self._thread: ThreadPoolExecutor | None = None
        self._closed = False

    def add(self, name: str, work: Callable[[], object]) -> bool:
        """False, and nothing is done, if one of that name waits already, or too many do."""
        with self._mutex:
            if self._closed or name in self._waiting or len(self._waiting) >= MOST:
                return False
            self._waiting.add(name)
            if self._thread is None:
                self._thread = ThreadPoolExecutor(1, "errands")
            self._thread.submit(self._run, name, work)
            return True

    def close(self) -> None:
        """What waits is done first. Idempotent."""
        with self._mutex:
            self._closed = True
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.shutdown()

    def _run(self, name: str, work: Callable[[], object]) -> None:
        with self._mutex:
            self._waiting.discard(name)  # Before the work: what comes up while it runs is not in it.
        try:
            work()
        except PUT_OFF as error:
            _log.warning("put off", errand=name.partition("/")[0], error=type(error).__name__)
        except Exception as error:  # noqa: BLE001  (nobody waits for it: untold, the fault would never be seen)
            _log.error("failed", errand=name.partition("/")[0], error=type(error).__name__)
