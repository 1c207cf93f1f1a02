"""The system calls a child may make once it is confined: memory, time, its own socket, its own end.

Everything else fails with EPERM, so that a library's own way out is taken instead of a crash. No memory becomes
executable any more. A call of another architecture kills the process: its numbers mean something else.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from typing import Final

# Of the kernel's headers: linux/seccomp.h, linux/audit.h, linux/bpf_common.h.
_SET_MODE_FILTER: Final = 1
_FLAG_TSYNC: Final = 1  # All threads of the process.
_KILL_PROCESS: Final = 0x8000_0000
_ERRNO: Final = 0x0005_0000
_ALLOW: Final = 0x7FFF_0000
_LOAD, _IF_EQUAL, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER_AT, _ARCH_AT, _PROTECTION_AT = 0, 4, 32  # In struct seccomp_data; protection is the third argument.
_PROT_EXEC: Final = 4

_NAMES: Final = (
    "read", "write", "close", "lseek", "fstat", "sendto", "recvfrom", "munmap", "mremap", "brk", "madvise", "futex",
    "membarrier", "rseq", "set_robust_list", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack",
    "restart_syscall", "clock_gettime", "clock_nanosleep", "nanosleep", "gettimeofday", "getrusage", "getpid",
    "gettid", "getrandom", "sched_yield", "sched_getaffinity", "exit", "exit_group",
)  # fmt: skip

# Machine → architecture in the audit's words, seccomp, mmap, mprotect, and the names above in their order.
_TABLES: Final[dict[str, tuple[int, int, int, int, tuple[int, ...]]]] = {
    "x86_64": (
        0xC000_003E, 317, 9, 10,
        (0, 1, 3, 8, 5, 44, 45, 11, 25, 12, 28, 202, 324, 334, 273, 13, 14, 15, 131, 219,
         228, 230, 35, 96, 98, 39, 186, 318, 24, 204, 60, 231),
    ),
    "aarch64": (
        0xC000_00B7, 277, 222, 226,
        (63, 64, 57, 62, 80, 206, 207, 215, 216, 214, 233, 98, 283, 293, 99, 134, 135, 139, 132, 128,
         113, 115, 101, 169, 165, 172, 178, 278, 124, 123, 93, 94),
    ),
}  # fmt: skip


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def program(machine: str) -> bytes | None:
    """The filter as struct sock_filter, 8 bytes each; None for a machine whose numbers are not known here."""
    if machine not in _TABLES:
        return None
    architecture, _, mmap, mprotect, allowed = _TABLES[machine]
    assert len(allowed) == len(_NAMES)
    refuse = (_RETURN, 0, 0, _ERRNO | errno.EPERM)
    steps: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, _ARCH_AT),
        (_IF_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL_PROCESS),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_IF_EQUAL, 1, 0, mmap),
        (_IF_EQUAL, 0, 4, mprotect),
        (_LOAD, 0, 0, _PROTECTION_AT),
        (_IF_ANY_BIT, 0, 1, _PROT_EXEC),
        refuse,
        (_RETURN, 0, 0, _ALLOW),
    ]
    for number in allowed:
        steps += [(_IF_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    steps.append(refuse)
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def install(libc: ctypes.CDLL) -> bool:
    """For good, for every thread. False where the kernel or the machine has no such filter. Needs
    PR_SET_NO_NEW_PRIVS."""
    machine = os.uname().machine
    code = program(machine)
    if code is None:
        return False
    filters = _Program(len(code) // 8, code)
    number = _TABLES[machine][1]
    return bool(libc.syscall(number, _SET_MODE_FILTER, _FLAG_TSYNC, ctypes.byref(filters)) == 0)
