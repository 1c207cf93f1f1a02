"""Opening sound: which containers and codecs, and how packets become samples although some are broken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final, cast

import av
import av.error
import av.logging
import av.subtitles.codeccontext  # PyAV imports these at the first subtitles it meets: too late,
import av.subtitles.stream  # no file can be opened then.
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition

from service.media.child.files import Input, Parent, Refused

# An upload is data and not a list of what else to open: no playlist, no `concat`, no protocol.
FORMATS: Final = "matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,wav,w64,flac,ogg,aac,aiff,caf,amr"
# Also what FFmpeg tries on its own to guess at streams: it would start any video decoder for that.
CODECS: Final = (
    "opus,libopus,vorbis,aac,mp3,mp3float,mp2,flac,alac,amrnb,amrwb,libopencore_amrnb,libopencore_amrwb,"
    "pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_u8,pcm_s8,"
    "pcm_alaw,pcm_mulaw,adpcm_ima_wav,adpcm_ms"
)
_ALLOWED: Final = frozenset(CODECS.split(","))
_OPTIONS: Final = {
    "format_whitelist": FORMATS,
    "codec_whitelist": CODECS,
    "protocol_whitelist": "none",
    "max_streams": "32",
}
BUFFER_BYTES: Final = 64 << 10
ERRORS_MAX: Final = 10_000  # Broken packets after which a file is not worth going on.
TIME_BASE: Final = 1_000_000


class Sound:
    """The first stream of sound in an open file, decoded packet by packet. `damaged` grows true on the way."""

    def __init__(self, container: InputContainer, stream: AudioStream, parent: Parent) -> None:
        self.container = container
        self.stream = stream
        self.damaged = False
        self._parent = parent
        self._errors = 0

    def packets(self) -> Iterator[av.Packet[AudioStream]]:
        """Those that hold data, as far as the file can be read."""
        packets = self.container.demux(self.stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.error.EOFError:
                return
            except av.error.MemoryError:
                raise  # Says nothing about the file's soundness.
            except av.error.FFmpegError:
                self.damaged = True
                return
            self._parent.alive()
            if packet.is_corrupt:
                self.damaged = True
            yield packet

    @property
    def film(self) -> bool:
        """There is a stream of moving pictures: more than a cover."""
        return any(not stream.disposition & Disposition.attached_pic for stream in self.container.streams.video)

    def frames(self) -> Iterator[AudioFrame]:
        """What can be decoded counts; a broken packet is left out."""
        for packet in self.packets():
            try:
                yield from packet.decode()
            except av.error.EOFError:
                return
            except av.error.MemoryError:
                raise
            except av.error.FFmpegError:
                self.damaged = True
                self._errors += 1
                if self._errors > ERRORS_MAX:
                    return

    def resampled(self, sample_format: str, layout: str, rate_hz: int) -> Iterator[AudioFrame]:
        """All of it, one sample after the other: pauses and jumps between time stamps are not sound."""
        resampler: av.AudioResampler | None = None
        taken: tuple[str, str, int] | None = None
        for frame in self.frames():
            shape = (frame.format.name, frame.layout.name, frame.sample_rate)
            if resampler is None or shape != taken:  # Recordings put one after the other: a resampler takes one shape.
                if resampler is not None:
                    yield from resampler.resample(None)
                resampler = av.AudioResampler(format=sample_format, layout=layout, rate=rate_hz)
                taken = shape
            frame.pts = None
            yield from resampler.resample(frame)
        if resampler is not None:
            yield from resampler.resample(None)


@contextmanager
def opened(source: Input, parent: Parent) -> Iterator[Sound]:
    """Refused("media_unreadable") if it cannot be opened or has no sound, Refused("media_refused") for a codec that
    is not allowed."""
    av.logging.set_level(None)
    try:
        container = av.open(
            cast("IO[bytes]", source.opened()),
            "r",
            options=_OPTIONS,
            metadata_errors="replace",
            buffer_size=BUFFER_BYTES,
        )
    except av.error.MemoryError:
        raise
    except av.error.FFmpegError:
        raise Refused("media_unreadable") from None
    with container:
        if not container.streams.audio:
            raise Refused("media_unreadable")
        stream = container.streams.audio[0]
        context = stream.codec_context
        if context is None:
            raise Refused("media_unreadable")
        if context.codec.name not in _ALLOWED:
            raise Refused("media_refused")
        context.thread_count = 1  # No thread can be started any more.
        yield Sound(container, stream, parent)
