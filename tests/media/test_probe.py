"""What decoding shows, whatever a file says of itself."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from service.media.errors import MediaFailed
from service.media.opening import probe_audio
from service.media.values import POINTS_MAX
from tests.media import recordings
from tests.media.recordings import Bytes, film, sound, webm

FFCONCAT = b"ffconcat version 1.0\nfile /etc/passwd\n"
PLAYLIST = b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:5,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"


@pytest.mark.parametrize(
    ("data", "codec", "container"),
    [
        (recordings.webm(), "opus", "matroska,webm"),
        (sound("ogg", "libopus"), "opus", "ogg"),
        (sound("ogg", "vorbis", channels=2, codec_options=(("strict", "-2"),)), "vorbis", "ogg"),
        (sound("mp4", "aac"), "aac", "mov,mp4,m4a,3gp,3g2,mj2"),
        (sound("mp3", "libmp3lame", codec_options=(("q", "4"),)), "mp3", "mp3"),
        (sound("flac", "flac"), "flac", "flac"),
        (sound("wav", "pcm_s16le"), "pcm_s16le", "wav"),
        (sound("wav", "pcm_u8"), "pcm_u8", "wav"),
        (sound("wav", "pcm_f32le", channels=2), "pcm_f32le", "wav"),
        (sound("wav", "pcm_s24le", channels=6), "pcm_s24le", "wav"),
    ],
    ids=["webm", "opus", "vorbis", "m4a", "mp3", "flac", "wav", "wav-u8", "wav-f32", "wav-s24"],
)
def test_a_sound_file_is_described_exactly(data: bytes, codec: str, container: str) -> None:
    report = probe_audio(Bytes(data))
    assert report.duration_s == pytest.approx(5.0, abs=0.03)  # Lossy codecs pad by a frame.
    assert (report.codec, report.container) == (codec, container)
    assert report.sample_rate_hz == recordings.RATE_HZ
    assert report.playable
    assert not report.damaged
    assert not report.silent


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_channels_are_counted_and_folded_into_one_waveform(channels: int) -> None:
    report = probe_audio(Bytes(sound("wav", "pcm_s16le", channels=channels)))
    assert report.channels == channels
    assert -65 <= min(report.waveform.data) <= -64
    assert 63 <= max(report.waveform.data) <= 64


@pytest.mark.parametrize(
    "data",
    [recordings.webm_of_a_recorder(), recordings.mp4_of_a_recorder(), sound("adts", "aac")],
    ids=["webm", "mp4", "adts"],
)
def test_a_recording_without_length_or_index_has_both_found_out(data: bytes) -> None:
    report = probe_audio(Bytes(data))
    assert report.duration_s == pytest.approx(5.0, abs=0.05)
    assert not report.playable
    assert not report.damaged


def test_an_mp3_that_lies_about_its_length_is_not_believed() -> None:
    report = probe_audio(Bytes(recordings.mp3_that_lies()))
    assert report.duration_s == pytest.approx(40.0, abs=0.3)
    assert not report.playable


def test_silence_is_told() -> None:
    report = probe_audio(Bytes(recordings.webm(loudness=0.0)))
    assert report.silent
    assert set(report.waveform.data) <= {-1, 0}


def test_the_waveform_is_audiowaveform_json_version_2() -> None:
    report = probe_audio(Bytes(sound("wav", "pcm_s16le")))
    told = msgspec.json.decode(report.waveform.to_json())
    points = -(-5 * recordings.RATE_HZ // 256)
    assert {name: told[name] for name in told if name != "data"} == {
        "version": 2,
        "channels": 1,
        "sample_rate": recordings.RATE_HZ,
        "samples_per_pixel": 256,
        "bits": 8,
        "length": points,
    }
    assert len(told["data"]) == 2 * points


def test_a_longer_sound_has_a_coarser_waveform_and_not_more_points() -> None:
    report = probe_audio(Bytes(sound("flac", "flac", seconds=200)))
    assert report.waveform.samples_per_pixel == 256 * 8
    assert POINTS_MAX // 2 < len(report.waveform.data) // 2 <= POINTS_MAX
    assert set(report.waveform.data[:-2:2]) <= {-65, -64}


def test_progress_only_rises_and_reaches_the_end() -> None:
    told: list[float] = []
    probe_audio(Bytes(sound("wav", "pcm_s16le", seconds=200)), progress=told.append)
    assert told == sorted(told)
    assert 10 < len(told) <= 101
    assert told[-1] == 1.0


@pytest.mark.parametrize(
    "data",
    [recordings.webm(), sound("flac", "flac"), sound("wav", "pcm_s16le")],
    ids=["webm", "flac", "wav"],
)
def test_what_is_left_of_a_file_that_was_cut_counts(data: bytes) -> None:
    report = probe_audio(Bytes(data[: len(data) // 2]))
    assert report.duration_s == pytest.approx(2.5, abs=0.5)
    assert report.damaged


def test_a_recording_cut_short_is_only_shorter() -> None:
    data = recordings.webm_of_a_recorder()
    assert 2.0 < probe_audio(Bytes(data[: len(data) // 2])).duration_s < 3.0


def test_holes_in_a_file_are_damage_and_the_rest_counts() -> None:
    data = bytearray(sound("flac", "flac", seconds=20))
    middle = len(data) // 2
    data[middle : middle + 2_000] = bytes(2_000)
    report = probe_audio(Bytes(bytes(data)))
    assert report.damaged
    assert report.duration_s == pytest.approx(20.0, abs=1.0)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (FFCONCAT, "media_refused"),
        (PLAYLIST, "media_refused"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "media_refused"),
        (b"PK\x03\x04" + bytes(1_000), "media_refused"),
        (b"\x89PNG\r\n\x1a\n" + bytes(1_000), "media_refused"),
        (b"\x00" + FFCONCAT, "media_unreadable"),
        (b"\xff\xfe" + PLAYLIST, "media_unreadable"),
        (b"", "media_unreadable"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", "media_unreadable"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "media_unreadable"),
        (bytes(100_000), "media_unreadable"),
        (bytes(itertools.islice(itertools.cycle(range(7, 251, 3)), 100_000)), "media_unreadable"),
        (sound("mp4", "aac")[:20_000], "media_unreadable"),  # Its index was at its end.
    ],
    ids=[
        "ffconcat", "m3u8", "svg", "zip", "png", "ffconcat-after-nul", "m3u8-after-bytes", "empty", "webm-head",
        "wav-head", "zeros", "pattern", "mp4-without-index",
    ],
)  # fmt: skip
def test_what_is_no_sound_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(MediaFailed) as failed:
        probe_audio(Bytes(data))
    assert failed.value.code == code


def test_a_film_is_told_from_sound_alone_and_a_cover_makes_none() -> None:
    assert probe_audio(Bytes(film())).film
    assert not probe_audio(Bytes(webm())).film
