"""Asking witnesses for cosignatures (c2sp.org/tlog-witness). A witness that does not answer holds nothing up for long,
and one that remembers a larger tree than ours tells that this log was put back to an older state."""

from __future__ import annotations

import functools
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import Final, assert_never

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
ASK_S: Final = 5.0  # For all witnesses and both tries, from the first byte to the last.
LOOK_S: Final = 0.05  # How soon asking ends when the process does.
SAME_SIZE: Final = "it has cosigned another tree of this size"
PLAIN: Final = {"Accept-Encoding": "identity"}
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
        except httpx.InvalidURL:  # Its words may hold a piece of a password.
            raise ValueError(f"the witness {key.name} needs an http or https address") from None
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise ValueError(f"the witness {key.name} needs an http or https address")
        found.append(WitnessAddress(key, str(parsed).rstrip("/")))
    if len(found) > MAX_WITNESSES:
        raise ValueError(f"at most {MAX_WITNESSES} witnesses")
    return tuple(found)


class Contradiction(msgspec.Struct, frozen=True):
    """What a witness answers who has seen another history under this key; or one who lies."""

    why: str


Reply = Signature | int | Contradiction | str
"""A cosignature, the size that the witness knows, or what went wrong."""


class Cosigners:
    """The configured witnesses (a `Witnesses` of signer.py). One thread at a time; each call asks all at once.

    `tell` is given what contradicts this log whenever that changes; nothing, once every witness has cosigned."""

    def __init__(
        self,
        witnesses: Sequence[WitnessAddress],
        clock_s: Callable[[], float] = time.monotonic,
        tell: Callable[[Sequence[str]], object] = lambda _lines: None,
    ) -> None:
        trusted = httpx.create_ssl_context(trust_env=False)
        self._asked = [_Asked(witness, trusted) for witness in witnesses]
        self._tell = tell
        self._told: list[str] | None = None
        self._clock_s = clock_s
        self._closed = threading.Event()

    def close(self) -> None:
        """From any thread: asking ends at once, and nobody is asked any more."""
        self._closed.set()
        for each in self._asked:
            each.hang_up()

    def wanting(self, note: Note) -> bool:
        """Whether a witness may be asked now that has not cosigned the note."""
        return not self._closed.is_set() and bool(self._to_ask(note))

    def __call__(self, checkpoint: Checkpoint, note: Note, prove: Prove) -> list[Signature]:
        """The cosignatures that came, each verified. Takes ASK_S at most, and never raises for what a witness does."""
        until_s = time.monotonic() + ASK_S
        asked = [] if self._closed.is_set() else self._to_ask(note)
        found: list[Signature] = []
        for _ in range(TRIES):
            bodies = {each: AddCheckpoint(each.size, tuple(prove(each.size)), note).encode() for each in asked}
            asked = []
            for each, answer in self._replies(bodies, until_s):
                match reply := _contradicted(answer, each.size, checkpoint.size):
                    case Signature():
                        each.succeeded(checkpoint.size)
                        found.append(reply)
                    case int():
                        each.size = reply
                        asked.append(each)
                    case Contradiction():
                        each.contradicted(reply, self._clock_s())
                    case str():
                        each.failed(reply, self._clock_s())
                    case never:
                        assert_never(never)
        for each in asked:
            each.failed("it went on naming other sizes", self._clock_s())
        self._report()
        return found

    def _to_ask(self, note: Note) -> list[_Asked]:
        now_s = self._clock_s()
        return [each for each in self._asked if each.waits_until_s <= now_s and not each.has_cosigned(note)]

    def _replies(self, bodies: dict[_Asked, bytes], until_s: float) -> Iterator[tuple[_Asked, Reply]]:
        """As they come. Whoever has not answered in time is hung up on, whatever it has sent so far."""
        answers: SimpleQueue[tuple[_Asked, Reply]] = SimpleQueue()
        waiting = set(bodies)
        for each, body in bodies.items():
            each.ask(functools.partial(self._send, each, body), answers.put)
        while waiting and not self._closed.is_set() and (left_s := until_s - time.monotonic()) > 0:
            try:
                each, reply = answers.get(timeout=min(left_s, LOOK_S))
            except Empty:
                continue
            waiting.discard(each)
            yield each, reply
        for each in waiting:
            each.hang_up()
            if not self._closed.is_set():
                yield each, f"it did not answer within {ASK_S:.0f} s"

    def _send(self, asked: _Asked, body: bytes) -> Reply:
        """On a thread of its own, which nobody waits for."""
        witness = asked.witness
        try:
            with asked.http().stream("POST", f"{witness.url}/add-checkpoint", content=body, headers=PLAIN) as response:
                answer = b"".join(_bounded(response.iter_raw()))
            if response.status_code == 200:
                return _cosignature(answer.decode(), witness.key, body)
            if response.status_code == 409 and response.headers.get("content-type") == SIZE_TYPE:
                return min(parse_number(answer.decode().removesuffix("\n")), MAX_SIZE)
        except Exception as error:  # noqa: BLE001  (a connection that is closed under its user breaks in many ways)
            return f"{type(error).__name__}: {error}"
        match response.status_code:
            case 409:
                return Contradiction(SAME_SIZE)
            case 422:
                return Contradiction("it has cosigned a tree that this one does not continue")
            case status:
                return f"it answered {status}"

    def _report(self) -> None:
        """Nothing is taken back before each of them has cosigned: what one said may be from before this process."""
        lines = [f"{each.witness.key.name}: {each.contradiction}" for each in self._asked if each.contradiction]
        if lines != self._told and (lines or all(each.has_answered for each in self._asked)):
            self._tell(lines)
            self._told = lines


class _Asked:
    """What is known of one witness."""

    def __init__(self, witness: WitnessAddress, trusted: ssl.SSLContext) -> None:
        self.witness = witness
        self.size = 0  # That it cosigned last, as far as we know: it tells us when that is wrong.
        self.waits_until_s = 0.0
        self.has_answered = False  # With a cosignature.
        self.contradiction = ""
        self._trusted = trusted
        self._http: httpx.Client | None = None
        self._busy = False
        self._pause_s = 0.0
        self._said = ""
        self._last: tuple[Note, bool] | None = None

    def ask(self, send: Callable[[], Reply], answer: Callable[[tuple[_Asked, Reply]], object]) -> None:
        """Nobody waits for the thread, not even the process when it ends: it goes when its connection does. Should one
        hang on all the same, no other is sent after it."""

        def run() -> None:
            reply = send()
            self._busy = False
            answer((self, reply))

        if self._busy:
            answer((self, "it has not let go of the connection before"))
            return
        self._busy = True
        threading.Thread(target=run, name="cosigning", daemon=True).start()

    def http(self) -> httpx.Client:
        if self._http is None:
            self._http = httpx.Client(timeout=ASK_S, follow_redirects=False, trust_env=False, verify=self._trusted)
        return self._http

    def hang_up(self) -> None:
        """From any thread."""
        http, self._http = self._http, None
        if http is not None:
            http.close()

    def has_cosigned(self, note: Note) -> bool:
        if self._last is None or self._last[0] is not note:
            self._last = note, any(self.witness.key.verifies(note.text, line) for line in note.signatures)
        return self._last[1]

    def succeeded(self, size: int) -> None:
        self.size, self._pause_s, self.waits_until_s = size, 0.0, 0.0
        self.has_answered, self.contradiction = True, ""
        if self._said:
            _log.info("a witness cosigns again", witness=self.witness.key.name)
            self._said = ""

    def failed(self, why: str, now_s: float) -> None:
        """Asked again after a pause that doubles: publishing must not wait for it each time."""
        self._wait(now_s)
        if why != self._said:
            _log.warning("a witness did not cosign", witness=self.witness.key.name, why=why)
            self._said = why

    def contradicted(self, contradiction: Contradiction, now_s: float) -> None:
        """Told loudly, and no reason to stop: one witness that lies must not be able to stop a log."""
        self._wait(now_s)
        self.size = 0  # Asked anew next time.
        self.contradiction = contradiction.why
        if contradiction.why != self._said:
            _log.error("a witness contradicts this log", witness=self.witness.key.name, why=contradiction.why)
            self._said = contradiction.why

    def _wait(self, now_s: float) -> None:
        self._pause_s = min(max(self._pause_s * 2, FIRST_PAUSE_S), LONGEST_PAUSE_S)
        self.waits_until_s = now_s + self._pause_s


def _contradicted(reply: Reply, sent: int, size: int) -> Reply:
    """The same, or what the size that it names says: one that cannot be, if there is one history only. `sent`: that the
    request was for; `size`: of the checkpoint."""
    if isinstance(reply, int) and reply > size:
        return Contradiction(
            f"it has cosigned {reply} events and this log has {size}: the log was put back to an older state, or runs"
            " twice"
        )
    if reply == sent == size:
        return Contradiction(SAME_SIZE)
    return reply


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
