"""Records: what the log is given, what it keeps, and the canonical envelope that is hashed into the tree."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from eventstore.errors import LogCorrupt, RecordTooLarge

ENVELOPE_FORMAT = 1
TAG_BYTES = 16
MAX_ENVELOPE_BYTES = 65_535  # A tlog-tiles entry bundle gives each entry a uint16 length.


class RequestTag(msgspec.Struct, frozen=True, gc=False):
    """Which request wrote this: keyed tags of its Idempotency-Key and of its body, 16 bytes each."""

    key: bytes
    body: bytes

    def __post_init__(self) -> None:
        if len(self.key) != TAG_BYTES or len(self.body) != TAG_BYTES:
            raise ValueError(f"a request tag has {TAG_BYTES} bytes for the key and for the body")


class NewRecord(msgspec.Struct, frozen=True, gc=False):
    """A record before it has a position.

    `version` (from 1) is what the stream must reach with it; `public` holds ASCII strings, whole numbers, booleans,
    null, and lists and objects of them; `sealed` is opaque; `key_id` names the key that opens it, "" for none.
    """

    stream: str
    version: int
    type: str
    schema: int
    user: str
    public: dict[str, Any]
    key_id: str = ""
    sealed: bytes = b""
    request: RequestTag | None = None


class Append(msgspec.Struct, frozen=True, gc=False):
    """All of `records` or none of them, if every stream is where they say and every guard (stream → version) holds."""

    records: tuple[NewRecord, ...]
    guards: tuple[tuple[str, int], ...] = ()


class Appended(msgspec.Struct, frozen=True, gc=False):
    """Durable: the first and last position the records took, and their common time (µs UTC)."""

    first: int
    last: int
    at_us: int


class Envelope(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The public, hashed part of a record. Field names are the JSON keys; `request` is left out when there is none."""

    at_us: int
    format: int
    key_id: str
    position: int
    public: dict[str, Any]
    request: tuple[str, str] | None = None
    schema: int
    sealed_sha256: str
    stream: str
    type: str
    user: str
    version: int


class Record(msgspec.Struct, frozen=True, gc=False):
    """A record as the log keeps it: the opened envelope, its exact bytes, the sealed bytes and the leaf hash."""

    envelope: Envelope
    envelope_bytes: bytes
    sealed: bytes
    leaf_hash: bytes

    @property
    def position(self) -> int:
        return self.envelope.position


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Envelope)


def encode_envelope(record: NewRecord, position: int, at_us: int) -> bytes:
    """Canonical JSON: sorted keys, no spaces, ASCII. RecordTooLarge past 65,535 bytes; ValueError if not ASCII."""
    request = record.request
    data = _encoder.encode(
        Envelope(
            at_us=at_us,
            format=ENVELOPE_FORMAT,
            key_id=record.key_id,
            position=position,
            public=record.public,
            request=None if request is None else (request.key.hex(), request.body.hex()),
            schema=record.schema,
            sealed_sha256=hashlib.sha256(record.sealed).hexdigest(),
            stream=record.stream,
            type=record.type,
            user=record.user,
            version=record.version,
        )
    )
    if not data.isascii() or b"\x7f" in data:  # DEL: some encoders escape it, so it has no one canonical form.
        raise ValueError(f"an envelope of {record.type} would not be ASCII")
    if len(data) > MAX_ENVELOPE_BYTES:
        raise RecordTooLarge(f"an envelope of {len(data)} bytes; at most {MAX_ENVELOPE_BYTES} fit")
    return data


def decode_record(envelope: bytes, sealed: bytes, leaf: bytes) -> Record:
    """LogCorrupt when the envelope is not one of ours; hashes are the verifier's business, not the reader's."""
    return Record(envelope=decode_envelope(envelope), envelope_bytes=envelope, sealed=sealed, leaf_hash=leaf)


def decode_envelope(envelope: bytes) -> Envelope:
    """LogCorrupt when it is not one of ours."""
    try:
        opened = _decoder.decode(envelope)
    except msgspec.MsgspecError as error:
        raise LogCorrupt(f"an envelope cannot be read: {error}") from error
    if opened.format != ENVELOPE_FORMAT:
        raise LogCorrupt(f"position {opened.position} has envelope format {opened.format}")
    return opened
