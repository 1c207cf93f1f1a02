"""What a process that holds keys does to itself, and how children follow their parent. Linux; elsewhere
less."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4


def harden() -> None:
    """No core dump and no debugger of the same user: keys stand in this process's memory. And no file that others on
    the machine may read."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl()(_PR_SET_DUMPABLE, 0)


def following_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: the child gets `death_signal` when this thread's process dies, however it dies."""
    prctl, parent = _prctl(), os.getpid()

    def follow() -> None:
        prctl(_PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:
            os._exit(1)  # It died before the line above.

    return follow


def _prctl() -> Callable[[int, int], object]:
    if sys.platform != "linux":
        return lambda _option, _value: None
    return ctypes.CDLL(None, use_errno=True).prctl
