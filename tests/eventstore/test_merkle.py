"""The tree and its proofs, against the definitions of RFC 6962 and its published examples."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstore.merkle import (
    EMPTY_ROOT,
    Frontier,
    ProofInvalid,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    perfect_root,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

# The eight leaves and roots with which implementations of RFC 6962 are compared.
ENTRIES = [
    bytes.fromhex(entry)
    for entry in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(str(number).encode()) for number in range(70)]
SIZES = st.integers(1, len(LEAVES))


def mth(hashes: list[bytes]) -> bytes:
    """MTH as RFC 6962 §2.1 writes it."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return node_hash(mth(hashes[:split]), mth(hashes[split:]))


def node(level: int, index: int) -> bytes:
    return mth(LEAVES[index << level : (index + 1) << level])


def tampered(proof: list[bytes]) -> list[list[bytes]]:
    """Shorter, longer, and with each hash changed, doubled or taken out."""
    found = [[*proof, LEAVES[0]], proof[:-1], [*proof[1:], *proof[:1]]]
    for at, hash_ in enumerate(proof):
        found += [
            [*proof[:at], leaf_hash(hash_), *proof[at + 1 :]],
            [*proof[:at], hash_, *proof[at:]],
            [*proof[:at], *proof[at + 1 :]],
        ]
    return [each for each in found if each != proof]


def test_the_published_examples() -> None:
    frontier = Frontier()
    assert frontier.root().hex() == ROOTS[0] == EMPTY_ROOT.hex()
    for entry, root in zip(ENTRIES, ROOTS[1:], strict=True):
        frontier.add(leaf_hash(entry))
        assert frontier.root().hex() == root
    assert perfect_root([leaf_hash(entry) for entry in ENTRIES]).hex() == ROOTS[8]


def test_every_way_to_a_root_is_the_definition() -> None:
    frontier = Frontier()
    for size in range(len(LEAVES)):
        assert frontier.root() == tree_root(size, node) == mth(LEAVES[:size])
        frontier.add(LEAVES[size])


def test_a_frontier_takes_whole_subtrees_where_they_begin() -> None:
    frontier = Frontier()
    frontier.add_node(5, node(5, 0))
    frontier.add_node(4, node(4, 2))
    frontier.add(LEAVES[48])
    assert (frontier.size, frontier.root()) == (49, mth(LEAVES[:49]))
    with pytest.raises(ValueError, match="multiple of its width"):
        frontier.add_node(1, node(1, 25))


@pytest.mark.parametrize("count", [0, 3, 12])
def test_only_a_power_of_two_is_perfect(count: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        perfect_root(LEAVES[:count])


@given(SIZES, st.data())
def test_an_inclusion_proof_proves_its_leaf_and_no_other(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    root = mth(LEAVES[:size])
    proof = inclusion_proof(index, size, node)
    verify_inclusion(LEAVES[index], index, size, proof, root)
    for wrong in tampered(proof):
        with pytest.raises(ProofInvalid):
            verify_inclusion(LEAVES[index], index, size, wrong, root)
    other = data.draw(st.integers(0, size).filter(lambda at: at != index))
    with pytest.raises(ProofInvalid):
        verify_inclusion(LEAVES[index], other, size, proof, root)
    with pytest.raises(ProofInvalid):
        verify_inclusion(leaf_hash(b"forged"), index, size, proof, root)


@given(SIZES, st.data())
def test_a_consistency_proof_proves_the_beginning_and_nothing_else(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(0, new))
    old_root, new_root = mth(LEAVES[:old]), mth(LEAVES[:new])
    proof = consistency_proof(old, new, node)
    verify_consistency(old, old_root, new, new_root, proof)
    for wrong in tampered(proof):
        with pytest.raises(ProofInvalid):
            verify_consistency(old, old_root, new, new_root, wrong)
    forged = leaf_hash(b"forged")
    with pytest.raises(ProofInvalid):
        verify_consistency(old, forged, new, new_root, proof)
    if old > 0:  # Any tree continues the empty one.
        with pytest.raises(ProofInvalid):
            verify_consistency(old, old_root, new, forged, proof)


def test_what_is_not_in_the_tree_has_no_proof() -> None:
    for index in (-1, 5):
        with pytest.raises(ValueError, match="not in the tree"):
            inclusion_proof(index, 5, node)
        with pytest.raises(ProofInvalid, match="not in the tree"):
            verify_inclusion(LEAVES[0], index, 5, [], LEAVES[0])
    with pytest.raises(ValueError, match="not within"):
        consistency_proof(6, 5, node)
    with pytest.raises(ProofInvalid, match="smaller"):
        verify_consistency(6, mth(LEAVES[:6]), 5, mth(LEAVES[:5]), [])
