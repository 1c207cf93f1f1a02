"""Standard input, output and error of this process, whatever it was started with.

One that is closed would be given to the next file that is opened: a listening socket as standard input, a database as
the place for warnings. And one whose reader has gone, or whose disk is full, is no reason to stop a service.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import IO, AnyStr, Final, Generic, TextIO

_NAMES: Final = ("stdin", "stdout", "stderr")


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


def settle_ends() -> None:
    """At the end: what nobody takes any more is no failure, as Python would have it when it flushes."""
    for stream in (sys.stdout, sys.stderr):
        _settle(stream)


def _settle(stream: TextIO) -> None:
    try:
        stream.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
