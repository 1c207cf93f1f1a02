"""The envelope: one byte string for one record, the same in every implementation."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstore.errors import LogCorrupt, RecordTooLarge
from eventstore.merkle import leaf_hash
from eventstore.record import MAX_ENVELOPE_BYTES, NewRecord, RequestTag, decode_record, encode_envelope
from tests.eventstore.records import record, tag

ASCII = st.text(st.characters(max_codepoint=0x7E), max_size=12)
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | ASCII
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ASCII, inner, max_size=3))
RECORDS = st.builds(
    NewRecord,
    stream=ASCII,
    version=st.integers(1, 2**53),
    type=ASCII,
    schema=st.integers(1, 99),
    user=ASCII,
    public=st.dictionaries(ASCII, VALUES, max_size=4),
    key_id=ASCII,
    sealed=st.binary(max_size=20),
    request=st.none() | st.builds(RequestTag, st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16)),
)


def as_json(record: NewRecord, position: int, at_us: int) -> bytes:
    """The envelope as the standard library writes it."""
    fields: dict[str, Any] = {
        "at_us": at_us,
        "format": 1,
        "key_id": record.key_id,
        "position": position,
        "public": record.public,
        "schema": record.schema,
        "sealed_sha256": hashlib.sha256(record.sealed).hexdigest(),
        "stream": record.stream,
        "type": record.type,
        "user": record.user,
        "version": record.version,
    }
    if record.request is not None:
        fields["request"] = [record.request.key.hex(), record.request.body.hex()]
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


@given(RECORDS, st.integers(1, 2**53), st.integers(0, 2**53))
def test_the_envelope_is_canonical_json(new: NewRecord, position: int, at_us: int) -> None:
    assert encode_envelope(new, position, at_us) == as_json(new, position, at_us)


@given(RECORDS, st.integers(1, 2**53), st.integers(0, 2**53))
def test_what_is_encoded_is_read_back(new: NewRecord, position: int, at_us: int) -> None:
    envelope = encode_envelope(new, position, at_us)
    back = decode_record(envelope, new.sealed, leaf_hash(envelope))
    assert (back.position, back.envelope.at_us, back.envelope_bytes) == (position, at_us, envelope)
    assert (back.envelope.stream, back.envelope.version) == (new.stream, new.version)
    assert (back.envelope.public, back.sealed) == (new.public, new.sealed)
    assert (back.envelope.request is None) == (new.request is None)


def test_an_envelope_reads_as_documented() -> None:
    envelope = encode_envelope(record("chat-a", 2, sealed=b"...", request=tag(1), public={"code": "x"}), 7, 1_000)
    assert envelope.decode() == (
        '{"at_us":1000,"format":1,"key_id":"key","position":7,"public":{"code":"x"},'
        '"request":["01010101010101010101010101010101","00000000000000000000000000000000"],'
        '"schema":1,"sealed_sha256":"ab5df625bc76dbd4e163bed2dd888df828f90159bb93556525c31821b6541d46",'
        '"stream":"chat-a","type":"Noted","user":"u1","version":2}'
    )


@pytest.mark.parametrize("text", ["é", "\x7f", "👋", "\u2028"])
def test_an_envelope_holds_ascii_only(text: str) -> None:
    for new in (record(public={"title": text}), record(public={text: 1}), record(f"chat-{text}"), record(user=text)):
        with pytest.raises(ValueError, match="ASCII"):
            encode_envelope(new, 1, 0)


def test_an_envelope_fits_the_uint16_length_of_an_entry_bundle() -> None:
    spare = MAX_ENVELOPE_BYTES - len(encode_envelope(record(public={"text": ""}), 1, 0))
    assert len(encode_envelope(record(public={"text": "x" * spare}), 1, 0)) == 65_535
    with pytest.raises(RecordTooLarge, match="65536"):
        encode_envelope(record(public={"text": "x" * (spare + 1)}), 1, 0)


def test_the_sealed_bytes_may_be_as_large_as_they_like() -> None:
    assert len(encode_envelope(record(sealed=b"x" * 1_000_000), 1, 0)) < 500


def test_the_leaf_hash_is_that_of_rfc_6962() -> None:
    assert leaf_hash(b"entry") == hashlib.sha256(b"\x00entry").digest()
    # RFC 6962 §2.1 with the empty entry, as certificate-transparency test vectors give it.
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


@pytest.mark.parametrize(("key", "body"), [(b"", b"x" * 16), (b"x" * 16, b"x" * 15), (b"x" * 17, b"x" * 16)])
def test_a_request_tag_has_sixteen_bytes_twice(key: bytes, body: bytes) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        RequestTag(key, body)


def test_an_envelope_that_is_not_ours_is_corruption() -> None:
    envelope = encode_envelope(record(), 1, 0)
    fields = msgspec.json.decode(envelope)
    for broken in (
        envelope[:-1],
        b"",
        b"[]",
        msgspec.json.encode({**fields, "format": 2}),
        msgspec.json.encode({**fields, "colour": "red"}),
        msgspec.json.encode({**fields, "version": "1"}),
    ):
        with pytest.raises(LogCorrupt):
            decode_record(broken, b"", b"")
