"""A child that is slow, dead, greedy or hostile: one code each, soon, and no process left behind."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from service.machine.units import MIB
from service.media.errors import MediaFailed
from service.media.limits import PROBE, THUMBNAIL, Limits
from service.media.opening import probe_audio, thumbnail
from service.media.serving import Child
from service.media.values import AudioReport, Rendition
from tests.media import recordings
from tests.media.recordings import Bytes, Kept, Zeros

SHORT = Limits(memory_bytes=512 * MIB, cpu_s=5, wall_s=5.0, stall_s=1.0, output_bytes=1_000)
HELLO = """
import os, socket, struct, sys, time
link = socket.socket(fileno=0)
head = link.recv(5, socket.MSG_WAITALL)
link.recv(struct.unpack(">BI", head)[1], socket.MSG_WAITALL)
def send(kind, payload=b""):
    link.sendall(struct.pack(">BI", kind, len(payload)) + payload)
"""
JOB, DATA, READ, OUTPUT, ALIVE, RESULT, FAILED = range(1, 8)


@pytest.fixture(autouse=True)
def _no_process_is_left() -> Iterator[None]:
    before = children()
    yield
    assert children() == before


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def ask(script: str, limits: Limits = SHORT) -> AudioReport:
    command = (sys.executable, "-I", "-S", "-c", HELLO + script)
    with Child("probe", Bytes(bytes(1_000)), limits, command=command) as child:
        return child.answer(AudioReport)


@pytest.mark.parametrize(
    "script",
    [
        "",
        "os._exit(0)",
        "os.kill(os.getpid(), 11)",
        "link.sendall(os.urandom(100_000))",
        "link.sendall(b'\\x00\\x00\\x00\\x00\\x00')",
        "link.sendall(struct.pack('>BI', 6, 2**32 - 1)); time.sleep(60)",
        f"send({READ}, struct.pack('>QI', 999, 2)); time.sleep(60)",
        f"send({READ}, struct.pack('>QI', 2**64 - 1, 1)); time.sleep(60)",
        f"send({READ}, struct.pack('>QI', 0, 2**32 - 1)); time.sleep(60)",
        f"send({READ}, b'short'); time.sleep(60)",
        f"send({JOB}, b'{{}}'); time.sleep(60)",
        f"send({DATA}, b'mine'); time.sleep(60)",
        f"send({OUTPUT}, b'nobody asked'); time.sleep(60)",
        f"send({RESULT}, b'\\xc1'); time.sleep(60)",
        f"send({RESULT}, b'\\x80'); time.sleep(60)",
        f"send({FAILED}, b'\\xa4evil'); time.sleep(60)",
        f"send({READ}, struct.pack('>QI', 0, 1000)); os._exit(0)",
    ],
    ids=[
        "exit", "exit-now", "crash", "noise", "unknown-kind", "long-frame", "past-the-end", "overflow", "long-read",
        "short-read", "job", "data", "output", "no-msgpack", "no-report", "unknown-code", "gone-before-its-answer",
    ],
)  # fmt: skip
def test_a_child_that_makes_no_sense_is_dead(script: str) -> None:
    started_s = time.monotonic()
    with pytest.raises(MediaFailed) as failed:
        ask(script)
    assert failed.value.code == "media_died"
    assert time.monotonic() - started_s < SHORT.wall_s


@pytest.mark.parametrize(
    "lie",
    [
        {"duration_s": float("inf")},
        {"duration_s": float("nan")},
        {"duration_s": -1.0},
        {"channels": 0},
        {"codec": "<script>"},
        {"codec": "x" * 33},
        {"waveform": {"sample_rate": 1, "samples_per_pixel": 1, "data": [0] * 16_002}},
        {"waveform": {"sample_rate": 1, "samples_per_pixel": 1, "data": [0, 200]}},
        {"waveform": {"sample_rate": 1, "samples_per_pixel": 1, "data": [0, 1, 2]}},
    ],
)
def test_an_answer_out_of_bounds_is_not_taken(lie: dict[str, object]) -> None:
    told: dict[str, object] = {
        "duration_s": 1.0, "codec": "opus", "container": "ogg", "sample_rate_hz": 48_000, "channels": 1,
        "silent": False, "damaged": False, "film": False, "playable": True,
        "waveform": {"sample_rate": 48_000, "samples_per_pixel": 256, "data": [-1, 1]},
    }  # fmt: skip
    assert ask(f"send({RESULT}, {msgspec.msgpack.encode(told)!r})").duration_s == 1.0
    with pytest.raises(MediaFailed) as failed:
        ask(f"send({RESULT}, {msgspec.msgpack.encode(told | lie)!r})")
    assert failed.value.code == "media_died"


@pytest.mark.parametrize(
    "script",
    [
        "time.sleep(60)",
        "link.sendall(b'\\x06')\nwhile True: time.sleep(60)",
        f"while True: send({ALIVE}); time.sleep(0.01)",
        f"while True: send({READ}, struct.pack('>QI', 0, 1000))",
        "while True: pass",
    ],
    ids=["silent", "half-a-frame", "alive-for-ever", "asks-and-does-not-listen", "busy"],
)
def test_a_child_that_does_not_come_to_an_end_is_ended(script: str) -> None:
    limits = msgspec.structs.replace(SHORT, wall_s=2.0)
    started_s = time.monotonic()
    with pytest.raises(MediaFailed) as failed:
        ask(script, limits)
    assert failed.value.code == "media_too_slow"
    assert time.monotonic() - started_s < 2 * limits.wall_s


def test_a_child_that_makes_too_much_is_ended() -> None:
    command = (sys.executable, "-I", "-S", "-c", HELLO + f"while True: send({OUTPUT}, bytes(100))")
    sink = Kept()
    with Child("remux", Bytes(b""), SHORT, command=command) as child, pytest.raises(MediaFailed) as failed:
        child.answer(Rendition, sink)
    assert failed.value.code == "media_too_large"
    assert len(sink.data) == SHORT.output_bytes


def test_cpu_time_is_rationed() -> None:
    with pytest.raises(MediaFailed) as failed:
        probe_audio(Zeros(recordings.wav_head(36_000), 36_000), msgspec.structs.replace(PROBE, cpu_s=1))
    assert failed.value.code == "media_too_slow"


def test_memory_is_rationed() -> None:
    made = recordings.image("PNG", Image.new("RGB", (7_000, 7_000)))
    with pytest.raises(MediaFailed) as failed:
        thumbnail(Bytes(made), msgspec.structs.replace(THUMBNAIL, memory_bytes=200 * MIB))
    assert failed.value.code == "media_too_large"


class Broken(Exception):
    pass


class BrokenBlob(Bytes):
    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        if length_bytes > 10_000:
            raise Broken
        return super().read_at(offset_bytes, length_bytes)


def test_what_the_source_raises_is_told_as_it_is() -> None:
    with pytest.raises(Broken):
        probe_audio(BrokenBlob(recordings.webm()))


def test_what_progress_raises_ends_the_task() -> None:
    def stop(_part: float) -> None:
        raise Broken

    with pytest.raises(Broken):
        probe_audio(Bytes(recordings.webm()), progress=stop)


def open_files() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def test_a_program_that_cannot_be_started_leaves_nothing_open() -> None:
    before = open_files()
    with pytest.raises(FileNotFoundError):
        Child("probe", Bytes(b""), SHORT, command=("/nowhere/python",))
    assert open_files() == before
