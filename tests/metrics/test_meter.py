"""Counting in one process, and putting together what all have counted."""

from __future__ import annotations

import os
import threading
from contextlib import closing
from pathlib import Path

import pytest

from service.machine import meter as meter_module
from service.machine import tally as tally_module
from service.machine.layout import Layout
from service.machine.meter import OTHER, SILENT, FileMeter, Meter, begin, keys, most_bytes
from service.machine.metrics import (
    ACTORS,
    APPEND_BATCH,
    JOBS,
    JOBS_RUNNING,
    METRICS,
    OUTCOMES,
    REQUEST_SECONDS,
    REQUESTS,
    STREAMS_OPEN,
    Metric,
)
from service.machine.tally import clear, tally

FILES_PER_PROCESS = 3
LABELS = ("GET", "/api/v1/chats", "200")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path)
    layout.create()
    layout.metrics.mkdir()
    return layout


def api(layout: Layout) -> FileMeter:
    return FileMeter(layout.metrics, "api")


def die(meter: FileMeter) -> None:
    """Leaves what `kill -9` leaves: closing says nothing and takes nothing back either."""
    meter.close()


def value(layout: Layout, metric: Metric, ending: str = "", **labels: str) -> float | None:
    """Of all processes; None: nobody has told."""
    for family in tally(layout).families:
        for sample in family.samples:
            if sample.name == metric.name + ending and sample.labels == labels:
                return float(sample.value)
    return None


def test_what_several_processes_count_is_added_up(layout: Layout) -> None:
    with closing(api(layout)) as one, closing(api(layout)) as other:
        for meter, times in ((one, 3), (other, 4)):
            meter.add(REQUESTS, times, LABELS)
            meter.add(STREAMS_OPEN, times)
            meter.observe(APPEND_BATCH, 3.0, times=times)
        assert value(layout, REQUESTS, method="GET", route="/api/v1/chats", status="200") == 7
        assert value(layout, STREAMS_OPEN) == 7
        assert [value(layout, APPEND_BATCH, "_bucket", le=bound) for bound in ("2.0", "4.0", "+Inf")] == [0, 7, 7]
        assert (value(layout, APPEND_BATCH, "_sum"), value(layout, APPEND_BATCH, "_count")) == (21, 7)
        assert tally(layout).processes == 2


def test_a_value_at_a_bound_counts_below_it(layout: Layout) -> None:
    with closing(api(layout)) as meter:
        meter.observe(APPEND_BATCH, 4.0)
        meter.observe(APPEND_BATCH, 1e9)
        assert [value(layout, APPEND_BATCH, "_bucket", le=bound) for bound in ("2.0", "4.0", "256.0", "+Inf")] == [
            0, 1, 1, 2,
        ]  # fmt: skip


def test_of_a_dead_process_the_counters_stay_and_the_gauges_go(layout: Layout) -> None:
    with closing(api(layout)) as living:
        dying = api(layout)
        for meter in (living, dying):
            meter.add(REQUESTS, 5, LABELS)
            meter.add(STREAMS_OPEN, 2)
            meter.observe(APPEND_BATCH, 1.0, times=5)
        die(dying)
        for _ in range(2):  # The second reads what the first has put together.
            assert value(layout, REQUESTS, method="GET", route="/api/v1/chats", status="200") == 10
            assert value(layout, APPEND_BATCH, "_count") == 10
            assert value(layout, STREAMS_OPEN) == 2
            assert tally(layout).processes == 1


def test_restarts_do_not_fill_the_folder(layout: Layout) -> None:
    for _ in range(5):
        with closing(api(layout)) as meter:
            meter.add(REQUESTS, 1, LABELS)
        tally(layout)
    assert value(layout, REQUESTS, method="GET", route="/api/v1/chats", status="200") == 5
    assert {path.name for path in layout.metrics.iterdir()} == {"lock", "counter_gone.db", "histogram_gone.db"}


def test_a_clean_start_counts_from_zero(layout: Layout) -> None:
    with closing(api(layout)) as meter:
        meter.add(REQUESTS, 1, LABELS)
    tally(layout)
    clear(layout)
    assert tally(layout).families == []


def test_beyond_its_bound_a_label_is_counted_as_other(layout: Layout) -> None:
    with closing(FileMeter(layout.metrics, "worker")) as meter:
        for number in range(3 * JOBS_RUNNING.most):
            meter.add(JOBS_RUNNING, 1, (f"job-{number}",))
        (family,) = [family for family in tally(layout).families if family.name == JOBS_RUNNING.name]
        assert len(family.samples) == JOBS_RUNNING.most
        assert value(layout, JOBS_RUNNING, actor=OTHER) == 2 * JOBS_RUNNING.most + 1
        assert sum(sample.value for sample in family.samples) == 3 * JOBS_RUNNING.most


def test_the_files_never_grow_and_have_their_blocks_from_the_start(layout: Layout) -> None:
    with closing(api(layout)) as meter:
        files = sorted(layout.metrics.glob("*.db"))
        before = [path.stat().st_size for path in files]
        assert all(512 * path.stat().st_blocks >= path.stat().st_size for path in files)
        for metric in (metric for metric in METRICS if metric.told in ("api", "both")):
            for number in range(metric.most + 5):
                labels = tuple(f"{number:064}" for _ in metric.labels)
                if metric.kind == "histogram":
                    meter.observe(metric, 0.1, labels)
                else:
                    meter.add(metric, 1, labels)
        assert [path.stat().st_size for path in files] == before
        assert sum(before) < 3 << 20


def test_without_room_for_its_files_a_process_measures_nothing_and_runs(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "posix_fallocate", full)
        assert begin(layout, "api") is SILENT
    assert list(layout.metrics.glob("*.db")) == []
    assert tally(layout).families == []


def test_while_the_dead_cannot_be_added_up_they_are_read_as_they_are(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = api(layout)
    dying.add(REQUESTS, 5, LABELS)
    die(dying)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        assert value(layout, REQUESTS, method="GET", route="/api/v1/chats", status="200") == 5
    assert value(layout, REQUESTS, method="GET", route="/api/v1/chats", status="200") == 5


def test_what_a_crash_left_half_made_is_passed_over(layout: Layout) -> None:
    (layout.metrics / "counter_0011223344556677.db").touch()
    assert tally(layout).processes == 0
    assert not (layout.metrics / "counter_0011223344556677.db").exists()


def test_what_a_crash_left_half_made_is_passed_over_on_a_full_disk(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then it can be neither added up nor taken away."""

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    (layout.metrics / "counter_0011223344556677.db").touch()
    with closing(api(layout)) as meter, monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        meter.add(REQUESTS, 5, LABELS)
        assert value(layout, REQUESTS, method="GET", route="/api/v1/chats", status="200") == 5


def test_series_of_another_release_are_left_out_when_a_process_of_it_has_ended(layout: Layout) -> None:
    older = Metric(name=REQUESTS.name, kind="counter", told="api", help="", labels=("method",))
    dying = api(layout)
    dying.add(older, 5, ("GET",))
    die(dying)
    assert REQUESTS.family not in {family.name for family in tally(layout).families}


def test_a_meter_may_be_used_from_many_threads(layout: Layout) -> None:
    with closing(api(layout)) as meter:

        def work() -> None:
            for _ in range(2_000):
                meter.add(REQUESTS, 1, LABELS)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert value(layout, REQUESTS, method="GET", route="/api/v1/chats", status="200") == 8_000


def test_a_meter_that_is_closed_counts_nothing_more(layout: Layout) -> None:
    meter = api(layout)
    meter.close()
    meter.add(REQUESTS, 1, LABELS)
    meter.observe(REQUEST_SECONDS, 1.0, LABELS[:2])
    meter.observe(APPEND_BATCH, 1.0)
    assert sum(sample.value for family in tally(layout).families for sample in family.samples) == 0


def test_every_metric_without_labels_is_there_from_the_start(layout: Layout) -> None:
    """What appears with its first 1 has not increased, for Prometheus."""
    with closing(FileMeter(layout.metrics, "worker")), closing(api(layout)):
        found = {family.name for family in tally(layout).families}
        assert {each.family for each in METRICS if each.told != "folder" and not each.labels} <= found
        outcomes = [value(layout, JOBS, actor=actor, outcome=each) for actor in ACTORS for each in OUTCOMES]
        assert outcomes == [0] * len(ACTORS) * len(OUTCOMES)
        assert len(JOBS.known) + len(OUTCOMES) < JOBS.most  # `other` has its places, too.


def test_a_folder_that_stays_locked_is_not_waited_for_longer_than_told(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meter_module, "PATIENCE_S", 0.0)
    with meter_module.require_folder(layout.metrics):
        with pytest.raises(TimeoutError):
            tally(layout)
        assert begin(layout, "api") is SILENT


def test_the_silent_meter_takes_everything() -> None:
    for metric in METRICS:
        Meter().add(metric, 1, ("x",) * len(metric.labels))
        Meter().observe(metric, 1.0, ("x",) * len(metric.labels))
    SILENT.close()


def test_every_metric_is_bounded_and_named_as_prometheus_wants() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    for metric in METRICS:
        assert metric.name.endswith("_total") == (metric.kind == "counter"), metric.name
        assert metric.help.endswith("."), metric.name
        assert bool(metric.labels) == (metric.most > 1) or metric.name == "strongroom_build_info", metric.name
        assert list(metric.buckets) == sorted(set(metric.buckets)), metric.name
        assert bool(metric.buckets) == (metric.kind == "histogram"), metric.name
        assert len(keys(metric, metric.labels)) == (len(metric.buckets) + 2 if metric.buckets else 1), metric.name


def test_the_bound_of_a_file_is_of_its_own_kind() -> None:
    told = [metric for metric in METRICS if metric.told != "folder"]
    assert most_bytes("gauge", told) < most_bytes("counter", told) < most_bytes("histogram", told)
    assert tally_module.GONE not in {"counter", "gauge", "histogram"}
