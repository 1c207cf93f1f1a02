"""What a process does to itself before it holds keys."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

HARDEN = """
import resource
from service.machine import process
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, hard))
process.MOST_FILES = {most}
process.harden()
print(*resource.getrlimit(resource.RLIMIT_NOFILE), *resource.getrlimit(resource.RLIMIT_CORE))
"""


def hardened(soft: int, most: int) -> list[int]:
    code = HARDEN.format(soft=soft, most=most)
    return [int(word) for word in subprocess.check_output([sys.executable, "-c", code]).split()]


@pytest.mark.parametrize(("soft", "most", "expected"), [(100, 200, 200), (100, 1 << 40, None), (200, 100, 200)])
def test_it_may_open_many_files_and_leaves_no_core(soft: int, most: int, expected: int | None) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hardened(soft, most) == [hard if expected is None else expected, hard, 0, 0]
