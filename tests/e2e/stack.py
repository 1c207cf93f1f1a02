"""A whole Strongroom on a folder: started as people start it, looked at and killed as a machine would."""

from __future__ import annotations

import os
import queue
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, assert_never

import httpx

from service.house.house import House
from service.machine.config import PREFIX, Settings, load_settings
from service.machine.process import following_parent
from service.upkeep import inventory
from service.upkeep.projecting import check
from tests.waiting import wait_for

ROOT = Path(__file__).parents[2]
STRONGROOM = Path(sys.executable).with_name("strongroom")
START_S = 60.0
STOP_S = 12.0
NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients of plain HTTP: each would else read all authorities from the disk, and that takes 20 ms."""
Role = Literal["api", "master", "worker:projections", "worker:uploads", "valkey", "up"]
ROLES: tuple[Role, ...] = ("api", "master", "worker:projections", "worker:uploads", "valkey", "up")


@dataclass(slots=True)
class Stack:
    """`strongroom up` on `data`. `log` gathers the standard error of all its processes, over every start."""

    data: Path
    log: Path
    settings: dict[str, str]
    url: str = ""
    _process: subprocess.Popen[str] | None = None

    @property
    def api(self) -> str:
        return f"{self.url}/api/v1"

    def start(self, port: int = 0) -> None:
        """Returns when the one line is there; AssertionError with the log's end when it does not come. Port 0: any."""
        assert self._process is None
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [STRONGROOM, "up", "--data", self.data, "--port", str(port)],
                env={**bare_environment(), **self.settings},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
                # Should the tests themselves be killed, nothing of this stays behind.
                preexec_fn=following_parent(signal.SIGTERM),  # noqa: PLW1509  (two system calls and no lock)
            )
        line = _first_line(self._process, START_S)
        if not line.startswith("ready http://"):
            self.kill_all()
            raise AssertionError(f"no ready line but {line!r}; the log ends with:\n{self.log.read_text()[-4_000:]}")
        self.url = line.removeprefix("ready ").strip()

    def start_unless_running(self) -> None:
        """For tests that share what they stop: the one before may have failed in between."""
        if self._process is not None and self._process.poll() is not None:
            self.kill_all()
        if self._process is None:
            self.start()

    def stop(self) -> int:
        """SIGTERM, and the exit code; whatever is left after the promised time is killed, and told."""
        process = self._process
        assert process is not None
        family = descendants(process.pid)
        process.terminate()
        try:
            code = process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill_all()
            raise AssertionError(f"still running {STOP_S} s after SIGTERM") from None
        left = _living(family)
        _kill(left)
        self._let_go()
        assert not left, f"{len(left)} processes were left running"
        return code

    def kill_all(self) -> None:
        """`kill -9` of every process of the tree, the supervisor first, so that it restarts nothing."""
        process = self._process
        if process is None:
            return
        family = [process.pid, *descendants(process.pid)]
        _kill(family)
        process.wait()
        wait_for(lambda: not _living(family), "all killed processes to be gone")
        self._let_go()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Killed for the length of the block; then it is back under the same address, as a machine that lost power."""
        port = httpx.URL(self.url).port
        assert port is not None
        self.kill_all()
        yield
        self.start(port)

    def kill_supervisor(self) -> None:
        """`kill -9` of `strongroom up` alone: the kernel tells its children, and they end by themselves."""
        process = self._process
        assert process is not None
        family = descendants(process.pid)
        process.kill()
        process.wait()
        try:
            wait_for(lambda: not _living(family), "orphaned processes to end", STOP_S)
        finally:
            _kill(family)
            self._let_go()

    def pids(self, role: Role) -> list[int]:
        """The processes that play a role just now."""
        process = self._process
        assert process is not None
        if role == "up":
            return [process.pid]
        parents = _parents()
        masters = [pid for pid, parent in parents.items() if parent == process.pid and "gunicorn" in _command(pid)]
        if role == "master":
            return masters
        if role == "api":
            return [pid for pid, parent in parents.items() if parent in masters]
        return [pid for pid, parent in parents.items() if parent == process.pid and _mark(role) in _command(pid)]

    def kill(self, role: Role, number: signal.Signals = signal.SIGKILL) -> list[int]:
        """The signal to every process of the role; their ids. Who is killed outright is gone then, with all that the
        kernel tells of it: a gunicorn's children answer for a moment yet."""
        assert role != "up" or number is not signal.SIGKILL, "kill_supervisor and kill_all say what is meant"
        pids = wait_for(lambda: self.pids(role), f"a process that is {role}")
        family = [one for pid in pids for one in (pid, *descendants(pid))]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        if number is signal.SIGKILL:
            wait_for(lambda: not _living(family), "killed processes to end", STOP_S)
        return pids

    @contextmanager
    def paused(self, role: Role) -> Iterator[None]:
        """Stopped in its tracks (SIGSTOP) for the length of the block."""
        pids = self.kill(role, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def missing(self) -> list[str] | None:
        """What /readyz says is missing; None while nobody answers."""
        try:
            parts: list[str] = httpx.get(f"{self.url}/readyz", timeout=5.0, verify=NO_TLS).json()["missing"]
        except (httpx.TransportError, ValueError):
            return None
        return parts

    def wait_ready(self, timeout_s: float = 60.0) -> None:
        wait_for(lambda: self.missing() == [], "everything to be ready", timeout_s)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`strongroom …` on the same folder."""
        return subprocess.run(
            [STRONGROOM, *words, "--data", self.data],
            env={**bare_environment(), **self.settings},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def require_sound(self) -> None:
        """The invariant that every story ends with: tables built anew from the log equal the live ones."""
        with closing(House(self.configured)) as house:
            assert check(house) == []

    def require_blobs(self) -> None:
        """Every stored file's bytes are those of the log, and nobody's bytes lie about."""
        with closing(House(self.configured)) as house:
            stock = inventory.check(house, lambda _done, _all: None)
        assert not stock.faults, stock
        assert not stock.orphans, stock

    @property
    def configured(self) -> Settings:
        """As its own programs read them."""
        return load_settings({**self.settings, f"{PREFIX}DATA": str(self.data)})

    def _let_go(self) -> None:
        if self._process is not None and self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None


@contextmanager
def running_stack(folder: Path, **settings: object) -> Iterator[Stack]:
    """`strongroom up` on `folder/data`, ready. Nothing of it is left running when the block ends, however it ends.

    `credential_rate=3` sets STRONGROOM_CREDENTIAL_RATE, and so on. By default sign-ins are not limited, and logs tell
    all they can.
    """
    given: dict[str, object] = {
        "credential_rate": 1_000_000,
        "guess_rate": 1_000_000,
        "account_guess_rate": 1_000_000,
        "taken_rate": 1_000_000,
        "log_level": "debug",
        "log_format": "json",
        "retry_max": 1,
        "retry_min_ms": 20,
        "reserve_bytes": 0,
    }
    variables = {f"STRONGROOM_{name.upper()}": str(value) for name, value in {**given, **settings}.items()}
    folder.mkdir(parents=True, exist_ok=True)
    stack = Stack(folder / "data", folder / "stderr.log", variables)
    stack.start()
    try:
        yield stack
    finally:
        stack.kill_all()


@contextmanager
def another_api(stack: Stack, **settings: object) -> Iterator[str]:
    """One more process that answers HTTP, on the same folder and with some other settings; its address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    given = {f"STRONGROOM_{name.upper()}": str(value) for name, value in {"api_processes": 1, **settings}.items()}
    with stack.log.open("ab") as log:
        process = subprocess.Popen(
            [STRONGROOM, "api", "--data", stack.data, "--port", str(port)],
            env={**bare_environment(), **stack.settings, **given},
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: _answers(url), "another API to answer", START_S)
        yield url
    finally:
        process.terminate()
        process.wait(15)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", trust_env=False, verify=NO_TLS).status_code == 200
    except httpx.TransportError:
        return False


def bare_environment() -> dict[str, str]:
    """Ours without any setting of Strongroom: the machine's own must not decide a test."""
    return {name: value for name, value in os.environ.items() if not name.startswith("STRONGROOM_")}


def descendants(pid: int) -> list[int]:
    """Children, their children, and so on."""
    parents = _parents()
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found[1:]


def _mark(role: Literal["worker:projections", "worker:uploads", "valkey"]) -> str:
    """What the command line of a role's process holds."""
    match role:
        case "worker:projections":
            return "--queues projections"
        case "worker:uploads":
            return "--queues uploads,media,transcripts"
        case "valkey":
            return "valkey-server"
        case _:
            assert_never(role)


def _parents() -> dict[int, int]:
    """Process → parent, of all that live. The dead that nobody has reaped yet do not count once all of their threads
    have ended: a process is a zombie as soon as its first has, and the others still hold its files."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return {pid: parent for pid in pids if (parent := _parent(pid)) is not None}


def _parent(pid: int) -> int | None:
    """None: it does not live."""
    entry = Path(f"/proc/{pid}")
    with suppress(FileNotFoundError, ProcessLookupError):
        # `pid (name) state ppid …`; the name may hold anything.
        state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
        if state != "Z" or len(list((entry / "task").iterdir())) > 1:
            return int(parent)
    return None


def _living(pids: list[int]) -> list[int]:
    return [pid for pid in pids if _parent(pid) is not None]


def _command(pid: int) -> str:
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""


def _kill(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _first_line(process: subprocess.Popen[str], timeout_s: float) -> str:
    """From standard output; "" when it ends or says nothing in time."""
    lines: queue.Queue[str] = queue.Queue()
    stdout = process.stdout
    assert stdout is not None
    reader = threading.Thread(target=lambda: lines.put(stdout.readline()), daemon=True)
    reader.start()
    with suppress(queue.Empty):
        return lines.get(timeout=timeout_s)
    return ""
