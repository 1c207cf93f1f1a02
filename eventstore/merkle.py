"""The RFC 6962 Merkle tree over envelopes."""

from __future__ import annotations

import hashlib


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 ‖ entry): 32 bytes. RFC 6962 §2.1."""
    return hashlib.sha256(b"\x00" + entry).digest()
