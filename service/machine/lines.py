"""What a child writes, line by line and without a thread: whoever looks after the child asks now and then.

The pipe holds 64 KiB, and neither end waits for the other: a child that writes more than that meanwhile loses lines.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

LINE_BYTES: Final = 4_096
READ_BYTES: Final = 65_536


class Lines:
    __slots__ = ("_fd", "_rest")

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._rest = b""

    def read(self) -> Iterator[str]:
        """What has come since, at most a pipe of it; a line past LINE_BYTES in pieces."""
        try:
            self._rest += os.read(self._fd, READ_BYTES)
        except BlockingIOError:
            return
        *whole, self._rest = self._rest.split(b"\n")
        if len(self._rest) > LINE_BYTES:
            whole, self._rest = [*whole, self._rest], b""
        for line in whole:
            for at in range(0, len(line), LINE_BYTES):
                yield line[at : at + LINE_BYTES].decode("utf-8", "replace")

    def close(self) -> None:
        os.close(self._fd)


def hear() -> tuple[Lines, int]:
    """The lines, and the descriptor that a child writes them to."""
    reads, writes = os.pipe()
    os.set_blocking(reads, False)
    os.set_blocking(writes, False)
    return Lines(reads), writes
