"""What waiting costs: workers that look for work, supervisor, queue. Before anybody has come."""

from __future__ import annotations

import time

from bench.processes import spent_ms
from bench.report import Row
from bench.stage import Stage


def measure(stage: Stage) -> None:
    server = stage.server
    time.sleep(stage.scale.warm_up_s)
    before, began_s = server.usage(), time.perf_counter()
    time.sleep(stage.scale.seconds)
    after, seconds = server.usage(), time.perf_counter() - began_s
    shares = ", ".join(f"{role} {spent_ms(before, after, role, seconds):.0f}" for role in sorted(after))
    value = spent_ms(before, after, "", seconds)
    what = "the house at rest, processor ms a second"
    stage.report.add(Row(key="rest", what=what, value=value, unit="ms", detail=shares))
