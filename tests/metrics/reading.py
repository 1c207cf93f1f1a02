"""Metrics as a test reads them: by Prometheus's own rules."""

from __future__ import annotations

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.stack import Stack

Series = dict[str, float]
"""`name{label=value,…}`, or the name alone where there is no label → number."""


def series(text: str) -> Series:
    return {
        _name(sample.name, sample.labels): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scraped_text(stack: Stack) -> str:
    """As the operator's Prometheus gets it, over a connection of its own."""
    token = (stack.data / "operator.token").read_text().strip()
    answer = httpx.get(
        f"{stack.url}/metrics", headers={"Authorization": f"Bearer {token}"}, timeout=10.0, trust_env=False
    )
    assert answer.status_code == 200, answer.text
    return answer.text


def scrape(stack: Stack) -> Series:
    return series(scraped_text(stack))


def _name(name: str, labels: dict[str, str]) -> str:
    return f"{name}{{{','.join(f'{label}={value}' for label, value in labels.items())}}}" if labels else name
