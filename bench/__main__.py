"""`python -m bench`: measures, and prints one Markdown table with the conditions it was measured under."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from bench import history, lag, limits, messages, peers, reads, uploads
from bench.conditions import Conditions, Watch
from bench.report import Report
from bench.scale import FULL, QUICK, Scale
from bench.server import ROOT
from bench.stage import Stage

PARTS: dict[str, Callable[[Stage], None]] = {
    "limits": limits.measure,
    "log": history.measure,
    "peers": peers.measure,
    "uploads": uploads.measure,  # Before the other users of the server: its peak of memory is then the uploads'.
    "messages": messages.measure,
    "lag": lag.measure,
    "reads": reads.measure,
}


def run(parts: Sequence[str], scale: Scale, under: Path) -> tuple[Report, Conditions]:
    """All data lies in a new folder inside `under`, which is removed at the end, however it ends."""
    report = Report()
    folder = Path(tempfile.mkdtemp(prefix=".bench-", dir=under))
    try:
        watch = Watch(folder)
        with Stage(scale, folder, report) as stage:
            for name in parts:
                PARTS[name](stage)
        return report, watch.end()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def page(report: Report, conditions: Conditions) -> str:
    facts = "\n".join(f"- {name}: {value}" for name, value in conditions.facts.items())
    warnings = "".join(f"\n> **Careful:** {warning}\n" for warning in conditions.warnings)
    return f"{facts}\n{warnings}\n{report.markdown()}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller files and shorter stretches: a look")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), metavar="NAME", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument(
        "--folder", type=Path, default=ROOT, help="where the data lies meanwhile: which disk is measured"
    )
    given = parser.parse_args()
    names = [name for name in PARTS if given.only is None or name in given.only]
    report, conditions = run(names, QUICK if given.quick else FULL, given.folder)
    print(page(report, conditions))
    if given.json is not None:
        found = {"conditions": conditions, "rows": list(report.rows.values())}
        given.json.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")


if __name__ == "__main__":
    main()
