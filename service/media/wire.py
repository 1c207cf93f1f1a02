"""Frames between parent and child, over one socket pair: kind (1 byte) ‖ length (uint32, big-endian) ‖ payload.

The parent believes nothing: a length is checked before it is read, and a kind before it is acted on.
"""

from __future__ import annotations

import socket
import struct
from enum import IntEnum
from typing import Final

HEADER: Final = struct.Struct(">BI")
RANGE: Final = struct.Struct(">QI")
FRAME_MAX_BYTES: Final = 1 << 20


class WireBroken(Exception):
    """The other side is gone, or sent what no sound one sends."""


class Kind(IntEnum):
    JOB = 1  # parent → child, once: the job
    DATA = 2  # parent → child: the bytes of the range asked for
    READ = 3  # child → parent: offset and length
    OUTPUT = 4  # child → parent: the next bytes of what is being made
    ALIVE = 5  # child → parent, empty: at work on something long
    RESULT = 6  # child → parent, last: the answer
    FAILED = 7  # child → parent, last: a code


def send(link: socket.socket, kind: Kind, payload: bytes | bytearray | memoryview = b"") -> None:
    """OSError when the other side is gone; TimeoutError as the socket is set."""
    size_bytes = len(payload)
    if size_bytes > FRAME_MAX_BYTES:
        raise ValueError(f"a frame of {size_bytes} bytes")
    link.sendall(HEADER.pack(kind, size_bytes))
    if size_bytes:
        link.sendall(payload)


def parse(header: bytes) -> tuple[Kind, int]:
    """WireBroken for an unknown kind or a length past FRAME_MAX_BYTES."""
    number, size_bytes = HEADER.unpack(header)
    if size_bytes > FRAME_MAX_BYTES:
        raise WireBroken
    try:
        return Kind(number), size_bytes
    except ValueError:
        raise WireBroken from None
