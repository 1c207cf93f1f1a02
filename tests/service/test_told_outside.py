"""What a service manager tells the parts that it starts, and hears from them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from service.commands.crews import environment_of
from service.machine.config import load_settings
from service.machine.init_system import ADDRESS, STATUS_MAX_CHARACTERS, tell_init_system
from service.machine.process import SINCE
from tests.e2e.stack import ROOT, bare_environment

PATIENCE_S: Final = 60.0
HUNG_UP_ON_AT_ONCE: Final = """
import os, signal
from service.commands import cli
own_settings = cli.own_settings
def hung_up_on(**given):
    os.kill(os.getpid(), signal.SIGHUP)
    return own_settings(**given)
cli.own_settings = hung_up_on
cli.main()
"""


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """Where a manager listens, sd_notify(3)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(PATIENCE_S)
        yield listening


def test_a_manager_hears_how_it_stands_whatever_the_level_of_the_log_and_may_tell_it_to_renew_at_once(
    manager: socket.socket, tmp_path: Path
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HUNG_UP_ON_AT_ONCE, "valkey", "--data", tmp_path / "data"],
        cwd=ROOT,
        env={**bare_environment(), "STRONGROOM_LOG_LEVEL": "error", ADDRESS: manager.getsockname()},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert heard(manager).startswith("READY=1\nSTATUS=listening unix:///")
        for number in (1, 2):
            process.send_signal(signal.SIGHUP)
            assert heard(manager) == f"RELOADING=1\nSTATUS=replacing {number}"
            assert heard(manager) == f"READY=1\nSTATUS=not replaced {number}: nothing here is replaced while it runs"
        process.send_signal(signal.SIGTERM)
        assert heard(manager) == "STOPPING=1\nSTATUS=stopping"
        assert process.wait(PATIENCE_S) == 0
    finally:
        process.kill()
        process.wait()


def test_a_status_is_one_line_that_a_manager_takes(manager: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ADDRESS, manager.getsockname())
    tell_init_system(None, "not ready yet: \udcff queue\nMAINPID=1\0" + "…" * 5_000)
    assert heard(manager) == "STATUS=" + ("not ready yet:   queue MAINPID=1 " + "…" * 5_000)[:STATUS_MAX_CHARACTERS]


def heard(manager: socket.socket) -> str:
    datagram = manager.recv(8_192)
    assert len(datagram) < 4_096, "systemd leaves longer ones out"
    return datagram.decode()


def test_children_are_told_what_was_given_and_no_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("STRONGROOM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("STRONGROOM_CREDENTIAL_RATE", "7")
    monkeypatch.setenv("STRONGROOM_PORT", "9000")
    monkeypatch.setenv(ADDRESS, "/run/systemd/notify")
    settings = load_settings({**os.environ, "STRONGROOM_PORT": "8000", "STRONGROOM_API_PROCESSES": "3"})
    environment = environment_of(settings)
    ours = {name: value for name, value in environment.items() if name.startswith("STRONGROOM_")}
    assert ours == {"STRONGROOM_CREDENTIAL_RATE": "7", "STRONGROOM_PORT": "8000", "STRONGROOM_API_PROCESSES": "3"}
    assert load_settings(environment) == settings
    assert ADDRESS not in environment
    assert environment[SINCE].isdigit()
