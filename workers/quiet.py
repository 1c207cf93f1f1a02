"""The same complaint at most once a minute: an error that stays must not fill the disk with its log, nor hide in it."""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

import redis

PAUSE_S: Final = 60.0
CONSUMERS: Final = "dramatiq.worker.ConsumerThread"


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
            # Those whose pause is over go, so that few are kept however many come.
            self._said_s = {each: at_s for each, at_s in self._said_s.items() if now_s - at_s < self._pause_s}
            self._said_s[what] = now_s
            return True


class QuietConsumers(logging.Filter):
    """Of what dramatiq's consumers say of a queue that is away, which they do four times a second each: a line of each
    place in their code and kind of fault, without the way there. What the cause is, and what to do, is said by the
    worker itself."""

    def __init__(self, quiet: Quiet) -> None:
        super().__init__()
        self._quiet = quiet

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(CONSUMERS):
            return True
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, redis.RedisError):
            record.exc_info = None
        return self._quiet.may_say(f"{record.module}:{record.lineno}:{type(error).__name__}")
