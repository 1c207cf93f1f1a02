"""Standard input, output and error of this process, whatever it was started with.

One that is closed would be given to the next file that is opened: a listening socket as standard input, a database as
the place for warnings. And one whose reader has gone, or whose disk is full, is no reason to stop a service.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from typing import IO, AnyStr, Final, Generic, TextIO

_NAMES: Final = ("stdin", "stdout", "stderr")
_GONE: Final = frozenset({errno.EPIPE, errno.EBADF})


class Lossy(Generic[AnyStr]):
    """Writes what can be written: a line that nobody takes is lost, and nothing else."""

    __slots__ = ("__weakref__", "_stream")  # structlog remembers a lock for it, weakly.

    def __init__(self, stream: IO[AnyStr]) -> None:
        self._stream: IO[AnyStr] = stream

    def write(self, data: AnyStr) -> None:
        with contextlib.suppress(OSError):
            self._stream.write(data)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()


def open_closed_ends() -> None:
    """Those that are closed lead nowhere from here on. First of all, before anything else is opened."""
    for number, name in enumerate(_NAMES):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # The lowest number that is free, which is this one.
            os.set_inheritable(number, True)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", closefd=False))


def tell_line(line: str) -> None:
    """On standard output, at once. One that nobody reads leads nowhere from here on."""
    with contextlib.suppress(OSError):
        sys.stdout.write(f"{line}\n")
    _settle(sys.stdout)


def settle_ends() -> OSError | None:
    """At the end: what nobody takes any more is no failure, as Python would have it when it flushes. What somebody
    asked for and a full disk did not take is one: why standard output lost its last lines, if it did."""
    lost = _settle(sys.stdout)
    _settle(sys.stderr)
    return None if lost is None or lost.errno in _GONE else lost


def _settle(stream: TextIO) -> OSError | None:
    """Why not, if it could not be written. It leads nowhere then."""
    try:
        stream.flush()
    except OSError as error:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        return error
    return None
