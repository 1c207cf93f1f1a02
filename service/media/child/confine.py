"""What the child gives up before it sees a byte of the file. After `shut`, no path can be opened again, no socket, no
process; memory and CPU time are rationed by the kernel. Where any of it is refused, the child ends unasked."""

from __future__ import annotations

import ctypes
import resource
import signal
from typing import Final

from service.media.child import seccomp

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
_CLONE_NEWIPC: Final = 0x0800_0000
_CLONE_NEWUSER: Final = 0x1000_0000
_CLONE_NEWNET: Final = 0x4000_0000


class Unconfined(Exception):
    """The kernel gives less than is needed: nothing of a stranger's may be opened here."""


def begin() -> None:
    """Before the libraries are loaded: what must hold while there is only one thread. Some systems allow no
    namespaces; the network is then shut by `shut` alone. Unconfined."""
    libc = _libc()
    alone = _CLONE_NEWNET | _CLONE_NEWIPC
    if libc.unshare(alone) != 0:
        libc.unshare(_CLONE_NEWUSER | alone)  # First of all: new credentials would undo what follows.
    _require(libc, _PR_SET_PDEATHSIG, signal.SIGKILL)  # A parent that died before this has closed the socket.
    _require(libc, _PR_SET_DUMPABLE, 0)
    _require(libc, _PR_SET_NO_NEW_PRIVS, 1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def shut(memory_bytes: int, cpu_s: int) -> None:
    """For good. OSError, ValueError or Unconfined when a limit cannot be set: the child must end then."""
    libc = _libc()  # While it can still be opened.
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))  # SIGXCPU tells the parent why.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    if not seccomp.install(libc):
        raise Unconfined("no filter of system calls")


def _require(libc: ctypes.CDLL, option: int, value: int) -> None:
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise Unconfined(f"prctl {option}")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
