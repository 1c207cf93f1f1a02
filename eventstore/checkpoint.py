"""Checkpoints (c2sp.org/tlog-checkpoint): which log, how many leaves, and their root, as the text of a signed note."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from eventstore.merkle import HASH_BYTES, MAX_PROOF, MAX_SIZE, ProofInvalid, verify_inclusion
from eventstore.note import Note, NoteInvalid, VerifierKey, count_cosigned, decode_base64, parse_note, verify_note

PROOF_HEADER: Final = "c2sp.org/tlog-proof@v1"
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")


class Checkpoint(msgspec.Struct, frozen=True):
    """A tree head. `extensions`: lines of other logs that say more, kept as they came; this log writes none."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Three lines and the extensions, each with its newline: what is signed."""
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions)
        return "".join([f"{line}\n" for line in lines])


def parse_checkpoint(text: str) -> Checkpoint:
    """From a note's text. NoteInvalid."""
    *lines, end = text.split("\n")
    if len(lines) < 3 or end or not all(lines):
        raise NoteInvalid("a checkpoint has three lines or more, none of them empty")
    origin, size, root_text, *extensions = lines
    root = decode_base64(root_text)
    if len(root) != HASH_BYTES:
        raise NoteInvalid(f"a root has {HASH_BYTES} bytes")
    return Checkpoint(origin, parse_number(size), root, tuple(extensions))


def open_checkpoint(data: bytes, key: VerifierKey) -> tuple[Checkpoint, Note]:
    """Signed by the log whose key this is; its note has the witnesses' lines too. NoteInvalid."""
    note = parse_note(data)
    verify_note(note, [key])
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != key.name:
        raise NoteInvalid(f"a checkpoint of {checkpoint.origin}, not of {key.name}")
    return checkpoint, note


def parse_number(text: str) -> int:
    """Decimal, without leading zeroes, up to 2**63 - 1. NoteInvalid."""
    if not _NUMBER.fullmatch(text) or int(text) > MAX_SIZE:
        raise NoteInvalid("not a number as checkpoints write them")
    return int(text)


class Proof(msgspec.Struct, frozen=True):
    """An inclusion proof that can be kept as a file (c2sp.org/tlog-proof). `extra` carries the entry itself here."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: Note
    extra: bytes = b""

    def encode(self) -> bytes:
        lines = [PROOF_HEADER]
        if self.extra:
            lines.append(f"extra {base64.b64encode(self.extra).decode()}")
        lines += [f"index {self.index}", *(base64.b64encode(each).decode() for each in self.hashes), "", ""]
        return "\n".join(lines).encode() + self.checkpoint.encode()


def parse_proof(data: bytes) -> Proof:
    """NoteInvalid. Nothing is verified yet."""
    head, blank, rest = data.partition(b"\n\n")
    if not blank or not head.isascii():
        raise NoteInvalid("a proof is some lines, a blank line and a checkpoint")
    lines = head.decode().split("\n")
    if lines.pop(0) != PROOF_HEADER:
        raise NoteInvalid(f"the first line must be {PROOF_HEADER}")
    extra = decode_base64(lines.pop(0).removeprefix("extra ")) if lines and lines[0].startswith("extra ") else b""
    if not lines or not lines[0].startswith("index "):
        raise NoteInvalid("the index is missing")
    index = parse_number(lines.pop(0).removeprefix("index "))
    hashes = tuple(decode_base64(line) for line in lines)
    if len(hashes) > MAX_PROOF or any(len(each) != HASH_BYTES for each in hashes):
        raise NoteInvalid(f"a proof has at most {MAX_PROOF} hashes of {HASH_BYTES} bytes")
    return Proof(index, hashes, parse_note(rest), extra)


def verify_proof(
    proof: Proof, leaf: bytes, log: VerifierKey, witnesses: Sequence[VerifierKey] = (), quorum: int = 0
) -> Checkpoint:
    """The checkpoint that has the leaf hash. NoteInvalid: unsigned, or cosigned by too few of these witnesses.
    ProofInvalid: the leaf is not where it says."""
    checkpoint, note = open_checkpoint(proof.checkpoint.encode(), log)
    cosigned = count_cosigned(note, witnesses)
    if cosigned < quorum:
        raise NoteInvalid(f"{cosigned} of the witnesses cosigned it; {quorum} are asked for")
    try:
        verify_inclusion(leaf, proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    except ProofInvalid as error:
        raise ProofInvalid(f"entry {proof.index}: {error}") from error
    return checkpoint
