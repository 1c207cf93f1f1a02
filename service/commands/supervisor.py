"""Keeps the processes of one machine running, replaces them without a gap, and stops them in order."""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Final

import structlog

from service.machine.children import Child, stop_all
from service.machine.init_system import tell_init_system
from service.machine.standard_ends import tell_line

READY_S: Final = 60.0
PROBE_S: Final = 0.05
WATCH_S: Final = 0.1
DEATHS_BEFORE_READY: Final = 5

log = structlog.get_logger("service.commands.supervisor")


class StartError(Exception):
    """Why it cannot start, as one line for a person."""


class Crew:
    """Processes of one kind. `stop_s`: how long they get to end by themselves. `begun`: waits until those that come
    after may begin; False when it takes too long. `replaced`: whether SIGHUP puts new ones into their place."""

    def __init__(
        self,
        name: str,
        children: list[Child],
        stop_s: float,
        *,
        begun: Callable[[], bool] = lambda: True,
        replaced: bool = True,
    ) -> None:
        self.name = name
        self.children = children
        self.stop_s = stop_s
        self.begun = begun
        self.replaced = replaced


class Supervisor:
    """`crews` in the order in which they are started; they are stopped the other way round. `missing`: what there is to
    wait for yet, "" for nothing, None when it cannot be told. `ready`: the line that says that all is there."""

    def __init__(self, crews: Sequence[Crew], missing: Callable[[], str | None], ready: str) -> None:
        self._crews = crews
        self._missing = missing
        self._ready = ready
        self._stops = 0
        self._hangups = 0
        self._renewals = 0

    def run(self) -> None:
        """Until SIGTERM or SIGINT; SIGHUP replaces what can be replaced, but for one that was started in a terminal:
        there it says that the terminal is gone, and ends it. StartError."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_stop if os.isatty(0) else self._on_hangup)
        try:
            self._start()
            while not self._stops:
                self._keep_alive()
                if self._hangups:
                    self._hangups = 0
                    self._tell_renewal()
                time.sleep(WATCH_S)
        finally:
            self._stop()

    def _start(self) -> None:
        for crew in self._crews:
            for child in crew.children:
                child.start()
            if not crew.begun():
                raise StartError(f"{crew.name} does not answer")
        until_s = time.monotonic() + READY_S
        missing = "nothing answers"
        while not self._stops:
            answer = self._missing()
            if answer == "":
                tell_line(self._ready)
                tell_init_system("READY=1", self._ready)
                return
            missing = answer or missing
            for child in self._keep_alive():
                if child.deaths >= DEATHS_BEFORE_READY:
                    raise StartError(f"{child.name} died {child.deaths} times while starting")
            if time.monotonic() >= until_s:
                if answer is None or not self._begun():
                    raise StartError(f"not ready within {READY_S:.0f} s: {missing}")
                # Nothing of ours: a queue elsewhere, perhaps. What can be done without it is done meanwhile.
                log.warning("not ready yet, and waiting on", missing=missing)
                tell_init_system(None, f"not ready yet: {missing}")
                until_s = math.inf
            time.sleep(PROBE_S)

    def _begun(self) -> bool:
        return all(child.ready for crew in self._crews for child in crew.children)

    def _tell_renewal(self) -> None:
        """The number tells one from the next: whoever sent SIGHUP waits for a higher one than there was before. The log
        does not serve for that: at a level of `warning` nothing is said in it."""
        self._renewals += 1
        tell_init_system("RELOADING=1", f"replacing {self._renewals}")
        why_not = self._renew()
        tell_init_system(
            "READY=1", f"not replaced {self._renewals}: {why_not}" if why_not else f"replaced {self._renewals}"
        )

    def _renew(self) -> str:
        """New processes beside the old ones, which end once the new ones are there. Who does not start is given up, and
        the old ones go on: a faulty installation takes nothing away. Why not all are replaced, "" when they are."""
        crews = [crew for crew in self._crews if crew.replaced]
        if not crews:
            return "nothing here is replaced while it runs"
        for crew in crews:
            fresh = [child.twin() for child in crew.children]
            if not self._begin(fresh):
                stop_all(fresh, 0.0, hurry=lambda: True)
                if self._stops:
                    return "it is being stopped"
                log.error("not replaced: the new ones did not start, and the old ones go on", crew=crew.name)
                return f"the new ones of {crew.name} did not start, and the old ones go on"
            old, crew.children = crew.children, fresh
            stop_all(old, crew.stop_s, hurry=lambda: self._stops > 0)
            log.info("replaced", crew=crew.name)
        return ""

    def _begin(self, fresh: Sequence[Child]) -> bool:
        """Whether all of them are ready in time; everybody else is kept alive meanwhile."""
        try:
            for child in fresh:
                child.start()
        except OSError as error:
            log.warning("a program cannot be started", error=str(error))
            return False
        until_s = time.monotonic() + READY_S
        while not all(child.ready for child in fresh):
            if self._stops or time.monotonic() >= until_s or not all(child.running for child in fresh):
                return False
            self._keep_alive()
            time.sleep(PROBE_S)
        return True

    def _keep_alive(self) -> list[Child]:
        children = [child for crew in self._crews for child in crew.children]
        for child in children:
            child.keep_alive()
        return children

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stops += 1

    def _on_hangup(self, _number: int, _frame: FrameType | None) -> None:
        self._hangups += 1

    def _stop(self) -> None:
        """Doors first, then the jobs, then the queue: nobody is left waiting for somebody already gone."""
        tell_init_system("STOPPING=1", "stopping")
        if not self._stops:
            self._stops = 1  # An error brought us here; from now on a signal is the second.
        for crew in reversed(self._crews):
            stop_all(crew.children, crew.stop_s, hurry=lambda: self._stops > 1)
