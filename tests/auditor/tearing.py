"""Logs that tests make, checked and torn at."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.auditor.checker import follow
from tests.auditor.made import MadeLog, Page, bundle, mth, piece, served
from tests.auditor.notes import Checkpoint, VerifierKey
from tests.auditor.refusal import Reason, Refused

OLD, NEW = 300, 600
CHANGED = b"changed"
Mutation = Callable[[MadeLog], None]


def made_entries(count: int) -> list[bytes]:
    """Different in length, and one of them empty, which the format allows."""
    return [b"entry %d" % number * (number % 3) for number in range(count)]


def key_of(made: MadeLog) -> VerifierKey:
    return VerifierKey.parse(made.key.vkey)


def published(size: int) -> MadeLog:
    made = MadeLog(entries=made_entries(size))
    made.publish()
    return made


def refused(made: MadeLog, remembered: Checkpoint | None = None) -> Reason:
    """Why the checker does not accept what is served now; fails if it does."""
    with served(made) as url, pytest.raises(Refused) as caught:
        follow(url, key_of(made), remembered)
    return caught.value.reason


def follow_once(made: MadeLog) -> Checkpoint:
    with served(made) as url:
        return follow(url, key_of(made)).checkpoint


def replaced(path: str, change: Callable[[bytes], bytes]) -> Mutation:
    return lambda made: made.replace(path, change)


def page(path: str, **fields: object) -> Mutation:
    """The same body, told differently."""

    def mutate(made: MadeLog) -> None:
        known = made.pages[path]
        given: dict[str, object] = {"body": known.body, "content_type": known.content_type, **fields}
        made.pages[path] = Page(**given)  # type: ignore[arg-type]  # the tests below name the fields

    return mutate


def gone(path: str) -> Mutation:
    return lambda made: made.pages.__delitem__(path)


def signed(size: int | str = NEW, root: str | None = None, **fields: str) -> Mutation:
    """A checkpoint that says this, and the log's own signature on it."""
    return lambda made: made.sign(size, mth(made.entries) if root is None else root, **fields)


def entry(at: int, *, leaf: bool) -> Mutation:
    """One entry changed where it is served, and its hash in the leaf tile if asked."""

    def mutate(made: MadeLog) -> None:
        some = list(made.entries[at // 256 * 256 : (at // 256 + 1) * 256])
        width = len(some)
        some[at % 256] = CHANGED
        made.pages[piece("tile/entries", at // 256, width)] = Page(bundle(some))
        if leaf:
            made.replace(piece("tile/0", at // 256, width), put(at % 256, mth([CHANGED])))

    return mutate


def put(at: int, value: bytes) -> Callable[[bytes], bytes]:
    return lambda tile: tile[: at * 32] + value + tile[at * 32 + 32 :]


def flip(at: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
