"""Sound as speech recognisers take it: mono, 16 kHz, signed 16 bits."""

from __future__ import annotations

from typing import Final

from service.media.child.files import Input, Parent
from service.media.child.sound import opened
from service.media.values import PCM_RATE_HZ, PCM_SAMPLE_BYTES, Ended, Job

PIECE_BYTES: Final = PCM_RATE_HZ * PCM_SAMPLE_BYTES * 10


def run(_job: Job, source: Input, parent: Parent) -> Ended:
    with opened(source, parent) as sound:
        piece = bytearray()
        for frame in sound.resampled("s16", "mono", PCM_RATE_HZ):
            piece += memoryview(frame.planes[0])[: frame.samples * PCM_SAMPLE_BYTES]  # What follows is padding.
            if len(piece) >= PIECE_BYTES:
                parent.write(memoryview(piece))
                piece = bytearray()
        parent.write(memoryview(piece))
        return Ended(sound.damaged)
