"""`python -m bench`: measures, and prints one Markdown table with the conditions it was measured under."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from http.client import HTTPException
from pathlib import Path
from subprocess import TimeoutExpired

import msgspec

from bench import history, lag, limits, media, messages, peers, reads, rest, signed, stream, uploads, verify
from bench.conditions import Conditions, Watch
from bench.report import Report
from bench.scale import FULL, QUICK, Scale
from bench.server import ROOT
from bench.stage import Stage

PARTS: dict[str, Callable[[Stage], None]] = {
    "limits": limits.measure,
    "log": history.measure,
    "signed": signed.measure,
    "verify": verify.measure,
    "peers": peers.measure,
    "rest": rest.measure,  # Before there is anything to be done.
    "uploads": uploads.measure,  # Before the other users of the server: its peak of memory is then the uploads'.
    "media": media.measure,
    "messages": messages.measure,
    "lag": lag.measure,
    "reads": reads.measure,
    "stream": stream.measure,
}


FAILED = "failed"
FAULTS = (RuntimeError, OSError, HTTPException, TimeoutExpired)
BEGIN, END = "<!-- results -->", "<!-- end of results -->"


def run(parts: Sequence[str], scale: Scale, under: Path) -> tuple[Report, Conditions]:
    """All data lies in a new folder inside `under`, which is removed at the end, however it ends."""
    report = Report()
    folder = Path(tempfile.mkdtemp(prefix=".bench-", dir=under))
    try:
        watch = Watch(folder)
        with Stage(scale, folder, report) as stage:
            failed = [line for name in parts if (line := _failure(name, stage))]
        return report, watch.end(failed + stage.warnings())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _failure(name: str, stage: Stage) -> str:
    """A part that fails leaves the others their figures: what to say of it, "" when all is well."""
    try:
        PARTS[name](stage)
    except FAULTS as error:
        return f"The part `{name}` {FAILED}: {error}"
    return ""


def page(report: Report, conditions: Conditions) -> str:
    facts = "\n".join(f"- {name}: {value}" for name, value in conditions.facts.items())
    warnings = "".join(f"\n> **Careful:** {warning}\n" for warning in conditions.warnings)
    return f"{facts}\n{warnings}\n{report.markdown()}"


def put_into(document: Path, text: str) -> None:
    """Replaces what stands between the two marks. ValueError when they are not there."""
    before, begin, rest = document.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{document.name} has no place for results")
    document.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 1 when a part failed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller files and shorter stretches: a look")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), metavar="NAME", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--events", type=int, metavar="N", help="how many the log has that is audited")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--into", type=Path, metavar="FILE", help="put the table between the marks in that document")
    parser.add_argument(
        "--folder", type=Path, default=ROOT, help="where the data lies meanwhile: which disk is measured"
    )
    given = parser.parse_args(arguments)
    names = [name for name in PARTS if given.only is None or name in given.only]
    scale = QUICK if given.quick else FULL
    if given.events is not None:
        scale = msgspec.structs.replace(scale, audited_events=given.events)
    report, conditions = run(names, scale, given.folder)
    text = page(report, conditions)
    print(text)
    if given.into is not None:
        put_into(given.into, text)
    if given.json is not None:
        found = {"conditions": conditions, "rows": list(report.rows.values())}
        given.json.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
    return int(any(FAILED in warning for warning in conditions.warnings))


if __name__ == "__main__":
    sys.exit(main())
