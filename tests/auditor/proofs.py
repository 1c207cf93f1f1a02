"""Proofs that an entry is in a log, to be verified without asking anybody: C2SP tlog-proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.auditor.notes import DECIMAL, Checkpoint, Note, VerifierKey, decode_base64
from tests.auditor.refusal import Reason, Refused
from tests.auditor.tree import HASH_BYTES, leaf_hash, root_by_path

MAX_PROOF_BYTES = 1_000_000
MAX_PATH = 63


@dataclass(frozen=True, slots=True)
class Proven:
    """`entry` is in the log at `index`, and each of `witnesses` (name → POSIX seconds) has seen that log."""

    entry: bytes
    index: int
    checkpoint: Checkpoint
    witnesses: dict[str, int]


def check_proof(
    data: bytes,
    key: VerifierKey,
    *,
    entry: bytes | None = None,
    witnesses: Sequence[VerifierKey] = (),
    quorum: int = 0,
) -> Proven:
    """Without `entry`, the one that the proof carries as its extra data: it counts only because it is hashed here."""
    if len(data) > MAX_PROOF_BYTES:
        raise Refused(Reason.PROOF, f"longer than {MAX_PROOF_BYTES} bytes")
    head, blank, note = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Refused(Reason.PROOF, "it is not ASCII above the checkpoint") from None
    if not blank or lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise Refused(Reason.PROOF, "no tlog-proof@v1 with a checkpoint below it")
    if lines and lines[0].startswith("extra "):
        extra = decode_base64(lines.pop(0).removeprefix("extra "))
        if extra is None:
            raise Refused(Reason.PROOF, "its extra data are not base64")
        entry = extra if entry is None else entry
    if entry is None:
        raise Refused(Reason.PROOF, "it carries no entry, and none was given")
    index, path = _index_and_path(lines)

    checkpoint = Checkpoint.open(note, key)
    if index >= checkpoint.size:
        raise Refused(Reason.INCLUSION, f"entry {index} of a log of {checkpoint.size}")
    if root_by_path(path, leaf_hash(entry), index, checkpoint.size) != checkpoint.root:
        raise Refused(Reason.INCLUSION, f"entry {index} of {checkpoint.size}")
    seen = _witnessed(Note.parse(note), witnesses)
    if len(seen) < quorum:
        raise Refused(Reason.COSIGNATURE, f"by {len(seen)} of the {quorum} witnesses wanted")
    return Proven(entry, index, checkpoint, seen)


def _index_and_path(lines: list[str]) -> tuple[int, list[bytes]]:
    name, _, number = lines[0].partition(" ") if lines else ("", "", "")
    if name != "index" or not DECIMAL.fullmatch(number):
        raise Refused(Reason.PROOF, "no index")
    path = [decode_base64(line) for line in lines[1:]]
    hashes = [each for each in path if each is not None and len(each) == HASH_BYTES]
    if len(hashes) != len(path) or len(path) > MAX_PATH:
        raise Refused(Reason.PROOF, "a path of other things than hashes, or too long")
    return int(number), hashes


def _witnessed(note: Note, witnesses: Sequence[VerifierKey]) -> dict[str, int]:
    """One key counts once, however many names it is given: its cosignature does not commit to the name."""
    found: dict[bytes, tuple[str, int]] = {}
    for witness in witnesses:
        time_s = note.cosigned_at_s(witness)
        if time_s is not None:
            found.setdefault(witness.public, (witness.name, time_s))
    return dict(found.values())
