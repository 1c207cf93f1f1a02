"""Signed notes, checkpoints and kept proofs: what is read is exactly what may be written, and nothing is believed."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstore.checkpoint import Checkpoint, Proof, open_checkpoint, parse_checkpoint, parse_proof, verify_proof
from eventstore.merkle import Frontier, ProofInvalid, inclusion_proof, leaf_hash
from eventstore.note import (
    Algorithm,
    Note,
    NoteInvalid,
    Signature,
    SignerKey,
    cosigned_at_s,
    parse_key,
    parse_note,
    verify_note,
)

# The example with which implementations of signed notes are compared.
NEUMANN_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANN_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

LOG = SignerKey("example.com/log", b"1" * 32)
WITNESS = SignerKey("witness.example/w1", b"2" * 32, Algorithm.COSIGNATURE_V1)
OTHER = SignerKey("example.com/log", b"3" * 32)
LEAVES = [leaf_hash(bytes([number])) for number in range(5)]


def tree(size: int = len(LEAVES)) -> bytes:
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier.add(leaf)
    return frontier.root()


HEAD = Checkpoint("example.com/log", len(LEAVES), tree())
NOTE = Note(HEAD.text, (LOG.sign(HEAD.text), WITNESS.sign(HEAD.text, 1_679_315_147)))


def proof_of(index: int) -> Proof:
    def node(level: int, at: int) -> bytes:
        frontier = Frontier()
        for leaf in LEAVES[at << level : (at + 1) << level]:
            frontier.add(leaf)
        return frontier.root()

    return Proof(index, tuple(inclusion_proof(index, HEAD.size, node)), NOTE, bytes([index]))


def test_the_published_example_verifies() -> None:
    key = parse_key(NEUMANN_KEY)
    assert str(key) == NEUMANN_KEY
    note = parse_note(NEUMANN_NOTE.encode())
    assert verify_note(note, [key]) == note.signatures
    assert note.encode().decode() == NEUMANN_NOTE


def test_a_checkpoint_opens_with_its_logs_key_whoever_else_signed() -> None:
    assert open_checkpoint(NOTE.encode(), LOG.verifier) == (HEAD, NOTE)
    assert verify_note(NOTE, [WITNESS.verifier]) == NOTE.signatures[1:]
    assert cosigned_at_s(NOTE.signatures[1]) == 1_679_315_147
    assert NOTE.also(NOTE.signatures) == NOTE


def test_a_key_of_another_kind_name_or_secret_is_not_known() -> None:
    for stranger in (OTHER.verifier, SignerKey("example.com/other", b"1" * 32).verifier):
        with pytest.raises(NoteInvalid, match="no known key"):
            open_checkpoint(NOTE.encode(), stranger)
    as_witness = SignerKey("example.com/log", b"1" * 32, Algorithm.COSIGNATURE_V1)
    with pytest.raises(NoteInvalid, match="no known key"):
        verify_note(NOTE, [as_witness.verifier])


def test_a_wrong_signature_of_a_known_key_spoils_the_note() -> None:
    wrong = Signature(LOG.verifier.name, LOG.verifier.key_id, OTHER.sign(HEAD.text).value)
    with pytest.raises(NoteInvalid, match="is wrong"):
        verify_note(Note(HEAD.text, (*NOTE.signatures, wrong)), [LOG.verifier])


def test_a_checkpoint_of_another_origin_is_refused_though_signed() -> None:
    foreign = Checkpoint("example.com/another", 5, HEAD.root)
    with pytest.raises(NoteInvalid, match="not of example"):
        open_checkpoint(Note(foreign.text, (LOG.sign(foreign.text),)).encode(), LOG.verifier)


def test_a_cosignature_holds_for_its_time_only() -> None:
    signature = WITNESS.sign(HEAD.text, 5)
    moved = Signature(signature.name, signature.key_id, (6).to_bytes(8) + signature.value[8:])
    assert WITNESS.verifier.verifies(HEAD.text, signature)
    assert not WITNESS.verifier.verifies(HEAD.text, moved)
    assert cosigned_at_s(Signature("w", b"abcd", (2**63).to_bytes(8) + b"s" * 64)) is None
    assert cosigned_at_s(LOG.sign(HEAD.text)) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text\n\n\xff\n",
        b"text\r\n\n" + NEUMANN_NOTE.splitlines()[-1].encode() + b"\n",
        NEUMANN_NOTE.removesuffix("\n").encode(),
        NEUMANN_NOTE.replace("— ", "- ").encode(),
        NEUMANN_NOTE.replace("— PeterNeumann", "— Peter+Neumann").encode(),
        NEUMANN_NOTE.replace("nAM=", "nAM").encode(),
        NEUMANN_NOTE.replace("nAM=", "nAN=").encode(),
        NEUMANN_NOTE.encode() + b"\n",
        b"text\n\n" + "— a AAAAAA==\n".encode(),
        b"text\n\n" + "— a AAAAAAA=\n".encode() * 33,
        b"text\n" * 20_000 + b"\n" + "— a AAAAAAA=\n".encode(),
    ],
)
def test_what_is_no_note_is_refused(data: bytes) -> None:
    with pytest.raises(NoteInvalid):
        parse_note(data)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a+b+c",
        NEUMANN_KEY[:-1],
        NEUMANN_KEY.replace("c74f20a3", "c74f20a4"),
        NEUMANN_KEY.replace("ARpc", "ApC"),
    ]
    + [f"a+00000000+{base64.b64encode(bytes([kind]) + b'k' * 32).decode()}" for kind in (0, 2, 6, 255)]
    + [str(LOG.verifier).replace("example.com/log", "exam ple")],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(NoteInvalid):
        parse_key(text)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "line\n", "a" * 256, "a\u2003b"])
def test_a_name_that_no_line_can_carry_signs_nothing(name: str) -> None:
    with pytest.raises(NoteInvalid):
        SignerKey(name, b"1" * 32)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n5\n",
        HEAD.text + "\n",
        HEAD.text + "\nextension\n",
        HEAD.text + "extension",
        HEAD.text.replace("\n5\n", "\n05\n"),
        HEAD.text.replace("\n5\n", "\n-5\n"),
        HEAD.text.replace("\n5\n", "\n\u0665\n"),
        HEAD.text.replace("\n5\n", f"\n{2**63}\n"),
        "\n5\n" + HEAD.text.split("\n")[2] + "\n",
        "origin\n5\n" + base64.b64encode(b"short").decode() + "\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteInvalid):
        parse_checkpoint(text)


def test_lines_that_another_log_adds_are_kept_and_signed_with_it() -> None:
    text = HEAD.text + "extension\nanother\n"
    checkpoint = parse_checkpoint(text)
    assert (checkpoint.size, checkpoint.root) == (HEAD.size, HEAD.root)
    assert (checkpoint.extensions, checkpoint.text) == (("extension", "another"), text)


@pytest.mark.parametrize("index", range(5))
def test_a_kept_proof_is_verified_without_the_log(index: int) -> None:
    proof = parse_proof(proof_of(index).encode())
    assert proof == proof_of(index)
    assert verify_proof(proof, leaf_hash(proof.extra), LOG.verifier, [WITNESS.verifier], quorum=1) == HEAD


def test_a_kept_proof_proves_nothing_else() -> None:
    proof = proof_of(2)
    with pytest.raises(ProofInvalid, match="entry 2"):
        verify_proof(proof, leaf_hash(b"forged"), LOG.verifier)
    with pytest.raises(NoteInvalid, match="no known key"):
        verify_proof(proof, LEAVES[2], OTHER.verifier)
    with pytest.raises(NoteInvalid, match="0 of the witnesses"):
        verify_proof(proof, LEAVES[2], LOG.verifier, [OTHER.verifier], quorum=1)
    with pytest.raises(NoteInvalid, match="1 of the witnesses"):
        verify_proof(proof, LEAVES[2], LOG.verifier, [WITNESS.verifier, WITNESS.verifier], quorum=2)


@pytest.mark.parametrize(
    "change",
    [
        (b"@v1", b"@v2"),
        (b"index 2", b"index 02"),
        (b"index 2", b"index two"),
        (b"index 2\n", b""),
        (b"\n\n", b"\n"),
        (b"index 2\n", b"index 2\nAAAA\n"),
        (b"index 2\n", b"index 2\n" + (base64.b64encode(b"h" * 32) + b"\n") * 64),
        (b"extra Ag==", b"extra Ag"),
    ],
)
def test_what_is_no_kept_proof_is_refused(change: tuple[bytes, bytes]) -> None:
    data = proof_of(2).encode()
    assert change[0] in data
    with pytest.raises(NoteInvalid):
        parse_proof(data.replace(*change, 1))


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_rubbish_is_refused_and_never_more(data: bytes) -> None:
    for parse in (parse_note, parse_proof, lambda raw: open_checkpoint(raw, LOG.verifier)):
        with pytest.raises(NoteInvalid):
            parse(data)
    with pytest.raises(NoteInvalid):
        parse_key(data.decode("latin-1"))


@given(st.integers(0, len(NOTE.encode()) - 1), st.integers(1, 255))
def test_no_changed_byte_of_a_checkpoint_passes_for_the_signed_one(at: int, flip: int) -> None:
    data = bytearray(NOTE.encode())
    data[at] ^= flip
    try:
        checkpoint, _ = open_checkpoint(bytes(data), LOG.verifier)
    except NoteInvalid:
        return
    assert checkpoint == HEAD  # A witness's line was changed: the log's own still holds.
