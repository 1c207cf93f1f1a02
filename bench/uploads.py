"""Files: to the 202 (durable, encrypted in the spool) and to `ready` (checked, sealed into its final blob)."""

from __future__ import annotations

from bench import sender
from bench.figures import MEGABYTE, percentile
from bench.person import Person
from bench.processes import largest_mb, peaks, spent_ms
from bench.report import Row, Target
from bench.sender import Orders
from bench.server import HOST
from bench.stage import Stage

MIB = 1 << 20
MEMORY_MB = Target(150, at_least=False)
READY_MS = Target(250, at_least=False)
SPEED = Target(300)
BIG_POLL_S = 0.02


def measure(stage: Stage) -> None:
    person = Person(stage.server.port)
    _big(stage, person)
    _small(stage, person)
    _many(stage, person)


def _big(stage: Stage, person: Person) -> None:
    server, size_bytes = stage.server, stage.scale.big_file_bytes
    before = server.usage()
    orders = Orders(host=HOST, port=person.port, token=person.token, size_bytes=size_bytes, poll_s=BIG_POLL_S)
    found = sender.run(orders)
    after = server.usage()
    (acknowledged_s,), (ready_s,) = found.acknowledged_s, found.ready_s
    mebibytes = size_bytes / MIB
    size = f"{size_bytes // MEGABYTE:,} MB"
    rows = [
        Row(
            key="upload.acknowledged",
            what=f"upload of {size}, to the 202",
            value=size_bytes / acknowledged_s / MEGABYTE,
            unit="MB/s",
            detail=f"{acknowledged_s:.2f} s; API {spent_ms(before, after, 'api', mebibytes):.2f} processor ms a MiB;"
            f" generator {found.cpu_share:.0%} of a processor",
            against=("disk", "sha256"),
            target=SPEED,
        ),
        Row(
            key="upload.stored",
            what=f"upload of {size}, from the 202 to `ready`",
            value=size_bytes / (ready_s - acknowledged_s) / MEGABYTE,
            unit="MB/s",
            detail=f"{ready_s - acknowledged_s:.2f} s;"
            f" worker {spent_ms(before, after, 'worker:uploads,media,transcripts', mebibytes):.2f} processor ms a MiB",
            against=("disk", "sha256"),
            target=SPEED,
        ),
        Row(
            key="upload.ready",
            what=f"upload of {size}, in all to `ready`",
            value=size_bytes / ready_s / MEGABYTE,
            unit="MB/s",
            detail=f"{ready_s:.2f} s",
            against=("disk",),
        ),
        Row(
            key="upload.memory",
            what=f"upload of {size}, largest process",
            value=largest_mb(after),
            unit="MB",
            detail=peaks(after),
            target=MEMORY_MB,
        ),
    ]
    for row in rows:
        stage.report.add(row)


def _small(stage: Stage, person: Person) -> None:
    size_bytes, count = stage.scale.small_file_bytes, stage.scale.small_files
    orders = Orders(host=HOST, port=person.port, token=person.token, size_bytes=size_bytes, uploads=count)
    found = sender.run(orders)
    kind = f"{count} files of {size_bytes / MEGABYTE:g} MB, one after the other"
    for name, what, took_s, target in (
        ("acknowledged", "to the 202", found.acknowledged_s, None),
        ("ready", "to `ready`", found.ready_s, READY_MS),
    ):
        stage.report.add(
            Row(
                key=f"small.{name}",
                what=f"upload of {size_bytes / MEGABYTE:g} MB, {what}",
                value=percentile(took_s, 50) * 1e3,
                unit="ms",
                detail=f"median of {kind}; p99 {percentile(took_s, 99) * 1e3:.0f} ms",
                target=target,
            )
        )


def _many(stage: Stage, person: Person) -> None:
    files, size_bytes = stage.scale.files_in_form, stage.scale.small_file_bytes // 10
    orders = Orders(host=HOST, port=person.port, token=person.token, size_bytes=size_bytes, files=files, uploads=3)
    found = sender.run(orders)
    stage.report.add(
        Row(
            key="form.ready",
            what=f"{files} files of {size_bytes / MEGABYTE:g} MB in one form, all `ready`",
            value=percentile(found.ready_s, 50) * 1e3,
            unit="ms",
            detail=f"median of 3 forms; 202 after {percentile(found.acknowledged_s, 50) * 1e3:.0f} ms",
        )
    )
