"""A recogniser behind HTTP that speaks OpenAI's protocol: POST /v1/audio/transcriptions, verbose_json.

What is said leaves this machine if the endpoint is not on it: the operator's choice, never the default.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import secrets
import socket
import ssl
import threading
import time
import wave
from collections.abc import Iterable
from typing import Final, TypeVar
from urllib.parse import urlsplit

import msgspec

from domain.events import Transcript
from service.media.errors import TranscriptFailed
from service.media.pieces import Piece, pieces
from service.media.spoken import Answer, Minutes
from service.media.values import PCM_RATE_HZ, PCM_SAMPLE_BYTES

CONNECT_S: Final = 10.0
TIMEOUT_S: Final = 600.0  # One piece, from connecting to the last byte of the answer.
ANSWER_MAX_BYTES: Final = 4 << 20
_READ_BYTES: Final = 64 << 10
_PATH: Final = "/audio/transcriptions"


class HttpEngine:
    """Holds the key to the endpoint, so has no repr of its own. Follows no redirect: the key would go along."""

    def __init__(
        self,
        url: str,
        api_key: str | None,
        model: str,
        language: str | None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """`url`: of the server, of its /v1, or of the endpoint itself."""
        parts = urlsplit(url)
        self._tls = parts.scheme == "https"
        self._host, self._port = parts.hostname or "", parts.port
        path = parts.path.rstrip("/")
        if not path.endswith(_PATH):
            path += _PATH if path.endswith("/v1") else f"/v1{_PATH}"
        self._path = path
        self._api_key = api_key
        self._model = model
        self._language = language
        self._timeout_s = timeout_s

    def transcribe(self, pcm: Iterable[bytes]) -> Transcript:
        minutes = Minutes(self._language)
        for piece in pieces(pcm):
            if not piece.silent:
                minutes.add(piece, self._ask(piece))
        return minutes.transcript()

    def close(self) -> None:
        """Nothing is kept between calls."""

    def _ask(self, piece: Piece) -> Answer:
        until_s = time.monotonic() + self._timeout_s
        connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)
        line = _Line()
        # A name with many addresses, or a server that sends a byte now and then, outlives every socket's timeout.
        timer = threading.Timer(self._timeout_s, line.hang_up)
        timer.start()
        try:
            connection.sock = self._connect(line)
            connection.sock.settimeout(self._timeout_s)
            status, body = self._exchange(connection, piece)
            if time.monotonic() >= until_s:
                raise TimeoutError  # Hung up on by the timer: that may look like the end of the answer.
        except (OSError, http.client.HTTPException) as error:
            late = isinstance(error, TimeoutError) or time.monotonic() >= until_s
            raise TranscriptFailed("transcript_too_slow" if late else "transcript_unreachable", again=True) from None
        finally:
            timer.cancel()
            timer.join()
            connection.close()
            line.close()
        if status != http.client.OK:
            again = status == http.client.TOO_MANY_REQUESTS or status >= http.client.INTERNAL_SERVER_ERROR
            raise TranscriptFailed("transcript_unreachable" if again else "transcript_refused", again=again)
        return _read(body)

    def _connect(self, line: _Line) -> socket.socket:
        """To the first address that answers. Resolving has the resolver's own limit, and counts."""
        port = self._port or (http.client.HTTPS_PORT if self._tls else http.client.HTTP_PORT)
        refused: OSError | None = None
        for family, kind, protocol, _, address in socket.getaddrinfo(self._host, port, type=socket.SOCK_STREAM):
            link = line.take(socket.socket(family, kind, protocol))
            link.settimeout(min(CONNECT_S, self._timeout_s))
            try:
                link.connect(address)
            except OSError as error:
                refused = error
                continue
            if self._tls:
                context = ssl.create_default_context()
                context.set_alpn_protocols(["http/1.1"])
                link = line.take(context.wrap_socket(link, server_hostname=self._host, do_handshake_on_connect=False))
                link.do_handshake()
            return link
        raise refused or OSError("no address")

    def _exchange(self, connection: http.client.HTTPConnection, piece: Piece) -> tuple[int, bytes]:
        boundary = secrets.token_hex(16)
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Accept": "application/json"}
        if self._api_key is not None:
            headers["Authorization"] = f"Bearer {self._api_key}"
        connection.request("POST", self._path, self._form(boundary, piece), headers)
        body = bytearray()
        with connection.getresponse() as answer:  # It may own the socket by now: closing the connection is not enough.
            while more := answer.read1(_READ_BYTES):
                body += more
                if len(body) > ANSWER_MAX_BYTES:
                    raise TranscriptFailed("transcript_unreadable", again=False)
            return answer.status, bytes(body)

    def _form(self, boundary: str, piece: Piece) -> bytes:
        fields = {
            "model": self._model,
            "response_format": "verbose_json",
            "timestamp_granularities[]": "segment",
            "temperature": "0",
        }
        if self._language is not None:
            fields["language"] = self._language
        form = bytearray()
        for name, value in fields.items():
            form += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        form += (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="speech.wav"\r\n'
            "Content-Type: audio/wav\r\n\r\n"
        ).encode()
        form += _wav(piece.samples)
        form += f"\r\n--{boundary}--\r\n".encode()
        return bytes(form)


Link = TypeVar("Link", bound=socket.socket)


class _Line:
    """The one socket of a call, from before it is connected: what the timer ends."""

    def __init__(self) -> None:
        self._link: socket.socket | None = None
        self._late = False
        self._mutex = threading.Lock()

    def take(self, link: Link) -> Link:
        """In the place of the one before, which is closed. TimeoutError when the time is over."""
        with self._mutex:
            if self._link is not None:
                self._link.close()
            self._link = link
            if self._late:
                raise TimeoutError
        return link

    def hang_up(self) -> None:
        with self._mutex:
            self._late = True
            if self._link is not None:
                with contextlib.suppress(OSError):  # It has just ended by itself, or is not connected yet.
                    self._link.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if self._link is not None:
            self._link.close()


def _wav(samples: bytes) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(PCM_SAMPLE_BYTES)
        file.setframerate(PCM_RATE_HZ)
        file.writeframes(samples)
    return made.getvalue()


def _read(body: bytes) -> Answer:
    try:
        return msgspec.json.decode(body, type=Answer)
    except msgspec.DecodeError:
        raise TranscriptFailed("transcript_unreadable", again=False) from None
