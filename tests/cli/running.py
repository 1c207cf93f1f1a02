"""`strongroom` with some words: in a process of its own, or, at a hundredth of the cost, in a fork of one that has
imported everything. Either way with its own environment, ends of its own, and an exit code."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.zygote import PATIENCE_S, ROOT, Tell, Zygote, living_zygote

Outcome = subprocess.CompletedProcess[str]
PROGRAM: Final = "from service.commands.cli import main; main()"
_ENDS: Final = ("stdin", "stdout", "stderr")
_IMPORTED: Final = (
    "eventstore.copying",
    "eventstore.verify.data_folder",
    "eventstore.verify.published",
    "service.audit.auditing",
    "service.audit.log_export",
    "service.audit.log_show",
    "service.backup.restoring",
    "service.backup.taking",
    "service.commands.up",
    "service.doctor",
    "service.house.house",
    "service.upkeep.inventory",
    "service.upkeep.projecting",
)
_zygotes: Final[list[Zygote]] = []


def environment(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "COLUMNS": "100", **more}


def started(*words: str, says: str = "", **more: str) -> Outcome:
    """A start of Python and all, to its very end. Of each module of commands one test at least starts them so: a fork
    finds imported what a command may have forgotten to import."""
    command = [sys.executable, "-c", PROGRAM, *words]
    return subprocess.run(
        command, env=environment(**more), input=says, check=False, capture_output=True, text=True, timeout=PATIENCE_S
    )


@contextmanager
def forking() -> Iterator[None]:
    """Inside, `strongroom` can be called."""
    with living_zygote(ready) as zygote:
        _zygotes.append(zygote)
        try:
            yield
        finally:
            _zygotes.remove(zygote)


def strongroom(*words: str, **more: str) -> Outcome:
    """In a fork."""
    with TemporaryDirectory() as room:
        ends = [str(Path(room) / name) for name in _ENDS]
        code = _zygotes[-1].result(_command, words, environment(**more), ends)
        assert isinstance(code, int)
        return Outcome(words, code, *(Path(end).read_text() for end in ends[1:]))


# -- in the process that forks, and in its forks -----------------------------------------------------------------------


def ready() -> None:
    """Imports what commands import when they run."""
    for name in _IMPORTED:
        importlib.import_module(name)
    from typer.testing import CliRunner

    from service.commands.cli import app

    # Typer imports late, too.
    assert CliRunner().invoke(app, ["log", "head", "--data", "/nowhere/data"]).exit_code == 1


def _command(_: Tell, words: tuple[str, ...], given: dict[str, str], ends: list[str]) -> int:
    """Its exit code."""
    from service.commands.cli import main

    os.environ.clear()
    os.environ.update(given)
    sys.argv = ["strongroom", *words]
    for descriptor, end in enumerate(ends):
        opened = os.open(end, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    try:
        main()
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
        if isinstance(left.code, str):
            print(left.code, file=sys.stderr)  # noqa: T201  (as Python does)
    except BaseException:  # noqa: BLE001  (as Python ends with whatever nobody has caught)
        traceback.print_exc()
        code = 1
    else:
        code = 0
    sys.stdout.flush()
    sys.stderr.flush()
    return code
