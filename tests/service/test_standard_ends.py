"""Standard ends that are closed, or that nobody reads: neither gets in the way, nor ends the program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
CLOSED: Final = """
import os, sys
from service.machine.standard_ends import open_closed_ends
open_closed_ends()
opened = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
print("lost"), print("lost", file=sys.stderr), sys.stdin.read()
ends = [os.readlink(f"/proc/self/fd/{number}") for number in (0, 1, 2)]
os.write(opened, f"{opened > 2} {ends} {[os.get_inheritable(number) for number in (0, 1, 2)]}".encode())
"""
BROKEN: Final = """
import structlog, sys, time
from service.machine.config import Settings
from service.machine.logging import configure
from service.machine.standard_ends import settle_ends, tell_line
sys.stdin.read()  # Until the readers have gone.
configure(Settings(log_format=sys.argv[1]), "up")
for _ in range(3):
    tell_line("ready")
    structlog.get_logger("a").error("something")
settle_ends()
sys.exit(7)
"""


FULL: Final = """
import sys
from service.machine.standard_ends import settle_ends, tell_line
{first}
sys.exit(repr(settle_ends()))
"""


def to_a_full_disk(program: str, *words: str) -> subprocess.CompletedProcess[str]:
    with Path("/dev/full").open("w") as full:
        return subprocess.run(
            [sys.executable, "-c", program, *words],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.mark.parametrize(
    "program",
    [
        "from service.commands.cli import main; main()",  # Told by `typer.echo`, at once.
        "from service.commands import cli; cli.app = lambda: sys.exit(print('kept back'))\nimport sys\ncli.main()",
    ],
    ids=["at once", "at the last flush"],
)
def test_an_answer_that_a_full_disk_did_not_take_is_one_line_and_1(program: str) -> None:
    ended = to_a_full_disk(program, "--version")
    said = "strongroom: standard output: No space left on device\n"
    assert (ended.returncode, ended.stderr) == (1, said)


def test_a_ready_line_is_no_answer() -> None:
    assert to_a_full_disk(FULL.format(first="tell_line('ready')")).stderr == "None\n"
    assert "No space left" in to_a_full_disk(FULL.format(first="print('answer')")).stderr


def test_closed_ends_lead_nowhere_and_no_file_takes_their_place(tmp_path: Path) -> None:
    told = tmp_path / "told"
    command = [sys.executable, "-c", CLOSED, str(told)]
    subprocess.run(["sh", "-c", '"$@" <&- >&- 2>&-', "sh", *command], cwd=ROOT, check=True, timeout=60)
    assert told.read_text() == f"True {['/dev/null'] * 3} {[True] * 3}"


def test_lines_that_nobody_reads_end_nothing() -> None:
    for form in ("json", "text"):
        ends = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen([sys.executable, "-c", BROKEN, form], cwd=ROOT, **ends) as program:  # type: ignore[call-overload]  # Of a dict it knows no types.
            program.stdout.close()
            program.stderr.close()
            program.stdin.close()
            assert program.wait(60) == 7
