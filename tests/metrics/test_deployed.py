"""The alert rules and the dashboard in deploy/ ask for nothing that Strongroom does not tell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from service.machine.metrics import METRICS, Metric
from tests.docs.tables import ROOT

ALERTS: Final = ROOT / "deploy" / "prometheus" / "alerts.yml"
SCRAPE: Final = ROOT / "deploy" / "prometheus" / "scrape.yml"
DASHBOARD: Final = ROOT / "deploy" / "grafana" / "strongroom.json"
THEIRS: Final = {"up"}  # Prometheus's own.
GIVEN: Final = {"instance", "job", "le"}  # Labels that Prometheus adds, and a histogram's.
# A name with its selector; and what is summed by.
SELECTED: Final = re.compile(r"\b(up|strongroom_\w+)\b(?:\{([^}]*)\})?")
BY: Final = re.compile(r"\bby \(([^)]*)\)")
MATCHER: Final = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return found


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in rules())
    yield from (target["expr"] for panel in panels() for target in panel["targets"])


def samples() -> dict[str, Metric]:
    """As they are written out: a histogram has three names."""
    endings = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
    return {metric.name + ending: metric for metric in METRICS for ending in endings[metric.kind]}


def wrong(expression: str) -> list[str]:
    """What it asks for that is not told: a name, or a label."""
    told, found, labels = samples(), [], set()
    for name, selector in SELECTED.findall(expression):
        if name in THEIRS:
            continue
        if name not in told:
            found.append(name)
            continue
        labels |= set(told[name].labels)
        known = {*told[name].labels, *GIVEN}
        found += [f"{name}{{{label}}}" for label, _ in MATCHER.findall(selector) if label not in known]
    summed = {label.strip() for group in BY.findall(expression) for label in group.split(",")}
    return [*found, *sorted(summed - labels - GIVEN)]


@pytest.mark.parametrize("expression", list(expressions()))
def test_every_expression_asks_for_what_is_told(expression: str) -> None:
    assert SELECTED.findall(expression)
    assert wrong(expression) == []


def test_the_check_finds_what_is_wrong() -> None:
    assert wrong("strongroom_requests > 1") == ["strongroom_requests"]
    assert wrong('sum by (rout) (strongroom_requests_total{stat="500"})') == ["strongroom_requests_total{stat}", "rout"]
    assert wrong("strongroom_append_seconds") == ["strongroom_append_seconds"]


def test_alerts_are_named_weighed_and_told_in_one_line() -> None:
    assert len({rule["alert"] for rule in rules()}) == len(rules())
    for rule in rules():
        assert rule["labels"]["severity"] in ("page", "warn"), rule["alert"]
        assert rule["annotations"]["summary"].endswith("."), rule["alert"]


@pytest.mark.parametrize(
    "what",
    ["ready", "projection_lag_seconds", "queue_oldest_job_seconds", "queue_jobs", "checkpoint_lag_seconds",
     "scrape_failed", "disk_free_bytes", "requests_total", "append_seconds_bucket", "last_backup_timestamp_seconds"],
)  # fmt: skip
def test_what_an_operator_must_hear_of_has_an_alert(what: str) -> None:
    assert [rule["alert"] for rule in rules() if f"strongroom_{what}" in rule["expr"]]


def expression(alert: str) -> str:
    (found,) = [str(rule["expr"]) for rule in rules() if rule["alert"] == alert]
    return found


def test_a_job_that_neither_ends_nor_begins_is_heard_of_in_every_queue() -> None:
    assert expression("StrongroomJobStuck") == "strongroom_queue_oldest_job_seconds > 3600"


def test_a_folder_without_any_backup_is_told_as_such_and_not_by_an_age() -> None:
    assert expression("StrongroomBackupNever") == "strongroom_last_backup_timestamp_seconds == 0"
    assert "strongroom_last_backup_timestamp_seconds > 0" in expression("StrongroomBackupOld")
    (panel,) = [panel for panel in panels() if panel["title"] == "Last backup"]
    (never,) = panel["fieldConfig"]["defaults"]["mappings"]
    assert (never["type"], never["options"]["result"]["text"]) == ("range", "never")
    assert 10 * 365 * 86_400 < never["options"]["from"] < 1_700_000_000  # No backup's age, and below today.


def test_no_panel_lies_on_another() -> None:
    taken = [
        (x, y)
        for at in (panel["gridPos"] for panel in panels())
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24
    assert len({panel["id"] for panel in panels()}) == len(panels())


def test_the_token_stands_in_a_file_and_not_in_the_configuration() -> None:
    (job,) = yaml.safe_load(SCRAPE.read_text())["scrape_configs"]
    assert job["metrics_path"] == "/metrics"
    assert set(job["authorization"]) == {"type", "credentials_file"}


@pytest.mark.parametrize("path", [SCRAPE, ROOT / "deploy" / "README.md"])
def test_the_token_s_file_is_never_one_that_everybody_reads(path: Path) -> None:
    text = path.read_text()
    assert "install -m 0640 -o root -g prometheus /dev/stdin /etc/prometheus/strongroom.token" in text
    assert "> /etc/prometheus" not in text
