"""The whole house, started as a person starts it: `strongroom up` in an empty data folder, on a free port."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bench.processes import Resident, Usages, resident, usage_by_role
from service.machine.layout import Layout

ROOT = Path(__file__).parents[1]
STOP_S = 20.0
HOST = "127.0.0.1"
ERROR = '"level":"error"'


class Server:
    """Settings are the defaults, but for the port, for the rate of registrations and for those given by name. Logs go
    to a file beside."""

    def __init__(self, folder: Path, **settings: int) -> None:
        self.layout = Layout(folder)
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "STRONGROOM_DATA": str(folder),
            "STRONGROOM_PORT": "0",
            "STRONGROOM_CREDENTIAL_RATE": "1000000",
            **{f"STRONGROOM_{name.upper()}": str(value) for name, value in settings.items()},
        }
        self._log_path = folder.with_suffix(".log")
        with self._log_path.open("wb") as log:
            self._process = subprocess.Popen(
                [str(Path(sys.executable).with_name("strongroom")), "up"],
                env=environment,
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self.port = self._wait()

    def _wait(self) -> int:
        """The port from the `ready` line. `strongroom up` bounds the wait itself: it says the line or ends."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline().decode()
        if not line.startswith("ready "):
            self.stop()
            raise RuntimeError(f"strongroom up did not start: {self._log_path.read_text()[-2_000:]}")
        return int(line.rpartition(":")[2])

    def errors(self) -> list[str]:
        """The lines of its log that tell of errors."""
        with self._log_path.open() as lines:
            return [line.rstrip() for line in lines if ERROR in line]

    def usage(self) -> Usages:
        return usage_by_role(self._process.pid)

    def resident(self, role: str) -> Resident:
        return resident(self._process.pid, role)

    def stop(self) -> None:
        """SIGTERM, and SIGKILL when that takes too long."""
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
