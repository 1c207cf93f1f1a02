"""A program to be killed: applies one history for ever in small batches, or rebuilds it again and again."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from projections.draft import Draft
from projections.runner import Projector
from tests.projections.history import random_history

LENGTH = 10_000
SEED = 11


def main() -> None:
    path, mode = Path(sys.argv[1]), sys.argv[2]
    facts = random_history(SEED, LENGTH).facts
    if mode == "apply":
        with Projector(path) as projector:
            for start in range(0, LENGTH, 7):
                projector.apply(facts[start : start + 7])
        return
    for _ in count():
        with Draft(path) as draft:
            for start in range(0, 1500, 100):
                print_position(draft.apply(facts[start : start + 100]))
            draft.settle()
            draft.take_place()


def print_position(position: int) -> None:
    print(position, flush=True)  # noqa: T201  # the parent kills at a position it has read here


if __name__ == "__main__":
    main()
