"""Entry bundles (c2sp.org/tlog-tiles): the entries themselves, beside the level-0 tile that has their hashes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

LENGTH_BYTES: Final = 2


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Each entry behind its length, big-endian in 2 bytes. OverflowError past 65,535: the log takes none so long."""
    return b"".join([len(entry).to_bytes(LENGTH_BYTES) + entry for entry in entries])
