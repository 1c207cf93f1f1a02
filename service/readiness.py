"""What has to be there before people are let in."""

from __future__ import annotations

from service.house import House
from service.pulse import QUEUES, pulses


def missing_parts(house: House) -> list[str]:
    """Names of what is missing, in order: log, keyring, queue, and a worker for each queue; empty when ready."""
    missing = []
    if not house.writer.answers():
        missing.append("log")
    if not house.keyring.answers():
        missing.append("keyring")
    signs = pulses(house.layout)
    names = {"queue": "queue", **{name: f"worker:{name}" for name in QUEUES}}
    return missing + [names[sign] for sign in names if not signs.get(sign, False)]
