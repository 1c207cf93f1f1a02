"""What a person is told of long work, in MiB."""

from __future__ import annotations

from service.machine.progress import MibShown
from service.machine.units import MIB


def test_bytes_add_up_and_the_total_grows_with_what_was_not_expected() -> None:
    shown: list[tuple[int, int]] = []
    work = MibShown(lambda done, total: shown.append((done, total)), 3 * MIB)
    for count_bytes in (MIB - 1, 1, 3 * MIB):
        work.advance(count_bytes)
    assert shown == [(0, 3), (1, 3), (4, 4)]


def test_a_place_that_is_shown_is_not_one_that_was_reached() -> None:
    shown: list[tuple[int, int]] = []
    work = MibShown(lambda done, total: shown.append((done, total)))
    work.total_bytes = 5 * MIB
    work.show(2 * MIB)
    work.advance(MIB)
    assert shown == [(2, 5), (1, 5)]
