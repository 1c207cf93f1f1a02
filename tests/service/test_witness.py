"""The witness protocol between our log's side and our witness, over real HTTP, and against what tells lies."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import msgspec
import pytest

from eventstore.checkpoint import Checkpoint
from eventstore.merkle import Frontier, consistency_proof, leaf_hash
from eventstore.note import Algorithm, Note, Signature, SignerKey, VerifierKey, parse_key, parse_signatures
from eventstore.witness import SIZE_TYPE, AddCheckpoint, Prove
from service.audit.witnessing import Answer, Witness, WitnessError, WitnessSettings, witness_settings
from service.signing import cosigning
from service.signing.cosigning import Cosigners, WitnessAddress, parse_witnesses
from tests.waiting import wait_for

LOG = SignerKey("example.com/log", b"1" * 32)
FORGER = SignerKey("example.com/log", b"3" * 32)
ROOT = Path(__file__).parents[2]
NOW_S = 1_700_000_000


class History(msgspec.Struct, frozen=True):
    """A log of numbers; `salt` makes another one, which shares the first `common` leaves."""

    salt: bytes = b""
    common: int = 0

    def node(self, level: int, index: int) -> bytes:
        frontier = Frontier()
        for leaf in range(index << level, (index + 1) << level):
            salt = self.salt if leaf >= self.common else b""
            frontier.add(leaf_hash(salt + str(leaf).encode()))
        return frontier.root()

    def head(self, size: int, key: SignerKey = LOG) -> tuple[Checkpoint, Note]:
        frontier = Frontier()
        for leaf in range(size):
            frontier.add(self.node(0, leaf))
        checkpoint = Checkpoint("example.com/log", size, frontier.root())
        return checkpoint, Note(checkpoint.text, (key.sign(checkpoint.text),))

    def prove(self, old: int, new: int) -> Sequence[bytes]:
        return consistency_proof(old, new, self.node) if old <= new else []

    def request(self, old: int, new: int, key: SignerKey = LOG) -> bytes:
        return AddCheckpoint(old, tuple(self.prove(old, new)), self.head(new, key)[1]).encode()


HISTORY = History()
FORK = History(b"fork", common=5)


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness(WitnessSettings(tmp_path / "witness", "witness.example/w1", (LOG.verifier,)))


def ask(witness: Witness, body: bytes) -> Answer:
    return witness.add_checkpoint(body, NOW_S)


def cosigned(answer: Answer, witness: Witness, text: str) -> bool:
    (signature,) = parse_signatures(answer.body.decode())
    return answer.status == 200 and witness.verifier.verifies(text, signature)


def test_what_continues_the_last_is_cosigned(witness: Witness) -> None:
    for old, new in ((0, 3), (3, 3), (3, 8), (8, 100)):
        answer = ask(witness, HISTORY.request(old, new))
        assert cosigned(answer, witness, HISTORY.head(new)[0].text)


def test_it_keeps_its_name(witness: Witness, tmp_path: Path) -> None:
    ask(witness, HISTORY.request(0, 8))
    with pytest.raises(WitnessError, match=r"is witness\.example/w1: start it under that name"):
        Witness(WitnessSettings(tmp_path / "witness", "witness.example/w2", (LOG.verifier,)))


def test_what_it_saw_is_remembered_by_the_next_process(witness: Witness, tmp_path: Path) -> None:
    ask(witness, HISTORY.request(0, 8))
    again = Witness(WitnessSettings(tmp_path / "witness", "witness.example/w1", (LOG.verifier,)))
    assert again.verifier == witness.verifier
    assert ask(again, HISTORY.request(0, 9)) == Answer(409, b"8\n", SIZE_TYPE)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (HISTORY.request(5, 9), 409),  # It knows 8.
        (HISTORY.request(0, 9), 409),
        (HISTORY.request(9, 8), 400),  # Backwards.
        (FORK.request(8, 8), 409),
        (FORK.request(8, 12), 422),
        (AddCheckpoint(8, (), HISTORY.head(12)[1]).encode(), 422),
        (HISTORY.request(8, 12, FORGER), 403),
        (HISTORY.request(8, 12).replace(b"example.com/log", b"example.com/other"), 404),
        (b"old 8\n\n", 400),
        (b"", 400),
        (HISTORY.request(8, 12).replace(b"old 8", b"old 08"), 400),
        (b"old 8\n" + (base64.b64encode(b"h" * 32) + b"\n") * 64 + b"\n" + HISTORY.head(12)[1].encode(), 400),
        (b"\xff" * 100, 400),
    ],
)
def test_what_does_not_is_refused_and_nothing_is_remembered(witness: Witness, body: bytes, status: int) -> None:
    ask(witness, HISTORY.request(0, 8))
    refused = ask(witness, body)
    assert refused.status == status
    if status == 409 and body != FORK.request(8, 8):
        assert (refused.content_type, refused.body) == (SIZE_TYPE, b"8\n")
    assert cosigned(ask(witness, HISTORY.request(8, 12)), witness, HISTORY.head(12)[0].text)


def test_a_first_proof_is_empty(witness: Witness) -> None:
    assert ask(witness, AddCheckpoint(0, (b"h" * 32,), HISTORY.head(3)[1]).encode()).status == 422


def test_an_empty_log_has_one_root(witness: Witness) -> None:
    checkpoint = Checkpoint("example.com/log", 0, b"h" * 32)
    forged = Note(checkpoint.text, (LOG.sign(checkpoint.text),))
    assert ask(witness, AddCheckpoint(0, (), forged).encode()).status == 422
    assert cosigned(ask(witness, HISTORY.request(0, 0)), witness, HISTORY.head(0)[0].text)


def test_lines_that_a_log_adds_are_cosigned_as_they_came(witness: Witness) -> None:
    """c2sp.org/tlog-checkpoint: a checkpoint that is read may have extension lines."""
    for old, size in ((0, 3), (3, 5)):
        plain = HISTORY.head(size)[0]
        text = f"{plain.text}some.extension yes\nanother one\n"
        request = AddCheckpoint(old, tuple(HISTORY.prove(old, size)), Note(text, (LOG.sign(text),)))
        assert cosigned(ask(witness, request.encode()), witness, text)


def test_a_damaged_memory_cosigns_nothing(witness: Witness, tmp_path: Path) -> None:
    ask(witness, HISTORY.request(0, 8))
    (remembered,) = (tmp_path / "witness/logs").iterdir()
    remembered.write_bytes(remembered.read_bytes().replace(b"\n8\n", b"\n3\n"))
    with pytest.raises(WitnessError, match="damaged"):
        ask(witness, HISTORY.request(3, 12))


def test_two_at_once_never_both_continue_the_same(witness: Witness, tmp_path: Path) -> None:
    """Each process asks from 8 on: only one of them can be cosigned, the other is told where the log is now."""
    ask(witness, HISTORY.request(0, 8))
    other = Witness(WitnessSettings(tmp_path / "witness", "witness.example/w1", (LOG.verifier,)))
    answers: list[Answer] = []
    sizes = range(9, 25)
    threads = [
        threading.Thread(target=lambda at=size, by=by: answers.append(ask(by, HISTORY.request(8, at))))
        for size in sizes
        for by in (witness, other)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status for answer in answers].count(200) == 1
    assert len(answers) == 2 * len(sizes)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"FOLDER": "x", "NAME": "w"},
        {"FOLDER": "x", "NAME": "two words", "LOGS": str(LOG.verifier)},
        {"FOLDER": "x", "NAME": "w", "LOGS": "nonsense"},
        {"FOLDER": "x", "NAME": "w", "LOGS": str(SignerKey("w", b"2" * 32, Algorithm.COSIGNATURE_V1).verifier)},
    ],
)
def test_a_witness_that_is_told_too_little_does_not_begin(environ: dict[str, str]) -> None:
    with pytest.raises(WitnessError):
        witness_settings({f"STRONGROOM_WITNESS_{name}": value for name, value in environ.items()})


# -- over HTTP


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WitnessAddress]:
    """`strongroom witness`, as it is started by hand."""
    folder = tmp_path_factory.mktemp("witness")
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as free:
        port = free.server_address[1]
    command = [
        sys.executable,
        "-c",
        "from service.commands.cli import main; main()",
        "witness",
        "--data",
        str(folder),
        "--name",
        "witness.example/w1",
    ]
    command += ["--log", str(LOG.verifier), "--port", str(port)]
    home = tmp_path_factory.mktemp("home")
    environment = {**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            key = parse_key(process.stdout.readline().strip())
            url = f"http://127.0.0.1:{port}"
            wait_for(lambda: _answers(url), "the witness to answer")
            yield WitnessAddress(key, url)
            assert list(home.iterdir()) == []  # Nothing is opened or left where it was not told to be.
        finally:
            process.send_signal(signal.SIGTERM)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/key", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def ask_all(witnesses: Sequence[WitnessAddress], history: History, *sizes: int) -> list[list[Signature]]:
    """The cosignatures for one checkpoint after the other."""
    cosigners = Cosigners(witnesses)

    def prover(new: int) -> Prove:
        return lambda old: history.prove(old, new)

    try:
        return [cosigners(*history.head(size), prover(size)) for size in sizes]
    finally:
        cosigners.close()


def test_a_log_has_its_checkpoints_cosigned_and_a_fork_never(served: WitnessAddress) -> None:
    assert httpx.get(f"{served.url}/key", trust_env=False).text == f"{served.key}\n"
    for signatures, size in zip(ask_all([served], HISTORY, 3, 8, 20), (3, 8, 20), strict=True):
        (signature,) = signatures
        assert served.key.verifies(HISTORY.head(size)[0].text, signature)
    assert ask_all([served], HISTORY, 25) != [[]]  # A process that knows nothing of the witness is told the size.
    assert ask_all([served], FORK, 30) == [[]]
    assert ask_all([served], HISTORY, 7) == [[]]  # Put back to an older state.
    assert ask_all([served], HISTORY, 30) != [[]]


def test_a_body_without_end_is_cut_off(served: WitnessAddress) -> None:
    answer = httpx.post(f"{served.url}/add-checkpoint", content=b"x" * 200_000, trust_env=False)
    assert answer.status_code == 413


class _Liar(BaseHTTPRequestHandler):
    """Answers what its server was told to."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status, content_type, body = self.server.lie  # type: ignore[attr-defined]  # set by the fixture
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (named by the base class)
        """Silent."""


LIAR = SignerKey("witness.example/liar", b"4" * 32, Algorithm.COSIGNATURE_V1)


@pytest.mark.parametrize(
    ("status", "content_type", "body"),
    [
        (200, "text/plain", b""),
        (200, "text/plain", b"\xff\xfe"),
        (200, "text/plain", "— somebody AAAAAAA=\n".encode()),
        (200, "text/plain", LIAR.sign("another text\n", NOW_S).line.encode()),
        (200, "text/plain", b"x" * 1_000_000),
        (409, SIZE_TYPE, b"-1\n"),
        (409, SIZE_TYPE, b"99999999999999999999999999\n"),
        (409, SIZE_TYPE, b"7\n"),  # Again and again.
        (409, SIZE_TYPE, b"4000\n"),
        (409, "text/plain", b"7\n"),
        (307, "text/plain", b""),
        (500, "text/plain", b"sorry"),
    ],
)
def test_what_a_witness_gets_wrong_is_no_cosignature(
    served: WitnessAddress, status: int, content_type: str, body: bytes
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Liar) as server:
        server.lie = (status, content_type, body)  # type: ignore[attr-defined]  # read by the handler
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            liar = WitnessAddress(LIAR.verifier, f"http://127.0.0.1:{server.server_address[1]}")
            (signatures,) = ask_all([liar, served], HISTORY, 40)
        finally:
            server.shutdown()
            thread.join()
    assert [signature.name for signature in signatures] == [served.key.name]


def test_a_witness_that_is_gone_is_asked_again_after_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [1_000.0]
    tried: list[str] = []
    send = Cosigners._send

    def counted(self: Cosigners, asked: cosigning._Asked, body: bytes) -> cosigning.Reply:
        tried.append(asked.witness.url)
        return send(self, asked, body)

    monkeypatch.setattr(Cosigners, "_send", counted)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Liar) as gone:
        address = WitnessAddress(LIAR.verifier, f"http://127.0.0.1:{gone.server_address[1]}")
    cosigners = Cosigners([address], lambda: now_s[0])
    for wait_s, expected in ((0, 1), (1, 1), (1.5, 2), (3, 2), (1.5, 3)):
        now_s[0] += wait_s
        assert cosigners(*HISTORY.head(3), lambda old: HISTORY.prove(old, 3)) == []
        assert len(tried) == expected
    cosigners.close()


@pytest.mark.parametrize(
    "text", ["nonsense", f"{LOG.verifier} http://w.example", f"{LIAR.verifier}", f"{LIAR.verifier} ftp://w.example"]
)
def test_wrong_settings_of_witnesses_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_witnesses(text)


def test_settings_of_witnesses_are_read() -> None:
    other = VerifierKey("w/2", b"k" * 32, Algorithm.COSIGNATURE_V1)
    text = f" {LIAR.verifier} https://w.example/log/ ,{other} http://127.0.0.1:99"
    assert parse_witnesses(text) == (
        WitnessAddress(LIAR.verifier, "https://w.example/log"),
        WitnessAddress(other, "http://127.0.0.1:99"),
    )
    assert parse_witnesses("") == ()


def test_the_key_is_its_owners_alone(witness: Witness, tmp_path: Path) -> None:
    assert (tmp_path / "witness/key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "witness/verifier").read_text() == f"{witness.verifier}\n"
