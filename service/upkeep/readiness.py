"""What has to be there before people are let in."""

from __future__ import annotations

from typing import Final

import msgspec

from service.house.house import House
from service.house.pulse import QUEUES, pulses
from service.house.standstill import Standstill, standstill
from service.signing import signing_faults

WITNESS: Final = "log:witness"
WARNINGS: Final = (WITNESS,)


class State(msgspec.Struct, frozen=True):
    """`missing`: names of what is not there, in order: log, keyring, log:history (nothing may be signed: see
    signing/continuity.py), log:signing (signing fails), spool and blobs (their folders), queue, a worker for each
    queue, projection; empty when ready. `warnings`: what people should look at while everything is there: log:witness
    (a witness contradicts the log). `standstill`: why the projection is named."""

    missing: list[str]
    warnings: list[str]
    standstill: Standstill | None


def state(house: House) -> State:
    missing = []
    if not house.writer.answers():
        missing.append("log")
    if not house.keyring.answers():
        missing.append("keyring")
    if signing_faults.told(house.layout.log_refused) is not None:
        missing.append("log:history")
    elif signing_faults.told(house.layout.log_unsigned) is not None:
        missing.append("log:signing")
    # No reason to send people away: a witness may lie.
    warnings = [WITNESS] if signing_faults.told(house.layout.log_contradicted) is not None else []
    missing += [folder.name for folder in (house.layout.spool, house.layout.blobs) if not folder.is_dir()]
    signs = pulses(house.layout)
    names = {"queue": "queue", **{name: f"worker:{name}" for name in QUEUES}}
    missing += [names[sign] for sign in names if not signs.get(sign, False)]
    stands = standstill(house.layout)
    if stands is not None:
        missing.append("projection")
    return State(missing, warnings, stands)
