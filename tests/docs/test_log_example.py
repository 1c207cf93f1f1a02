"""The example on the log's format page is right: its commands print what stands below them, and our code agrees."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from eventstore.bundles import encode_bundle
from eventstore.checkpoint import open_checkpoint
from eventstore.merkle import Frontier, leaf_hash
from eventstore.note import SignerKey, parse_key
from eventstore.record import decode_envelope

PAGE = Path(__file__).parents[2] / "docs" / "log.md"
EXAMPLE = re.compile(r"```sh\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)


def test_the_example_can_be_followed_by_hand(tmp_path: Path) -> None:
    page = PAGE.read_text()
    steps = EXAMPLE.findall(page)
    assert len(steps) == 5
    whole = "\n".join(f"echo '### {number}'\n{commands}" for number, (commands, _) in enumerate(steps))
    done = subprocess.run(["sh", "-eu"], input=whole, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    printed = re.split(r"### \d\n", done.stdout)[1:]
    assert printed == [expected for _, expected in steps]

    entries = [(tmp_path / name).read_bytes() for name in "123"]
    frontier = Frontier()
    for number, entry in enumerate(entries, start=1):
        frontier.add(leaf_hash(entry))
        assert decode_envelope(entry).position == number
    key = parse_key(re.findall(r"key is `(\S+)`", page)[0])
    assert key == SignerKey("log.example.org", bytes(range(32))).verifier
    checkpoint, _ = open_checkpoint((tmp_path / "checkpoint").read_bytes(), key)
    assert (checkpoint.size, checkpoint.root) == (3, frontier.root())
    assert (tmp_path / "bundle").read_bytes() == encode_bundle(entries)
