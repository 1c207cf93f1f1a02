"""A whole Strongroom, started as people start it."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

READY = re.compile(r"ready (http://\S+)")
READY_S = 60.0
STOP_S = 15.0


@pytest.fixture
def base_url(tmp_path: Path) -> Iterator[str]:
    """The address that `strongroom up` printed."""
    command = [str(Path(sys.executable).with_name("strongroom")), "up", "--data", str(tmp_path / "data"), "--port", "0"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STRONGROOM_")}
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log) as process,
    ):
        try:
            assert process.stdout is not None
            line = _first_line(process.stdout, READY_S)
            ready = READY.fullmatch(line)
            assert ready is not None, (line, (tmp_path / "log").read_text())
            yield ready.group(1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(STOP_S) == 0
        finally:
            process.kill()  # Its children follow it: the kernel sees to that.


def _first_line(stream: IO[bytes], timeout_s: float) -> str:
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        return stream.readline().decode().strip() if selector.select(timeout_s) else ""
