"""Reading ahead on a thread: decrypting and checking the next pieces while the last one is encrypted and written."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

DEPTH: Final = 4  # Pieces of a MiB that may lie ready.
GIVE_UP_S: Final = 0.05


class _End:
    """The last thing in the queue: how the reading ended."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


@contextmanager
def read_ahead(pieces: Iterable[bytes]) -> Iterator[Iterator[bytes]]:
    """The same pieces in the same order; what `pieces` raises is raised where its piece would have come.

    The thread has ended when the block is left, however it is left.
    """
    ready: queue.Queue[bytes | _End] = queue.Queue(DEPTH)
    leaving = threading.Event()
    thread = threading.Thread(target=_read, args=(pieces, ready, leaving), name="read-ahead", daemon=True)
    thread.start()
    try:
        yield _take(ready)
    finally:
        leaving.set()
        thread.join()


def _take(ready: queue.Queue[bytes | _End]) -> Iterator[bytes]:
    while not isinstance(piece := ready.get(), _End):
        yield piece
    if piece.error is not None:
        raise piece.error


def _read(pieces: Iterable[bytes], ready: queue.Queue[bytes | _End], leaving: threading.Event) -> None:
    error: BaseException | None = None
    try:
        for piece in pieces:
            if not _put(ready, piece, leaving):
                return
    except BaseException as raised:  # noqa: BLE001  (raised again on the thread that asked)
        error = raised
    _put(ready, _End(error), leaving)


def _put(ready: queue.Queue[bytes | _End], piece: bytes | _End, leaving: threading.Event) -> bool:
    """False when nobody wants it any more."""
    while not leaving.is_set():
        try:
            ready.put(piece, timeout=GIVE_UP_S)
        except queue.Full:
            continue
        return True
    return False
