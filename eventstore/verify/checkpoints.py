"""The signed heads that an audit holds the tree against: the published checkpoint, the last signed, an older one."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from eventstore.checkpoint import Checkpoint, open_checkpoint
from eventstore.note import Note, NoteInvalid, VerifierKey, count_cosigned
from eventstore.verify.tree import SHOWN
from eventstore.verify.verdict import Finding, Findings


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What the auditor brings. `since`: an older checkpoint's bytes; at least `quorum` of the witnesses must have
    cosigned the published one. Without a key, a data folder's own is taken on trust."""

    key: VerifierKey | None = None
    since: bytes | None = None
    witnesses: tuple[VerifierKey, ...] = ()
    quorum: int = 0


class Anchor(msgspec.Struct, frozen=True):
    """A checkpoint that is signed as it should be, and the name it is told by."""

    name: str
    checkpoint: Checkpoint
    older: bool = False


def open_anchor(name: str, data: bytes, key: VerifierKey, findings: Findings) -> tuple[Anchor, Note] | None:
    """None when it does not count; the findings say why."""
    try:
        checkpoint, note = open_checkpoint(data, key)
    except NoteInvalid as invalid:
        findings.add(Finding(name, str(invalid)))
        return None
    return Anchor(name, checkpoint), note


def require_witnesses(note: Note, policy: Policy, findings: Findings) -> None:
    cosigned = count_cosigned(note, policy.witnesses)
    if cosigned < policy.quorum:
        what = f"{cosigned} of the witnesses cosigned it; {policy.quorum} are asked for"
        findings.add(Finding("checkpoint", what))


def require_order(published: Checkpoint, anchors: Sequence[Anchor], findings: Findings) -> None:
    """Sizes alone: what was signed is never smaller later."""
    for anchor in anchors:
        if anchor.older and published.size < anchor.checkpoint.size:
            what = (
                f"has {published.size} positions, and {anchor.name} has {anchor.checkpoint.size}: the history was "
                "rolled back, or its end cut off"
            )
            findings.add(Finding("checkpoint", what, published.size + 1))


def require_roots(anchors: Sequence[Anchor], roots: dict[int, bytes], findings: Findings) -> None:
    """Each one's root against the one computed at its size. The largest size at which one holds narrows down where
    the others part."""
    good = max(
        (each.checkpoint.size for each in anchors if roots.get(each.checkpoint.size) == each.checkpoint.root), default=0
    )
    for anchor in anchors:
        size, root = anchor.checkpoint.size, anchor.checkpoint.root
        made = roots.get(size)
        if made is None or made == root:
            continue
        after = good if good < size else 0
        what = (
            f"its root at {size} is {root[:SHOWN].hex()}…, but the entries lead to {made[:SHOWN].hex()}…: something in "
            f"positions {after + 1} to {size} is not what was signed"
        )
        findings.add(Finding(anchor.name, what))
