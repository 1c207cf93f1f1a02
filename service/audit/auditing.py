"""`strongroom log verify` and `log check-proof`: what is audited with what, and how it is told."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Final

import msgspec

from eventstore.checkpoint import Checkpoint, parse_proof, verify_proof
from eventstore.merkle import ProofInvalid, leaf_hash
from eventstore.note import MAX_NOTE_BYTES, Algorithm, NoteInvalid, VerifierKey, parse_key
from eventstore.record import MAX_ENVELOPE_BYTES
from eventstore.verify.checkpoints import Policy
from eventstore.verify.crew import Crew, processes, threads
from eventstore.verify.data_folder import HANDS_FROM, verify_folder
from eventstore.verify.database import bound_memory
from eventstore.verify.envelopes import open_envelope
from eventstore.verify.files import FileRefused, read_small
from eventstore.verify.published import FolderSource, verify_static
from eventstore.verify.verdict import Show, Verdict
from service.audit.log_url import AT_ONCE, UrlSource, is_address

MAX_HANDS: Final = 8
MAX_PROOF_BYTES: Final = MAX_NOTE_BYTES + 64 * 64 + 2 * MAX_ENVELOPE_BYTES


class UsageError(ValueError):
    """What was asked cannot be done: one line that says why."""


def policy(key: str | None, since: str | None, witnesses: Sequence[str], quorum: int | None) -> Policy:
    """From what stands on the command line; witnesses without a quorum must all have signed. UsageError."""
    known = tuple(dict.fromkeys(_key(text, "--witness", Algorithm.COSIGNATURE_V1) for text in witnesses))
    wanted = len(known) if quorum is None else quorum
    if not 0 <= wanted <= len(known):
        raise UsageError(f"--quorum {wanted} of {len(known)} witnesses cannot be")
    try:
        older = None if since is None else _required(Path(since), MAX_NOTE_BYTES)
    except FileRefused as refused:
        raise UsageError(f"--since {since}: {refused}") from None
    trusted = None if key is None else _key(key, "--key", Algorithm.ED25519)
    return Policy(key=trusted, since=older, witnesses=known, quorum=wanted)


def audit_data(data: Path, policy: Policy, show: Show) -> Verdict:
    """A data folder. This process has its memory bounded from here on."""
    bound_memory()
    return verify_folder(data, policy, show, most_hands())


def audit_export(folder: Path, policy: Policy, show: Show) -> Verdict:
    """What `log export` wrote. UsageError without a key: one that lies beside it proves nothing."""
    key = _trusted(policy)
    return verify_static(str(folder), FolderSource(folder), key, policy, show, _crew)


def audit_url(url: str, policy: Policy, show: Show) -> Verdict:
    """What a server publishes: `url` is what comes before `/checkpoint`. UsageError."""
    key = _trusted(policy)
    if not is_address(url):
        raise UsageError("--url takes an http:// or https:// address")
    with closing(UrlSource(url)) as source:
        return verify_static(url, source, key, policy, show, lambda _: threads(AT_ONCE))


def check_proof(file: Path, policy: Policy) -> tuple[Checkpoint, bytes]:
    """The checkpoint and the entry that a proof file proves by the policy's key. UsageError; NoteInvalid and
    ProofInvalid say why it proves nothing; EnvelopeFault, FileRefused."""
    key = _trusted(policy)
    proof = parse_proof(_required(file, MAX_PROOF_BYTES))
    if not proof.extra:
        raise NoteInvalid("the proof does not carry its entry")
    checkpoint = verify_proof(proof, leaf_hash(proof.extra), key, policy.witnesses, policy.quorum)
    if open_envelope(proof.extra).position != proof.index + 1:
        raise ProofInvalid(f"entry {proof.index} says that it is another")
    return checkpoint, proof.extra


def lines(verdict: Verdict) -> Iterator[str]:
    """For a person; what comes from the files is escaped."""
    yield f"audited       {shown(verdict.source)}"
    yield f"key           {shown(verdict.key) or 'none'}"
    if verdict.key_on_trust:
        yield "              taken on trust from the folder itself: give --key, had from another place"
    if verdict.size >= 0:
        yield f"checkpoint    {shown(verdict.origin)}, {verdict.size} positions, root {verdict.root}"
    yield f"checked       {verdict.checked} positions"
    if verdict.unsigned:
        first = verdict.checked - verdict.unsigned + 1
        yield f"not signed    {verdict.unsigned} of them, from position {first} on: no checkpoint covers them yet"
    yield from (f"note          {shown(note)}" for note in verdict.notes)
    yield from (f"WRONG         {shown(finding.line)}" for finding in verdict.findings)
    if verdict.more_findings:
        yield "WRONG         and more that is not listed"
    yield "sound" if verdict.sound else "NOT SOUND"


def as_json(verdict: Verdict) -> str:
    return msgspec.json.encode({"sound": verdict.sound, **msgspec.structs.asdict(verdict)}).decode()


def shown(text: str) -> str:
    """Printable on any terminal: a file's own bytes must not move its cursor."""
    return "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in text)


def _trusted(policy: Policy) -> VerifierKey:
    if policy.key is None:
        raise UsageError("--key is needed: a key from the same place as the log proves nothing about it")
    return policy.key


def _key(text: str, option: str, algorithm: Algorithm) -> VerifierKey:
    try:
        key = parse_key(text.strip())
    except NoteInvalid as invalid:
        raise UsageError(f"{option}: {invalid}") from None
    if key.algorithm is not algorithm:
        raise UsageError(f"{option}: a key of another kind is needed here")
    return key


def _required(path: Path, most_bytes: int) -> bytes:
    data = read_small(path, most_bytes)
    if data is None:
        raise FileRefused("there is no such file")
    return data


def _crew(positions: int) -> AbstractContextManager[Crew]:
    return processes(most_hands() if positions >= HANDS_FROM else 1)


def most_hands() -> int:
    return min(MAX_HANDS, os.cpu_count() or 1)
