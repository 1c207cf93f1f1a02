"""Sound and pictures through the whole house: sent, sealed, opened once by a worker, and shown to their owner alone."""

from __future__ import annotations

import json

import pytest

from tests.e2e.people import Json, Person, problem
from tests.e2e.stack import Stack
from tests.media_made import grey_png, tone_wav
from tests.waiting import wait_for

WAV = tone_wav(2.0)
PNG = grey_png(1_200, 500)


def analysed(person: Person, file_id: str) -> Json:
    """The file's row once all was found out that is to be."""

    def found() -> bool:
        row = person.file(file_id)
        return bool(row["audio"] or row["has_thumbnail"] or row["error_code"])

    wait_for(found, f"{file_id} to be analysed", 30.0)
    return person.file(file_id)


@pytest.fixture(scope="module")
def memo(ada: Person) -> str:
    (file,) = ada.upload(("memo.wav", WAV, "audio/wav"), to="/upload/audio")
    file_id: str = file["file_id"]
    analysed(ada, file_id)
    return file_id


def test_a_voice_note_tells_its_length_and_shows_its_waveform(ada: Person, memo: str) -> None:
    row = ada.file(memo)
    assert row["audio"] == {
        "duration_s": 2.0,
        "codec": "pcm_s16le",
        "sample_rate_hz": 8_000,
        "channels": 1,
        "has_transcript": False,
    }
    assert (row["status"], row["mime_type"], row["error_code"]) == ("ready", "audio/wav", None)
    waveform = ada.http.get(f"/files/{memo}/waveform")
    assert waveform.headers["content-type"].startswith("application/json")
    drawn = json.loads(waveform.content)
    assert (drawn["version"], drawn["bits"], drawn["channels"]) == (2, 8, 1)
    assert 0 < drawn["length"] <= 8_000
    assert (
        ada.http.get(f"/files/{memo}/waveform", headers={"If-None-Match": waveform.headers["etag"]}).status_code == 304
    )
    assert next(file for file in ada.data()["files"] if file["file_id"] == memo)["audio"]["duration_s"] == 2.0


def test_sound_is_converted_for_players_that_need_it_and_sought_in(ada: Person, memo: str) -> None:
    url = f"/files/{memo}/content"
    whole = ada.http.get(url, params={"rendition": "aac"})
    assert whole.status_code == 200, whole.text
    assert whole.headers["content-type"] == "audio/mp4"
    assert "memo.m4a" in whole.headers["content-disposition"]
    assert whole.content[4:8] == b"ftyp"
    part = ada.http.get(url, params={"rendition": "aac"}, headers={"Range": "bytes=10-29"})
    assert (part.status_code, part.content) == (206, whole.content[10:30])
    assert part.headers["etag"] == whole.headers["etag"] != ada.http.head(url).headers["etag"]
    assert ada.download(memo) == WAV
    assert ada.http.get(url, params={"rendition": "play"}).content == WAV


def test_a_picture_shows_its_thumbnail(ada: Person) -> None:
    file_id = ada.ready_file(PNG, "grey.png", "image/png")
    assert analysed(ada, file_id)["has_thumbnail"]
    thumbnail = ada.http.get(f"/files/{file_id}/thumbnail")
    assert thumbnail.headers["content-type"] == "image/webp"
    assert thumbnail.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert (thumbnail.content[:4], thumbnail.content[8:12]) == (b"RIFF", b"WEBP")
    assert len(thumbnail.content) < len(PNG) + 10_000


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("list.webm", b"ffconcat version 1.0\nfile /etc/hostname\n"),
        ("list.m3u8", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n"),
        ("noise.mp3", bytes(range(256)) * 40),
        ("cut.wav", WAV[:30]),
        ("none.ogg", b""),
    ],
)
def test_what_is_no_sound_is_kept_served_and_never_opened_as_something_else(
    ada: Person, name: str, data: bytes
) -> None:
    (file,) = ada.upload((name, data, "audio/webm"), to="/upload/audio")
    assert ada.wait_processed(file["file_id"])["status"] == "ready"
    assert ada.download(file["file_id"]) == data
    later = ada.ready_file(WAV, "after.wav")  # The queue goes on.
    assert analysed(ada, later)["audio"]["duration_s"] == 2.0
    assert ada.file(file["file_id"])["audio"] is None


def test_nothing_is_there_that_was_not_found(ada: Person, memo: str) -> None:
    text = ada.ready_file(b"plain text")
    problem(ada.http.get(f"/files/{text}/waveform"), 404, "no_rendition")
    problem(ada.http.get(f"/files/{memo}/thumbnail"), 404, "no_rendition")
    problem(ada.http.get(f"/files/{memo}/transcript"), 404, "no_transcript")
    problem(ada.http.get(f"/files/{text}/content", params={"rendition": "aac"}), 404, "no_rendition")
    problem(ada.http.get(f"/files/{text}/content", params={"rendition": "vinyl"}), 422, "validation_failed")


@pytest.mark.parametrize(
    "path", ["waveform", "thumbnail", "transcript", "content?rendition=aac", "content?rendition=play"]
)
def test_strangers_find_nothing(bob: Person, memo: str, path: str) -> None:
    problem(bob.http.get(f"/files/{memo}/{path}"), 404, "not_found")


def test_what_was_derived_goes_with_the_file(newcomer: Person, stack: Stack) -> None:
    (file,) = newcomer.upload(("memo.wav", WAV, "audio/wav"), to="/upload/audio")
    file_id = file["file_id"]
    analysed(newcomer, file_id)
    lying = list((stack.data / "blobs").glob(f"*/{file_id}*"))
    assert len(lying) == 2
    assert newcomer.http.delete(f"/files/{file_id}").status_code == 202
    wait_for(lambda: not any(path.exists() for path in lying), "the bytes to go")
    problem(newcomer.http.get(f"/files/{file_id}/waveform"), 404, "not_found")
