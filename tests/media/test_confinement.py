"""What the child cannot do, tried by the child itself once it is confined."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from service.media.child import seccomp
from service.media.opening import confinement
from service.media.serving import COMMAND, ENVIRONMENT

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
        "confine.shut(1 << 30, 10)\n"
        f"print(attempts._refused(attempts.ATTEMPTS[{attempt!r}]))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    assert told.stdout == "True\n", told.stderr


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
