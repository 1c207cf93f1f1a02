"""What one child may use. Kernel limits where there are any; the parent's clock for the rest."""

from __future__ import annotations

from typing import Final

import msgspec

from service.machine.units import MIB


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """`memory_bytes`: address space, of which Python with FFmpeg's libraries takes 210 MiB before the first byte is
    read. `wall_s`: from start to answer. `stall_s`: without a word from the child. `input_bytes`, `output_bytes`: of
    the file opened, of what is made from it. `pixels`: of a picture, before it is decoded."""

    memory_bytes: int
    cpu_s: int
    wall_s: float
    stall_s: float = 60.0
    input_bytes: int = 1 << 40
    output_bytes: int = 0
    pixels: int = 0


# Probing runs at some 300 × real time, so ten hours take two minutes; an mp4 keeps an index of 24 bytes per packet.
PROBE: Final = Limits(memory_bytes=640 * MIB, cpu_s=900, wall_s=1_800.0)
QUICK_PROBE: Final = Limits(memory_bytes=640 * MIB, cpu_s=15, wall_s=60.0)  # About an hour of sound.
REMUX: Final = Limits(memory_bytes=768 * MIB, cpu_s=600, wall_s=1_800.0, output_bytes=6 << 30)
AAC: Final = Limits(memory_bytes=768 * MIB, cpu_s=3_600, wall_s=7_200.0, output_bytes=2 << 30)
PCM: Final = Limits(memory_bytes=640 * MIB, cpu_s=1_800, wall_s=24 * 3_600.0, output_bytes=16 << 30)
THUMBNAIL: Final = Limits(memory_bytes=1_024 * MIB, cpu_s=30, wall_s=60.0, input_bytes=128 * MIB, pixels=64_000_000)
CONFINEMENT: Final = Limits(memory_bytes=512 * MIB, cpu_s=10, wall_s=20.0)
