"""Tries what a hostile decoder would like to do, to tell what holds on this machine."""

from __future__ import annotations

import mmap
import os
import resource
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

from service.media.child.files import Input, Parent
from service.media.values import Confinement, Job


def run(_job: Job, _source: Input, _parent: Parent) -> Confinement:
    return Confinement({name: _refused(attempt) for name, attempt in ATTEMPTS.items()})


def _refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except FileNotFoundError:
        return False  # It was looked for.
    except (OSError, ValueError, MemoryError):  # ValueError: how `resource` tells EPERM.
        return True
    return False


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


ATTEMPTS: Final[dict[str, Callable[[], object]]] = {
    "open": lambda: os.open("/", os.O_RDONLY),
    "stat": Path("/").stat,
    "socket": lambda: socket.socket(socket.AF_INET),
    "socketpair": socket.socketpair,
    "fork": _fork,
    "exec": lambda: os.execv("/nowhere", ["nowhere"]),  # noqa: S606  Nothing is there: it would be looked for.
    "kill": lambda: os.kill(os.getppid(), 0),
    "code": lambda: mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_EXEC).close(),
    "limits": lambda: resource.setrlimit(resource.RLIMIT_CPU, (1, 1)),
    "memory": lambda: bytearray(1 << 34),
}
