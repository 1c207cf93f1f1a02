"""`python shut_in.py UNIT -- program …`: runs it under what a unit denies, as far as a process can do that to itself.

System calls, address families, memory that is written and run, privileges, umask. What systemd does with mounts
(ProtectSystem and the like) is not here. Linux on a machine with libseccomp, which systemd itself comes with.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_CAPBSET_DROP: Final = 24
_PR_SET_MDWE: Final = 65
_PR_MDWE_REFUSE_EXEC_GAIN: Final = 1
_ALLOW: Final = 0x7FFF_0000
_REFUSE: Final = 0x0005_0000 | errno.EPERM
_EQUAL: Final = 4
NOBODY: Final = 65_534


class _Compare(ctypes.Structure):
    """struct scmp_arg_cmp."""

    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("value", ctypes.c_uint64),
        ("unused", ctypes.c_uint64),
    )


def expanded(names: Iterable[str]) -> Iterator[str]:
    """System calls of these names and sets, as this machine's systemd has them."""
    for name in names:
        if not name.startswith("@"):
            yield name
            continue
        listed = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True)
        lines = (line.strip() for line in listed.stdout.splitlines()[1:])
        yield from expanded(line for line in lines if line and not line.startswith("#"))


def allowed(filters: Iterable[str]) -> set[str]:
    """`SystemCallFilter=` lines, in their order: the first is what may be, those with `~` take away."""
    found: set[str] = set()
    for line in filters:
        if line.startswith("~"):
            found -= set(expanded(line[1:].split()))
        else:
            found |= set(expanded(line.split()))
    return found


def shut(calls: Iterable[str], families: Iterable[str]) -> None:
    """From here on, for this process and all that come of it."""
    libc, seccomp = ctypes.CDLL(None, use_errno=True), ctypes.CDLL("libseccomp.so.2")
    for option, value in ((_PR_SET_NO_NEW_PRIVS, 1), (_PR_SET_MDWE, _PR_MDWE_REFUSE_EXEC_GAIN)):
        if libc.prctl(option, value, 0, 0, 0) != 0 and option != _PR_SET_MDWE:  # Linux before 6.3 has no such option.
            raise OSError(ctypes.get_errno(), "prctl")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(_REFUSE))
    for name in sorted(calls):
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0 and name != "socket":
            _require(seccomp.seccomp_rule_add_array(context, _ALLOW, number, 0, None))
    number = seccomp.seccomp_syscall_resolve_name(b"socket")
    for family in families:
        first = _Compare(0, _EQUAL, int(getattr(socket, family)), 0)
        _require(seccomp.seccomp_rule_add_array(context, _ALLOW, number, 1, ctypes.byref(first)))
    _require(seccomp.seccomp_load(context))


def _require(code: int) -> None:
    if code != 0:
        raise OSError(-code, os.strerror(-code))


def whose() -> int:
    """Nobody's, where nobody can reach this Python; else root's own, who has no rights left either. Not root: as is."""
    python = Path(sys.executable).resolve()
    reached = all(folder.stat().st_mode & 0o001 for folder in python.parents)
    return NOBODY if os.getuid() == 0 and reached else os.getuid()


def become(user: int) -> None:
    """Without any capability, also after an exec."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(64):
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)  # EINVAL past the last one.
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def main() -> None:
    """The unit comes as JSON: its SystemCallFilter lines, RestrictAddressFamilies, UMask."""
    unit = json.loads(sys.argv[1])
    command = sys.argv[sys.argv.index("--") + 1 :]
    calls = allowed(unit["SystemCallFilter"])
    os.umask(int(unit["UMask"], 8))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if os.getuid() == 0:
        become(whose())
    shut(calls, unit["RestrictAddressFamilies"].split())
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
