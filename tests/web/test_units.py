"""The page's own unit tests, under vitest: `src/**/*.test.ts` and `build/**/*.test.ts`."""

from __future__ import annotations

import re
import subprocess

from tests.house.test_structure import ROOT

PATIENCE_S = 240.0
PASSED = re.compile(r"Tests\s+(\d+) passed")


def test_the_pages_units_do_what_their_tests_say() -> None:
    command = [str(ROOT / "frontend" / "npm"), "run", "--silent", "test", "--", "--no-color"]
    outcome = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE_S)
    assert outcome.returncode == 0, f"{outcome.stdout}\n{outcome.stderr}"
    assert PASSED.search(outcome.stdout), outcome.stdout
