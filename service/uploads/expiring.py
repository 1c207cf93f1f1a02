"""Uploads that nobody came back to: row, then spool. Beside the sweeper's other work, in bounded slices."""

from __future__ import annotations

import heapq
from typing import Final

from service.house.house import House
from service.uploads import turns
from service.uploads.pending import remove

ROWS_PER_SWEEP: Final = 500
TURNS_PER_SWEEP: Final = 2_000


def drop_expired(house: House) -> int:
    """How many were ended. Whoever is at one just now keeps it: its expiry is about to move."""
    ended = 0
    for upload_id in house.pending.expired(house.clock_us(), ROWS_PER_SWEEP):
        turn = turns.take_free(house.layout, upload_id)
        if turn is None:
            continue
        try:
            if house.pending.drop_expired(upload_id, house.clock_us()):
                remove(house, upload_id)
                turn.end()
                ended += 1
        finally:
            turn.release()
    return ended


def drop_turns(house: House, after: str) -> str:
    """Locks and claims of uploads that are no more; where to go on the next time, "" from the start."""
    names = heapq.nsmallest(TURNS_PER_SWEEP, (path.name for path in house.layout.turns.iterdir() if path.name > after))
    for upload_id in {name.partition(".")[0] for name in names}:
        if house.pending.has(upload_id):
            continue
        turn = turns.take_free(house.layout, upload_id)
        if turn is not None:
            turn.end()
    return names[-1] if len(names) == TURNS_PER_SWEEP else ""
