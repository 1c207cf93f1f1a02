"""Signing the log about once a second while there is something new: by one process at a time, whichever it is.

Steps, and what a crash right after one leaves: full tiles (nothing says that they count) → `signed`, durable (the next
start publishes it) → the witnesses' lines → `checkpoint`, published. So nobody ever holds a checkpoint that this folder
does not know of, and whatever was signed before is continued by what is signed next.
"""

from __future__ import annotations

import contextlib
import functools
import shutil
import threading
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from eventstore.checkpoint import Checkpoint
from eventstore.log import Log
from eventstore.merkle import consistency_proof, tree_root
from eventstore.note import Note, Signature, SignerKey
from eventstore.tiles import HEIGHT, MAX_LEVEL, WIDTH, Tile, TileFolder, Tree
from eventstore.witness import Prove
from service import locks
from service.house import House
from service.layout import Layout, replace_file
from service.locks import FileLock
from service.log_history import read_published, read_signed, require_continuation, require_events
from service.log_key import LogRefused, load_signer
from vault.kdf import ServerKey

EVERY_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
LAST_LOCK_S: Final = 2.0  # How long a process that ends waits for its turn to sign what it wrote last.
STOP_S: Final = 2.5
SLICE: Final = 4 * WIDTH  # Leaves whose tiles are made without a rest: some milliseconds.
REST_S: Final = 0.01
EDGE_TILES: Final = 64  # Compared with the rows at start: what a power cut may have torn without changing its length.

Cosign = Callable[[Checkpoint, Note, Prove], Sequence[Signature]]
"""Asks witnesses for their lines, which it has verified. Between signing and publishing; must not raise for what a
witness does, and returns within seconds: nothing newer is signed meanwhile."""

log = structlog.get_logger("service.signing")


def nobody(_checkpoint: Checkpoint, _note: Note, _prove: Prove) -> Sequence[Signature]:
    """No witness."""
    return ()


def start_signing(house: House) -> Signing:
    """On a thread of this process, after its fork; the house gives the settings and the server key."""
    cosign: Cosign = nobody
    if house.settings.log_witnesses:
        # An HTTP client is slow to load, and only wanted with witnesses.
        from service.cosigning import Cosigners, parse_witnesses  # noqa: PLC0415

        cosign = Cosigners(parse_witnesses(house.settings.log_witnesses))
    signing = Signing(house.layout, house.server, house.settings.log_origin, cosign)
    signing.start()
    return signing


class Signing:
    """A thread that signs while this process holds the lock, and waits for the lock while another does."""

    def __init__(self, layout: Layout, server: ServerKey, origin: str, cosign: Cosign = nobody) -> None:
        self._layout = layout
        self._make = functools.partial(Signer, layout, server, origin, self._ask(cosign), self._rest)
        self._stopping = threading.Event()
        self._lock: FileLock | None = None
        self._signer: Signer | None = None
        self._pause_s = EVERY_S
        self._said = ""
        self._thread = threading.Thread(target=self._run, name="signing", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Signs what is new once more; after the last append of this process. Bounded: what this leaves unsigned, the
        next start signs."""
        self._stopping.set()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        try:
            while True:
                last = self._stopping.is_set()
                self._turn(LAST_LOCK_S if last else 0.0)
                if last:
                    return
                self._stopping.wait(self._pause_s)
        finally:
            self._let_go()
            if self._lock is not None:
                self._lock.release()

    def _turn(self, wait_s: float) -> None:
        """Whatever goes wrong is told once and tried again: the process has other things to do."""
        try:
            if self._lock is None:
                self._lock = locks.take(self._layout.signer_lock, wait_s)
            if self._lock is None:
                return
            if self._signer is None:
                self._signer = self._make()
            self._signer.sign_news()
        except LogRefused as error:
            self._failed(str(error))
            with contextlib.suppress(OSError):
                replace_file(self._layout.log_refused, f"{error}\n".encode())
        except Exception as error:  # noqa: BLE001  (a full disk, a damaged file: appends and requests go on)
            self._failed(f"{type(error).__name__}: {error}")
        else:
            self._went_well()

    def _failed(self, why: str) -> None:
        self._let_go()  # Nothing of it is trusted: the next try opens everything anew.
        self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)
        if why != self._said:
            self._said = why
            log.error("log not signed", why=why)

    def _went_well(self) -> None:
        self._pause_s = EVERY_S
        with contextlib.suppress(OSError):
            self._layout.log_refused.unlink(missing_ok=True)
        if self._said:
            self._said = ""
            log.info("log signed again")

    def _let_go(self) -> None:
        if self._signer is not None:
            self._signer.close()
            self._signer = None

    def _ask(self, cosign: Cosign) -> Cosign:
        """A process that ends waits for no witness, and no fault in asking one keeps a checkpoint back."""

        def ask(checkpoint: Checkpoint, note: Note, prove: Prove) -> Sequence[Signature]:
            if self._stopping.is_set():
                return ()
            try:
                return cosign(checkpoint, note, prove)
            except Exception as error:  # noqa: BLE001  (what is signed is to be published, whatever they do)
                log.warning("witnesses not asked", why=f"{type(error).__name__}: {error}")
                return ()

        return ask

    def _rest(self) -> None:
        self._stopping.wait(REST_S)


class Signer:
    """What the holder of `run/signer.lock` does, on one thread. LogRefused from anything here: nothing was signed."""

    def __init__(
        self,
        layout: Layout,
        server: ServerKey,
        origin: str = "",
        cosign: Cosign = nobody,
        rest: Callable[[], object] = lambda: None,
    ) -> None:
        """`rest` is called between stretches of work that others on this processor should not wait for."""
        self._layout = layout
        self._cosign = cosign
        self._rest = rest
        self._key: SignerKey = load_signer(layout, server, origin)
        self._signed, self._note = read_signed(layout, self._key.verifier)
        self._due = True  # To be published, and be it again: a crash may have come in between.
        require_events(layout, self._signed)
        self._file = self._file_id()
        self._log = Log(layout.events)
        self._seen = -1
        try:
            self._tree = self._tree_of(TileFolder(layout.log))
        except BaseException:
            self._log.close()
            raise

    def close(self) -> None:
        self._log.close()

    def sign_news(self) -> Checkpoint:
        """The newest checkpoint, signed and published; the last one again if there is nothing new."""
        if self._file_id() != self._file:
            raise LogRefused("events.db was replaced while it was being signed: looked at anew in a moment")
        seen = self._log.data_version()
        if seen == self._seen and not self._due:
            return self._signed
        head = self._log.head()
        if head != self._signed.size:
            require_continuation(self._log, self._tree, self._signed)
            self._grow(head)
            self._sign(Checkpoint(self._key.verifier.name, head, tree_root(head, self._tree.node)))
        if self._due:
            self._publish()
        self._seen = seen
        return self._signed

    def _sign(self, checkpoint: Checkpoint) -> None:
        note = Note(checkpoint.text, (self._key.sign(checkpoint.text),))
        replace_file(self._layout.signed, note.encode())
        self._signed, self._note, self._due = checkpoint, note, True

    def _publish(self) -> None:
        checkpoint, note = self._signed, self._note
        note = note.also(self._cosign(checkpoint, note, self._prove))
        published = read_published(self._layout, self._key.verifier)
        if published is not None and published[0] == checkpoint:  # After a restart: what witnesses said still holds.
            here = {(line.name, line.key_id) for line in note.signatures}
            note = note.also([line for line in published[1].signatures if (line.name, line.key_id) not in here])
        if published is None or published[1] != note:
            replace_file(self._layout.checkpoint, note.encode())
        self._due = False

    def _prove(self, old_size: int) -> Sequence[bytes]:
        return consistency_proof(old_size, self._signed.size, self._tree.node)

    def _file_id(self) -> tuple[int, int] | None:
        """Which file lies there: an open database stays open, whatever is put in its place."""
        try:
            found = self._layout.events.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def _tree_of(self, folder: TileFolder) -> Tree:
        """Over tiles that are all there, and say what the rows say as far as that was looked at."""
        tree = Tree(folder, self._log.read_leaves)
        if not require_continuation(self._log, tree, self._signed):
            log.warning("tiles made anew", why="they do not say what the rows say", size=self._signed.size)
            shutil.rmtree(self._layout.log / "tile", ignore_errors=True)
            tree = Tree(folder, self._log.read_leaves)
        self._mend(folder, tree)
        return tree

    def _mend(self, folder: TileFolder, tree: Tree) -> None:
        """Writes the full tiles that are missing or torn; those that were written last are compared with the rows."""
        size = self._signed.size
        mended = 0
        for level in range(MAX_LEVEL + 1):
            count = size >> HEIGHT * (level + 1)
            for index in range(count):
                kept = folder.read(level, index)
                if level == 0 and index >= count - EDGE_TILES:
                    wanted = self._log.read_leaves(index << HEIGHT, WIDTH)
                else:
                    wanted = kept or tree.tile(Tile(level, index))
                if kept != wanted:
                    folder.write(level, index, wanted)
                    mended += 1
                if index % EDGE_TILES == EDGE_TILES - 1:
                    self._rest()
        if mended:
            log.info("tiles made", count=mended, size=size)

    def _grow(self, size: int) -> None:
        """The tiles that the new tree has and the signed one had not."""
        done = self._signed.size
        while done < size:
            until = min(size, (done // SLICE + 1) * SLICE)
            self._tree.materialise(done, until)
            done = until
            if done < size:
                self._rest()
