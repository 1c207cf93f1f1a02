"""What has to be there before people are let in."""

from __future__ import annotations

import msgspec

from service.house import House
from service.pulse import QUEUES, pulses
from service.standstill import Standstill, standstill


class State(msgspec.Struct, frozen=True):
    """`missing`: names of what is not there, in order: log, keyring, log:history (nothing is signed: see
    service/log_history.py), queue, a worker for each queue, projection; empty when ready. `standstill`: why the
    projection is named."""

    missing: list[str]
    standstill: Standstill | None


def state(house: House) -> State:
    missing = []
    if not house.writer.answers():
        missing.append("log")
    if not house.keyring.answers():
        missing.append("keyring")
    if house.layout.log_refused.exists():
        missing.append("log:history")
    signs = pulses(house.layout)
    names = {"queue": "queue", **{name: f"worker:{name}" for name in QUEUES}}
    missing += [names[sign] for sign in names if not signs.get(sign, False)]
    stands = standstill(house.layout)
    if stands is not None:
        missing.append("projection")
    return State(missing, stands)
