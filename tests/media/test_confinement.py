"""What the child cannot do, tried by the child itself once it is confined."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from service.media.child import seccomp
from service.media.errors import MediaFailed
from service.media.limits import THUMBNAIL
from service.media.opening import confinement
from service.media.serving import COMMAND, ENVIRONMENT, Child
from service.media.values import Thumbnail
from service.media.wire import Kind, send
from tests.media.recordings import Bytes
from tests.media_made import grey_png

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "attempt",
    ["open", "stat", "socket", "socketpair", "fork", "exec", "kill", "code", "limits", "memory"],
)
def test_a_confined_child_is_refused(attempt: str) -> None:
    assert confinement().holds[attempt]


def test_everything_that_is_tried_is_named_above() -> None:
    found = confinement()
    assert len(found.holds) == 10
    assert found.open == ()


def test_a_child_dies_with_its_parent_and_shows_its_memory_to_nobody() -> None:
    code = (
        "import ctypes\n"
        "from service.media.child import confine\n"
        "confine.begin()\n"
        "libc, signal = ctypes.CDLL(None), ctypes.c_int()\n"
        "libc.prctl(2, ctypes.byref(signal))\n"
        "print(signal.value, libc.prctl(3), libc.prctl(39, 0, 0, 0, 0))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    assert told.stdout == "9 0 1\n", told.stderr  # PR_GET_PDEATHSIG, PR_GET_DUMPABLE, PR_GET_NO_NEW_PRIVS


@pytest.mark.parametrize("attempt", ["open", "socket", "memory"])
def test_the_limits_hold_by_themselves_where_there_is_no_filter(attempt: str) -> None:
    code = (
        "from service.media.child import attempts, confine, seccomp\n"
        "seccomp.install = lambda libc: False\n"
        "confine.begin()\n"
        "try:\n"
        "    confine.shut(1 << 30, 10)\n"
        "except confine.Unconfined:\n"
        "    pass\n"
        f"print(attempts._refused(attempts.ATTEMPTS[{attempt!r}]))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    assert told.stdout == "True\n", told.stderr


PATCHED = """
import os, sys
sys.path.insert(0, {root!r})
from service.media.child import __main__ as child, confine, seccomp
{patch}
os._exit(child.main())
"""


@pytest.mark.parametrize(
    "patch",
    [
        "seccomp.install = lambda libc: False",
        "seccomp.program = lambda machine: None",
        "real = confine._require; confine._require = lambda libc, option, value: real(libc, option + 999, value)",
    ],
    ids=["no-seccomp", "unknown-machine", "no-prctl"],
)
def test_a_child_that_is_not_confined_opens_nothing(patch: str) -> None:
    with pytest.raises(MediaFailed) as failed:
        opened_by_a_patched_child(patch)
    assert failed.value.code == "media_died"


def test_the_same_child_opens_it_when_it_is_confined() -> None:
    assert opened_by_a_patched_child("").width == 8


def opened_by_a_patched_child(patch: str) -> Thumbnail:
    command = (sys.executable, "-I", "-c", PATCHED.format(root=str(ROOT), patch=patch))
    with Child("thumbnail", Bytes(grey_png(8, 8)), THUMBNAIL, command=command) as child:
        return child.answer(Thumbnail)


def test_a_child_that_fails_otherwise_ends_without_a_word() -> None:
    """A traceback would run through what hostile bytes have made."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        send(ours, Kind.JOB, b"no job")
        ended = subprocess.run(
            COMMAND, check=False, stdin=theirs.fileno(), capture_output=True, env=ENVIRONMENT, timeout=60, cwd=ROOT
        )
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, b"", b"")


def test_an_unconfined_process_is_refused_nothing() -> None:
    """So that the tests above cannot pass for another reason."""
    code = (
        "from service.media.child import attempts\n"
        "print([name for name in ('open', 'stat', 'socket', 'socketpair', 'fork', 'exec', 'kill', 'code')"
        " if attempts._refused(attempts.ATTEMPTS[name])])\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    assert told.stdout == "[]\n", told.stderr


def test_the_child_gets_nothing_of_the_parents_environment() -> None:
    assert set(ENVIRONMENT) == {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"}
    assert "-I" in COMMAND  # Neither the working folder nor PYTHONPATH decides what is imported.


def test_the_filter_is_known_for_both_machines_that_servers_have() -> None:
    for machine in ("x86_64", "aarch64"):
        code = seccomp.program(machine)
        assert code is not None
        assert len(code) % 8 == 0
        assert len(code) // 8 < 4_096  # BPF_MAXINSNS
    assert seccomp.program("vax") is None


def test_the_parent_loads_no_library_that_parses_media() -> None:
    code = (
        "import sys\n"
        "import service.media.opening, service.media.transcribe\n"
        "print(sorted({'av', 'PIL', 'numpy', 'faster_whisper'} & set(sys.modules)))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    assert told.stdout == "[]\n", told.stderr


def test_only_the_child_imports_a_library_that_parses_media() -> None:
    rooms = ("api", "workers", "service", "eventstore", "vault", "projections", "domain")
    named = ("import av", "from av", "from PIL", "import PIL", "import numpy", "from numpy", "from faster_whisper")
    guilty = [
        str(path.relative_to(ROOT))
        for room in rooms
        for path in (ROOT / room).rglob("*.py")
        if path.parent != ROOT / "service/media/child"
        and any(line.strip().startswith(named) for line in path.read_text().splitlines())
    ]
    assert guilty == []
