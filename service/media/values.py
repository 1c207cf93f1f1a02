"""What is asked of the child and what it answers: shared by both sides, and checked when it arrives."""

from __future__ import annotations

import math
from typing import Annotated, Final, Literal, Protocol

import msgspec
from msgspec import Meta

POINTS_MAX: Final = 8_000
PCM_RATE_HZ: Final = 16_000
PCM_SAMPLE_BYTES: Final = 2
THUMBNAIL_SIDE: Final = 512

Count = Annotated[int, Meta(ge=0, le=1 << 40)]
Rate = Annotated[int, Meta(ge=1, le=10_000_000)]
Side = Annotated[int, Meta(ge=1, le=1 << 20)]
Name = Annotated[str, Meta(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9_.,-]+$")]


class Source(Protocol):
    """An opened file, read by position. Stays in the parent: it holds the key."""

    @property
    def size_bytes(self) -> int: ...

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Exactly `length_bytes`; never asked for anything past the end."""
        ...


class Sink(Protocol):
    """Where a rendition goes, in order, never patched. Stays in the parent. Takes all it is given."""

    def write(self, data: memoryview, /) -> int | None: ...


Task = Literal["probe", "remux", "aac", "pcm", "thumbnail", "confinement"]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """The first message to the child."""

    task: Task
    size_bytes: int
    memory_bytes: int
    cpu_s: int
    pixels: int


class Waveform(msgspec.Struct, frozen=True):
    """audiowaveform data, version 2, 8 bits, all channels folded into one: lowest and highest sample of each point in
    turn. Source: https://github.com/bbc/audiowaveform/blob/master/doc/DataFormat.md"""

    sample_rate: Rate
    samples_per_pixel: Count
    data: Annotated[list[Annotated[int, Meta(ge=-128, le=127)]], Meta(max_length=2 * POINTS_MAX)]

    def __post_init__(self) -> None:
        if len(self.data) % 2:
            raise ValueError("a waveform has pairs")

    def to_json(self) -> bytes:
        return msgspec.json.encode(
            {
                "version": 2,
                "channels": 1,
                "sample_rate": self.sample_rate,
                "samples_per_pixel": self.samples_per_pixel,
                "bits": 8,
                "length": len(self.data) // 2,
                "data": self.data,
            }
        )


class AudioReport(msgspec.Struct, frozen=True, kw_only=True):
    """What decoding every packet has shown.

    duration_s: decoded samples over their rate, whatever the file says of itself.
    silent: nothing louder than -60 dBFS. damaged: part of it could not be decoded, or is missing.
    film: there are moving pictures beside the sound; a cover picture does not make one.
    playable: says its length truly and can be sought as it is; otherwise `remux` makes a rendition that can.
    """

    duration_s: float
    codec: Name
    container: Name
    sample_rate_hz: Rate
    channels: Annotated[int, Meta(ge=1, le=1_024)]
    silent: bool
    damaged: bool
    film: bool
    playable: bool
    waveform: Waveform

    def __post_init__(self) -> None:
        if not (math.isfinite(self.duration_s) and self.duration_s > 0):
            raise ValueError("a duration is finite")


class Rendition(msgspec.Struct, frozen=True):
    """What was written into the sink. `size_bytes` is the parent's own count."""

    mime_type: Literal["audio/webm", "audio/mp4", "audio/mpeg", "audio/ogg", "audio/flac", "audio/wav"]
    size_bytes: int = 0


class Thumbnail(msgspec.Struct, frozen=True):
    """`width`, `height`: of the thumbnail. `image_*`: of the picture as it is shown, orientation applied."""

    webp: Annotated[bytes, Meta(min_length=12, max_length=1_000_000)]
    width: Annotated[int, Meta(ge=1, le=THUMBNAIL_SIDE)]
    height: Annotated[int, Meta(ge=1, le=THUMBNAIL_SIDE)]
    image_width: Side
    image_height: Side


class Ended(msgspec.Struct, frozen=True):
    """The answer of a task whose result is its output alone."""

    damaged: bool = False


class Confinement(msgspec.Struct, frozen=True):
    """What the child found shut when it tried, by name; True is shut."""

    holds: dict[Name, bool]

    @property
    def open(self) -> tuple[str, ...]:
        """What a hostile decoder could still do on this machine."""
        return tuple(name for name, shut in self.holds.items() if not shut)
