"""Asking witnesses who are slow, away, or have seen another history: what it costs, and what is told of it."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress

import pytest

from eventstore.merkle import EMPTY_ROOT
from eventstore.note import Algorithm, SignerKey
from eventstore.witness import SIZE_TYPE
from service.doctor import examine
from service.house.house import House
from service.signing import cosigning, signing
from service.signing.cosigning import Cosigners, WitnessAddress
from service.signing.signing import Signing, start_signing
from service.upkeep.readiness import state
from tests import builders
from tests.service.logs import grow, verified
from tests.service.test_witness import HISTORY
from tests.waiting import wait_for

KEY = SignerKey("witness.example/w1", b"5" * 32, Algorithm.COSIGNATURE_V1)
Answering = Callable[[bytes], Iterator[bytes]]
"""The request's body → the bytes of the answer, piece by piece."""


@contextmanager
def witness(answering: Answering) -> Iterator[WitnessAddress]:
    """Speaks HTTP by hand, as it likes."""
    leaving = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            asked = b""
            while b"\r\n\r\n" not in asked:
                asked += connection.recv(65_536)
            head, _, body = asked.partition(b"\r\n\r\n")
            (length,) = [int(line.split()[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line]
            while len(body) < length:
                body += connection.recv(65_536)
            for piece in answering(body):
                if leaving.is_set():
                    return
                connection.sendall(piece)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield WitnessAddress(KEY.verifier, f"http://127.0.0.1:{listening.getsockname()[1]}")
        finally:
            leaving.set()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def plain(status: int, body: bytes, content_type: str = "text/plain", headers: bytes = b"") -> bytes:
    head = f"HTTP/1.1 {status} So\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n".encode()
    return head + headers + b"Connection: close\r\n\r\n" + body


def cosigned(body: bytes) -> bytes:
    """The line for what was asked."""
    text = body.decode().partition("\n\n")[2].rpartition("\n\n")[0] + "\n"
    return KEY.sign(text, 1_700_000_000).line.encode()


def honest(body: bytes) -> Iterator[bytes]:
    yield plain(200, cosigned(body))


def trickling(at: bytes) -> Answering:
    """As far as `at` at once, and then a byte at a time, for ever."""

    def answer(_body: bytes) -> Iterator[bytes]:
        yield at
        while True:
            time.sleep(0.05)
            yield b"x"

    return answer


TRICKLES = {
    "the status": b"HTTP/1.1 ",
    "a header": b"HTTP/1.1 200 OK\r\nX-Long: ",
    "the body": b"HTTP/1.1 200 OK\r\nContent-Length: 16000\r\n\r\n",
}


def ask(cosigners: Cosigners, size: int = 3) -> Sequence[object]:
    return cosigners(*HISTORY.head(size), lambda old: HISTORY.prove(old, size))


@pytest.mark.parametrize("trickle", TRICKLES)
def test_a_witness_that_answers_byte_by_byte_takes_no_more_time_than_all_have(
    monkeypatch: pytest.MonkeyPatch, trickle: str
) -> None:
    monkeypatch.setattr(cosigning, "ASK_S", 0.5)
    before = threading.active_count()
    with witness(trickling(TRICKLES[trickle])) as address, closing(Cosigners([address])) as cosigners:
        began_s = time.monotonic()
        assert ask(cosigners) == []
        assert time.monotonic() - began_s < 10.0
        assert not cosigners.wanting(HISTORY.head(3)[1])  # It has a pause.
    wait_for(lambda: threading.active_count() <= before, "its thread to end with its connection")


def test_asking_ends_when_the_process_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cosigning, "ASK_S", 3_600.0)
    with witness(trickling(TRICKLES["a header"])) as address:
        cosigners = Cosigners([address])
        asking = threading.Thread(target=ask, args=(cosigners,))
        asking.start()
        wait_for(lambda: cosigners._asked[0]._busy, "it to be asked")
        cosigners.close()
        asking.join(30)
        assert not asking.is_alive()
        assert ask(cosigners) == []
        assert not cosigners.wanting(HISTORY.head(3)[1])


def test_what_is_compressed_is_not_opened() -> None:
    bomb = gzip.compress(b"x" * 50_000_000)
    with (
        witness(lambda _body: iter([plain(200, bomb[:8_000], headers=b"Content-Encoding: gzip\r\n")])) as address,
        closing(Cosigners([address])) as cosigners,
    ):
        assert ask(cosigners) == []


def test_who_has_cosigned_is_not_asked_again() -> None:
    with witness(honest) as address, closing(Cosigners([address])) as cosigners:
        _, note = HISTORY.head(3)
        assert cosigners.wanting(note)
        (line,) = cosigners(*HISTORY.head(3), lambda old: HISTORY.prove(old, 3))
        assert not cosigners.wanting(note.also([line]))
        assert cosigners(HISTORY.head(3)[0], note.also([line]), lambda old: HISTORY.prove(old, 3)) == []


LARGER = "it has cosigned 4000 events and this log has 3: the log was put back to an older state, or runs twice"
SAME = "it has cosigned another tree of this size"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (plain(409, b"4000\n", SIZE_TYPE), LARGER),
        (plain(409, b"3\n", SIZE_TYPE), SAME),
        (plain(409, b"another root\n"), SAME),
        (plain(422, b"no\n"), "it has cosigned a tree that this one does not continue"),
    ],
)
def test_a_witness_that_has_seen_another_history_is_told_until_it_cosigns(answer: bytes, why: str) -> None:
    now_s, told, answers = [1_000.0], [], [answer]
    with witness(lambda body: iter(answers) if answers else honest(body)) as address:
        with closing(Cosigners([address], lambda: now_s[0], lambda lines: told.append(list(lines)))) as cosigners:
            assert ask(cosigners) == []
            assert told == [[f"witness.example/w1: {why}"]]
            now_s[0] += 3_600
            ask(cosigners)
            assert len(told) == 1  # Nothing new.
            answers.clear()
            now_s[0] += 3_600
            assert len(ask(cosigners)) == 1
        assert told[1:] == [[]]


def test_what_is_only_missing_contradicts_nothing_and_takes_nothing_back() -> None:
    told: list[Sequence[str]] = []
    answers = [plain(500, b"sorry")]
    with witness(lambda _body: iter(answers)) as address, closing(Cosigners([address], tell=told.append)) as cosigners:
        assert ask(cosigners) == []
    assert told == []


# -- the whole thread ----------------------------------------------------------------------------------------------


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "EVERY_S", 0.02)
    monkeypatch.setattr(signing, "TAKE_OVER_S", 0.0)
    monkeypatch.setattr(cosigning, "FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr(cosigning, "LONGEST_PAUSE_S", 0.1)


@contextmanager
def signing_with(house: House, *witnesses: WitnessAddress) -> Iterator[Signing]:
    named = ",".join(f"{each.key} {each.url}" for each in witnesses)
    with closing(House(builders.settings(house.layout.data, log_witnesses=named))) as settled:
        thread = start_signing(settled, preferred=True)
        try:
            yield thread
        finally:
            thread.stop()


def checkpoint(house: House) -> bytes:
    return house.layout.checkpoint.read_bytes() if house.layout.checkpoint.exists() else b""


@pytest.mark.usefixtures("quick")
def test_a_quiet_log_is_cosigned_when_its_witness_comes_back(house: House) -> None:
    grow(house, 3)
    away = threading.Event()
    away.set()
    # E731: a line that reads as one.
    # E731: annotated, which a nested def would say in three lines.
    answering: Answering = lambda body: iter([plain(503, b"later")]) if away.is_set() else honest(body)  # noqa: E731  # the type says more than a def would
    with witness(answering) as address, signing_with(house, address):
        wait_for(lambda: checkpoint(house), "the checkpoint without it")
        assert b"witness.example" not in checkpoint(house)
        away.clear()
        wait_for(lambda: b"witness.example/w1" in checkpoint(house), "its line, though nothing is new")
        assert verified(house.layout).size == 3


@pytest.mark.usefixtures("quick")
def test_a_witness_that_contradicts_is_shown_and_stops_nobody(house: House) -> None:
    grow(house, 3)
    lying = threading.Event()
    lying.set()
    # E731: a line that reads as one.
    # E731: as above.
    answering: Answering = lambda body: iter([plain(422, b"no")]) if lying.is_set() else honest(body)  # noqa: E731  # the type says more than a def would
    with witness(answering) as address:
        with signing_with(house, address):
            wait_for(lambda: state(house).warnings == ["log:witness"], "the readiness page to show it")
            assert not [name for name in state(house).missing if name.startswith("log")]
            grow(house, 3)
            wait_for(lambda: verified(house.layout).size == 6, "what is new to be signed all the same")
            found = next(found for found in examine(house.settings) if found.what == "witnesses")
            assert not found.well
            assert "w1: it has cosigned a tree that this one does not continue" in found.detail
        assert state(house).warnings == ["log:witness"]  # Not forgotten with the process.
        lying.clear()
        with signing_with(house, address):
            wait_for(lambda: state(house).warnings == [], "it to be taken back by a cosignature")


@pytest.mark.usefixtures("quick")
def test_a_process_ends_and_signs_its_last_while_a_witness_trickles(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cosigning, "ASK_S", 3_600.0)
    asked = threading.Event()

    def answering(_body: bytes) -> Iterator[bytes]:
        asked.set()
        yield from trickling(b"HTTP/1.1 200 OK\r\nX-Long: ")(b"")

    with witness(answering) as address, signing_with(house, address) as thread:
        assert asked.wait(30)
        size = grow(house, 5)
        thread.stop()
        assert not thread._thread.is_alive()
        assert verified(house.layout).size == size
        assert verified(house.layout).root != EMPTY_ROOT
