"""Proofs of inclusion and cosignatures: what another program made is verified, and whatever is changed is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.auditor.made import Key, MadeLog, checkpoint_text, mth
from tests.auditor.notes import VerifierKey
from tests.auditor.proofs import check_proof
from tests.auditor.refusal import Reason, Refused

SIZE, INDEX = 11, 6
TIME_S = 1_679_315_147


def made_log(size: int = SIZE) -> MadeLog:
    return MadeLog(entries=[b"entry %d" % number for number in range(size)])


def key_of(key: Key) -> VerifierKey:
    return VerifierKey.parse(key.vkey)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 255, 256, 257])
def test_every_entry_of_a_log_is_proven(size: int) -> None:
    made = made_log(size)
    for index in {*range(min(size, 18)), size // 2, size - 1}:
        proven = check_proof(made.proof(index).encode(), key_of(made.key), entry=made.entries[index])
        assert (proven.index, proven.checkpoint.size, proven.witnesses) == (index, size, {})


def test_a_proof_may_carry_its_entry_and_then_stands_alone() -> None:
    made = made_log()
    proof = made.proof(INDEX, extra=made.entries[INDEX]).encode()
    assert check_proof(proof, key_of(made.key)).entry == made.entries[INDEX]


def test_extra_data_of_another_meaning_do_not_matter_when_the_entry_is_at_hand() -> None:
    made = made_log()
    proof = made.proof(INDEX, extra=b"context").encode()
    assert check_proof(proof, key_of(made.key), entry=made.entries[INDEX]).index == INDEX


def test_extra_data_that_are_not_base64_are_refused_also_when_nobody_needs_them() -> None:
    made = made_log()
    proof = line(1, "extra *")(made.proof(INDEX, extra=b"context")).encode()
    with pytest.raises(Refused) as caught:
        check_proof(proof, key_of(made.key), entry=made.entries[INDEX])
    assert caught.value.reason is Reason.PROOF


def test_the_last_entry_is_not_proven_to_stand_behind_the_end() -> None:
    """Its path leads to the root from any index past it: only the size tells."""
    made = made_log()
    proof = made.proof(SIZE - 1).replace(f"index {SIZE - 1}\n", f"index {2 * SIZE}\n").encode()
    with pytest.raises(Refused) as caught:
        check_proof(proof, key_of(made.key), entry=made.entries[SIZE - 1])
    assert caught.value.reason is Reason.INCLUSION


def line(number: int, text: str) -> Callable[[str], str]:
    """That line (from 0) instead."""
    return lambda proof: "\n".join([text if at == number else each for at, each in enumerate(proof.split("\n"))])


HASH = "A" * 43 + "="
CHANGES: dict[str, tuple[Callable[[str], str], Reason]] = {
    "another version": (line(0, "c2sp.org/tlog-proof@v2"), Reason.PROOF),
    "extra data that are not base64": (line(1, "extra *"), Reason.PROOF),
    "another entry": (line(1, "extra AAAA"), Reason.INCLUSION),
    "no extra data": (lambda proof: proof.replace(proof.split("\n")[1] + "\n", ""), Reason.PROOF),
    "extra data twice": (line(2, "extra AAAA"), Reason.PROOF),
    "another index": (line(2, f"index {INDEX + 1}"), Reason.INCLUSION),
    "an index behind the log": (line(2, f"index {SIZE}"), Reason.INCLUSION),
    "an index with a leading zero": (line(2, f"index 0{INDEX}"), Reason.PROOF),
    "an index below zero": (line(2, "index -1"), Reason.PROOF),
    "no index": (lambda proof: proof.replace(f"index {INDEX}\n", ""), Reason.PROOF),
    "another hash": (line(3, HASH), Reason.INCLUSION),
    "a hash of another length": (line(3, "AAAA"), Reason.PROOF),
    "a hash that is not base64": (line(3, "*"), Reason.PROOF),
    "a hash too many": (lambda proof: proof.replace("\n\n", f"\n{HASH}\n\n", 1), Reason.INCLUSION),
    "a hash too many in front": (line(2, f"index {INDEX}\n{HASH}"), Reason.INCLUSION),
    "a hash too few": (lambda proof: proof.replace(proof.split("\n")[3] + "\n", ""), Reason.INCLUSION),
    "more hashes than any tree is high": (
        lambda proof: proof.replace("\n\n", f"\n{HASH}" * 64 + "\n\n", 1),
        Reason.PROOF,
    ),
    "another character set": (line(2, "index ٦"), Reason.PROOF),
    "no checkpoint": (lambda proof: proof.split("\n\n")[0] + "\n", Reason.PROOF),
    "an unsigned checkpoint": (lambda proof: proof.rpartition("\n\n")[0] + "\n", Reason.NOTE),
    "a changed checkpoint": (lambda proof: proof.replace(f"\n{SIZE}\n", f"\n{SIZE + 1}\n"), Reason.SIGNATURE),
    "longer than any": (lambda proof: proof + "\n" * 1_000_000, Reason.PROOF),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_proof_that_was_changed_is_refused(what: str) -> None:
    change, reason = CHANGES[what]
    made = made_log()
    proof = made.proof(INDEX, extra=made.entries[INDEX])
    check_proof(proof.encode(), key_of(made.key))
    changed = change(proof)
    assert changed != proof
    with pytest.raises(Refused) as caught:
        check_proof(changed.encode(), key_of(made.key))
    assert caught.value.reason is reason


def test_a_proof_of_another_log_is_refused() -> None:
    made = made_log()
    with pytest.raises(Refused) as caught:
        check_proof(made.proof(INDEX).encode(), key_of(Key()), entry=made.entries[INDEX])
    assert caught.value.reason is Reason.SIGNATURE


def test_witnesses_are_counted_by_their_keys() -> None:
    made = made_log()
    text = checkpoint_text(made.key.name, SIZE, mth(made.entries))
    first, second, silent = (Key(f"witness{number}.example", 4) for number in range(3))
    proof = made.proof(INDEX, first.cosign(text, TIME_S), second.cosign(text, TIME_S + 1)).encode()
    keys = [key_of(each) for each in (first, second, silent)]
    proven = check_proof(proof, key_of(made.key), entry=made.entries[INDEX], witnesses=keys, quorum=2)
    assert proven.witnesses == {first.name: TIME_S, second.name: TIME_S + 1}
    refuse_cosignature(made, proof, keys, quorum=3)


def test_one_witness_under_two_names_counts_once() -> None:
    made = made_log()
    text = checkpoint_text(made.key.name, SIZE, mth(made.entries))
    one = Key("one.example", 4)
    other = Key("other.example", 4, one.private)
    proof = made.proof(INDEX, one.cosign(text, TIME_S), other.cosign(text, TIME_S)).encode()
    refuse_cosignature(made, proof, [key_of(one), key_of(other)], quorum=2)


def test_a_key_that_signs_notes_is_no_witness() -> None:
    made = made_log()
    text = checkpoint_text(made.key.name, SIZE, mth(made.entries))
    signer = Key("witness.example", 1)
    proof = made.proof(INDEX, signer.cosign(text, TIME_S)).encode()
    refuse_cosignature(made, proof, [key_of(signer)], quorum=1)


WITNESS = Key("witness.example", 4)


@pytest.mark.parametrize(
    "cosign",
    [
        lambda text: WITNESS.cosign(f"{text}more\n", TIME_S),
        lambda text: WITNESS.line(TIME_S.to_bytes(8, "big") + WITNESS.private.sign(text.encode())),
        lambda text: WITNESS.line(WITNESS.private.sign(text.encode())),
        lambda text: WITNESS.cosign(text, 2**63),
        lambda text: WITNESS.cosign(text, TIME_S) + WITNESS.cosign("other\n", TIME_S),
        lambda _: "",
        lambda text: Key(WITNESS.name, 4).cosign(text, TIME_S),
    ],
    ids=["of another text", "a plain signature with a time", "a plain signature", "after the end of time",
         "one wrong of two", "none", "by a namesake"],
)  # fmt: skip
def test_a_cosignature_that_is_none_is_refused(cosign: Callable[[str], str]) -> None:
    made = made_log()
    text = checkpoint_text(made.key.name, SIZE, mth(made.entries))
    proof = made.proof(INDEX, cosign(text)).encode()
    refuse_cosignature(made, proof, [key_of(WITNESS)], quorum=1)


def refuse_cosignature(made: MadeLog, proof: bytes, witnesses: list[VerifierKey], quorum: int) -> None:
    with pytest.raises(Refused) as caught:
        check_proof(proof, key_of(made.key), entry=made.entries[INDEX], witnesses=witnesses, quorum=quorum)
    assert caught.value.reason is Reason.COSIGNATURE
