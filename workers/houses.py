"""One house for each thread: connections to SQLite serve one thread at a time, and threads must not wait for
each other's."""

from __future__ import annotations

import threading

from service.house.house import House
from service.machine.config import Settings
from service.machine.meter import SILENT, Meter


class Houses:
    """`here()` gives the calling thread's house, made when it first asks."""

    def __init__(self, settings: Settings, meter: Meter = SILENT) -> None:
        self._settings = settings
        self._meter = meter
        self._local = threading.local()
        self._mutex = threading.Lock()
        self._all: list[House] = []

    def here(self) -> House:
        house: House | None = getattr(self._local, "house", None)
        if house is None:
            house = House(self._settings, meter=self._meter)
            self._local.house = house
            with self._mutex:
                self._all.append(house)
        return house

    def close(self) -> None:
        """After the threads have ended: what they had queued is written first."""
        with self._mutex:
            while self._all:
                self._all.pop().close()
