"""What a log line holds, and what it must not: as a process of its own writes it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
BEGINNING = """
import logging
import structlog
from service.machine.config import Settings
from service.machine.logging import configure
configure(Settings(log_format="json"), "test")
"""
LINE_MAX_BYTES = 4_096  # Up to here, lines of several processes into one pipe stay whole (POSIX, PIPE_BUF).


def logged(program: str) -> list[dict[str, str]]:
    """The lines that a program wrote to standard error."""
    lines = told(BEGINNING + program).splitlines()
    assert all(len(line.encode()) < LINE_MAX_BYTES for line in lines)
    return [json.loads(line) for line in lines]


def told(program: str) -> str:
    """All that a program wrote to standard error; nothing else may be written."""
    outcome = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        timeout=30,
    )
    assert outcome.stdout == b""
    return outcome.stderr.decode()


def test_a_line_is_one_json_object_that_names_its_process() -> None:
    (line,) = logged('structlog.get_logger("a").info("swept", keys=2)')
    assert line.pop("time").endswith("Z")
    assert line == {"event": "swept", "keys": 2, "level": "info", "process": "test"}


FAILING = """
def fail():
    recovery_code = "-".join(["ABCD"] * 2)
    raise ValueError("it failed")
try:
    fail()
except ValueError:
    structlog.get_logger("a").exception("ours")
    logging.getLogger("theirs").exception("a library's")
"""


def test_a_traceback_shows_no_values() -> None:
    ours, theirs = logged(FAILING)
    for line in (ours, theirs):
        assert line["exception"].endswith("ValueError")  # What it says could be what somebody wrote.
        assert "ABCD-ABCD" not in json.dumps(line)


DEEP = """
def fail(depth):
    if depth == 0:
        raise ValueError("at the bottom")
    try:
        fail(depth - 1)
    except ValueError as error:
        raise ValueError("on the way") from error
try:
    fail(50)
except ValueError:
    structlog.get_logger("a").exception("deep")
"""


def test_a_traceback_is_bounded_and_keeps_its_end() -> None:
    (line,) = logged(DEEP)
    assert line["exception"].endswith("ValueError")


LIBRARY = """
logging.getLogger("dramatiq.worker").info("arguments %s", "of a message")
logging.getLogger("dramatiq.worker").warning("the queue is gone")
"""


def test_libraries_are_heard_from_warning_upwards() -> None:
    (line,) = logged(LIBRARY)
    assert (line["event"], line["logger"], line["level"]) == (
        "the queue is gone",
        "dramatiq.worker",
        "warning",
    )


BOUND = """
from structlog.contextvars import bound_contextvars
with bound_contextvars(request_id="0123", job_id="4567", actor="store_file"):
    structlog.get_logger("a").info("ours")
    logging.getLogger("theirs").error("a library's")
structlog.get_logger("a").info("after")
"""


def test_every_line_of_a_job_names_the_job_and_its_request() -> None:
    *within, after = logged(BOUND)
    for line in within:
        assert (line["request_id"], line["job_id"], line["actor"]) == ("0123", "4567", "store_file")
    assert "request_id" not in after


def test_in_words_too_a_line_names_its_request_and_a_traceback_shows_no_values() -> None:
    words = told(BEGINNING.replace('"json"', '"console"') + BOUND + FAILING)
    assert [("request_id=0123" in line) for line in words.splitlines()[:3]] == [True, True, False]
    assert words.count("\nValueError") == 2
    assert "ABCD-ABCD" not in words
