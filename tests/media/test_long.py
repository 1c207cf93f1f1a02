"""Hours of sound in the memory that seconds need, and probing at many times its speed.

The ordinary run takes two hours. For the longest that is promised:

    MEDIA_LONG_HOURS=10 make test ARGS=tests/media/test_long.py
"""

from __future__ import annotations

import io
import os
import resource
import time
from fractions import Fraction
from functools import cache
from typing import IO, cast

import av
import msgspec
import pytest

from service.machine.units import MIB
from service.media.limits import PROBE, REMUX
from service.media.opening import probe_audio, remux
from service.media.values import POINTS_MAX
from tests.media import recordings
from tests.media.recordings import Bytes, Kept, Zeros

LONG_S = int(os.environ.get("MEDIA_LONG_HOURS", "2")) * 3_600
LATE_S = LONG_S * 4 // 5
# Python and FFmpeg's libraries take some 210 MiB of address space before they read a byte.
LITTLE_BYTES = 260 * MIB
SPEED = 200  # × real time, with what starting the child takes.


@cache
def hours_of_webm() -> bytes:
    """A recorder's, of one packet again and again: encoding so much would take minutes."""
    with av.open(io.BytesIO(recordings.webm_of_a_recorder(seconds=1, loudness=0.0)), "r") as source:
        packets = [bytes(packet) for packet in source.demux() if packet.size]
        template = source.streams.audio[0]
        made = io.BytesIO()
        with av.open(cast("IO[bytes]", made), "w", format="webm", options={"live": "1"}) as output:
            stream = output.add_stream_from_template(template)
            for number in range(LONG_S * 50):
                packet = av.Packet(packets[10])
                packet.stream = stream
                packet.pts = packet.dts = 20 * number
                packet.duration = 20
                packet.time_base = Fraction(1, 1_000)
                output.mux(packet)
    return made.getvalue()


@pytest.mark.slow
def test_hours_are_probed_in_little_memory() -> None:
    report = probe_audio(
        Zeros(recordings.wav_head(LONG_S), LONG_S),
        msgspec.structs.replace(PROBE, memory_bytes=LITTLE_BYTES),
    )
    assert report.duration_s == LONG_S
    assert report.silent
    assert len(report.waveform.data) // 2 <= POINTS_MAX


@pytest.mark.slow
def test_hours_of_a_recorder_are_made_seekable_in_little_memory() -> None:
    sink = Kept()
    remux(Bytes(hours_of_webm()), sink, msgspec.structs.replace(REMUX, memory_bytes=LITTLE_BYTES))
    with av.open(io.BytesIO(bytes(sink.data)), "r") as container:
        assert container.duration == pytest.approx(LONG_S * 1_000_000, rel=0.001)
        stream = container.streams.audio[0]
        assert stream.time_base is not None
        container.seek(round(LATE_S / stream.time_base), stream=stream)
        packet = next(container.demux(stream))
        assert packet.pts is not None
        assert float(packet.pts * stream.time_base) == pytest.approx(LATE_S, abs=6)


@pytest.mark.slow
def test_probing_is_far_faster_than_listening() -> None:
    data = Bytes(recordings.webm_of_a_recorder(seconds=300))
    before_s = used_s()
    probe_audio(data)
    # Half of what it shall be: a busy machine is slower at everything. The benchmark tells the figure.
    assert 300 / (used_s() - before_s) > SPEED / 2


def used_s() -> float:
    """Seconds of processor time, of ours and of the children that have ended: others at work do not count."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
