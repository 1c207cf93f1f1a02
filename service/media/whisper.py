"""A Whisper model in a folder of this machine, in a process of its own: started when first needed, at low priority,
without a network, and gone again when nobody has asked for a while."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from domain.events import Transcript
from service.media.errors import TranscriptFailed
from service.media.pieces import Piece, pieces
from service.media.spoken import Answer, Minutes
from service.media.wire import FRAME_MAX_BYTES, HEADER, Kind, WireBroken, parse, send

MODULE: Final = "service.media.child.recogniser"
TIMEOUT_S: Final = 3_600.0  # One piece of five minutes, by a large model on a slow machine, with loading it.
TURN_S: Final = 6 * 3_600.0  # Until the recordings before this one are done.
CLOSE_S: Final = 2.0  # For whoever listens to let go of a process that was ended.
TRIES: Final = 2  # A process that was idle may end in the moment it is asked.


class LocalEngine:
    """One model in memory, however many threads ask; they take turns."""

    def __init__(self, model: Path, language: str | None, timeout_s: float = TIMEOUT_S) -> None:
        self._command = (sys.executable, "-I", "-m", MODULE, str(model), language or "")
        self._language = language
        self._timeout_s = timeout_s
        self._turn = threading.Lock()
        self._running: _Recogniser | None = None
        self._closing = threading.Event()

    def transcribe(self, pcm: Iterable[bytes]) -> Transcript:
        minutes = Minutes(self._language)
        for piece in pieces(pcm):
            if piece.silent:
                continue
            if not self._turn.acquire(timeout=TURN_S):
                raise TranscriptFailed("transcript_too_slow", again=True)
            try:
                minutes.add(piece, self._hear(piece))
            finally:
                self._turn.release()
        return minutes.transcript()

    def close(self) -> None:
        """Whoever is waiting for an answer gets TranscriptFailed, to be tried again."""
        self._closing.set()
        try:
            running = self._running
            if running is not None:
                running.kill()  # An answer may take an hour; without its process it is over at once.
            if self._turn.acquire(timeout=CLOSE_S):
                try:
                    self._end()
                finally:
                    self._turn.release()
        finally:
            self._closing.clear()

    def _end(self) -> None:
        """Only by whose turn it is."""
        running, self._running = self._running, None
        if running is not None:
            running.end()

    def _hear(self, piece: Piece) -> Answer:
        for _ in range(TRIES):
            if self._closing.is_set():
                break
            if self._running is None:
                self._running = _Recogniser(self._command)
            try:
                return self._running.hear(piece, self._timeout_s)
            except TimeoutError:
                self._end()
                raise TranscriptFailed("transcript_too_slow", again=True) from None
            except (WireBroken, OSError, msgspec.DecodeError):
                self._end()
        raise TranscriptFailed("transcript_died", again=True)


class _Recogniser:
    """One process and the socket to it."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self._link, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = subprocess.Popen(
                    command,
                    env={"HF_HUB_OFFLINE": "1"},  # Nothing of ours: the parent's environment holds keys.
                    cwd="/",
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    process_group=0,
                )
        except BaseException:
            self._link.close()
            raise

    def hear(self, piece: Piece, timeout_s: float) -> Answer:
        """TimeoutError, WireBroken, OSError, DecodeError: it is of no use any more."""
        until_s = time.monotonic() + timeout_s
        rest = memoryview(piece.samples)
        while rest:
            self._wait(until_s)
            send(self._link, Kind.DATA, rest[:FRAME_MAX_BYTES])
            rest = rest[FRAME_MAX_BYTES:]
        send(self._link, Kind.DATA)
        kind, size_bytes = parse(self._exactly(HEADER.size, until_s))
        if kind is not Kind.RESULT:
            raise WireBroken
        return msgspec.msgpack.decode(self._exactly(size_bytes, until_s), type=Answer)

    def kill(self) -> None:
        """May be called by any thread."""
        self._process.kill()

    def end(self) -> None:
        with contextlib.suppress(OSError):
            self._link.close()
        self._process.kill()
        self._process.wait()

    def _exactly(self, size_bytes: int, until_s: float) -> bytes:
        data = bytearray()
        while len(data) < size_bytes:
            self._wait(until_s)
            more = self._link.recv(size_bytes - len(data))
            if not more:
                raise WireBroken
            data += more
        return bytes(data)

    def _wait(self, until_s: float) -> None:
        left_s = until_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._link.settimeout(left_s)
