"""The table: one row per figure, each beside the raw limits and the target it is to be judged by."""

from __future__ import annotations

import sys
import time

import msgspec


class Target(msgspec.Struct, frozen=True):
    """What the figure shall reach (`at_least`) or stay under."""

    value: float
    at_least: bool = True

    def met_by(self, value: float) -> bool:
        return value >= self.value if self.at_least else value <= self.value


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One figure. `key` names it; `against` names rows in the same unit that it is a fraction of."""

    key: str
    what: str
    value: float
    unit: str
    detail: str = ""
    against: tuple[str, ...] = ()
    target: Target | None = None


class Report:
    """Rows in the order they were measured. Each is told on standard error as it comes."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self._began_s = time.monotonic()

    def add(self, row: Row) -> None:
        self.rows[row.key] = row
        elapsed_s = time.monotonic() - self._began_s
        print(f"{elapsed_s:6.1f} s  {row.what}: {_figure(row)}", file=sys.stderr, flush=True)

    def markdown(self) -> str:
        lines = [
            "| what | measured | beside the limit | target | how |",
            "|---|---:|---|---|---|",
        ]
        lines += [
            f"| {row.what} | {_figure(row)} | {self._ratios(row)} | {_verdict(row)} | {row.detail} |"
            for row in self.rows.values()
        ]
        return "\n".join(lines)

    def _ratios(self, row: Row) -> str:
        """A part left out by `--only` leaves its ratios out too."""
        others = (self.rows.get(key) for key in row.against)
        return "<br>".join(_ratio(row, other) for other in others if other is not None)


def number(value: float) -> str:
    """Three significant digits at most after the point, thousands apart: 12,345 · 87.3 · 0.441."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


def _figure(row: Row) -> str:
    return f"{number(row.value)} {row.unit}"


def _ratio(row: Row, other: Row) -> str:
    if row.unit != other.unit:
        raise ValueError(f"{row.key} in {row.unit} cannot be compared with {other.key} in {other.unit}")
    return f"{row.value / other.value:.2g} × {other.what}" if other.value else ""


def _verdict(row: Row) -> str:
    if row.target is None:
        return ""
    sign = "≥" if row.target.at_least else "≤"
    return f"{sign} {number(row.target.value)}: {'met' if row.target.met_by(row.value) else '**missed**'}"
