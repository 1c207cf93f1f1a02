"""Signed notes (c2sp.org/signed-note): a text, a blank line, and signature lines of keys that have names.

Two kinds of key sign here: a log's own (Ed25519 over the text) and a witness's (c2sp.org/tlog-cosignature: Ed25519
over a time and the text). A signature of an unknown key is passed over; one of a known key that does not verify spoils
the note.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from enum import IntEnum
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

MAX_NOTE_BYTES: Final = 64 * 1024
MAX_SIGNATURES: Final = 32
KEY_ID_BYTES: Final = 4
KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
_TIME_BYTES: Final = 8
_LAST_TIME_S: Final = 2**63 - 1
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]{1,255}")


class NoteInvalid(ValueError):
    """Not a signed note, not a key, or not signed by whom it should be."""


class Algorithm(IntEnum):
    """The signature type byte of a key."""

    ED25519 = 0x01
    COSIGNATURE_V1 = 0x04


class Signature(msgspec.Struct, frozen=True):
    """One line of a note: the name, the key id, and what follows it."""

    name: str
    key_id: bytes
    value: bytes

    @property
    def line(self) -> str:
        """`— <name> base64(key id ‖ value)` with its newline."""
        return f"— {self.name} {base64.b64encode(self.key_id + self.value).decode()}\n"


class Note(msgspec.Struct, frozen=True):
    """A text that ends in a newline, and who signed it. Nothing in it is true before it is verified."""

    text: str
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        return (self.text + "\n" + "".join(signature.line for signature in self.signatures)).encode()

    def also(self, signatures: Sequence[Signature]) -> Note:
        """With these lines added that it has not yet."""
        return Note(self.text, self.signatures + tuple(line for line in signatures if line not in self.signatures))


class VerifierKey(msgspec.Struct, frozen=True):
    """The public part: `<name>+<key id in hex>+base64(type ‖ public key)`."""

    name: str
    public: bytes
    algorithm: Algorithm = Algorithm.ED25519

    @property
    def key_id(self) -> bytes:
        """SHA-256(name ‖ newline ‖ type ‖ public key)[:4]."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public).digest()[
            :KEY_ID_BYTES
        ]

    def __str__(self) -> str:
        material = base64.b64encode(bytes([self.algorithm]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{material}"

    def verifies(self, text: str, signature: Signature) -> bool:
        """Whether the signature is this key's own and right."""
        if (signature.name, signature.key_id) != (self.name, self.key_id):
            return False
        value, message = signature.value, text.encode()
        if self.algorithm is Algorithm.COSIGNATURE_V1:
            if cosigned_at_s(signature) is None:
                return False
            message = _cosigned(text, int.from_bytes(value[:_TIME_BYTES]))
            value = value[_TIME_BYTES:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(value, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class SignerKey:
    """The secret part. It has no repr of what it holds, and lives as long as whoever signs."""

    __slots__ = ("_private", "verifier")

    def __init__(self, name: str, seed: bytes, algorithm: Algorithm = Algorithm.ED25519) -> None:
        """`seed`: the 32 bytes of RFC 8032. NoteInvalid for a name that no note can carry."""
        require_name(name)
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = VerifierKey(name, self._private.public_key().public_bytes_raw(), algorithm)

    def sign(self, text: str, at_s: int = 0) -> Signature:
        """`at_s`: when (POSIX seconds), for a cosignature."""
        verifier = self.verifier
        if verifier.algorithm is Algorithm.COSIGNATURE_V1:
            value = at_s.to_bytes(_TIME_BYTES) + self._private.sign(_cosigned(text, at_s))
        else:
            value = self._private.sign(text.encode())
        return Signature(verifier.name, verifier.key_id, value)


def cosigned_at_s(signature: Signature) -> int | None:
    """The POSIX time a cosignature tells; None when it has not the form of one."""
    if len(signature.value) != _TIME_BYTES + SIGNATURE_BYTES:
        return None
    at_s = int.from_bytes(signature.value[:_TIME_BYTES])
    return at_s if at_s <= _LAST_TIME_S else None


def parse_note(data: bytes) -> Note:
    """NoteInvalid for anything else, also past 64 KiB or 32 signatures."""
    if len(data) > MAX_NOTE_BYTES:
        raise NoteInvalid(f"a note has at most {MAX_NOTE_BYTES} bytes")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise NoteInvalid("a note is UTF-8") from error
    if any(character < " " and character != "\n" for character in whole):
        raise NoteInvalid("a note has no control characters")
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise NoteInvalid("a note is a text, a blank line and signature lines")
    return Note(text + "\n", parse_signatures(lines))


def parse_signatures(lines: str) -> tuple[Signature, ...]:
    """One or more signature lines, each with its newline. NoteInvalid."""
    split = lines.removesuffix("\n").split("\n")
    if len(split) > MAX_SIGNATURES:
        raise NoteInvalid(f"a note has at most {MAX_SIGNATURES} signatures")
    return tuple(_signature(line) for line in split)


def parse_key(text: str) -> VerifierKey:
    """A verifier key from its text. NoteInvalid."""
    name, _, rest = text.partition("+")
    key_id, _, material = rest.partition("+")
    try:
        decoded = decode_base64(material)
        key = VerifierKey(require_name(name), decoded[1:], Algorithm(decoded[0]))
    except (ValueError, IndexError) as error:
        raise NoteInvalid("not a verifier key of a kind that is known here") from error
    if len(key.public) != KEY_BYTES or key.key_id.hex() != key_id:
        raise NoteInvalid("a verifier key whose parts do not belong together")
    return key


def verify_note(note: Note, keys: Sequence[VerifierKey]) -> tuple[Signature, ...]:
    """The signatures of known keys, all of them right. NoteInvalid when there is none, or one of them is wrong."""
    known = []
    for signature in note.signatures:
        for key in keys:
            if (signature.name, signature.key_id) == (key.name, key.key_id):
                if not key.verifies(note.text, signature):
                    raise NoteInvalid(f"the signature of {key.name} is wrong")
                known.append(signature)
    if not known:
        raise NoteInvalid("no known key signed it")
    return tuple(known)


def count_cosigned(note: Note, witnesses: Sequence[VerifierKey]) -> int:
    """How many of these, each counted once, have signed it."""
    return len(
        {str(key) for key in witnesses if any(key.verifies(note.text, signature) for signature in note.signatures)}
    )


def require_name(name: str) -> str:
    """NoteInvalid for what no signature line can carry: empty, or with spaces, control characters or `+`."""
    if not _NAME.fullmatch(name):
        raise NoteInvalid("a key's name has 1 to 255 characters, none of them a space or +")
    return name


def decode_base64(text: str) -> bytes:
    """Standard alphabet, padded, and nothing else (RFC 4648 §4). NoteInvalid."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteInvalid("not base64") from error
    if base64.b64encode(data).decode() != text:
        raise NoteInvalid("not base64 in its one form")
    return data


def _signature(line: str) -> Signature:
    dash, _, rest = line.partition(" ")
    name, _, value = rest.partition(" ")
    data = decode_base64(value)
    if dash != "—" or len(data) <= KEY_ID_BYTES:
        raise NoteInvalid("not a signature line")
    return Signature(require_name(name), data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])


def _cosigned(text: str, at_s: int) -> bytes:
    return f"cosignature/v1\ntime {at_s}\n{text}".encode()
