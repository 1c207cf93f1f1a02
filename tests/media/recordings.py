"""Files of every kind that people and recorders make, made here: by FFmpeg's muxers, and by hand where those are too
well-behaved."""

from __future__ import annotations

import io
import struct
from functools import cache
from typing import IO, Any, cast

import av
import numpy as np
from av.audio.stream import AudioStream
from PIL import Image

from service.media.child.files import Parent
from service.media.wire import RANGE, Kind

RATE_HZ = 48_000


class Bytes:
    """A source, in memory."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    @property
    def size_bytes(self) -> int:
        return len(self.data)

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        assert 0 <= offset_bytes <= offset_bytes + length_bytes <= len(self.data)
        return self.data[offset_bytes : offset_bytes + length_bytes]


class Kept:
    """A sink, in memory: takes bytes in order and has no way to change them."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: memoryview) -> int:
        self.data += data
        return len(data)


class Straight(Parent):
    """The parent as the child's code sees it, without a process or a socket between."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.made = bytearray()
        self._asked = (0, 0)

    def send(self, kind: Kind, payload: bytes | bytearray | memoryview = b"") -> None:
        match kind:
            case Kind.READ:
                self._asked = RANGE.unpack(payload)
            case Kind.OUTPUT:
                self.made += payload
            case _:
                raise AssertionError(kind)

    def receive(self, expected: Kind) -> bytes:
        assert expected is Kind.DATA
        offset_bytes, length_bytes = self._asked
        return self.data[offset_bytes : offset_bytes + length_bytes]

    def alive(self) -> None:
        pass


@cache
def sound(
    container: str,
    codec: str,
    *,
    seconds: float = 5.0,
    channels: int = 1,
    rate_hz: int = RATE_HZ,
    loudness: float = 0.5,
    options: tuple[tuple[str, str], ...] = (),
    codec_options: tuple[tuple[str, str], ...] = (),
) -> bytes:
    """A tone of 440 Hz, or silence, of exactly so many samples."""
    made = io.BytesIO()
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[channels]
    with av.open(cast("IO[bytes]", made), "w", format=container, options=dict(options)) as output:
        stream = cast(AudioStream, output.add_stream(codec, rate=rate_hz, options=dict(codec_options)))
        stream.layout = layout
        count = round(seconds * rate_hz)
        for start in range(0, count, rate_hz):
            at = np.arange(start, min(start + rate_hz, count))
            tone = (loudness * np.sin(2 * np.pi * 440 * at / rate_hz)).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(np.tile(tone, (channels, 1)), format="fltp", layout=layout)
            frame.sample_rate, frame.pts = rate_hz, start
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return made.getvalue()


def webm(**more: Any) -> bytes:
    return sound("webm", "libopus", **more)


def film() -> bytes:
    """A second of moving pictures with sound."""
    made = io.BytesIO()
    with av.open(cast("IO[bytes]", made), "w", format="webm") as output:
        pictures = output.add_stream("libvpx", rate=10)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        tone = output.add_stream("libopus", rate=RATE_HZ)
        tone.layout = "mono"
        for number in range(10):
            picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 20 * number, dtype=np.uint8), format="rgb24")
            output.mux(pictures.encode(picture))
        heard = av.AudioFrame.from_ndarray(np.zeros((1, RATE_HZ), dtype=np.float32), format="fltp", layout="mono")
        heard.sample_rate, heard.pts = RATE_HZ, 0
        output.mux(tone.encode(heard))
        for stream in (pictures, tone):
            output.mux(stream.encode(None))
    return made.getvalue()


def webm_of_a_recorder(**more: Any) -> bytes:
    """Without duration and without cues, as MediaRecorder writes it."""
    return sound("webm", "libopus", options=(("live", "1"),), **more)


def mp4_of_a_recorder(**more: Any) -> bytes:
    """In fragments."""
    options = (("movflags", "frag_keyframe+empty_moov+default_base_moof"),)
    return sound("mp4", "aac", options=options, **more)


def mp3_that_lies() -> bytes:
    """Variable bit rate, silence and then noise, without the head that tells the length: players guess from the first
    frames."""
    quiet = sound("mp3", "libmp3lame", seconds=20, loudness=0.0, options=_BARE, codec_options=(("q", "9"),))
    loud = sound("mp3", "libmp3lame", seconds=20, loudness=0.9, options=_BARE, codec_options=(("b", "320000"),))
    return quiet + loud


_BARE = (("write_xing", "0"), ("id3v2_version", "0"))


def wav_head(seconds: int, rate_hz: int = 16_000) -> bytes:
    """Of mono, 16 bits."""
    size_bytes = 2 * seconds * rate_hz
    head = struct.pack(
        "<4sI4s4sIHHIIHH", b"RIFF", size_bytes + 36, b"WAVE", b"fmt ", 16, 1, 1, rate_hz, 2 * rate_hz, 2, 16
    )
    return head + struct.pack("<4sI", b"data", size_bytes)


class Zeros:
    """A head and then nothing but zeros, for as many seconds of mono 16-bit sound, without being anywhere."""

    def __init__(self, head: bytes, seconds: int, rate_hz: int = 16_000) -> None:
        self._head = head
        self.size_bytes = len(head) + 2 * seconds * rate_hz

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        return (self._head[offset_bytes : offset_bytes + length_bytes]).ljust(length_bytes, b"\0")


def image(kind: str, picture: Image.Image, **more: Any) -> bytes:
    made = io.BytesIO()
    picture.save(made, kind, **more)
    return made.getvalue()
