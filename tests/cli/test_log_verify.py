"""`strongroom log verify`, `export` and `check-proof`: what they print, and how they end."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from eventstore.checkpoint import Proof
from eventstore.log import Log
from eventstore.merkle import inclusion_proof
from eventstore.note import Algorithm, SignerKey, parse_note
from eventstore.tiles import TileFolder, Tree
from tests.cli.running import Outcome, started, strongroom
from tests.eventstore.made_log import SIGNER, made_log, sign_log
from tests.eventstore.mutations import Original, edit, tampering

KEY = str(SIGNER.verifier)
WITNESS = SignerKey("witness.example/w1", bytes([9]) * 32, Algorithm.COSIGNATURE_V1)
STRANGER = str(SignerKey("example.org/log", bytes([8]) * 32).verifier)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made_log(tmp_path / "data", 300)
    return tmp_path / "data"


def verify(*words: str) -> Outcome:
    return strongroom("log", "verify", *words)


def test_a_sound_folder_is_told_so_and_that_its_key_was_taken_on_trust(folder: Path) -> None:
    outcome = verify("--data", str(folder))
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert "taken on trust from the folder itself" in outcome.stdout
    assert "example.org/log, 300 positions, root " in outcome.stdout
    assert outcome.stdout.endswith("\nsound\n")


def test_with_a_key_nothing_is_taken_on_trust(folder: Path) -> None:
    outcome = started("log", "verify", "--data", str(folder), "--key", KEY)
    assert outcome.returncode == 0, outcome.stderr
    assert "trust" not in outcome.stdout


def test_a_change_is_named_and_ends_in_1(folder: Path) -> None:
    with tampering(folder) as connection:
        connection.execute("UPDATE events SET user = 'x' || char(27) || '[2J' WHERE position = 17")
    outcome = verify("--data", str(folder))
    assert outcome.returncode == 1
    assert "WRONG         position 17: the column user is not what the envelope says\nNOT SOUND\n" in outcome.stdout
    told = json.loads(verify("--data", str(folder), "--json").stdout)
    assert (told["sound"], told["findings"][0]["position"]) == (False, 17)


def test_an_export_is_verified_and_can_be_gone_on_with(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    older = sign_log(folder, size=200)
    assert strongroom("log", "export", str(target), "--data", str(folder)).stdout == (
        "exported 200 positions of example.org/log\n"
    )
    sign_log(folder)
    (target / "tile" / "entries" / "000.p" / "200").write_bytes(b"half")
    assert strongroom("log", "export", str(target), "--data", str(folder)).returncode == 0
    (tmp_path / "older").write_bytes(older)
    outcome = verify("--export", str(target), "--key", KEY, "--since", str(tmp_path / "older"))
    assert (outcome.returncode, outcome.stdout.splitlines()[-1]) == (0, "sound")
    sign_log(folder, size=200)
    refused = strongroom("log", "export", str(target), "--data", str(folder))
    assert (refused.returncode, "holds a later checkpoint" in refused.stderr) == (1, True)


@pytest.mark.parametrize("size", [200, 300])
def test_an_export_of_a_fork_signed_by_the_same_key_is_left_as_it_is(folder: Path, tmp_path: Path, size: int) -> None:
    target = tmp_path / "out"
    fork = tmp_path / "fork"
    shutil.copytree(folder, fork)
    edit(17, leaf=True, tiles=True, public={"a": 1})(fork, Original(folder, target, b"", b""))
    sign_log(fork, size=size)
    assert strongroom("log", "export", str(target), "--data", str(fork)).returncode == 0
    before = {path: path.read_bytes() for path in target.rglob("*") if path.is_file()}
    refused = strongroom("log", "export", str(target), "--data", str(folder))
    assert refused.returncode == 1
    assert f"holds another history, signed by the same key: its first {size} positions" in refused.stderr
    assert {path: path.read_bytes() for path in target.rglob("*") if path.is_file()} == before


def test_an_export_of_rows_that_are_not_what_was_signed_gets_no_checkpoint(folder: Path, tmp_path: Path) -> None:
    with tampering(folder) as connection:
        connection.execute("UPDATE events SET envelope = CAST('{}' AS BLOB) WHERE position = 17")
    outcome = strongroom("log", "export", str(tmp_path / "out"), "--data", str(folder))
    assert (outcome.returncode, "do not lead to the published checkpoint" in outcome.stderr) == (1, True)
    assert not (tmp_path / "out" / "checkpoint").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("--export", "x"),
        ("--url", "http://127.0.0.1:9/log"),
        ("--url", "file:///etc/passwd", "--key", KEY),
        ("--url", "http://", "--key", KEY),
        ("--url", "http://127.0.0.1:99999/log", "--key", KEY),
        ("--data", "x", "--export", "y", "--key", KEY),
        ("--key", "nonsense"),
        ("--key", str(WITNESS.verifier)),
        ("--since", "/nowhere"),
        ("--quorum", "1"),
        ("--witness", KEY),
    ],
)
def test_wrong_usage_ends_in_2(words: tuple[str, ...]) -> None:
    outcome = verify(*words)
    assert outcome.returncode == 2
    assert outcome.stderr


def test_a_server_that_is_not_there_is_told(folder: Path) -> None:
    outcome = verify("--url", "http://127.0.0.1:9/log", "--key", KEY)
    assert (outcome.returncode, "cannot be fetched" in outcome.stdout) == (1, True)


def test_witnesses_are_asked_for(folder: Path) -> None:
    words = ("--data", str(folder), "--witness", str(WITNESS.verifier))
    missing = verify(*words)
    assert (missing.returncode, "0 of the witnesses cosigned it; 1 are asked for" in missing.stdout) == (1, True)
    path = folder / "log" / "checkpoint"
    note = parse_note(path.read_bytes())
    path.write_bytes(note.also([WITNESS.sign(note.text, 1_750_000_000)]).encode())
    assert verify(*words).returncode == 0


def test_a_proof_is_checked_without_the_log(folder: Path, tmp_path: Path) -> None:
    with closing(Log(folder / "events.db")) as log:
        tree = Tree(TileFolder(folder / "log"), log.read_leaves)
        entry = log.read_entries(41, 1)[0]
        hashes = tuple(inclusion_proof(41, 300, tree.node))
    file = tmp_path / "proof"
    note = parse_note((folder / "log" / "checkpoint").read_bytes())
    file.write_bytes(Proof(41, hashes, note, entry).encode())
    outcome = strongroom("log", "check-proof", str(file), "--key", KEY)
    assert (outcome.returncode, outcome.stdout) == (0, entry.decode() + "\n")
    assert strongroom("log", "check-proof", str(file), "--key", STRANGER).returncode == 1
    assert strongroom("log", "check-proof", str(file)).returncode == 2
    for wrong in (Proof(42, hashes, note, entry), Proof(41, hashes, note, entry + b" "), Proof(41, hashes, note)):
        file.write_bytes(wrong.encode())
        outcome = strongroom("log", "check-proof", str(file), "--key", KEY)
        assert (outcome.returncode, outcome.stdout) == (1, "")
