"""The witness protocol (c2sp.org/tlog-witness): what a log asks, and what a witness must check before it cosigns.

A witness remembers one checkpoint for each log, the largest it has cosigned, and cosigns only what continues it. Two
people who trust the same witness therefore see the same history, whatever the log would like to show each of them.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from eventstore.checkpoint import Checkpoint, parse_checkpoint, parse_number
from eventstore.merkle import EMPTY_ROOT, HASH_BYTES, MAX_PROOF, ProofInvalid, verify_consistency
from eventstore.note import (
    MAX_NOTE_BYTES,
    Note,
    NoteInvalid,
    VerifierKey,
    decode_base64,
    parse_note,
    verify_note,
)

MAX_REQUEST_BYTES: Final = MAX_NOTE_BYTES + 64 * (MAX_PROOF + 1)
SIZE_TYPE: Final = "text/x.tlog.size"

Prove = Callable[[int], Sequence[bytes]]
"""Old size → the consistency proof from there to the checkpoint that is to be cosigned."""


class AddCheckpoint(msgspec.Struct, frozen=True):
    """The body of `add-checkpoint`: the size that was cosigned last, the proof from there, and the new checkpoint."""

    old: int
    proof: tuple[bytes, ...]
    note: Note

    def encode(self) -> bytes:
        lines = [f"old {self.old}", *(base64.b64encode(each).decode() for each in self.proof), "", ""]
        return "\n".join(lines).encode() + self.note.encode()


class Refused(Exception):
    """The witness does not cosign. `status` is the HTTP status of the protocol."""

    status = 400


class UnknownLog(Refused):
    """Nobody told the witness of this origin."""

    status = 404


class NotSigned(Refused):
    """No key that the witness has for this log signed it."""

    status = 403


class OtherSize(Refused):
    """The witness has cosigned another size last: ask again from there."""

    status = 409

    def __init__(self, size: int) -> None:
        super().__init__(f"the last cosigned size is {size}")
        self.size = size


class Contradicted(Refused):
    """Another tree of the same size was cosigned."""

    status = 409


class NotProven(Refused):
    """The consistency proof does not hold."""

    status = 422


def parse_add_checkpoint(data: bytes) -> AddCheckpoint:
    """NoteInvalid for anything else."""
    head, blank, note = data.partition(b"\n\n")
    if len(data) > MAX_REQUEST_BYTES or not blank or not head.isascii():
        raise NoteInvalid("a request is an old size, a proof, a blank line and a checkpoint")
    first, *lines = head.decode().split("\n")
    if not first.startswith("old "):
        raise NoteInvalid("the old size is missing")
    proof = tuple(decode_base64(line) for line in lines)
    if len(proof) > MAX_PROOF or any(len(each) != HASH_BYTES for each in proof):
        raise NoteInvalid(f"a proof has at most {MAX_PROOF} hashes of {HASH_BYTES} bytes")
    return AddCheckpoint(parse_number(first.removeprefix("old ")), proof, parse_note(note))


def require_continues(request: AddCheckpoint, logs: Iterable[VerifierKey], last: Checkpoint | None) -> Checkpoint:
    """The checkpoint to cosign. `last`: what was cosigned of its origin before. NoteInvalid, Refused."""
    checkpoint = parse_checkpoint(request.note.text)
    keys = [key for key in logs if key.name == checkpoint.origin]
    if not keys:
        raise UnknownLog("this witness does not know the log")
    try:
        verify_note(request.note, keys)
    except NoteInvalid as error:
        raise NotSigned(str(error)) from error
    if request.old > checkpoint.size:
        raise Refused("the old size is larger than the new one")
    size = 0 if last is None else last.size
    if request.old != size:
        raise OtherSize(size)
    if last is not None and checkpoint.size == size and checkpoint.root != last.root:
        raise Contradicted("another tree of this size was cosigned")
    if size == 0 and request.proof:
        raise NotProven("a proof from the empty tree is empty")
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        raise NotProven("this is not the root of the empty tree")
    if last is not None:
        try:
            verify_consistency(size, last.root, checkpoint.size, checkpoint.root, request.proof)
        except ProofInvalid as error:
            raise NotProven(str(error)) from error
    return checkpoint
