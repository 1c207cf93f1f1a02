"""What the embedded queue says: as lines of our log, without what it says at every start and end."""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.machine.children import Child
from service.machine.config import Settings
from service.machine.layout import Layout
from service.machine.lines import hear
from service.machine.valkey import queue_address, tell_of_valkey, valkey_command
from tests.waiting import wait_for

SMALL_TALK = """
13901:M 23 Nov 2026 14:58:22.114 # WARNING Memory overcommit must be enabled! Without it, a background save may fail
13901:signal-handler (1795445903) Received SIGTERM scheduling shutdown...
13901:M 23 Nov 2026 14:58:23.697 # Valkey is now ready to exit, bye bye...
"""
FAULT = "14089:M 23 Nov 2026 14:58:23.755 # Failed opening Unix socket: bind: No such file or directory"


def test_a_good_start_and_end_are_quiet() -> None:
    with capture_logs() as lines:
        for line in SMALL_TALK.splitlines():
            tell_of_valkey(line)
    assert lines == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (FAULT, "Failed opening Unix socket: bind: No such file or directory"),
        ("*** FATAL CONFIG FILE ERROR ***", "*** FATAL CONFIG FILE ERROR ***"),
    ],
)
def test_a_fault_is_a_line_of_our_log(line: str, said: str) -> None:
    with capture_logs() as lines:
        tell_of_valkey(line)
    assert [(each["event"], each["line"], each["log_level"]) for each in lines] == [("the queue says", said, "warning")]


def test_a_child_that_is_listened_to_is_heard_to_its_last_line() -> None:
    heard: list[str] = []
    program = "import sys; print('one', flush=True); print('two', file=sys.stderr); print('3' * 9_000)"
    child = Child(
        "one", [sys.executable, "-c", program], environment={}, death_signal=signal.SIGKILL, says=heard.append
    )
    child.start()
    wait_for(lambda: not child.running, "the child to end", 20)
    child.kill()
    assert heard[:2] == ["one", "two"]
    assert "".join(heard[2:]) == "3" * 9_000


def test_a_line_that_comes_in_pieces_is_one() -> None:
    lines, writes = hear()
    try:
        os.write(writes, b"half a li")
        assert list(lines.read()) == []
        os.write(writes, b"ne\nand more")
        assert list(lines.read()) == ["half a line"]
    finally:
        os.close(writes)
        lines.close()


def test_it_asks_for_no_more_clients_than_it_may_have_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def clients() -> str:
        command = valkey_command(Layout(Path("/srv")))
        return command[command.index("--maxclients") + 1]

    for hard, expected in ((64, "32"), (1_000_000, "10000"), (resource.RLIM_INFINITY, "10000")):
        monkeypatch.setattr("resource.getrlimit", lambda _, hard=hard: (hard, hard))
        assert clients() == expected


def test_an_address_is_told_without_its_password() -> None:
    settings = Settings(redis_url="rediss://somebody:secret@queue.example:6379/2?password=secret")
    assert queue_address(settings, Layout(Path("/srv"))) == "rediss://queue.example:6379/2"
