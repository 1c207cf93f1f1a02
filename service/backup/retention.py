"""How long backups stay. A copy of the keyring opens what was deleted since: so it has an end of its own."""

from __future__ import annotations

from calendar import timegm
from pathlib import Path
from time import strptime

from service.backup.copying import remove_tree
from service.backup.manifest import PART, complete
from service.machine.layout import sync_folder


def prune_keyrings(folder: Path, before_us: int, keep: int | None) -> tuple[str, ...]:
    """Copies taken before that time go, and all but the newest `keep`; the newest stays in any case. Their names."""
    whole = complete(folder)[:-1]
    surplus = set() if keep is None else {each.name for each in complete(folder)[: -max(keep, 1)]}
    return _remove(folder, [each for each in whole if each.name in surplus or taken_us(each.name) < before_us])


def prune_generations(folder: Path, keep: int | None) -> tuple[str, ...]:
    """All but the newest `keep` go."""
    return () if keep is None else _remove(folder, complete(folder)[: -max(keep, 1)])


def taken_us(name: str) -> int:
    """When a backup of this name was taken, by the clock of that time (µs UTC)."""
    return timegm(strptime(name[:20], "%Y-%m-%dT%H-%M-%SZ")) * 1_000_000


def _remove(folder: Path, gone: list[Path]) -> tuple[str, ...]:
    """Each is incomplete first, and then not there: a crash in between leaves what the next backup removes."""
    for each in gone:
        half = each.with_name(f"{each.name}{PART}")
        each.rename(half)
        sync_folder(folder)
        remove_tree(half)
    return tuple(each.name for each in gone)
