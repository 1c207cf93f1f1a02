"""`strongroom up`, with everything it starts: ready, alive through the death of any part, and gone when
told."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.house.pulse import pulses
from service.machine.layout import Layout
from tests.waiting import wait_for

ROOT = Path(__file__).parents[2]
UP = [sys.executable, "-c", "from service.commands.cli import main; main()", "up", "--port", "0", "--workers", "1"]
Process = subprocess.Popen[str]


def start(data: Path, *words: str) -> Process:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(data.parent)}
    with data.with_name("stderr.log").open("ab") as lines:
        return subprocess.Popen(
            [*UP, "--data", str(data), *words], env=environment, stdout=subprocess.PIPE, stderr=lines, text=True
        )


def ready(process: Process) -> int:
    """The port, once it says that it is ready."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("ready http://127.0.0.1:"), line
    return int(line.rpartition(":")[2])


def readyz(port: int) -> int | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


def children(pid: int) -> dict[int, str]:
    """Process id → command line of a process's children."""
    found = {}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        try:
            words = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ")
        except (FileNotFoundError, ProcessLookupError):
            continue
        found[int(child)] = words.decode()
    return found


def child_named(process: Process, part: str) -> int:
    return next(pid for pid, command in children(process.pid).items() if part in command)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def up(data: Path) -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def start_one(*words: str) -> Process:
        started.append(start(data, *words))
        return started[-1]

    yield start_one
    for process in started:
        end(process)


def end(process: Process) -> None:
    if process.poll() is None:
        process.terminate()
        process.wait(timeout=15)
    assert process.stdout is not None
    process.stdout.close()


@dataclass(frozen=True, slots=True)
class Lasting:
    """One for the tests that leave it running."""

    data: Path
    process: Process
    port: int


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lasting]:
    data = tmp_path_factory.mktemp("lasting") / "data"
    process = start(data)
    try:
        yield Lasting(data, process, ready(process))
    finally:
        end(process)


def test_a_second_one_on_the_same_folder_is_refused(lasting: Lasting) -> None:
    second = subprocess.run(
        [*UP, "--data", str(lasting.data)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert second.returncode == 1
    assert second.stdout == ""
    assert second.stderr.splitlines() == [f"strongroom: {lasting.data} is in use by another `strongroom up`"]


def test_a_port_that_is_taken_is_one_clear_line(data: Path, up: Callable[..., Process]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = up("--port", str(taken.getsockname()[1]))
        assert process.wait(timeout=30) == 1
    assert "Address already in use" in data.with_name("stderr.log").read_text()
    assert "Traceback" not in data.with_name("stderr.log").read_text()


@pytest.mark.parametrize("part", ["valkey-server", "--queues projections", "--queues uploads", "gunicorn"])
def test_a_part_that_dies_is_started_again(lasting: Lasting, part: str) -> None:
    before = child_named(lasting.process, part)
    os.kill(before, signal.SIGKILL)

    def again() -> bool:
        found = [pid for pid, command in children(lasting.process.pid).items() if part in command]
        return bool(found) and found != [before]

    wait_for(again, "another child")
    layout = Layout(lasting.data)
    wait_for(lambda: all(pulses(layout).values()) and readyz(lasting.port) == 200, "ready again", 30.0)


def test_killed_outright_it_takes_its_children_along_and_starts_again_and_stops_when_told(
    data: Path, up: Callable[..., Process]
) -> None:
    process = up()
    ready(process)
    everyone = list(children(process.pid))
    process.kill()
    process.wait()
    wait_for(lambda: not [pid for pid in everyone if Path(f"/proc/{pid}").exists()], "the children gone")
    process = up()
    port = ready(process)
    assert readyz(port) == 200
    assert data.stat().st_mode & 0o777 == 0o700
    everyone = list(children(process.pid))
    began_s = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=15) == 0
    assert time.monotonic() - began_s < 10
    assert process.stdout is not None
    assert process.stdout.read() == ""  # One line on standard output, and no other.
    assert not [pid for pid in everyone if Path(f"/proc/{pid}").exists()]
    assert readyz(port) is None
