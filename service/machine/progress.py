"""Long work, shown: a bar on a terminal, a plain line now and then elsewhere. Always on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from service.machine.units import MIB

LINE_EVERY_S: Final = 5.0


class MibShown:
    """Bytes that have been gone through, told in MiB. `total_bytes`: as far as it is known; more may come of it."""

    __slots__ = ("_done_bytes", "_show", "total_bytes")

    def __init__(self, show: Callable[[int, int], object], total_bytes: int = 0) -> None:
        self._show = show
        self._done_bytes = 0
        self.total_bytes = total_bytes

    def advance(self, count_bytes: int) -> None:
        self._done_bytes += count_bytes
        self.show(self._done_bytes)

    def show(self, done_bytes: int) -> None:
        """Shows a place without having come there."""
        self._show(done_bytes // MIB, max(done_bytes, self.total_bytes) // MIB)


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Yields what is to be told (done, total)."""
    if sys.stderr.isatty():
        with _bar(label) as show:
            yield show
    else:
        yield _lines(label)


@contextmanager
def _bar(label: str) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console  # noqa: PLC0415  (rich is slow to load and only wanted on a terminal)
    from rich.progress import (  # noqa: PLC0415  (the same)
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _lines(label: str) -> Callable[[int, int], None]:
    shown_s = time.monotonic()

    def show(done: int, total: int) -> None:
        nonlocal shown_s
        if time.monotonic() - shown_s >= LINE_EVERY_S:
            shown_s = time.monotonic()
            print(f"{label}: {done} of {total}", file=sys.stderr, flush=True)  # noqa: T201  (a program's own output)

    return show
