"""The signed log of a whole Strongroom: it grows, survives whoever signs, and refuses to go back."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from eventstore.checkpoint import Checkpoint, open_checkpoint, parse_proof, verify_proof
from eventstore.merkle import Frontier, leaf_hash
from eventstore.note import VerifierKey, parse_key
from service.machine.layout import Layout
from tests.auditor import notes
from tests.auditor.checker import follow
from tests.auditor.refusal import Reason, Refused
from tests.e2e.people import Person, done, somebody
from tests.e2e.stack import NO_TLS, Stack, descendants, running_stack
from tests.service.logs import copy_log, put_log_back
from tests.waiting import wait_for


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("signed"), api_processes=2) as stack:
        yield stack
        stack.start_unless_running()
        assert stack.stop() == 0


@pytest.fixture
def signed(shared: Stack) -> Stack:
    """It runs, in whatever state the test before has left it."""
    shared.start_unless_running()
    return shared


@pytest.fixture
def eve(signed: Stack) -> Iterator[Person]:
    with somebody(signed) as person:
        yield person


def key_of(stack: Stack) -> VerifierKey:
    return parse_key(Layout(stack.data).log_key.read_text().strip())


def published(stack: Stack) -> Checkpoint:
    """As an auditor takes it: verified under the key that they have."""
    response = _there(stack, "checkpoint")
    assert response is not None
    return open_checkpoint(response.content, key_of(stack))[0]


def _there(stack: Stack, path: str) -> httpx.Response | None:
    response = httpx.get(f"{stack.url}/log/{path}", timeout=20.0, verify=NO_TLS)
    return response if response.status_code == 200 else None


def covering(stack: Stack, position: int) -> Checkpoint:
    wait_for(lambda: _there(stack, "checkpoint"), "a checkpoint")
    wait_for(lambda: published(stack).size >= position, f"a checkpoint of {position}")
    return published(stack)


def leaves(stack: Stack, size: int) -> list[bytes]:
    """From the tiles, as anybody reads them."""
    hashes = b""
    for index in range(-(-size // 256)):
        width = min(256, size - index * 256)
        tile = _there(stack, f"tile/0/{index:03}" + ("" if width == 256 else f".p/{width}"))
        assert tile is not None
        hashes += tile.content
    return [hashes[at : at + 32] for at in range(0, len(hashes), 32)]


def signer_pid(stack: Stack) -> int:
    """Which process holds the signer's lock."""
    inode = (stack.data / "run/signer.lock").stat().st_ino
    (up,) = stack.pids("up")
    family = descendants(up)
    for line in Path("/proc/locks").read_text().splitlines():
        found = re.search(rf"FLOCK +ADVISORY +WRITE +(\d+) +\S+:{inode} ", line)
        if found and int(found[1]) in family:
            return int(found[1])
    return 0


def test_what_is_written_is_signed_and_its_tiles_lead_to_the_root(signed: Stack, eve: Person) -> None:
    positions = [eve.send(f"message {number}")["position"] for number in range(20)]
    checkpoint = covering(signed, positions[-1])
    frontier = Frontier()
    for leaf in leaves(signed, checkpoint.size):
        frontier.add(leaf)
    assert frontier.root() == checkpoint.root


def test_a_proof_of_what_was_just_written_comes_at_once_and_verifies_offline(signed: Stack, eve: Person) -> None:
    position = eve.send("prove this")["position"]
    response = eve.http.get(f"/user/events/{position}/proof")
    assert response.status_code == 200, response.text
    proof = parse_proof(response.content)
    checkpoint = verify_proof(proof, leaf_hash(proof.extra), key_of(signed))
    assert checkpoint.size >= position
    events = done(eve.http.get("/user/events", params={"order": "desc", "limit": 5}), 200)["events"]
    assert position in {event["position"] for event in events}


def test_when_the_signer_is_killed_another_signs_and_no_reader_ever_sees_less(signed: Stack, eve: Person) -> None:
    sizes: list[list[int]] = [[], []]
    stop = threading.Event()

    def watch(seen: list[int]) -> None:
        # A connection of its own: with luck, the other process.
        with httpx.Client(timeout=20.0, verify=NO_TLS) as http:
            while not stop.wait(0.005):  # Again and again, and yet not at the cost of those who sign.
                try:
                    response = http.get(f"{signed.url}/log/checkpoint")
                except httpx.TransportError:
                    continue  # Its process is the one that was killed.
                seen.append(int(response.text.split("\n")[1]))

    watching = [threading.Thread(target=watch, args=(seen,)) for seen in sizes]
    for thread in watching:
        thread.start()
    try:
        for _ in range(2):
            victim = wait_for(lambda: signer_pid(signed), "somebody to sign")
            os.kill(victim, signal.SIGKILL)
            # The default binds the loop's value; mypy cannot infer a lambda with one.
            wait_for(lambda victim=victim: signer_pid(signed) not in (0, victim), "another to take over")  # type: ignore[misc]  # mypy cannot tell a default's type in a lambda
            position = _written(signed, eve)
            covering(signed, position)
    finally:
        stop.set()
        for thread in watching:
            thread.join(30)
    signed.wait_ready()
    for seen in sizes:
        assert seen == sorted(seen)
        assert seen[-1] > seen[0]


def _written(stack: Stack, person: Person) -> int:
    """A message that got through, by whatever process is left."""

    def attempt() -> int:
        try:
            response = person.http.post("/messages", json={"content": "still here"})
        except httpx.TransportError:
            return 0
        return int(response.json()["position"]) if response.status_code == 201 else 0

    return wait_for(attempt, "a message to be taken")


def test_after_a_stop_the_checkpoint_covers_every_event_and_after_a_kill_it_is_gone_on_from(signed: Stack) -> None:
    with somebody(signed) as person:
        person.send("before the stop")
    assert signed.stop() == 0
    key = key_of(signed)
    assert signed.command("log", "key").stdout == f"{key}\n"
    last, _ = open_checkpoint((signed.data / "log/checkpoint").read_bytes(), key)
    assert last.size == int(signed.command("log", "head").stdout)
    signed.start()
    with somebody(signed) as person:
        # The tree has a full tile, and one that is not, when it is cut off.
        positions = [person.send(f"message {number}")["position"] for number in range(260)]
    signed.kill_all()
    signed.start()
    checkpoint = covering(signed, positions[-1])
    assert key_of(signed) == key
    found, frontier, roots = leaves(signed, checkpoint.size), Frontier(), {}
    for leaf in found:
        frontier.add(leaf)
        roots[frontier.size] = frontier.root()
    assert roots[last.size] == last.root
    assert roots[checkpoint.size] == checkpoint.root


def test_an_older_backup_is_noticed_told_and_has_a_way_out(signed: Stack, tmp_path: Path) -> None:
    layout = Layout(signed.data)
    with somebody(signed) as person:
        person.send("before the backup")
        copy_log(layout, tmp_path / "backup.db")
        person.send("after the backup")
    assert signed.stop() == 0
    copy_log(layout, tmp_path / "newer.db")
    old = key_of(signed)

    put_log_back(layout, tmp_path / "backup.db")
    refused = signed.command("up")
    assert (refused.returncode, refused.stdout) == (1, "")
    (line,) = refused.stderr.splitlines()
    assert re.fullmatch(r"strongroom: the log ends at \d+, but \d+ events of it were signed: .*begin-anew.*", line)
    examined = signed.command("doctor")
    assert examined.returncode == 1
    assert re.search("BAD  history: the log ends at", examined.stdout)
    unsure = signed.command("log", "begin-anew")
    assert unsure.returncode == 2
    assert key_of(signed) == old

    put_log_back(layout, tmp_path / "newer.db")  # One way out.
    signed.start()
    accepted = follow(f"{signed.url}/log", notes.VerifierKey.parse(str(old))).checkpoint
    assert signed.stop() == 0

    put_log_back(layout, tmp_path / "backup.db")  # The other.
    begun = signed.command("log", "begin-anew", "--yes")
    assert begun.returncode == 0, begun.stderr
    assert key_of(signed) != old
    assert begun.stdout.splitlines()[-1] == str(key_of(signed))
    signed.start()
    with somebody(signed, "carol") as carol:  # More than there was: past where the read tables had been.
        last = [carol.send(f"message {number}")["position"] for number in range(20)][-1]
        covering(signed, last)
    # Whoever audits follows it under its new key, and does not take it for the log that they knew.
    url = f"{signed.url}/log"
    assert follow(url, notes.VerifierKey.parse(str(key_of(signed)))).checkpoint.size >= last
    with pytest.raises(Refused) as caught:
        follow(url, notes.VerifierKey.parse(str(old)), accepted)
    assert caught.value.reason is Reason.SIGNATURE
    signed.require_sound()
