"""What systemd itself says of units."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path


def faults(units: Iterable[Path], folder: Path) -> tuple[list[str], int]:
    """Its lines about ours (this machine's own units are none of our business) and its exit status; `folder` is where
    it looks for units before all others."""
    found = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(units))],
        env={"PATH": os.environ["PATH"], "SYSTEMD_UNIT_PATH": f"{folder}:"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return [line for line in found.stderr.splitlines() if "strongroom" in line], found.returncode
