"""Signed notes, their keys, and checkpoints: C2SP signed-note, tlog-checkpoint and tlog-cosignature."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.auditor.refusal import Reason, Refused

ED25519 = 0x01
COSIGNATURE_V1 = 0x04
MAX_SIGNATURES = 64  # The specification wants 16 at least.
MAX_TIME_S = 2**63 - 1
DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
"""No sign, no space, no leading zero; and no tree has more than 19 digits."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """`<name>+<8 hex digits>+<base64 of type byte and key>`: an Ed25519 key, of a log or of a witness."""

    name: str
    key_id: bytes
    kind: int
    public: bytes

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """ValueError for whatever is not one, also for a key id that is not its own."""
        name, key_id, material = [*text.split("+", 2), "", ""][:3]
        data = decode_base64(material)
        if not is_key_name(name) or data is None or len(data) != 33 or data[0] not in {ED25519, COSIGNATURE_V1}:
            raise ValueError("not a verifier key of Ed25519")
        Ed25519PublicKey.from_public_bytes(data[1:])  # ValueError here and not in the middle of a check.
        found = cls(name, sha256(name.encode() + b"\n" + data).digest()[:4], data[0], data[1:])
        if key_id != found.key_id.hex():
            raise ValueError("the verifier key's id is not its own")
        return found

    def signed(self, message: bytes, signature: bytes) -> bool:
        """RFC 8032, over these very bytes."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signature:
    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """`text` ends in its newline and is what was signed. Nothing of it holds before a signature has been verified."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, data: bytes) -> Note:
        try:
            whole = data.decode("utf-8")
        except UnicodeDecodeError:
            raise Refused(Reason.NOTE, "it is not UTF-8") from None
        if any(character < " " and character != "\n" for character in whole):
            raise Refused(Reason.NOTE, "it holds a control character")
        text, _, lines = whole.rpartition("\n\n")
        if not text or not lines.endswith("\n"):
            raise Refused(Reason.NOTE, "no text, blank line and signatures, each ending in a newline")
        rows = lines[:-1].split("\n")
        if len(rows) > MAX_SIGNATURES:
            raise Refused(Reason.NOTE, f"more than {MAX_SIGNATURES} signatures")
        return cls(text + "\n", tuple(map(_signature, rows)))

    def by(self, key: VerifierKey) -> list[bytes]:
        """What claims to be from this key. Same name with another id, or the reverse, is somebody unknown."""
        return [each.value for each in self.signatures if (each.name, each.key_id) == (key.name, key.key_id)]

    def require_signed(self, key: VerifierKey) -> None:
        """By the log itself: one signature at least, and none that is wrong."""
        values = self.by(key)
        if key.kind != ED25519 or not values:
            raise Refused(Reason.SIGNATURE, f"no signature of {key.name} with key id {key.key_id.hex()}")
        if not all(key.signed(self.text.encode(), value) for value in values):
            raise Refused(Reason.SIGNATURE, f"a signature of {key.name} is wrong")

    def cosigned_at_s(self, witness: VerifierKey) -> int | None:
        """POSIX seconds of a witness's newest cosignature; None without one. Refused when one is wrong."""
        times: list[int] = []
        for value in self.by(witness):
            time_s = int.from_bytes(value[:8], "big")
            message = f"cosignature/v1\ntime {time_s}\n{self.text}".encode()
            sound = time_s <= MAX_TIME_S and witness.signed(message, value[8:])
            if witness.kind != COSIGNATURE_V1 or not sound:
                raise Refused(Reason.COSIGNATURE, f"the cosignature of {witness.name} is wrong")
            times.append(time_s)
        return max(times, default=None)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head that its log has signed. `note` is the whole of it, to be kept as evidence."""

    origin: str
    size: int
    root: bytes
    note: bytes

    @classmethod
    def open(cls, data: bytes, key: VerifierKey) -> Checkpoint:
        """The log's name is its key's: a checkpoint of another origin is refused even when the key has signed it."""
        note = Note.parse(data)
        note.require_signed(key)
        lines = note.text[:-1].split("\n")
        if len(lines) < 3 or not all(lines):
            raise Refused(Reason.CHECKPOINT, "fewer than three lines, or an empty one")
        origin, size, root = lines[:3]
        if origin != key.name:
            raise Refused(Reason.ORIGIN, f"{origin!r} instead of {key.name!r}")
        root_hash = decode_base64(root)
        if not DECIMAL.fullmatch(size) or root_hash is None or len(root_hash) != 32:
            raise Refused(Reason.CHECKPOINT, "no decimal size and base64 root of 32 bytes")
        return cls(origin, int(size), root_hash, data)


def decode_base64(text: str) -> bytes | None:
    """RFC 4648 §4, padded and in its one canonical form; None for anything else."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == text else None


def is_key_name(name: str) -> bool:
    return bool(name) and not any(character.isspace() or character == "+" for character in name)


def _signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix("\N{EM DASH} ").partition(" ")
    value = decode_base64(encoded)
    if not line.startswith("\N{EM DASH} ") or not is_key_name(name) or value is None or len(value) < 5:
        raise Refused(Reason.NOTE, "a signature line that is none")
    return Signature(name, value[:4], value[4:])
