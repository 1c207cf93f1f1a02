"""What a file of sound really is: every packet decoded, nothing in its head believed."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from service.media.child.files import Input, Parent, Refused
from service.media.child.layout import has_cues, is_fragmented
from service.media.child.sound import TIME_BASE, Sound, opened
from service.media.child.waveform import Peaks
from service.media.values import AudioReport, Job

TOLERANCE: Final = 0.02  # Of the length: what a player shows is no longer true beyond it,
TOLERANCE_S: Final = 0.5  # nor beyond this.
MISSING_S: Final = 0.1  # Time stamps are rounded, and codecs have run-ups: more than that is loss.
_TYPES: Final = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}
# These write their length down when they end: less than that means that something is missing. In the first two a
# recorder may have paused.
_WITH_PAUSES: Final = ("matroska", "mov")
_WITHOUT: Final = ("flac", "wav")


def run(_job: Job, source: Input, parent: Parent) -> AudioReport:
    with opened(source, parent) as sound:
        peaks, clock = Peaks(), _Clock()
        for frame in sound.frames():
            peaks.add(clock.take(frame))
        if not clock.samples:
            raise Refused("media_unreadable")
        waveform = peaks.finish(clock.rate_hz)
        said_s = (sound.container.duration or 0) / TIME_BASE
        container = sound.container.format.name
        return AudioReport(
            duration_s=clock.duration_s,
            codec=codec_name(sound),
            container=container,
            sample_rate_hz=clock.rate_hz,
            channels=clock.channels,
            silent=peaks.silent,
            damaged=sound.damaged or _is_missing(said_s, clock, container),
            film=sound.film,
            playable=_says(said_s, clock) and _can_be_sought(container, source),
            waveform=waveform,
        )


def codec_name(sound: Sound) -> str:
    """The codec's, whichever decoder it was: opus, aac, mp3 …"""
    return sound.stream.codec.canonical_name


class _Clock:
    """Counts samples. Rate and channels are the first frame's; what comes at another rate is brought to it."""

    def __init__(self) -> None:
        self.rate_hz = self.channels = self.samples = 0
        self._first_s: float | None = None
        self._end_s = 0.0

    @property
    def duration_s(self) -> float:
        return self.samples / self.rate_hz

    @property
    def heard_s(self) -> float:
        """With the pauses between time stamps, if there are any: as players count."""
        return max(self.duration_s, self._end_s - (self._first_s or 0.0))

    def take(self, frame: AudioFrame) -> NDArray[Any]:
        """The frame's samples, shape (channels, samples)."""
        block = _samples(frame)
        if not self.rate_hz:
            self.rate_hz, self.channels = frame.sample_rate, block.shape[0]
        if frame.sample_rate != self.rate_hz:
            count = frame.samples * self.rate_hz // frame.sample_rate
            block = block[:, np.arange(count) * frame.samples // max(count, 1)]
        self.samples += block.shape[1]
        if frame.time is not None:
            if self._first_s is None:
                self._first_s = frame.time
            self._end_s = max(self._end_s, frame.time + frame.samples / frame.sample_rate)
        return block


def _samples(frame: AudioFrame) -> NDArray[Any]:
    """Without a copy where there is one channel; AudioFrame.to_ndarray takes as long as decoding does."""
    name, channels = frame.format.name, frame.layout.nb_channels
    dtype = _TYPES[name.removesuffix("p")]
    if name.endswith("p"):
        planes = [np.frombuffer(memoryview(plane), dtype, frame.samples) for plane in frame.planes]
        return planes[0][np.newaxis] if channels == 1 else np.stack(planes)
    packed = np.frombuffer(memoryview(frame.planes[0]), dtype, frame.samples * channels)
    return packed.reshape(-1, channels).T


def _says(said_s: float, clock: _Clock) -> bool:
    return abs(said_s - clock.heard_s) <= max(TOLERANCE_S, TOLERANCE * clock.heard_s)


def _is_missing(said_s: float, clock: _Clock, container: str) -> bool:
    if container.startswith(_WITH_PAUSES):
        return said_s > clock.heard_s + MISSING_S
    return container.startswith(_WITHOUT) and said_s > clock.duration_s + MISSING_S


def _can_be_sought(container: str, source: Input) -> bool:
    if container.startswith("matroska"):
        return has_cues(source.opened())
    if container.startswith("mov"):
        return not is_fragmented(source.opened(), source.size_bytes)
    return container != "aac"  # Bare AAC frames: every player guesses.
