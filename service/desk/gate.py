"""Password hashing off the event loop, behind a bounded gate: 64 MiB and 150 ms each must not pile up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from service.machine.meter import SILENT, Meter
from service.machine.metrics import GATE_REFUSED, GATE_RUNNING, GATE_WAITING, HASH_SECONDS
from vault.errors import GateFull

Result = TypeVar("Result")
WAITING_PER_THREAD = 16
TYPICAL_S = 0.2


class PasswordGate:
    """At most `threads` hashings run and 16 × `threads` wait; the next is told to come back."""

    def __init__(self, threads: int, meter: Meter = SILENT) -> None:
        self._meter = meter
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="password")
        self._room = threads * (1 + WAITING_PER_THREAD)
        self._threads = threads

    async def run(self, work: Callable[[], Result]) -> Result:
        """GateFull(retry_after_s) when too many wait."""
        if self._room == 0:
            self._meter.add(GATE_REFUSED)
            raise GateFull(retry_after_s=max(1, round(WAITING_PER_THREAD * TYPICAL_S)))
        self._room -= 1
        self._meter.add(GATE_WAITING)
        future = asyncio.get_running_loop().run_in_executor(self._pool, self._measured, work)
        # The place is given back when the hashing ends, not when the client goes away: the thread is still busy.
        future.add_done_callback(self._leave)
        return await asyncio.shield(future)

    def _measured(self, work: Callable[[], Result]) -> Result:
        """On a thread of the pool."""
        self._meter.add(GATE_WAITING, -1)
        self._meter.add(GATE_RUNNING)
        begun_s = time.perf_counter()
        try:
            return work()
        finally:
            self._meter.add(GATE_RUNNING, -1)
            self._meter.observe(HASH_SECONDS, time.perf_counter() - begun_s)

    def _leave(self, _: object) -> None:
        self._room += 1

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
