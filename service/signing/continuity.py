"""Fork safety: whether the log goes on from the last checkpoint that was signed.

Two checkpoints of one key that do not continue each other are a proof of fraud for whoever holds both, and a restored
backup makes them by itself. So nothing is signed before the rows have been found to lead to `log/signed`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

from eventstore.checkpoint import Checkpoint, open_checkpoint
from eventstore.errors import LogCorrupt
from eventstore.log import Log
from eventstore.merkle import HASH_BYTES, Frontier, tree_root
from eventstore.note import Note, NoteInvalid, VerifierKey
from eventstore.tiles import HEIGHT, WIDTH, Tile, TileFolder, Tree
from service.house.log_key import (
    BEGIN_ANEW,
    LogRefused,
    open_signer,
    read_file,
    require_fresh,
    require_origin,
    require_whole_folder,
)
from service.house.server_key import open_server_key, require_fitting
from service.machine.config import Settings
from service.machine.given_key import given_server_key
from service.machine.layout import Layout

PAGE: Final = 8_192
_RESTORED = (
    f"put the newer events.db back (with its -wal), or give this history a key of its own with {BEGIN_ANEW}: see"
    " docs/operating.md, An older log"
)


def read_signed(layout: Layout, key: VerifierKey) -> tuple[Checkpoint, Note]:
    """The last checkpoint that was signed; where it is lost or damaged, the one that was published. LogRefused when
    neither tells."""
    found = _open(layout.signed.name, read_file(layout.signed), key)
    published = _open(layout.checkpoint.name, read_file(layout.checkpoint), key)
    if isinstance(found, str):
        if isinstance(published, str):
            raise LogRefused(
                f"{found}, and {published}, so nobody knows what this key has signed: put log/signed back, or begin a"
                f" new log with {BEGIN_ANEW}"
            )
        return published
    # The newer one even so: `signed` alone may have come from an older copy.
    return found if isinstance(published, str) or published[0].size <= found[0].size else published


def read_published(layout: Layout, key: VerifierKey) -> tuple[Checkpoint, Note] | None:
    """What is published, if that is whole."""
    found = _open(layout.checkpoint.name, read_file(layout.checkpoint), key)
    return None if isinstance(found, str) else found


def require_continuation(log: Log, tree: Tree, signed: Checkpoint) -> bool:
    """LogRefused unless the log begins as the tree that was signed. False: the rows do, but a tile on the disk does not
    say so, and has to be made anew before anything is signed."""
    with telling_damage():
        head = log.head()
        if head < signed.size:
            raise LogRefused(f"the log ends at {head}, but {signed.size} events of it were signed: {_RESTORED}")
        if tree_root(signed.size, tree.node) == signed.root and _last_tile_agrees(log, tree, signed.size):
            return True
        if rows_root(log, signed.size) != signed.root:
            raise LogRefused(f"the log is another one than the {signed.size} events that were signed: {_RESTORED}")
        return False


@contextmanager
def telling_damage() -> Iterator[None]:
    """A log with a hole or a damaged page is one nobody signs: LogRefused for LogCorrupt and for what a tree says that
    lacks leaves."""
    try:
        yield
    except (LogCorrupt, ValueError) as error:
        raise LogRefused(
            f"events.db is damaged ({error}): `strongroom log verify` says where, and a whole copy is the way out, or"
            f" {BEGIN_ANEW}: see docs/operating.md, A damaged log"
        ) from error


def require_events(layout: Layout, signed: Checkpoint) -> None:
    """LogRefused where there is no log at all, but was. To open one that is missing would make an empty one."""
    if signed.size and not layout.events.exists():
        raise LogRefused(f"events.db is missing, but {signed.size} events of it were signed: {_RESTORED}")


def rows_root(log: Log, size: int) -> bytes:
    """The root over the stored leaf hashes, without any tile: about a second for each million."""
    frontier = Frontier()
    while frontier.size < size:
        leaves = log.read_leaves(frontier.size, min(PAGE, size - frontier.size))
        if not leaves:
            raise LogCorrupt(f"the log ends at {frontier.size}, before position {size}")
        for at in range(0, len(leaves), HASH_BYTES):
            frontier.add(leaves[at : at + HASH_BYTES])
    return frontier.root()


def require_history(layout: Layout, settings: Settings) -> int:
    """Before anything is started on a folder: how many events are signed. LogRefused with the way out; WrongServerKey,
    OSError, LogError. Changes nothing."""
    require_whole_folder(layout)
    require_origin(layout, settings.log_origin)
    if not layout.signing_key.exists():
        require_fresh(layout)
        return 0
    server = open_server_key(layout, given_server_key(settings))
    require_fitting(layout, server)  # Else its signing key would be told to be damaged, and to be given up.
    signer = open_signer(layout, server)
    signed, _ = read_signed(layout, signer.verifier)
    require_events(layout, signed)
    if layout.events.exists():
        with telling_damage(), closing(Log(layout.events)) as log:
            require_continuation(log, Tree(TileFolder(layout.log), log.read_leaves), signed)
    return signed.size


def _last_tile_agrees(log: Log, tree: Tree, size: int) -> bool:
    """Whether the last full tile of leaf hashes is what the rows say: a root over full tiles alone asks no row."""
    index = (size >> HEIGHT) - 1
    return index < 0 or tree.tile(Tile(0, index)) == log.read_leaves(index << HEIGHT, WIDTH)


def _open(name: str, data: bytes | None, key: VerifierKey) -> tuple[Checkpoint, Note] | str:
    """What is wrong with it, in words, if anything is."""
    if data is None:
        return f"log/{name} is missing"
    try:
        return open_checkpoint(data, key)
    except NoteInvalid as error:
        return f"log/{name} cannot be used ({error})"
