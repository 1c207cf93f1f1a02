"""Renditions: what a browser can seek and what every browser can play, written in order into a sink."""

from __future__ import annotations

import io
from collections.abc import Callable

import av
import pytest

from service.media.child.output import HEAD_BYTES, HELD_BYTES
from service.media.errors import MediaFailed
from service.media.limits import AAC, REMUX
from service.media.opening import pcm, probe_audio, remux, to_aac
from service.media.values import PCM_RATE_HZ, PCM_SAMPLE_BYTES
from tests.media import recordings
from tests.media.recordings import Bytes, Kept, sound

Make = Callable[[], bytes]


def packets(data: bytes) -> list[bytes]:
    with av.open(io.BytesIO(data), "r") as container:
        return [bytes(packet) for packet in container.demux(container.streams.audio[0]) if packet.size]


def seconds_told(data: bytes) -> float:
    """What the file says of its own length."""
    with av.open(io.BytesIO(data), "r") as container:
        return (container.duration or 0) / 1_000_000


def first_time_after_seeking(data: bytes, to_s: float) -> float:
    with av.open(io.BytesIO(data), "r") as container:
        stream = container.streams.audio[0]
        assert stream.time_base is not None
        container.seek(round(to_s / stream.time_base), stream=stream)
        packet = next(container.demux(stream))
        assert packet.pts is not None
        return float(packet.pts * stream.time_base)


@pytest.mark.parametrize(
    ("make", "mime_type"),
    [
        (lambda: recordings.webm_of_a_recorder(seconds=60), "audio/webm"),
        (lambda: recordings.mp4_of_a_recorder(seconds=60), "audio/mp4"),
        (lambda: sound("adts", "aac", seconds=60), "audio/mp4"),
        (recordings.mp3_that_lies, "audio/mpeg"),
        (lambda: sound("matroska", "pcm_s16le", seconds=60, options=(("live", "1"),)), "audio/wav"),
    ],
    ids=["webm", "mp4", "adts", "mp3", "pcm-in-matroska"],
)
def test_what_could_not_be_sought_tells_its_length_and_can_be_sought_afterwards(make: Make, mime_type: str) -> None:
    data = make()
    before = probe_audio(Bytes(data))
    assert not before.playable
    sink = Kept()
    rendition = remux(Bytes(data), sink)
    made = bytes(sink.data)
    assert (rendition.mime_type, rendition.size_bytes) == (mime_type, len(made))
    after = probe_audio(Bytes(made))
    assert after.playable
    assert not after.damaged
    assert (after.codec, after.channels) == (before.codec, before.channels)
    assert after.duration_s == pytest.approx(before.duration_s, abs=0.05)
    assert seconds_told(made) == pytest.approx(before.duration_s, abs=0.05)
    assert first_time_after_seeking(made, 30.0) == pytest.approx(30.0, abs=6.0)  # A cluster is 5 s.


def test_no_packet_is_changed_on_the_way() -> None:
    data, sink = recordings.webm_of_a_recorder(), Kept()
    remux(Bytes(data), sink)
    assert packets(bytes(sink.data)) == packets(data)


def test_a_rendition_too_long_to_be_held_is_made_twice_and_comes_out_the_same_way() -> None:
    data = sound("matroska", "pcm_s16le", seconds=400, options=(("live", "1"),))
    assert len(data) > HELD_BYTES > HEAD_BYTES
    sink = Kept()
    remux(Bytes(data), sink)
    made = bytes(sink.data)
    assert seconds_told(made) == pytest.approx(400.0, abs=0.01)  # It stands in the head, and was known last.
    assert made[4:8] == (len(made) - 8).to_bytes(4, "little")
    assert b"".join(packets(made)) == b"".join(packets(data))


@pytest.mark.parametrize("container", ["webm", "mp4"])
def test_a_long_recording_needs_no_more_than_its_head_held(container: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The two passes themselves, over a muxer of each kind."""
    from service.media.child import render
    from service.media.child.files import Input
    from service.media.child.output import Draft
    from service.media.values import Job
    from tests.media.recordings import Straight

    data = (
        recordings.webm_of_a_recorder(seconds=120) if container == "webm" else recordings.mp4_of_a_recorder(seconds=120)
    )
    job = Job(task="remux", size_bytes=len(data), memory_bytes=0, cpu_s=0, pixels=0)
    once, twice = Straight(data), Straight(data)
    render.remux(job, Input(once, len(data)), once)
    monkeypatch.setattr(render, "Draft", lambda parent: Draft(parent, held_bytes=0))
    render.remux(job, Input(twice, len(data)), twice)
    assert len(twice.made) > HEAD_BYTES
    assert twice.made == once.made


@pytest.mark.parametrize(
    ("make", "channels"),
    [
        (recordings.webm_of_a_recorder, 1),
        (lambda: sound("ogg", "libopus", channels=2), 2),
        (lambda: sound("wav", "pcm_s16le", channels=6, rate_hz=44_100), 2),
        (lambda: sound("wav", "pcm_u8", rate_hz=8_000), 1),
        (lambda: sound("mp3", "libmp3lame"), 1),
        (lambda: sound("flac", "flac", channels=2), 2),
        (recordings.mp4_of_a_recorder, 1),
    ],
    ids=["webm", "ogg", "5.1", "telephone", "mp3", "flac", "mp4"],
)
def test_aac_for_players_without_opus(make: Make, channels: int) -> None:
    sink = Kept()
    rendition = to_aac(Bytes(make()), sink)
    assert rendition.mime_type == "audio/mp4"
    report = probe_audio(Bytes(bytes(sink.data)))
    assert (report.codec, report.channels, report.playable) == ("aac", channels, True)
    assert report.duration_s == pytest.approx(5.0, abs=0.05)
    assert max(report.waveform.data) > 40


@pytest.mark.parametrize("make", [recordings.webm, lambda: sound("wav", "pcm_s16le", channels=6)], ids=["webm", "5.1"])
def test_samples_for_a_recogniser_are_mono_at_16_khz(make: Make) -> None:
    made = b"".join(pcm(Bytes(make())))
    assert len(made) == pytest.approx(5 * PCM_RATE_HZ * PCM_SAMPLE_BYTES, abs=2_000)
    assert max(made[1::2]) > 0


def test_recordings_of_different_kinds_one_after_the_other_are_one_sound() -> None:
    quiet, wide = sound("mp3", "libmp3lame", rate_hz=22_050), sound("mp3", "libmp3lame", channels=2, rate_hz=44_100)
    both = Bytes(quiet + wide)
    report = probe_audio(both)
    assert report.duration_s == pytest.approx(10.0, abs=0.3)
    assert (report.sample_rate_hz, report.channels) == (22_050, 1)
    sink = Kept()
    to_aac(both, sink)
    assert probe_audio(Bytes(bytes(sink.data))).duration_s == pytest.approx(10.0, abs=0.3)
    assert len(b"".join(pcm(both))) == pytest.approx(10 * PCM_RATE_HZ * PCM_SAMPLE_BYTES, rel=0.03)


def test_a_reader_of_samples_may_leave_early() -> None:
    samples = pcm(Bytes(sound("flac", "flac", seconds=200)))
    assert next(samples)
    samples.close()


@pytest.mark.parametrize("limits", [REMUX, AAC])
def test_output_is_bounded(limits: object) -> None:
    import msgspec

    tight = msgspec.structs.replace(REMUX if limits is REMUX else AAC, output_bytes=10_000)
    with pytest.raises(MediaFailed) as failed:
        (remux if limits is REMUX else to_aac)(Bytes(recordings.webm_of_a_recorder()), Kept(), tight)
    assert failed.value.code == "media_too_large"


@pytest.mark.parametrize("make", [remux, to_aac])
def test_a_rendition_of_what_is_no_sound_is_refused(make: object) -> None:
    for data, code in ((b"ffconcat version 1.0\nfile a.wav", "media_refused"), (bytes(5_000), "media_unreadable")):
        with pytest.raises(MediaFailed) as failed:
            (remux if make is remux else to_aac)(Bytes(data), Kept())
        assert failed.value.code == code


class Full(Exception):
    pass


class FullDisk:
    def write(self, _data: memoryview, /) -> int:
        raise Full


def test_what_the_sink_raises_is_told_as_it_is() -> None:
    with pytest.raises(Full):
        remux(Bytes(recordings.webm_of_a_recorder()), FullDisk())
