"""`docs/crash-steps.md`: each operation, its steps, and what a crash leaves at each.

`python -m tests.crash.page` kills every operation at its steps and writes the page anew; the test beside this file
holds it true.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from tests.crash.crashes import Result, begun_folder, require_order, results
from tests.crash.operations import OPERATIONS
from tests.crash.ready import ready
from tests.crash.story import Facts, Operation
from tests.zygote import ROOT, Zygote, living_zygote

PAGE: Final = ROOT / "docs" / "crash-steps.md"
HEAD: Final = """\
# Crashes, step by step

What changes keys or bytes does so in steps, each of which is durable when the next begins: a commit, an fsync, a name
that is given or taken, a file that is overwritten. `tests/crash` kills the process at each of them, right before it and
right after it, starts again on what is left, and finds the old state or the new one, never neither. In both the log
verifies, and what was left undone can be asked for once more.

The steps are those that were seen when the tests ran, by the names of the files in the data folder. Of operations with
very many, some between two of a kind are passed over (–).
"""


def section(operation: Operation, found: Sequence[Result]) -> str:
    rows = "".join(
        f"| {number} | {result.name} | {_said(result.before)} | {_said(result.after)} |\n"
        for number, result in enumerate(found, start=1)
    )
    return (
        f"## {operation.name}\n\n"
        f"- Old: {operation.old}.\n- New: {operation.new}.\n\n"
        f"| | step | killed before it | killed after it |\n| --- | --- | --- | --- |\n{rows}"
    )


def written(operation: Operation) -> str:
    """The section as it stands on the page; "" if it does not."""
    _, _, rest = PAGE.read_text().partition(f"\n## {operation.name}\n")
    return f"## {operation.name}\n{rest.partition(chr(10) + '## ')[0]}" if rest else ""


def _said(state: bool | None) -> str:
    match state:
        case None:
            return "–"
        case True:
            return "new"
        case False:
            return "old"


def main() -> None:
    """Writes the page anew."""
    hands = os.cpu_count() or 1
    with ThreadPoolExecutor(hands) as crew:
        shares = list(crew.map(_sections, [list(OPERATIONS)[hand::hands] for hand in range(hands)]))
    sections = {name: text for share in shares for name, text in share.items()}
    PAGE.write_text("\n".join([HEAD, *(sections[name] for name in OPERATIONS)]))


def _sections(names: Sequence[str]) -> dict[str, str]:
    with living_zygote(ready) as zygote, begun_folder(zygote) as (base, facts):
        return {name: _section_now(zygote, OPERATIONS[name], base, facts) for name in names}


def _section_now(zygote: Zygote, operation: Operation, base: Path, facts: Facts) -> str:
    found = results(zygote, operation, base, facts)
    require_order(operation, found)
    return section(operation, found)


if __name__ == "__main__":
    main()
