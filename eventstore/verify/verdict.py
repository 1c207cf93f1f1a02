"""What an audit says: the findings, bounded in number, and the verdict over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

MAX_FINDINGS: Final = 20
MAX_TEXT: Final = 300  # Of what a hostile file may have put into a finding.

Show = Callable[[int, int], None]
"""(positions done, positions in all) → shown to whoever waits."""


class Finding(msgspec.Struct, frozen=True):
    """Something wrong. `where` is `position 17`, `positions 3 to 9`, a tile's path or a file's name; `position` is the
    first one that it concerns, 0 when it concerns none in particular; it may be any of `span` from there on."""

    where: str
    what: str
    position: int = 0
    span: int = 1

    @property
    def line(self) -> str:
        return f"{self.where}: {self.what}"


def at(position: int, what: str) -> Finding:
    """Of one position."""
    return Finding(f"position {position}", what, position)


class Findings:
    """At most 20 are kept, the exact ones first, by position; of those beyond, it is only known that there are some."""

    def __init__(self) -> None:
        self._kept: list[Finding] = []
        self.more = False

    def add(self, *found: Finding) -> None:
        self.extend(found)

    def extend(self, found: Iterable[Finding]) -> None:
        self._kept += [Finding(each.where[:MAX_TEXT], each.what[:MAX_TEXT], each.position, each.span) for each in found]
        self._kept.sort(key=_order)
        self.more = self.more or len(self._kept) > MAX_FINDINGS
        del self._kept[MAX_FINDINGS:]

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def full(self) -> bool:
        return len(self._kept) >= MAX_FINDINGS

    def listed(self) -> tuple[Finding, ...]:
        """Those of one position first, in their order, then those of many, then those of none."""
        return tuple(self._kept)


def _order(finding: Finding) -> tuple[bool, bool, int]:
    return (finding.position == 0, finding.span > 1, finding.position)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """`size` and `root` are what the published checkpoint says (-1 and "" when there is none that counts); `checked`
    positions were looked at, of which `unsigned` lie behind it. `key_on_trust`: the key came from what it verifies."""

    source: str
    origin: str
    key: str
    key_on_trust: bool
    size: int
    root: str
    checked: int
    unsigned: int
    findings: tuple[Finding, ...]
    more_findings: bool
    notes: tuple[str, ...]

    @property
    def sound(self) -> bool:
        return not self.findings
