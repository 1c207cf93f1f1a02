"""What the one process that signs does, in steps, and what a crash right after one leaves: full tiles, durable
(nothing says that they count) → `signed`, durable (the next start publishes it) → the witnesses' lines → `checkpoint`,
published.

So nobody ever holds a checkpoint that this folder does not know of. And nothing is signed before a proof has been
verified that it continues what was signed last: whatever the tiles say, one key never signs two histories.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import structlog

from eventstore.checkpoint import Checkpoint
from eventstore.log import Log
from eventstore.merkle import ProofInvalid, consistency_proof, tree_root, verify_consistency
from eventstore.note import Note, Signature, SignerKey
from eventstore.tiles import WIDTH, TileFolder, Tree
from eventstore.witness import Prove
from service.house.log_key import LogRefused, load_signer
from service.machine.layout import Layout, replace_file
from service.signing.continuity import read_published, read_signed, require_continuation, require_events, telling_damage
from service.signing.mending import mend_tiles
from vault.kdf import ServerKey

SLICE: Final = 4 * WIDTH  # Leaves whose tiles are made without a rest: some milliseconds.

log = structlog.get_logger("service.signing.signer")


class Witnesses(Protocol):
    """Who is asked between signing and publishing."""

    def __call__(self, checkpoint: Checkpoint, note: Note, prove: Prove, /) -> Sequence[Signature]:
        """The lines that came, verified, of those whose lines the note has not. Within seconds: nothing newer is signed
        meanwhile."""

    def wanting(self, note: Note, /) -> bool:
        """Whether one whose line the note has not may be asked now."""

    def close(self) -> None:
        """From any thread: asking ends at once, and nobody is asked any more."""


class Nobody:
    """No witness."""

    def __call__(self, _checkpoint: Checkpoint, _note: Note, _prove: Prove) -> Sequence[Signature]:
        return ()

    def wanting(self, _note: Note) -> bool:
        return False

    def close(self) -> None:
        pass


NOBODY: Final = Nobody()


class Signer:
    """By the holder of `run/signer.lock` only, on one thread. LogRefused from anything here: nothing was signed."""

    def __init__(
        self,
        layout: Layout,
        server: ServerKey,
        origin: str = "",
        witnesses: Witnesses = NOBODY,
        rest: Callable[[], object] = lambda: None,
    ) -> None:
        """`rest` is called between stretches of work that others on this processor should not wait for; what it raises
        ends the work, and nothing is signed."""
        self._layout = layout
        self._witnesses = witnesses
        self._rest = rest
        had_key = layout.signing_key.exists()
        self._key: SignerKey = load_signer(layout, server, origin)
        self._signed, self._note = read_signed(layout, self._key.verifier)
        self._published: Note | None = None  # To be, and be it again: a crash may have come in between.
        require_events(layout, self._signed)
        self._file = self._file_id()
        with telling_damage():
            self._log = Log(layout.events)
        self._seen = -1
        try:
            if origin and not had_key:
                self._warn_of_second_log(origin)
            self._tree = self._sound_tree()
        except BaseException:
            self._log.close()
            raise

    def close(self) -> None:
        self._log.close()

    def sign_news(self) -> Checkpoint:
        """The newest checkpoint, signed and published; the last one again if there is nothing new, and with more lines
        if a witness has come back."""
        if self._file_id() != self._file:
            raise LogRefused("events.db was replaced while it was being signed: looked at anew in a moment")
        with telling_damage():
            seen = self._log.data_version()
            head = self._log.head() if seen != self._seen else self._signed.size
        if head != self._signed.size:
            self._sign(self._continued(head))
        if self._published is None or self._witnesses.wanting(self._published):
            self._publish()
        self._seen = seen
        return self._signed

    def _continued(self, head: int) -> Checkpoint:
        """Of the log as it is now, proven to continue what was signed. Where the tiles are in the way, they are made
        anew, once."""
        for tries_left in (1, 0):
            if require_continuation(self._log, self._tree, self._signed):
                with telling_damage():
                    self._grow(head)
                    root = tree_root(head, self._tree.node)
                    proof = consistency_proof(self._signed.size, head, self._tree.node)
                with contextlib.suppress(ProofInvalid):
                    verify_consistency(self._signed.size, self._signed.root, head, root, proof)
                    return Checkpoint(self._key.verifier.name, head, root)
            if tries_left:
                self._tree = self._sound_tree()
        raise LogRefused(
            f"the tiles do not lead from the {self._signed.size} events that were signed to {head}, also made anew:"
            " `strongroom log verify` says where"
        )

    def _sign(self, checkpoint: Checkpoint) -> None:
        note = Note(checkpoint.text, (self._key.sign(checkpoint.text),))
        replace_file(self._layout.signed, note.encode())
        self._signed, self._note, self._published = checkpoint, note, None

    def _publish(self) -> None:
        """With the lines there are. Those of witnesses who are away for the moment are added when they come."""
        known = self._note
        published = read_published(self._layout, self._key.verifier)
        if published is not None and published[0] == self._signed:  # What witnesses said of it still holds.
            known = _with_lines(known, published[1].signatures)
        note = _with_lines(self._note.also(self._ask(known)), known.signatures)
        if published is None or published[1] != note:
            replace_file(self._layout.checkpoint, note.encode())
        self._published = note

    def _ask(self, known: Note) -> Sequence[Signature]:
        """What is signed is to be published, whatever goes wrong in asking."""
        try:
            return self._witnesses(self._signed, known, self._prove)
        except Exception as error:  # noqa: BLE001  (as it says)
            log.warning("witnesses not asked", why=f"{type(error).__name__}: {error}")
            return ()

    def _prove(self, old_size: int) -> Sequence[bytes]:
        return consistency_proof(old_size, self._signed.size, self._tree.node)

    def _file_id(self) -> tuple[int, int] | None:
        """Which file lies there: an open database stays open, whatever is put in its place."""
        try:
            found = self._layout.events.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def _sound_tree(self) -> Tree:
        """Over full tiles that are all there and lead to what was signed. It remembers nothing of any before."""
        folder = TileFolder(self._layout.log)
        require_continuation(self._log, Tree(folder, self._log.read_leaves), self._signed)
        with telling_damage():
            made = mend_tiles(folder, self._log.read_leaves, self._signed, self._rest)
        if made:
            log.warning("tiles made anew", count=made, size=self._signed.size)
        return Tree(folder, self._log.read_leaves)

    def _grow(self, size: int) -> None:
        """The tiles that the new tree has and the signed one had not."""
        done = self._signed.size
        while done < size:
            until = min(size, (done // SLICE + 1) * SLICE)
            self._tree.materialise(done, until)
            done = until
            if done < size:
                self._rest()

    def _warn_of_second_log(self, origin: str) -> None:
        """The folder `log` may be lost: then there are two keys of one name, and auditors have the other one."""
        with telling_damage():
            events = self._log.head()
        if events:
            log.warning("a new key for a log that has events", origin=origin, events=events)


def _with_lines(note: Note, lines: Sequence[Signature]) -> Note:
    """Of each key the line that the note has; else the given one."""
    here = {(line.name, line.key_id) for line in note.signatures}
    return note.also([line for line in lines if (line.name, line.key_id) not in here])
