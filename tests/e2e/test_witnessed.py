"""A log with a witness: what is published carries its line, a receipt with it can be kept, and it may be gone."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import httpx

from eventstore.checkpoint import open_checkpoint, parse_proof, verify_proof
from eventstore.merkle import leaf_hash
from eventstore.note import VerifierKey, parse_key
from service.house.house import House
from tests import builders
from tests.auditor import notes, proofs
from tests.e2e.people import somebody
from tests.e2e.stack import NO_TLS, STRONGROOM, Stack, bare_environment, running_stack
from tests.service.logs import sign
from tests.waiting import wait_for


@contextmanager
def witness(folder: Path, log: str, port: int) -> Iterator[VerifierKey]:
    given = ["--data", str(folder), "--name", "witness.example/w1", "--log", log, "--port", str(port)]
    with subprocess.Popen(
        [STRONGROOM, "witness", *given], env=bare_environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            key = parse_key(process.stdout.readline().strip())
            wait_for(lambda: listens(port), "the witness to listen")
            yield key
        finally:
            process.send_signal(signal.SIGTERM)


def listens(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def covered(stack: Stack, position: int, log: VerifierKey, by: VerifierKey | None) -> bool:
    """Whether a checkpoint of that size is out, cosigned if it has to be."""
    checkpoint, note = open_checkpoint(httpx.get(f"{stack.url}/log/checkpoint", verify=NO_TLS).content, log)
    cosigned = by is not None and any(by.verifies(note.text, line) for line in note.signatures)
    return checkpoint.size >= position and cosigned is (by is not None)


def test_what_is_published_is_cosigned_while_the_witness_is_there(tmp_path: Path) -> None:
    room = tmp_path / "room"
    with closing(House(builders.settings(room / "data"))) as house:
        sign(house)  # It has a key now, which the witness must be told.
        log = parse_key(house.layout.log_key.read_text().strip())
    port = free_port()
    with ExitStack() as there:
        key = there.enter_context(witness(tmp_path / "witness", str(log), port))
        witnesses = f"{key} http://127.0.0.1:{port}"
        with running_stack(room, api_processes=1, log_witnesses=witnesses) as stack, somebody(stack) as ada:
            position = ada.send("hello")["position"]
            wait_for(lambda: covered(stack, position, log, key), "a cosigned checkpoint")
            receipt = ada.http.get(f"/user/events/{position}/proof").content
            there.close()
            later = ada.send("anybody there?")["position"]
            wait_for(lambda: covered(stack, later, log, None), "a checkpoint without the witness, who is gone")
            assert "a witness did not cosign" in stack.log.read_text()
    proof = parse_proof(receipt)
    assert verify_proof(proof, leaf_hash(proof.extra), log, [key], quorum=1).size >= position
    trusted = notes.VerifierKey.parse(str(log))
    proven = proofs.check_proof(receipt, trusted, witnesses=[notes.VerifierKey.parse(str(key))], quorum=1)
    assert list(proven.witnesses) == ["witness.example/w1"]
    kept = tmp_path / "event.tlog-proof"
    kept.write_bytes(receipt)
    given = ["--key", str(log), "--witness", str(key)]
    subprocess.run([STRONGROOM, "log", "check-proof", kept, *given], env=bare_environment(), check=True)
