"""Renditions of sound: the same packets in a container that can be sought, and AAC for players without Opus."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import IO, Final, Literal, cast

import av
import av.error
from av.container import OutputContainer

from service.media.child.files import Input, Parent, Refused
from service.media.child.output import HEAD_BYTES, Draft, Fair
from service.media.child.probe import codec_name
from service.media.child.sound import Sound, opened
from service.media.values import Job, Rendition

AAC_RATE_HZ: Final = 48_000
AAC_BITS_PER_CHANNEL: Final = 64_000
# Without it Matroska draws random ids, and the second pass would not make the same bytes as the first.
_SAME_AGAIN: Final = {"fflags": "+bitexact"}

MimeType = Literal["audio/webm", "audio/mp4", "audio/mpeg", "audio/ogg", "audio/flac", "audio/wav"]
_MIME_TYPES: Final[dict[str, MimeType]] = {
    "webm": "audio/webm",
    "mp4": "audio/mp4",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "wav": "audio/wav",
}
_QUICKLY: Final = {"aac_coder": "fast"}  # Twice the speed of the default: somebody waits for it.
_Write = Callable[[OutputContainer], None]


def remux(_job: Job, source: Input, parent: Parent) -> Rendition:
    with opened(source, parent) as sound:
        target = _container_for(sound)
    return _render(parent, target, lambda output: _copy(source, parent, output))


def to_aac(_job: Job, source: Input, parent: Parent) -> Rendition:
    return _render(parent, "mp4", lambda output: _encode(source, parent, output))


def _container_for(sound: Sound) -> str:
    """Its own, if a browser plays that; else the one that browsers play this codec in."""
    codec, container = codec_name(sound), sound.container.format.name
    if codec.startswith(("pcm_", "adpcm_")):
        return "wav"
    if container.startswith("mov") and codec in {"aac", "opus", "flac", "mp3", "alac"}:
        return "mp4"
    match codec:
        case "opus" | "vorbis":
            return "ogg" if container == "ogg" else "webm"
        case "aac" | "alac":
            return "mp4"
        case "mp3":
            return "mp3"
        case "flac":
            return "ogg" if container == "ogg" else "flac"
        case _:
            raise Refused("media_refused")  # Nothing to gain: no browser plays it anyhow.


def _render(parent: Parent, target: str, write: _Write) -> Rendition:
    draft = Draft(parent)
    _mux(draft, target, write)
    if draft.whole:
        parent.write(memoryview(draft.kept))
    else:
        fair = Fair(parent, draft.kept)
        _mux(fair, target, write)
        if fair.size_bytes != draft.size_bytes:
            raise Refused("media_unreadable")  # Not the same bytes: the head given out is another file's.
    return Rendition(_MIME_TYPES[target])


def _mux(file: Draft | Fair, target: str, write: _Write) -> None:
    with av.open(cast("IO[bytes]", file), "w", format=target, options=_SAME_AGAIN, buffer_size=HEAD_BYTES) as output:
        write(output)


def _copy(source: Input, parent: Parent, output: OutputContainer) -> None:
    """Time starts at 0, or before it where a codec needs a run-up; it never stands still or goes back: recorders do
    that, and muxers refuse it."""
    with opened(source, parent) as sound:
        stream = output.add_stream_from_template(sound.stream)
        origin: int | None = None
        last = 0
        written = 0
        for packet in sound.packets():
            if not packet.size:
                continue
            at = packet.dts if packet.dts is not None else packet.pts
            if origin is None:
                origin = max(at or 0, 0)
                last = (at or 0) - origin - 1
            last = last + max(packet.duration or 0, 1) if at is None else max(at - origin, last + 1)
            packet.dts = packet.pts = last
            packet.stream = stream
            try:
                output.mux(packet)
            except av.error.MemoryError:
                raise
            except av.error.FFmpegError:
                continue  # A packet that the container does not take.
            written += 1
        if not written:
            raise Refused("media_unreadable")


def _encode(source: Input, parent: Parent, output: OutputContainer) -> None:
    with opened(source, parent) as sound:
        context = sound.stream.codec_context
        layout = "mono" if context.channels == 1 else "stereo"
        stream = output.add_stream("aac", rate=AAC_RATE_HZ, options=_QUICKLY)
        stream.layout = layout
        stream.bit_rate = AAC_BITS_PER_CHANNEL * (1 if layout == "mono" else 2)
        stream.codec_context.thread_count = 1
        samples = 0
        for frame in sound.resampled("fltp", layout, AAC_RATE_HZ):
            # The resampler hands on what needs no change, with its old time base.
            frame.pts, frame.time_base = samples, Fraction(1, AAC_RATE_HZ)
            samples += frame.samples
            output.mux(stream.encode(frame))
        if not samples:
            raise Refused("media_unreadable")
        output.mux(stream.encode(None))
