"""What can be asked about a file that a stranger made. Each call is one confined child; nothing is parsed here.

Plaintext goes from the source to the child through a socket pair and never touches a disk. MediaFailed says how it
ended otherwise; a sink that was written into by then holds nothing of worth. What source, sink and `progress` raise
passes through. Calls block; OSError when no process can be started.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Final, Literal

import msgspec

from service.media.errors import MediaFailed
from service.media.limits import AAC, CONFINEMENT, PCM, PROBE, REMUX, THUMBNAIL, Limits
from service.media.serving import Child
from service.media.types import SNIFF_BYTES, media_type
from service.media.values import AudioReport, Confinement, Rendition, Sink, Source, Thumbnail

IMAGE_TYPES: Final = frozenset(("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"))
# Playlists are text, and FFmpeg has a demuxer for many a text. The child refuses what is left.
_NEVER_SOUND: Final = ("text/", "image/", "application/pdf", "application/zip", "application/gzip")

Progress = Callable[[float], None]


def probe_audio(source: Source, limits: Limits = PROBE, progress: Progress | None = None) -> AudioReport:
    """Decodes all of it, at some hundred times its speed. `progress` gets the part done, 0 to 1, never falling."""
    _require_sound(source)
    with Child("probe", source, limits, progress) as child:
        return child.answer(AudioReport)


def remux(source: Source, sink: Sink, limits: Limits = REMUX) -> Rendition:
    """The same packets in a container that tells its length and can be sought; the sound alone, if there are
    pictures."""
    return _render("remux", source, sink, limits)


def to_aac(source: Source, sink: Sink, limits: Limits = AAC) -> Rendition:
    """AAC-LC in m4a, mono or stereo: what every browser plays."""
    return _render("aac", source, sink, limits)


def pcm(source: Source, limits: Limits = PCM) -> Generator[bytes, None, None]:
    """Mono, 16 kHz, signed 16 bits, little-endian, in pieces of ≤ 1 MiB. The child waits while nobody asks, within
    `limits.wall_s`, and ends with the generator: close it."""
    _require_sound(source)
    with Child("pcm", source, limits) as child:
        yield from child.pieces()


def thumbnail(source: Source, limits: Limits = THUMBNAIL) -> Thumbnail:
    """WebP, at most 512 pixels a side, orientation applied, without metadata; the first picture of several."""
    if media_type(source.read_at(0, min(source.size_bytes, SNIFF_BYTES))) not in IMAGE_TYPES:
        raise MediaFailed("media_refused")
    if source.size_bytes > limits.input_bytes:
        raise MediaFailed("media_too_large")
    with Child("thumbnail", source, limits) as child:
        return child.answer(Thumbnail)


def confinement(limits: Limits = CONFINEMENT) -> Confinement:
    """What holds on this machine, as a child found it by trying. Slow: for `doctor`, not for every file."""
    with Child("confinement", _Nothing(), limits) as child:
        return child.answer(Confinement)


def _render(task: Literal["remux", "aac"], source: Source, sink: Sink, limits: Limits) -> Rendition:
    _require_sound(source)
    with Child(task, source, limits) as child:
        made = child.answer(Rendition, sink)
        return msgspec.structs.replace(made, size_bytes=child.output_bytes)


def _require_sound(source: Source) -> None:
    found = media_type(source.read_at(0, min(source.size_bytes, SNIFF_BYTES)), "audio")
    if found.startswith(_NEVER_SOUND):
        raise MediaFailed("media_refused")


class _Nothing:
    """An empty file."""

    size_bytes = 0

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        raise ValueError(f"{length_bytes} bytes at {offset_bytes} of nothing")
