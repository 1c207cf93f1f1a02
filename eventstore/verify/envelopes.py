"""Whether envelopes are what they must be: a page at once where all is well, one by one where it is not.

A page is opened and written again in two calls; only a page that does not come out the same is looked at entry by
entry. Entries are kept apart by newlines, which canonical JSON never has inside, so none can pass for two.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

from eventstore.record import ENVELOPE_FORMAT, MAX_ENVELOPE_BYTES, Envelope

MAX_PAGE_BYTES: Final = 2 << 20  # Opened at once: of two bytes of JSON, Python can make 80.

_DECODER: Final = msgspec.json.Decoder(Envelope)
_ENCODER: Final = msgspec.json.Encoder(order="sorted")


class EnvelopeFault(ValueError):
    """Why an envelope is not one."""


def open_page(envelopes: Sequence[bytes]) -> list[Envelope] | None:
    """All of them opened; None if any is not canonical, or if they are too many bytes to be opened at once."""
    lines = b"\n".join(envelopes)
    if len(lines) > MAX_PAGE_BYTES:
        return None
    if lines.count(b"\n") != len(envelopes) - 1 or not _plain(lines) or max(map(len, envelopes)) > MAX_ENVELOPE_BYTES:
        return None
    try:
        opened = _DECODER.decode_lines(lines)
        same = _ENCODER.encode_lines(opened) == lines + b"\n"
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return opened if same and [each.format for each in opened].count(ENVELOPE_FORMAT) == len(opened) else None


def open_envelope(envelope: bytes) -> Envelope:
    """One, opened. EnvelopeFault says what is wrong with it."""
    if len(envelope) > MAX_ENVELOPE_BYTES:
        raise EnvelopeFault(f"the envelope has {len(envelope)} bytes, more than {MAX_ENVELOPE_BYTES}")
    if not _plain(envelope):
        raise EnvelopeFault("the envelope is not ASCII")
    try:
        opened = _DECODER.decode(envelope)
        written = _ENCODER.encode(opened)
    except RecursionError:
        raise EnvelopeFault("the envelope is nested too deeply") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise EnvelopeFault(f"the envelope cannot be read: {error}") from None
    if opened.format != ENVELOPE_FORMAT:
        raise EnvelopeFault(f"the envelope has format {opened.format}, not {ENVELOPE_FORMAT}")
    if written != envelope:
        raise EnvelopeFault("the envelope is not in its canonical form")
    return opened


def leaf_hashes(envelopes: Sequence[bytes]) -> list[bytes]:
    """SHA-256(0x00 ‖ envelope) of each. RFC 6962 §2.1."""
    sha256 = hashlib.sha256
    return [sha256(b"\x00" + envelope).digest() for envelope in envelopes]


def _plain(data: bytes) -> bool:
    return data.isascii() and b"\x7f" not in data
