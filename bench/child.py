"""A generator in a process of its own: orders go in on standard input, its outcome comes back on standard output."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

Orders = TypeVar("Orders", bound=msgspec.Struct)
Outcome = TypeVar("Outcome", bound=msgspec.Struct)


class Child(Generic[Outcome]):
    """`python -m module`, under way. Killed when it takes longer than `most_s`."""

    def __init__(self, module: str, orders: msgspec.Struct, outcome: type[Outcome], most_s: float) -> None:
        self._module = module
        self._outcome = outcome
        self._most_s = most_s
        self._process = subprocess.Popen([sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(orders))
        self._process.stdin.close()
        self._process.stdin = None

    def done(self) -> bool:
        return self._process.poll() is not None

    def outcome(self) -> Outcome:
        """RuntimeError when it failed: it has told why on standard error."""
        try:
            answer, _ = self._process.communicate(timeout=self._most_s)
        finally:
            self._process.kill()
            self._process.wait()
        if self._process.returncode != 0:
            raise RuntimeError(f"{self._module} failed")
        return msgspec.json.decode(answer, type=self._outcome)


def carry_out(orders: type[Orders], work: Callable[[Orders], msgspec.Struct]) -> None:
    """The other end: what the child's `main` does."""
    given = msgspec.json.decode(sys.stdin.buffer.read(), type=orders)
    sys.stdout.buffer.write(msgspec.json.encode(work(given)))


def cpu_s() -> float:
    """Processor time of this process so far."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime
