"""`python -m tests.soak [--minutes 30] [--people 8] [--seed N]`: exit code 0 when everything held, 1 when not."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.soak.running import evidence, soak


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="soak", description="Mixed load, and whether everything held.")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(words)
    outcome = evidence(lambda folder: soak(folder, given.minutes * 60, given.people, given.seed, say=print), print)
    for line in outcome.lines:
        print(line)  # noqa: T201  # a program whose answer is what it prints
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
