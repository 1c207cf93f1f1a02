"""Whose turn it is at one upload: a lock, and a claim by which the next one asks for it, in whatever process.

Who holds the turn looks for a claim while waiting for bytes and gives way: behind a connection that has died without
saying so, the person who comes back would else wait for its time-out. The kernel drops the lock of a process that dies.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Final

from domain.errors import UploadLocked
from service.house.room import storage_full
from service.machine import locks
from service.machine.layout import Layout
from service.machine.locks import FileLock

WAIT_S: Final = 1.5
POLL_S: Final = 0.01
LOOK_S: Final = 0.04  # Between two looks for a claim.
LOCK_SUFFIX: Final = ".lock"
CLAIM_SUFFIX: Final = ".claim"


class Turn:
    """Held. Nobody else writes, finishes or ends this upload meanwhile."""

    __slots__ = ("_claim", "_lock", "_path")

    def __init__(self, lock: FileLock, path: Path, claim: Path) -> None:
        self._lock = lock
        self._path = path
        self._claim = claim

    async def claimed(self) -> None:
        """Returns when somebody else asks for the turn; may be never."""
        while not self._claim.exists():  # noqa: ASYNC110  (no event comes over from another process)
            await asyncio.sleep(LOOK_S)

    def release(self) -> None:
        """Harmless when done twice."""
        self._lock.release()

    def end(self) -> None:
        """For an upload that is no more: its files go, too. The lock's while it is held, so that who waits for it
        notices and does not share it with who comes later."""
        self._claim.unlink(missing_ok=True)
        if self._lock.fd >= 0:
            self._path.unlink(missing_ok=True)
        self.release()


async def take(layout: Layout, upload_id: str, wait_s: float = WAIT_S) -> Turn:
    """UploadLocked when whoever holds it does not give way in time: it is being finished, say. StorageFull."""
    until_s = time.monotonic() + wait_s
    while (turn := await _ask(layout, upload_id)) is None:
        if time.monotonic() >= until_s:
            raise UploadLocked("Somebody else is at this upload. Try again.")
        await asyncio.sleep(POLL_S)
    return turn


async def _ask(layout: Layout, upload_id: str) -> Turn | None:
    """One try, on a thread: a disk may take its time. Whoever is cancelled meanwhile leaves no turn behind."""

    def work() -> Turn | None:
        try:
            turn = take_free(layout, upload_id)
            if turn is None:
                # With every try: who takes the turn before us removes the claim, and must see that we wait still.
                _claim_file(layout, upload_id).touch(mode=0o600)
        except OSError as error:
            raise storage_full(error) from error
        return turn

    trying = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(trying)
    except asyncio.CancelledError:
        trying.add_done_callback(_let_go)
        raise


def _let_go(tried: asyncio.Future[Turn | None]) -> None:
    if not tried.cancelled() and tried.exception() is None and (turn := tried.result()) is not None:
        turn.release()


def take_free(layout: Layout, upload_id: str) -> Turn | None:
    """None while somebody has it."""
    path, claim = layout.turns / f"{upload_id}{LOCK_SUFFIX}", _claim_file(layout, upload_id)
    lock = locks.take(path)
    if lock is None:
        return None
    if os.fstat(lock.fd).st_nlink == 0:
        lock.release()  # Its upload ended while we opened it.
        return None
    try:
        claim.unlink(missing_ok=True)
    except BaseException:
        lock.release()
        raise
    return Turn(lock, path, claim)


def _claim_file(layout: Layout, upload_id: str) -> Path:
    return layout.turns / f"{upload_id}{CLAIM_SUFFIX}"
