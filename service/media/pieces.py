"""Speech in pieces of bounded length, cut where it is quietest: a recogniser hears half a word at a bad cut."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from service.media.values import PCM_RATE_HZ, PCM_SAMPLE_BYTES

PIECE_S: Final = 300
SEARCH_S: Final = 20  # At a piece's end, for a quiet place.
GRAIN_SAMPLES: Final = PCM_RATE_HZ // 20
SILENCE: Final = 33  # Of 32,768: -60 dBFS.


class Piece(msgspec.Struct, frozen=True):
    """`start_s`: where it stands in the whole. `samples`: as `opening.pcm` gives them."""

    start_s: float
    samples: bytes

    @property
    def length_s(self) -> float:
        return len(self.samples) / (PCM_RATE_HZ * PCM_SAMPLE_BYTES)

    @property
    def silent(self) -> bool:
        """Recognisers hear words in silence: it is not given to them."""
        return _loudest(_values(self.samples)) < SILENCE


def pieces(pcm: Iterable[bytes], piece_s: int = PIECE_S, search_s: int = SEARCH_S) -> Iterator[Piece]:
    """At most `piece_s` long each; holds one and what came with its end."""
    piece_bytes = piece_s * PCM_RATE_HZ * PCM_SAMPLE_BYTES
    search_bytes = search_s * PCM_RATE_HZ * PCM_SAMPLE_BYTES
    held = bytearray()
    given_bytes = 0
    for more in pcm:
        held += more
        while len(held) > piece_bytes:
            cut = _quietest(held, piece_bytes - search_bytes, piece_bytes)
            yield Piece(given_bytes / (PCM_RATE_HZ * PCM_SAMPLE_BYTES), bytes(held[:cut]))
            del held[:cut]
            given_bytes += cut
    if held:
        yield Piece(given_bytes / (PCM_RATE_HZ * PCM_SAMPLE_BYTES), bytes(held))


def _quietest(held: bytearray, start_bytes: int, end_bytes: int) -> int:
    """The middle of the quietest 50 ms, in bytes; the last such place, since a longer piece tells more."""
    values = _values(held[start_bytes:end_bytes])
    grains = range(0, len(values) - GRAIN_SAMPLES + 1, GRAIN_SAMPLES)
    quietest = min(reversed(grains), key=lambda at: _loudest(values[at : at + GRAIN_SAMPLES]), default=0)
    return start_bytes + (quietest + GRAIN_SAMPLES // 2) * PCM_SAMPLE_BYTES


def _values(samples: bytes | bytearray) -> array[int]:
    values = array("h", bytes(samples[: len(samples) // PCM_SAMPLE_BYTES * PCM_SAMPLE_BYTES]))
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _loudest(values: array[int]) -> int:
    return max(map(abs, (max(values), min(values)))) if values else 0
