"""What Chromium records, Chromium can play with its length and from any place, once it is remuxed."""

from __future__ import annotations

import base64
import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page

from service.media.opening import probe_audio, remux, to_aac
from tests.browser import chromium
from tests.media.recordings import Bytes, Kept

LENGTH_MS = 2_500
WEBM, MP4 = "audio/webm;codecs=opus", "audio/mp4;codecs=opus"
SLICES_MS = {"in-one": 0, "in-slices": 250}
RECORD = """([milliseconds, asked]) => Promise.all(asked.map(async ([type, slice]) => {
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
  const bytes = new Uint8Array(await new Blob(pieces).arrayBuffer());
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}))"""
PLAY = """async (address) => {
  const audio = new Audio(address);
  const once = (name) => new Promise((done, failed) => {
    audio.addEventListener(name, done, {once: true});
    audio.addEventListener("error", () => failed(new Error(audio.error.message)), {once: true});
  });
  const loaded = once("loadedmetadata");
  audio.preload = "auto";
  audio.load();
  await loaded;
  const length = audio.duration;
  const sought = once("seeked");
  audio.currentTime = length / 2;
  await sought;
  return [Number.isFinite(length) ? length : -1, audio.currentTime];
}"""


class Shelf(ThreadingHTTPServer):
    """Serves one file, whole or by range, and an empty page."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.data = b""
        self.mime_type = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Shelf

    def do_GET(self) -> None:
        if self.path == "/":
            self._answer(200, "text/html", b"<!doctype html>")
            return
        data = self.server.data
        wanted = self.headers.get("Range", "").removeprefix("bytes=").split(",")[0]
        if not wanted:
            self._answer(200, self.server.mime_type, data)
            return
        first, _, last = wanted.partition("-")
        start, end = int(first), min(int(last) if last else len(data) - 1, len(data) - 1)
        self._answer(206, self.server.mime_type, data[start : end + 1], f"bytes {start}-{end}/{len(data)}")

    def _answer(self, status: int, mime_type: str, body: bytes, content_range: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", mime_type)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(body)))
        if content_range is not None:
            self.send_header("Content-Range", content_range)
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # A player reads as much as it likes.
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  The name in the base class.
        """Keeps quiet."""


@pytest.fixture(scope="module")
def shelf() -> Iterator[Shelf]:
    server = Shelf()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def page(browser: Browser, shelf: Shelf) -> Page:
    page = browser.new_page()
    page.goto(shelf.url)
    return page


Recorded = dict[tuple[str, str], bytes]


@pytest.fixture(scope="module")
def recorded(page: Page) -> Recorded:
    """By type and manner, all at the same time; without the types that this Chromium does not record."""
    types = [each for each in (WEBM, MP4) if page.evaluate("(type) => MediaRecorder.isTypeSupported(type)", each)]
    asked = [(each, manner) for each in types for manner in SLICES_MS]
    found = page.evaluate(RECORD, [LENGTH_MS, [(each, SLICES_MS[manner]) for each, manner in asked]])
    return {each: base64.b64decode(text) for each, text in zip(asked, found, strict=True)}


def play(page: Page, shelf: Shelf, data: bytes, mime_type: str) -> tuple[float, float]:
    """The length that the browser shows, and the place it has sought: the middle."""
    shelf.data, shelf.mime_type = data, mime_type
    length_s, at_s = page.evaluate(PLAY, f"{shelf.url}/sound")
    return length_s, at_s


@pytest.mark.slow
@pytest.mark.parametrize("manner", SLICES_MS)
@pytest.mark.parametrize("mime_type", [WEBM, MP4])
def test_a_recording_can_be_sought_after_remuxing(
    page: Page, shelf: Shelf, recorded: Recorded, mime_type: str, manner: str
) -> None:
    if (mime_type, manner) not in recorded:
        assert mime_type != WEBM
        pytest.skip(f"this Chromium does not record {mime_type}")
    data = recorded[mime_type, manner]
    report = probe_audio(Bytes(data))
    assert report.codec == "opus"
    assert report.duration_s == pytest.approx(LENGTH_MS / 1_000, abs=0.7)
    assert not report.damaged
    assert not report.silent
    sink = Kept()
    rendition = remux(Bytes(data), sink)
    length_s, at_s = play(page, shelf, bytes(sink.data), rendition.mime_type)
    assert length_s == pytest.approx(report.duration_s, abs=0.1)
    assert at_s == pytest.approx(length_s / 2, abs=0.1)
    assert probe_audio(Bytes(bytes(sink.data))).playable
    if report.playable:  # Told of the recording as it was: then the browser must agree.
        length_s, at_s = play(page, shelf, data, mime_type.partition(";")[0])
        assert length_s == pytest.approx(report.duration_s, abs=0.5)


@pytest.mark.slow
def test_a_recording_plays_as_aac(page: Page, shelf: Shelf, recorded: Recorded) -> None:
    sink = Kept()
    rendition = to_aac(Bytes(recorded[WEBM, "in-slices"]), sink)
    if not page.evaluate("() => new Audio().canPlayType('audio/mp4; codecs=mp4a.40.2')"):
        pytest.skip("this Chromium has no AAC")
    length_s, at_s = play(page, shelf, bytes(sink.data), rendition.mime_type)
    assert length_s == pytest.approx(LENGTH_MS / 1_000, abs=0.7)
    assert at_s == pytest.approx(length_s / 2, abs=0.1)
