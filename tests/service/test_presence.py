"""A folder that is open elsewhere is not swept as if nothing were under way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from service.house.house import House
from tests import builders

STAY = """
import sys
from service.machine.config import load_settings
from service.house.house import House
house = House(load_settings({"STRONGROOM_DATA": sys.argv[1]}))
print("open", flush=True)
sys.stdin.read()
"""


def test_a_process_that_has_the_folder_open_is_seen_and_its_end_too(tmp_path: Path) -> None:
    house = House(builders.settings(tmp_path / "data"))
    with house.alone() as alone:
        assert alone
    with subprocess.Popen(
        [sys.executable, "-c", STAY, str(house.layout.data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        with house.alone() as alone:
            assert not alone
        other.kill()
    with house.alone() as alone:
        assert alone
    house.close()
