"""Signs of life, seen from outside."""

from __future__ import annotations

import pytest

from service.house import pulse
from service.house.house import House
from service.house.pulse import Pulse, pulses

SILENT = {"projections": False, "uploads": False, "media": False, "transcripts": False, "queue": False}


def test_nothing_beats_where_nothing_runs(house: House) -> None:
    assert pulses(house.layout) == SILENT


def test_a_worker_is_seen_while_it_lives(house: House) -> None:
    with Pulse(house.layout, "uploads") as beating, Pulse(house.layout, "uploads"):
        beating.beat(queue_ok=False)
        assert pulses(house.layout) == {**SILENT, "uploads": True}
        beating.beat(queue_ok=True)
        assert pulses(house.layout) == {**SILENT, "uploads": True, "queue": True}
    assert not pulses(house.layout)["uploads"]


def test_a_queue_that_fell_silent_is_noticed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with Pulse(house.layout, "uploads") as beating:
        beating.beat(queue_ok=True)
        monkeypatch.setattr(pulse, "FRESH_NS", 0)
        assert not pulses(house.layout)["queue"]
