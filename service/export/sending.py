"""An export on its way to a reader, who may be slow and may be nobody any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from service.export.export import Export
from service.machine.steady import LEAST_BYTES_PER_S, LOOK_EVERY_S


class Sending:
    """Its pieces, for the task that sends them. While a piece is on its way it is looked each second whether it is
    still wanted: the task is cancelled, and the connection closed with it, when the session or token ends meanwhile,
    or when the reader takes less than LEAST_BYTES_PER_S for longer than `patience_s`."""

    def __init__(self, exporting: Export, patience_s: float) -> None:
        self._exporting = exporting
        self._patience_s = patience_s
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[object] | None = None  # Whose send is waited for.
        self._until_s = 0.0
        self._timer: asyncio.TimerHandle | None = self._loop.call_later(LOOK_EVERY_S, self._look)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        self._task = None
        piece = await anext(self._exporting)
        self._task = asyncio.current_task()
        self._until_s = self._loop.time() + self._patience_s + len(piece) / LEAST_BYTES_PER_S
        return piece

    async def close(self) -> None:
        self._end()
        await self._exporting.close()

    def release(self) -> None:
        """As `Export.release`."""
        self._end()
        self._exporting.release()

    def _end(self) -> None:
        self._task = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = self._loop.call_later(LOOK_EVERY_S, self._look)
        if self._task is not None and (self._loop.time() >= self._until_s or not self._exporting.allowed):
            self._task.cancel()
            self._end()
