"""A person's history, straight from the log, against what they were told: everything once, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import httpx

from tests.soak.ledger import KINDS, Json, Kind, Ledger

PAGE: Final = 1_000
BEGUN: Final[Mapping[Kind, str]] = {"chat": "ChatStarted", "message": "MessageSent", "file": "FileUploaded"}
"""What is acknowledged when something is made. Every one of these has somebody who was told of it."""
ENDED: Final[Mapping[Kind, tuple[str, ...]]] = {
    "chat": ("ChatDeleted", "ChatErased"),
    "message": (),  # Goes with its chat, and no event says so.
    "file": ("FileDeleted", "FileErased"),
}


def read_history(http: httpx.Client) -> Iterator[Json]:
    """All of GET /user/events, the oldest first. HTTPStatusError for a refusal."""
    cursor: str | None = None
    while True:
        params = {"order": "asc", "limit": str(PAGE)} | ({} if cursor is None else {"cursor": cursor})
        page = http.get("/user/events", params=params).raise_for_status().json()
        yield from page["events"]
        cursor = page["next_cursor"]
        if cursor is None:
            return


def is_forgotten(ledger: Ledger, events: Iterable[Json]) -> bool:
    """Whether all that was deleted is erased, too: some of that is done by workers, in a while."""
    erased = {event["id"] for event in events if event["type"] in {"ChatErased", "FileErased"}}
    return all(one in erased for one, kind in ledger.gone.items() if kind != "message")


def untrue(ledger: Ledger, events: Iterable[Json]) -> Iterator[str]:
    """A line for each thing that the history tells otherwise than the ledger. `events`: all of them, in order."""
    counted: Counter[tuple[str, str]] = Counter()
    versions: dict[str, int] = {}
    position = 0
    for event in events:
        if event["position"] <= position:
            yield f"position {event['position']} comes after {position}"
        position = event["position"]
        if event["version"] != versions.get(event["id"], 0) + 1:
            yield f"{event['stream']} {event['id']}: version {event['version']} comes out of turn"
        versions[event["id"]] = event["version"]
        counted[event["type"], event["id"]] += 1
    for kind in KINDS:
        yield from _miscounted(kind, ledger, counted)


def _miscounted(kind: Kind, ledger: Ledger, counted: Counter[tuple[str, str]]) -> Iterator[str]:
    told = ledger.ever(kind)
    for one in told:
        ended = one in ledger.gone
        for name, times in ((BEGUN[kind], 1), *((name, int(ended)) for name in ENDED[kind])):
            if counted[name, one] != times:
                yield f"{kind} {one}: {name} {counted[name, one]} times in the history, not {times}"
    names = {BEGUN[kind], *ENDED[kind]}
    for one in {one for name, one in counted if name in names} - told:
        yield f"{kind} {one}: in the history, and nobody was told of it"
