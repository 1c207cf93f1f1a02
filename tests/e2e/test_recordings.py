"""What a real browser records can be played by it: with its length, and from any place, after processing."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import chromium_path
from tests.e2e.stack import Stack
from tests.waiting import wait_for

MIME_TYPES = ("audio/webm;codecs=opus", "audio/mp4;codecs=opus")
SLICES_MS = (0, 250)
REGISTER = """async (name) => {
  const answer = await fetch("/api/v1/auth/register", {
    method: "POST", headers: {"Content-Type": "application/json"},
    body: JSON.stringify({
      username: name, email: name + "@example.org", password: "correct horse battery", cookie: true,
    }),
  });
  return answer.status;
}"""
RECORD = """async ([milliseconds, slice, type]) => {
  const stream = await navigator.mediaDevices.getUserMedia({audio: true});
  const recorder = new MediaRecorder(stream, {mimeType: type});
  const pieces = [];
  recorder.ondataavailable = (event) => pieces.push(event.data);
  const stopped = new Promise((done) => { recorder.onstop = done; });
  slice ? recorder.start(slice) : recorder.start();
  await new Promise((done) => setTimeout(done, milliseconds));
  recorder.stop();
  await stopped;
  stream.getTracks().forEach((track) => track.stop());
  const body = new Blob(pieces, {type});
  const answer = await fetch("/api/v1/upload/audio?name=recording", {
    method: "POST", headers: {"Content-Type": type.split(";")[0]}, body,
  });
  return (await answer.json()).files[0].file_id;
}"""
PLAY = """async (id) => {
  const audio = new Audio(`/api/v1/files/${id}/content?disposition=inline&rendition=play`);
  const once = (name) => new Promise((done, failed) => {
    audio.addEventListener(name, done, {once: true});
    audio.addEventListener("error", () => failed(new Error(String(audio.error && audio.error.message))), {once: true});
  });
  const loaded = once("loadedmetadata");
  audio.preload = "auto";
  audio.load();
  await loaded;
  const length = audio.duration;
  const sought = once("seeked");
  audio.currentTime = length / 2;
  await sought;
  return [length, audio.currentTime, audio.seekable.length ? audio.seekable.end(0) : 0];
}"""
FILE = """async (id) => (await fetch(`/api/v1/files/${id}`)).json()"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(),
            args=["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page(browser: Browser, stack: Stack) -> Iterator[Page]:
    page = browser.new_page()
    page.goto(stack.url)
    assert page.evaluate(REGISTER, f"singer-{os.urandom(4).hex()}") == 201
    yield page
    page.close()


@pytest.fixture(scope="module")
def recordings(page: Page) -> dict[tuple[str, int], str]:
    """The ids of all that this browser can record, one after the other: made at once on a busy machine, they have gaps,
    which a player counts and the sound does not."""
    kinds = [
        (mime_type, slice_ms)
        for mime_type in MIME_TYPES
        for slice_ms in SLICES_MS
        if page.evaluate("(type) => MediaRecorder.isTypeSupported(type)", mime_type)
    ]
    asked = [[1_600, slice_ms, mime_type] for mime_type, slice_ms in kinds]
    ids: list[str] = [page.evaluate(RECORD, one) for one in asked]
    return dict(zip(kinds, ids, strict=True))


@pytest.mark.parametrize("slice_ms", SLICES_MS)
@pytest.mark.parametrize("mime_type", MIME_TYPES)
def test_a_recording_shows_its_length_and_can_be_sought(
    page: Page, recordings: dict[tuple[str, int], str], slice_ms: int, mime_type: str
) -> None:
    file_id = recordings.get((mime_type, slice_ms))
    if file_id is None:
        pytest.skip(f"this browser does not record {mime_type}")
    row = wait_for(
        lambda: row if (row := page.evaluate(FILE, file_id))["audio"] else None, "the recording to be analysed", 30.0
    )
    assert row is not None
    length_s: float = row["audio"]["duration_s"]
    assert 1.0 < length_s < 3.0
    duration_s, at_s, seekable_s = page.evaluate(PLAY, file_id)
    assert duration_s == pytest.approx(length_s, abs=0.1)
    assert seekable_s == pytest.approx(length_s, abs=0.1)
    assert at_s == pytest.approx(length_s / 2, abs=0.05)
