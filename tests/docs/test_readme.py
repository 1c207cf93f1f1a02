"""The README's tour, run as it stands."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.tables import ROOT, marked
from tests.e2e.stack import running_stack

BLOCK = re.compile(r"```bash\n(.*?)```", re.DOTALL)
TOUR_S = 60.0


@pytest.fixture
def base_url(tmp_path: Path) -> Iterator[str]:
    with running_stack(tmp_path) as stack:
        yield stack.url


def tour() -> str:
    (block,) = BLOCK.findall(marked((ROOT / "README.md").read_text(), "tour"))
    return str(block)


def take_tour(base_url: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "BASE": base_url}
    command = ["bash", "-euo", "pipefail", "-c", tour()]
    return subprocess.run(
        command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True, timeout=TOUR_S
    )


def test_the_tour_works_word_for_word_and_stops_at_the_name_that_is_taken(base_url: str) -> None:
    outcome = take_tour(base_url)
    assert outcome.returncode == 0, outcome.stderr
    sent, data, last = _answers(outcome.stdout)
    assert sent["status"] == "sent"
    assert [message["content"] for message in data["messages"]] == ["Remember the milk."]
    assert [file["name"] for file in data["files"]] == ["README.md", "LICENSE"]
    assert last == "the same bytes"
    again = take_tour(base_url)
    assert again.returncode != 0
    assert "409" in again.stderr


def test_the_tour_is_as_long_as_it_says() -> None:
    assert len(re.findall(r"^# \d\. ", tour(), re.MULTILINE)) == 5
    assert len(re.findall(r"\bcurl -", tour())) == 5


def _answers(shown: str) -> tuple[dict[str, object], dict[str, list[dict[str, object]]], str]:
    """The JSON of the two commands whose answer is shown, and the last line."""
    decoder = json.JSONDecoder()
    sent, end = decoder.raw_decode(shown)
    data, end = decoder.raw_decode(shown, end + len("\n"))
    return sent, data, shown[end:].strip()
