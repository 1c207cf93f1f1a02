"""What a process that holds keys does to itself, and how children follow their parent. Linux; elsewhere
less."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable

MOST_FILES = 65_536  # More than uploads hold at once; some systems give a million, which is none of our business.
READY_FD = "SUPERVISED_READY_FD"  # In the environment: where a process says that it has begun.
SINCE = "SUPERVISED_SINCE"  # There, too: when the supervisor began, in seconds of Unix time.
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4


def harden() -> None:
    """No core dump and no debugger of the same user: keys stand in this process's memory. No file that others on the
    machine may read. And as many open files as the system lets us have: each file of an upload holds one until the
    last is received, and the usual soft limit of 1,024 is kept for programs that call select(2)."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl()(_PR_SET_DUMPABLE, 0)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def tell_ready() -> None:
    """To the supervisor that started this process, if one did: one byte."""
    descriptor = os.environ.get(READY_FD, "")
    if descriptor.isdigit():
        with contextlib.suppress(OSError):  # It is gone, or hears no more.
            os.write(int(descriptor), b".")


def supervised_since() -> int | None:
    """When the supervisor of this process began, in seconds of Unix time; its children are replaced meanwhile. None
    without one."""
    told = os.environ.get(SINCE, "")
    return int(told) if told.isascii() and told.isdigit() else None


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
