"""Every way in which a served log is not sound, and the reason for which the checker refuses it at first sight."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest

from tests.auditor.made import Key, MadeLog, Page, bundle, checkpoint_text, mth
from tests.auditor.refusal import Reason
from tests.auditor.tearing import NEW, Mutation, entry, flip, gone, page, published, refused, replaced, signed


def packed(path: str) -> Mutation:
    """As bundles may be, and nothing else."""
    return lambda made: page(path, body=gzip.compress(made.pages[path].body), encoding="gzip")(made)


def swap_entries(made: MadeLog) -> None:
    some = made.entries[:256]
    some[4], some[5] = some[5], some[4]
    made.pages["tile/entries/000"] = Page(bundle(some))


def signed_by_another(made: MadeLog) -> None:
    text = checkpoint_text(made.key.name, NEW, mth(made.entries))
    made.replace("checkpoint", lambda _: f"{text}\n{Key(made.key.name).sign(text)}".encode())


def one_wrong_signature_of_two(made: MadeLog) -> None:
    made.replace("checkpoint", lambda note: note + made.key.sign("something else\n").encode())


def as_a_witness(made: MadeLog) -> None:
    """What the log's key signs as a cosigner is not a signature of the log."""
    text = checkpoint_text(made.key.name, NEW, mth(made.entries))
    witness = Key(made.key.name, 4, made.key.private)
    made.replace("checkpoint", lambda _: f"{text}\n{witness.cosign(text, 1)}".encode())


LAST = NEW - 512
LEAVES, BUNDLE = f"tile/0/002.p/{LAST}", f"tile/entries/002.p/{LAST}"
UPPER = "tile/1/000.p/2"

MUTATIONS: dict[str, tuple[Mutation, Reason]] = {
    "an entry": (entry(5, leaf=False), Reason.LEAF),
    "the last entry": (entry(NEW - 1, leaf=False), Reason.LEAF),
    "two entries swapped": (swap_entries, Reason.LEAF),
    "a leaf hash": (replaced("tile/0/001", flip(8_191)), Reason.LEAF),
    "a leaf hash of the partial tile": (replaced(LEAVES, flip(0)), Reason.LEAF),
    "an entry with its leaf": (entry(300, leaf=True), Reason.TILE),
    "the last entry with its leaf": (entry(NEW - 1, leaf=True), Reason.ROOT),
    "a hash above": (replaced(UPPER, flip(40)), Reason.TILE),
    "another root": (signed(root="A" * 43 + "="), Reason.ROOT),
    "a smaller size with the root of the larger": (signed(size=512), Reason.ROOT),
    "a larger size than there is": (signed(size=NEW + 1), Reason.MISSING),
    "a short tile served as full": (replaced("tile/0/000", lambda tile: tile[:-32]), Reason.LENGTH),
    "half a hash missing": (replaced("tile/0/000", lambda tile: tile[:-16]), Reason.LENGTH),
    "an empty tile": (replaced("tile/0/000", lambda _: b""), Reason.LENGTH),
    "a short partial tile": (replaced(LEAVES, lambda tile: tile[:-32]), Reason.LENGTH),
    "a long partial tile": (replaced(LEAVES, lambda tile: tile + bytes(32)), Reason.LENGTH),
    "a long tile": (replaced("tile/0/000", lambda tile: tile + bytes(32)), Reason.LENGTH),
    "a short tile above": (replaced(UPPER, lambda tile: tile[:-32]), Reason.LENGTH),
    "a long tile above": (replaced(UPPER, lambda tile: tile + b"\0"), Reason.LENGTH),
    "a bundle with a byte behind it": (replaced("tile/entries/000", lambda data: data + b"\0"), Reason.BUNDLE),
    "a bundle with an entry too many": (replaced(BUNDLE, lambda data: data + b"\0\1x"), Reason.BUNDLE),
    "a bundle with an empty entry too many": (replaced(BUNDLE, lambda data: data + b"\0\0"), Reason.BUNDLE),
    "a bundle cut short": (replaced("tile/entries/000", lambda data: data[:-1]), Reason.BUNDLE),
    "a bundle without its last length": (replaced("tile/entries/000", lambda _: b"\0\0" * 255 + b"\0"), Reason.BUNDLE),
    "an empty bundle": (replaced(BUNDLE, lambda _: b""), Reason.BUNDLE),
    "a bundle longer than any": (replaced("tile/entries/000", lambda _: bytes(256 * 65_537 + 1)), Reason.LENGTH),
    "a bundle that is no gzip": (page(BUNDLE, body=b"none", encoding="gzip"), Reason.ANSWER),
    "half a gzip": (page(BUNDLE, body=gzip.compress(bytes(999))[:-5], encoding="gzip"), Reason.ANSWER),
    "two gzips": (page(BUNDLE, body=gzip.compress(b"\0\0") * 2, encoding="gzip"), Reason.ANSWER),
    "a bundle in an unknown encoding": (page(BUNDLE, encoding="br"), Reason.ANSWER),
    "a tile that is packed": (packed("tile/0/000"), Reason.ANSWER),
    "no checkpoint": (gone("checkpoint"), Reason.MISSING),
    "no tile": (gone("tile/0/001"), Reason.MISSING),
    "no partial tile": (gone(LEAVES), Reason.MISSING),
    "no tile above": (gone(UPPER), Reason.MISSING),
    "no bundle": (gone("tile/entries/001"), Reason.MISSING),
    "an error of the server": (page("tile/0/000", status=500), Reason.ANSWER),
    "a part of a tile": (page("tile/0/000", status=206), Reason.ANSWER),
    "a redirection": (page("tile/0/000", status=302, body=b"tile/0/001"), Reason.ANSWER),
    "a tile as text": (page("tile/0/000", content_type="text/plain; charset=utf-8"), Reason.TYPE),
    "a bundle as a page": (page("tile/entries/000", content_type="text/html"), Reason.TYPE),
    "a checkpoint as bytes": (page("checkpoint", content_type="application/octet-stream"), Reason.TYPE),
    "a checkpoint without a charset": (page("checkpoint", content_type="text/plain"), Reason.TYPE),
    "another origin": (signed(origin="other.example/log"), Reason.ORIGIN),
    "a size with a leading zero": (signed(size=f"0{NEW}"), Reason.CHECKPOINT),
    "a size with a sign": (signed(size=f"+{NEW}"), Reason.CHECKPOINT),
    "a size with a space": (signed(size=f" {NEW}"), Reason.CHECKPOINT),
    "a size in other digits": (signed(size="٦٠٠"), Reason.CHECKPOINT),
    "a size of twenty digits": (signed(size="1" + "0" * 19), Reason.CHECKPOINT),
    "no size": (signed(size=""), Reason.CHECKPOINT),
    "a root that is not base64": (signed(root="*" * 44), Reason.CHECKPOINT),
    "a root whose base64 has two spellings": (signed(root="A" * 42 + "B="), Reason.CHECKPOINT),
    "a short root": (signed(root="AAAA"), Reason.CHECKPOINT),
    "an empty extension line": (signed(more="\nmore\n"), Reason.CHECKPOINT),
    "a checkpoint of another key": (signed_by_another, Reason.SIGNATURE),
    "a wrong signature beside the right one": (one_wrong_signature_of_two, Reason.SIGNATURE),
    "only a cosignature of the same key": (as_a_witness, Reason.SIGNATURE),
    "a changed digit": (replaced("checkpoint", lambda note: note.replace(b"600", b"601")), Reason.SIGNATURE),
    "a note without a blank line": (replaced("checkpoint", lambda note: note.replace(b"\n\n", b"\n")), Reason.NOTE),
    "a note with two kinds of newline": (
        replaced("checkpoint", lambda note: note.replace(b"\n", b"\r\n")),
        Reason.NOTE,
    ),
    "a note that is not UTF-8": (replaced("checkpoint", lambda note: b"\xff" + note), Reason.NOTE),
    "a note without its last newline": (replaced("checkpoint", lambda note: note[:-1]), Reason.NOTE),
    "a note with text below": (replaced("checkpoint", lambda note: note + b"and more\n"), Reason.NOTE),
    "a note with a tab": (signed(more="one\tmore\n"), Reason.NOTE),
    "a note without a text": (replaced("checkpoint", lambda note: b"\n\n" + note.partition(b"\n\n")[2]), Reason.NOTE),
    "a signature without its dash": (replaced("checkpoint", lambda note: note + b"name AAAAAAAA\n"), Reason.NOTE),
    "a signature of no key": (replaced("checkpoint", lambda note: note + "— name AAA=\n".encode()), Reason.NOTE),
    "a signature of no name": (replaced("checkpoint", lambda note: note + "—  AAAAAAAA\n".encode()), Reason.NOTE),
    "too many signatures": (replaced("checkpoint", lambda note: note + "— a AAAAAAAA\n".encode() * 64), Reason.NOTE),
    "an empty checkpoint": (replaced("checkpoint", lambda _: b""), Reason.NOTE),
}


@pytest.mark.parametrize("what", MUTATIONS)
def test_a_log_that_is_not_sound_is_refused_at_first_sight(what: str) -> None:
    mutate, reason = MUTATIONS[what]
    made = published(NEW)
    mutate(made)
    assert refused(made) is reason


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_bundle_far_longer_than_any_is_refused_without_being_held(encoding: str) -> None:
    packing = zlib.compressobj(1, wbits=31)
    bomb = b"".join(packing.compress(bytes(1_000_000)) for _ in range(100)) + packing.flush()
    made = published(NEW)
    page("tile/entries/000", body=bomb if encoding == "gzip" else bytes(100_000_000), encoding=encoding)(made)
    tracemalloc.start()
    try:
        assert refused(made) is Reason.LENGTH
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 60_000_000
