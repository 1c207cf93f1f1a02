"""Asking witnesses for cosignatures (c2sp.org/tlog-witness). A witness that does not answer holds nothing up for long,
and one that remembers a larger tree than ours tells that this log was put back to an older state."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import httpx
import msgspec
import structlog

from eventstore.checkpoint import Checkpoint, parse_number
from eventstore.merkle import MAX_SIZE
from eventstore.note import (
    Algorithm,
    Note,
    NoteInvalid,
    Signature,
    VerifierKey,
    parse_key,
    parse_signatures,
)
from eventstore.witness import SIZE_TYPE, AddCheckpoint, Prove

MAX_WITNESSES: Final = 16
TIMEOUT_S: Final = 5.0
MOST_ANSWER_BYTES: Final = 16 * 1024
FIRST_PAUSE_S: Final = 2.0
LONGEST_PAUSE_S: Final = 300.0
TRIES: Final = 2  # The first may only have told which size the witness knows.

_log = structlog.get_logger("cosigning")


class WitnessAddress(msgspec.Struct, frozen=True):
    """Whom to ask, and by which key its answers are known."""

    key: VerifierKey
    url: str


def parse_witnesses(text: str) -> tuple[WitnessAddress, ...]:
    """`<verifier key> <url>, …`. ValueError says what is wrong with it."""
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        key_text, _, url = part.partition(" ")
        key = parse_key(key_text)
        if key.algorithm is not Algorithm.COSIGNATURE_V1:
            raise ValueError(f"{key.name} is a log's key, not a witness's")
        try:
            parsed = httpx.URL(url.strip())
        except httpx.InvalidURL as error:
            raise ValueError(f"the address of the witness {key.name}: {error}") from error
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise ValueError(f"the witness {key.name} needs an http or https address")
        found.append(WitnessAddress(key, str(parsed).rstrip("/")))
    if len(found) > MAX_WITNESSES:
        raise ValueError(f"at most {MAX_WITNESSES} witnesses")
    return tuple(found)


class Cosigners:
    """The configured witnesses. One thread at a time; each call asks all of them at once."""

    def __init__(self, witnesses: Sequence[WitnessAddress], clock_s: Callable[[], float] = time.monotonic) -> None:
        self._asked = [_Asked(witness) for witness in witnesses]
        self._clock_s = clock_s
        self._http = httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False)
        self._pool = ThreadPoolExecutor(max(1, len(witnesses)), thread_name_prefix="cosigning")

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._http.close()

    def __call__(self, checkpoint: Checkpoint, note: Note, prove: Prove) -> list[Signature]:
        """The cosignatures that came, each verified. Takes at most about twice TIMEOUT_S, and never raises for what a
        witness does."""
        now_s = self._clock_s()
        asked = [each for each in self._asked if each.waits_until_s <= now_s]
        found: list[Signature] = []
        for _ in range(TRIES):
            requests = [(each, self._request(each, checkpoint, note, prove)) for each in asked]
            sent = [(each, request) for each, request in requests if request is not None]
            answers = self._pool.map(lambda pair: self._send(*pair), sent)
            asked = []
            for (each, _), answer in zip(sent, answers, strict=True):
                match answer:
                    case Signature():
                        each.succeeded(checkpoint.size)
                        found.append(answer)
                    case int():
                        each.size = answer
                        asked.append(each)
                    case str():
                        each.failed(answer, self._clock_s())
        for each in asked:
            each.failed("it went on naming other sizes", self._clock_s())
        return found

    def _request(self, asked: _Asked, checkpoint: Checkpoint, note: Note, prove: Prove) -> bytes | None:
        if asked.size > checkpoint.size:
            asked.failed(
                f"it has cosigned {asked.size} events and this log has {checkpoint.size}: the log was put back to an"
                " older state, or runs twice",
                self._clock_s(),
            )
            asked.size = 0  # Asked anew next time.
            return None
        return AddCheckpoint(asked.size, tuple(prove(asked.size)), note).encode()

    def _send(self, asked: _Asked, body: bytes) -> Signature | int | str:
        """Its cosignature, the size it knows, or what went wrong."""
        witness = asked.witness
        try:
            with self._http.stream("POST", f"{witness.url}/add-checkpoint", content=body) as response:
                answer = b"".join(_bounded(response.iter_bytes()))
            if response.status_code == 200:
                return _cosignature(answer.decode(), witness.key, body)
            if response.status_code == 409 and response.headers.get("content-type") == SIZE_TYPE:
                return min(parse_number(answer.decode().removesuffix("\n")), MAX_SIZE)
        except (httpx.HTTPError, ValueError) as error:
            return f"{type(error).__name__}: {error}"
        return f"it answered {response.status_code}"


class _Asked:
    """What is known of one witness."""

    __slots__ = ("_pause_s", "_said", "size", "waits_until_s", "witness")

    def __init__(self, witness: WitnessAddress) -> None:
        self.witness = witness
        self.size = 0  # That it cosigned last, as far as we know: it tells us when that is wrong.
        self.waits_until_s = 0.0
        self._pause_s = 0.0
        self._said = ""

    def succeeded(self, size: int) -> None:
        self.size, self._pause_s, self.waits_until_s = size, 0.0, 0.0
        if self._said:
            _log.info("a witness cosigns again", witness=self.witness.key.name)
            self._said = ""

    def failed(self, why: str, now_s: float) -> None:
        """Asked again after a pause that doubles: publishing must not wait for it each time."""
        self._pause_s = min(max(self._pause_s * 2, FIRST_PAUSE_S), LONGEST_PAUSE_S)
        self.waits_until_s = now_s + self._pause_s
        if why != self._said:
            _log.warning("a witness did not cosign", witness=self.witness.key.name, why=why)
            self._said = why


def _bounded(chunks: Iterator[bytes]) -> Iterator[bytes]:
    size_bytes = 0
    for chunk in chunks:
        size_bytes += len(chunk)
        if size_bytes > MOST_ANSWER_BYTES:
            raise ValueError("its answer is too long")
        yield chunk


def _cosignature(lines: str, key: VerifierKey, body: bytes) -> Signature:
    """The witness's own line for the checkpoint in `body`. NoteInvalid."""
    text = body.decode().partition("\n\n")[2].rpartition("\n\n")[0] + "\n"
    for signature in parse_signatures(lines):
        if key.verifies(text, signature):
            return signature
    raise NoteInvalid("no cosignature of its key in its answer")
