"""`proofs/`: the person's events as the log has them, each with its inclusion proof against one checkpoint.

A tlog-proof for each event would carry the checkpoint each time; here it stands once. docs/export.md tells how one is
put together again.
"""

from __future__ import annotations

import binascii
import functools
import itertools
from collections.abc import AsyncIterator, Sequence

import msgspec

from eventstore.log import Entry
from service.desk.desk import Desk
from service.desk.public_log import Published
from service.reading.views import Time, rfc3339

EVENTS = "proofs/events.ndjson"
CHECKPOINT = "proofs/checkpoint"
KEY = "proofs/key"
README = "proofs/README.txt"
PIECE = 200  # Events read before they are sent on.
_ABOUT = """\
Your events, as the log of this Strongroom has them. The log is a Merkle tree of everybody's events (RFC 6962,
c2sp.org/tlog-tiles); it holds no content, and anybody can check that nothing in it was changed.

events.ndjson  One event a line. "entry" is the leaf of the tree, byte for byte (JSON in ASCII, between the quotation
               marks that JSON puts around it); "proof" is its inclusion proof: hashes in base64, the leaf's sibling
               first; null where the checkpoint below does not reach.
checkpoint     The signed tree head that all proofs lead to (c2sp.org/tlog-checkpoint).
key            The log's verifier key (c2sp.org/signed-note). Compare it with the one that you had from elsewhere.

An event's index in the tree is its position less one. A line, the checkpoint and a few words between them make a proof
as of c2sp.org/tlog-proof, which `strongroom log check-proof FILE` and the tools of others check:

    c2sp.org/tlog-proof@v1
    extra <entry in base64>
    index <position less one>
    <each hash of the proof on a line>
    <an empty line>
    <checkpoint>
"""
_NONE = """
There is no checkpoint here: this log has not signed one yet. Export again later to have the proofs.
"""


class Proved(msgspec.Struct, frozen=True):
    """What the manifest says of the proofs. `checkpoint_size`: up to which position events are proved; 0: no
    checkpoint yet."""

    checkpoint_size: int
    events: int
    unproved: int


class _Line(msgspec.Struct, frozen=True):
    position: int
    at: Time
    type: str
    entry: str
    proof: list[str] | None


class Proofs:
    """Of one person, up to one position, against the checkpoint of the moment when it is made."""

    def __init__(self, desk: Desk, user: str, until: int, published: Published | None) -> None:
        self._desk = desk
        self._user = user
        self._until = until
        self._published = published
        self._events = self._unproved = 0

    @property
    def proved(self) -> Proved:
        return Proved(0 if self._published is None else self._published.size, self._events, self._unproved)

    def about(self) -> bytes:
        return (_ABOUT if self._published is not None else _ABOUT + _NONE).encode()

    def checkpoint(self) -> bytes | None:
        return None if self._published is None else self._published.data

    async def events(self) -> AsyncIterator[bytes]:
        """`events.ndjson`, some lines at a time."""
        after = 0
        while after < self._until and (entries := self._desk.house.log.read_user_entries(self._user, after, PIECE)):
            after = entries[-1].envelope.position
            wanted = [entry for entry in entries if entry.envelope.position <= self._until]
            if wanted:
                paths = await self._paths(wanted)
                yield await self._desk.aside(functools.partial(_lines, wanted, paths))

    async def _paths(self, entries: Sequence[Entry]) -> list[list[bytes]]:
        """Of as many of them as are covered, which are the first."""
        published = self._published
        positions = [entry.envelope.position for entry in entries]
        covered = [] if published is None else [position for position in positions if position <= published.size]
        self._events += len(positions)
        self._unproved += len(positions) - len(covered)
        return [] if published is None or not covered else await self._desk.public_log.paths(covered, published)


def _lines(entries: Sequence[Entry], paths: Sequence[Sequence[bytes]]) -> bytes:
    """Blocks for some milliseconds."""
    lines = []
    for entry, path in itertools.zip_longest(entries, paths):
        envelope = entry.envelope
        proof = None if path is None else [binascii.b2a_base64(each, newline=False).decode() for each in path]
        line = _Line(envelope.position, rfc3339(envelope.at_us), envelope.type, entry.data.decode("ascii"), proof)
        lines.append(msgspec.json.encode(line) + b"\n")
    return b"".join(lines)
