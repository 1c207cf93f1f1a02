"""SHA-256 beside other work: the dearest part of moving a file, on a second core while the first encrypts."""

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

_BESIDE_BYTES: Final = 256 << 10  # Below it, handing over to a thread costs more than it saves.


class Sha256Beside:
    """One running SHA-256. Large pieces are hashed in a thread that ends with `digest` or with this object.

    At most one piece is under way, so the order of pieces is the order of calls. `hashlib` releases the GIL.
    """

    __slots__ = ("_hash", "_running", "_thread")

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._thread: ThreadPoolExecutor | None = None  # Small files never start one.
        self._running: Future[None] | None = None

    def start(self, piece: bytes | memoryview) -> None:
        """Takes the next piece, after the earlier one is done. It must not change before the next `wait`."""
        self.wait()
        if len(piece) < _BESIDE_BYTES:
            self._hash.update(piece)
            return
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sha256")
        self._running = self._thread.submit(self._hash.update, piece)

    def wait(self) -> None:
        """Returns once nothing is under way."""
        if self._running is not None:
            self._running.result()
            self._running = None

    def digest(self) -> bytes:
        """32 bytes over all pieces; ends the thread."""
        self.wait()
        self.close()
        return self._hash.digest()

    def close(self) -> None:
        """Ends the thread, after the piece under way."""
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None
