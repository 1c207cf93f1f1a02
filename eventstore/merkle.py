"""The RFC 6962 Merkle tree: hashing, proofs and their verification.

A perfect subtree of 2**level leaves that begins at leaf `index * 2**level` is called node (level, index): its hash
never changes once its leaves are there. Everything else is put together from nodes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Final

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
MAX_SIZE: Final = 2**63 - 1
MAX_PROOF: Final = 63  # Hashes: what a tree of MAX_SIZE leaves can need.

Node = Callable[[int, int], bytes]
"""(level, index) → hash of that perfect subtree."""


class ProofInvalid(ValueError):
    """A proof that does not lead to the root it is for."""


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 ‖ entry): 32 bytes. RFC 6962 §2.1."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right): 32 bytes. RFC 6962 §2.1."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of hashes of one level."""
    level = list(hashes)
    if not level or len(level) & (len(level) - 1):
        raise ValueError("a perfect subtree has a power of two of leaves")
    sha256 = hashlib.sha256
    while len(level) > 1:
        pairs = iter(level)
        level = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
    return level[0]


class Frontier:
    """A tree that grows at its end and remembers only what its root is made of: 32 bytes for each bit of its size."""

    __slots__ = ("_nodes", "size")

    def __init__(self) -> None:
        self.size = 0
        self._nodes: list[tuple[int, bytes]] = []  # (level, hash), highest level first: the bits of `size`

    def add(self, leaf: bytes) -> None:
        """One leaf hash more."""
        self.add_node(0, leaf)

    def add_node(self, level: int, hash_: bytes) -> None:
        """2**level leaves more, as the hash of their subtree. ValueError unless it begins at a multiple of its
        width."""
        width = 1 << level
        if self.size & (width - 1):
            raise ValueError("a subtree begins at a multiple of its width")
        self.size += width
        while self._nodes and self._nodes[-1][0] == level:
            hash_ = node_hash(self._nodes.pop()[1], hash_)
            level += 1
        self._nodes.append((level, hash_))

    def root(self) -> bytes:
        """MTH(D[size]). RFC 6962 §2.1."""
        return _fold([hash_ for _, hash_ in self._nodes])


def tree_root(size: int, node: Node) -> bytes:
    """MTH(D[0:size])."""
    return _range_root(0, size, node)


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """PATH(index, D[size]), the leaf's sibling first. RFC 6962 §2.1.1. ValueError unless 0 ≤ index < size."""
    if not 0 <= index < size:
        raise ValueError("the index is not in the tree")
    proof = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_root(middle, end, node))
            end = middle
        else:
            proof.append(_range_root(start, middle, node))
            start = middle
    return proof[::-1]


def consistency_proof(old: int, new: int, node: Node) -> list[bytes]:
    """PROOF(old, D[new]); empty when old is 0 or new. RFC 6962 §2.1.2. ValueError unless 0 ≤ old ≤ new."""
    if not 0 <= old <= new:
        raise ValueError("the older tree is not within the newer one")
    if old in (0, new):
        return []
    proof = []
    start, end = 0, new
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_range_root(middle, end, node))
            end = middle
        else:
            proof.append(_range_root(start, middle, node))
            start = middle
    if start > 0:  # Otherwise it is the old tree itself, whose root the verifier has.
        proof.append(_range_root(start, end, node))
    return proof[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """ProofInvalid unless the leaf hash stands at `index` in the tree of `size` with this root. RFC 9162 §2.1.3.2."""
    if not 0 <= index < size <= MAX_SIZE:
        raise ProofInvalid("the index is not in the tree")
    first, second, hash_ = index, size - 1, leaf
    for sibling in proof:
        if second == 0:
            raise ProofInvalid("the inclusion proof is too long")
        if first & 1 or first == second:
            hash_ = node_hash(sibling, hash_)
            while first and not first & 1:
                first, second = first >> 1, second >> 1
        else:
            hash_ = node_hash(hash_, sibling)
        first, second = first >> 1, second >> 1
    if second != 0:
        raise ProofInvalid("the inclusion proof is too short")
    if hash_ != root:
        raise ProofInvalid("the inclusion proof leads to another root")


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """ProofInvalid unless the tree of `old` is the beginning of the tree of `new`. RFC 9162 §2.1.4.2; any tree
    continues the empty one, by an empty proof."""
    if not 0 <= old <= new <= MAX_SIZE:
        raise ProofInvalid("the newer tree is smaller than the older one")
    if old in (0, new):
        if proof:
            raise ProofInvalid("the consistency proof must be empty")
        if old_root != (EMPTY_ROOT if old == 0 else new_root):
            raise ProofInvalid("two trees of one size have different roots")
        return
    before, after = _climb(old, new, old_root, proof)
    if before != old_root:
        raise ProofInvalid("the consistency proof does not lead to the older root")
    if after != new_root:
        raise ProofInvalid("the consistency proof does not lead to the newer root")


def _climb(old: int, new: int, old_root: bytes, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The two roots that a consistency proof leads to."""
    first, second = old - 1, new - 1
    while first & 1:
        first, second = first >> 1, second >> 1
    hashes = iter(proof)
    before = after = old_root if old & (old - 1) == 0 else next(hashes, b"")
    for sibling in hashes:
        if second == 0:
            raise ProofInvalid("the consistency proof is too long")
        if first & 1 or first == second:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while first and not first & 1:
                first, second = first >> 1, second >> 1
        else:
            after = node_hash(after, sibling)
        first, second = first >> 1, second >> 1
    if second != 0:
        raise ProofInvalid("the consistency proof is too short")
    return before, after


def _range_root(start: int, end: int, node: Node) -> bytes:
    """MTH(D[start:end]) for a range that RFC 6962 cuts a tree into: `start` is a multiple of its first part's width."""
    return _fold([node(level, index) for level, index in _perfect(start, end)])


def _perfect(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The perfect subtrees of a range, from the left: ever smaller ones."""
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def _fold(hashes: list[bytes]) -> bytes:
    """One root of perfect subtrees that stand side by side, the largest first."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def _split(count: int) -> int:
    """The largest power of two below `count` (≥ 2)."""
    return 1 << ((count - 1).bit_length() - 1)
