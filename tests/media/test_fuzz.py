"""Files that somebody, or a bad disk, has changed: every one ends in an answer or a code, in bounded time, and no child
crashes over it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from service.media.errors import MediaFailed
from service.media.opening import probe_audio, remux, thumbnail, to_aac
from tests.media import recordings
from tests.media.recordings import Bytes, Kept, image, sound
from tests.media.test_images import WIDE

EXAMPLES = 3
SOUNDS = {
    "webm": recordings.webm(seconds=1),
    "mp4": recordings.mp4_of_a_recorder(seconds=1),
    "m4a": sound("mp4", "aac", seconds=1),
    "ogg": sound("ogg", "libopus", seconds=1),
    "mp3": sound("mp3", "libmp3lame", seconds=1),
    "flac": sound("flac", "flac", seconds=1),
    "wav": sound("wav", "pcm_s16le", seconds=1),
}
PICTURES = {kind: image(kind, WIDE.resize((200, 100))) for kind in ("JPEG", "PNG", "WEBP", "GIF", "AVIF")}
CODES = {"media_unreadable", "media_refused", "media_too_large"}

Change = tuple[int, bytes, bool]
changes = st.lists(
    st.tuples(st.integers(0, 1 << 20), st.binary(min_size=1, max_size=8), st.booleans()), min_size=1, max_size=12
)
# Not shrunk: every example is a process, and the one that fails is small already.
bounded = settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.generate])


def changed(data: bytes, how: list[Change]) -> bytes:
    """Overwrites in half of the changes, inserts in the others; heads are hit more often than chance would."""
    made = bytearray(data)
    for number, (place, what, over) in enumerate(how):
        at = place % (256 if number % 2 else len(made))
        made[at : at + (len(what) if over else 0)] = what
    return bytes(made)


def told_or_refused(ask: Callable[..., object], *arguments: object) -> None:
    code = None
    try:
        ask(*arguments)
    except MediaFailed as failed:
        code = failed.code
    assert code is None or code in CODES


@pytest.mark.parametrize("kind", SOUNDS)
@bounded
@given(how=changes)
def test_changed_sound_is_told_or_refused(kind: str, how: list[Change]) -> None:
    data = changed(SOUNDS[kind], how)
    told_or_refused(probe_audio, Bytes(data))


@pytest.mark.parametrize("kind", ["webm", "mp4", "mp3"])
@bounded
@given(how=changes)
def test_changed_sound_is_rendered_or_refused(kind: str, how: list[Change]) -> None:
    data = changed(SOUNDS[kind], how)
    for make in (remux, to_aac):
        told_or_refused(make, Bytes(data), Kept())


@pytest.mark.parametrize("kind", PICTURES)
@bounded
@given(how=changes)
def test_changed_pictures_are_shown_or_refused(kind: str, how: list[Change]) -> None:
    told_or_refused(thumbnail, Bytes(changed(PICTURES[kind], how)))


@bounded
@given(data=st.binary(max_size=4_000), head=st.sampled_from([*SOUNDS.values(), *PICTURES.values()]))
def test_noise_behind_a_sound_head_is_told_or_refused(data: bytes, head: bytes) -> None:
    for ask in (probe_audio, thumbnail):
        told_or_refused(ask, Bytes(head[:64] + data))
