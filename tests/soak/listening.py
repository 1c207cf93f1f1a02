"""One person's ear: GET /stream from the first event on, and whether it told everything, in order and once."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Final

import httpx

from tests.soak.history import BEGUN
from tests.soak.ledger import KINDS, Kind, Ledger

SILENCE_S: Final = 60.0  # A heartbeat comes after 15 s.
AGAIN_S: Final = 1.0
AGAIN_MOST_S: Final = 10.0
TRIES: Final = 30
FAULTS_KEPT: Final = 20
TO_WAIT: Final = frozenset((429, 503))
_KINDS: Final = {name: kind for kind, name in BEGUN.items()}


class Deaf(Exception):
    """The stream is refused."""


@dataclass(slots=True)
class Ear:
    """`heard`: events with an id. `begun`: the ids of what was made, as the stream told it. `again_s`: the pause before
    it is asked for again."""

    heard: int = 0
    last: int = 0
    begun: dict[Kind, set[str]] = field(default_factory=lambda: {kind: set() for kind in KINDS})
    faults: list[str] = field(default_factory=list)
    again_s: float = AGAIN_S
    _event: str = ""

    async def listen(self, http: httpx.AsyncClient) -> None:
        """Until cancelled; what breaks off is a fault, and resumed. Deaf when it cannot be had."""
        refused = 0
        while refused < TRIES:
            pause_s = self.again_s
            try:
                async with http.stream(
                    "GET", "/stream", headers={"Last-Event-ID": str(self.last)}, timeout=SILENCE_S
                ) as answer:
                    if answer.status_code == 200:
                        refused = 0
                        await self._attend(answer)
                        self._blame("the stream ended")
                    elif answer.status_code in TO_WAIT:
                        refused += 1
                        pause_s = min(float(answer.headers.get("Retry-After", self.again_s)), AGAIN_MOST_S)
                    else:
                        raise Deaf(f"GET /stream: {answer.status_code}")
            except httpx.TransportError as error:
                refused += 1
                self._blame(f"the stream broke off: {type(error).__name__}")
            await asyncio.sleep(pause_s)
        raise Deaf(f"GET /stream: not had in {TRIES} tries")

    async def _attend(self, answer: httpx.Response) -> None:
        self._event = ""
        async for line in answer.aiter_lines():
            self.hear(line)

    def hear(self, line: str) -> None:
        """A line of the stream. WHATWG HTML §9.2.6, as far as it is used: one line for each field, the id first."""
        name, _, value = line.partition(": ")
        match name:
            case "id":
                self.heard += 1
                if int(value) <= self.last:
                    self._blame(f"the stream told {value} after {self.last}")
                self.last = max(self.last, int(value))
            case "event":
                self._event = value
            case "data" if (kind := _KINDS.get(self._event)) is not None:
                self._begin(kind, json.loads(value)[f"{kind}_id"])
            case _:
                pass

    def missed(self, ledger: Ledger) -> list[str]:
        """A line for each thing that was made and not told."""
        return [
            f"{kind} {one}: the stream did not tell of it"
            for kind in KINDS
            for one in sorted(ledger.ever(kind) - self.begun[kind])
        ]

    def _begin(self, kind: Kind, one: str) -> None:
        if one in self.begun[kind]:
            self._blame(f"{kind} {one}: the stream told of it twice")
        self.begun[kind].add(one)

    def _blame(self, fault: str) -> None:
        if len(self.faults) < FAULTS_KEPT:
            self.faults.append(fault)
