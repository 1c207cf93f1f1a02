"""A small witness: cosigns the checkpoints of the logs it was told of, and remembers the last one of each.

It needs nothing of Strongroom's data and should run where the log's operator cannot reach it: on another machine, in
other hands. Its folder holds its key (0600), its verifier key, and the last note of each log.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from eventstore.checkpoint import Checkpoint, parse_checkpoint
from eventstore.note import (
    Algorithm,
    Note,
    NoteInvalid,
    SignerKey,
    VerifierKey,
    parse_key,
    parse_note,
    require_name,
    verify_note,
)
from eventstore.witness import (
    SIZE_TYPE,
    OtherSize,
    Refused,
    parse_add_checkpoint,
    require_continues,
)
from service.machine.layout import make_folder, replace_file

PREFIX: Final = "STRONGROOM_WITNESS_"
SEED_BYTES: Final = 32
TEXT: Final = "text/plain; charset=utf-8"


class WitnessError(Exception):
    """The witness cannot work as it was told to: one line."""


class WitnessSettings(msgspec.Struct, frozen=True):
    """Its folder, its name in signatures, and the logs (verifier keys) it cosigns."""

    folder: Path
    name: str
    logs: tuple[VerifierKey, ...]

    def environment(self) -> dict[str, str]:
        """As `witness_settings` reads it."""
        given = {"FOLDER": str(self.folder), "NAME": self.name, "LOGS": " ".join(map(str, self.logs))}
        return {PREFIX + name: value for name, value in given.items()}


class Answer(msgspec.Struct, frozen=True):
    """What goes back over HTTP."""

    status: int
    body: bytes
    content_type: str = TEXT


def witness_settings(environ: Mapping[str, str]) -> WitnessSettings:
    """WitnessError names what is missing or wrong."""
    folder, name = environ.get(PREFIX + "FOLDER", ""), environ.get(PREFIX + "NAME", "")
    if not folder or not name:
        raise WitnessError("a witness needs a folder and a name")
    try:
        logs = tuple(parse_key(text) for text in environ.get(PREFIX + "LOGS", "").split())
        require_name(name)
    except NoteInvalid as error:
        raise WitnessError(str(error)) from error
    if not logs:
        raise WitnessError("a witness needs the verifier key of at least one log")
    for log in logs:
        if log.algorithm is not Algorithm.ED25519:
            raise WitnessError(f"{log.name} is a witness's key, not a log's")
    return WitnessSettings(Path(folder).absolute(), name, logs)


class Witness:
    """Safe to have in several processes: they take turns at a lock in the folder."""

    def __init__(self, settings: WitnessSettings) -> None:
        """Makes the folder and the key when they are not there. OSError; WitnessError for a key of another length."""
        self._logs = settings.logs
        self._folder = settings.folder
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_folder(self._folder / "logs")
        with self._alone():
            self._require_name(settings.name)
            self._key = SignerKey(settings.name, _seed(self._folder / "key"), Algorithm.COSIGNATURE_V1)
            replace_file(self._folder / "verifier", f"{self._key.verifier}\n".encode())

    @property
    def verifier(self) -> VerifierKey:
        return self._key.verifier

    def add_checkpoint(self, data: bytes, now_s: int) -> Answer:
        """`add-checkpoint`: the cosignature line, durable before it is given, or why not. WitnessError when what it
        remembers is damaged: it then cosigns nothing."""
        try:
            request = parse_add_checkpoint(data)
            with self._alone():
                path = self._remembered(parse_checkpoint(request.note.text).origin)
                checkpoint = require_continues(request, self._logs, self._last(path))
                signature = self._key.sign(checkpoint.text, now_s)
                replace_file(path, Note(checkpoint.text, (signature,)).encode())
        except NoteInvalid as error:
            return Answer(400, f"{error}\n".encode())
        except OtherSize as error:
            return Answer(error.status, f"{error.size}\n".encode(), SIZE_TYPE)
        except Refused as error:
            return Answer(error.status, f"{error}\n".encode())
        return Answer(200, signature.line.encode())

    def _require_name(self, name: str) -> None:
        """What it remembers is signed under its name: under another it would look damaged."""
        try:
            here = parse_key((self._folder / "verifier").read_text().strip()).name
        except (FileNotFoundError, ValueError):
            return
        if here != name:
            raise WitnessError(f"the witness in this folder is {here}: start it under that name, or in another folder")

    def _last(self, path: Path) -> Checkpoint | None:
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            note = parse_note(data)
            verify_note(note, [self._key.verifier])
            return parse_checkpoint(note.text)
        except NoteInvalid as error:
            raise WitnessError(f"logs/{path.name} is damaged ({error}): restore it; nothing is cosigned") from error

    def _remembered(self, origin: str) -> Path:
        return self._folder / "logs" / hashlib.sha256(origin.encode()).hexdigest()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def parse_logs(texts: Sequence[str]) -> tuple[VerifierKey, ...]:
    """Verifier keys as given on the command line. WitnessError."""
    try:
        return tuple(parse_key(text) for text in texts)
    except NoteInvalid as error:
        raise WitnessError(str(error)) from error


def _seed(path: Path) -> bytes:
    if not path.exists():
        replace_file(path, os.urandom(SEED_BYTES))
    seed = path.read_bytes()
    if len(seed) != SEED_BYTES:
        raise WitnessError(f"{path.name} must hold {SEED_BYTES} bytes, not {len(seed)}")
    return seed
