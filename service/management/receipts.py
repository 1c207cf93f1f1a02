"""Receipts of erasures: what the log says of one that is finished, signed by the log's own key, for whoever asked for
it to keep.

A receipt is a signed note (c2sp.org/signed-note) with a text of its own. The key that signs it also signs checkpoints,
so one must never be taken for the other: the first line of a checkpoint is the log's name, which holds no space, and
the second a number; the first line here has spaces, and the second is no number. Nothing of the text is the asker's: it
is made from the log and one setting, so that the key signs for strangers only what the log says anyway, and the same
receipt always reads the same.

Whether an erasure was carried out nobody can see from outside. The receipt is the server's word on it, in a form that
can be held against it: it names the two events, and the log cannot take them back.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from itertools import islice
from typing import Final, Literal

import msgspec

from domain.errors import NotFound
from domain.events import FileUploaded
from eventstore.log import Log
from eventstore.note import Note, SignerKey
from eventstore.record import Envelope, Record
from service.accounts.accounts import fold_account
from service.house.facts import to_fact
from service.house.house import House
from service.machine.units import DAY_US
from service.reading.views import rfc3339

HEADER: Final = "Strongroom erasure receipt v1"
FILES_NAMED: Final = 1_000  # Of a chat: a note has at most 64 KiB.
EVENTS_SCANNED: Final = 20_000
PAGE: Final = 1_000

What = Literal["account", "chat", "file"]
ASKED: Final[dict[str, What]] = {"ErasureRequested": "account", "ChatDeleted": "chat", "FileDeleted": "file"}
DONE: Final[dict[str, What]] = {"AccountErased": "account", "ChatErased": "chat", "FileErased": "file"}


class NotDone(Exception):
    """It is asked for, and not finished yet."""


class Span(msgspec.Struct, frozen=True):
    """So many events, from the first to the last position."""

    count: int
    first: int
    last: int


class Erasure(msgspec.Struct, frozen=True):
    """One that is finished. `streams`: what went, its own first, of a chat its files as well; `unnamed`: there are
    more of those than a receipt names. `span`: of an account, all that the log has of it."""

    what: What
    user: str
    streams: tuple[str, ...]
    asked: Record
    done: Record
    unnamed: bool = False
    span: Span | None = None


def find_erasure(log: Log, position: int) -> Erasure:
    """By the position of the event that asked for it, or of the one that says it is done. NotFound when there is no
    such event; NotDone. A chat or file whose account was erased meanwhile: what was left of it went with that."""
    found = log.read_envelopes(position - 1, 1) if position >= 1 else []
    if not found or found[0].position != position:
        raise NotFound("No such event.")
    envelope = found[0]
    what = ASKED.get(envelope.type) or DONE.get(envelope.type)
    if what is None:
        raise NotFound("This event erases nothing.")
    stream = envelope.stream
    records = log.read_stream(stream)
    done = next((record for record in records if record.envelope.type in DONE), None)
    if done is None and what != "account" and fold_account(log.read_stream(f"account-{envelope.user}")).erasing:
        what, stream = "account", f"account-{envelope.user}"
        records = log.read_stream(stream)
        done = next((record for record in records if record.envelope.type in DONE), None)
    if done is None:
        raise NotDone
    asked = next(record for record in records if record.envelope.type in ASKED)
    match what:
        case "account":
            span = Span(*log.count_user(envelope.user, done.position))
            return Erasure(what, envelope.user, (stream,), asked, done, span=span)
        case "chat":
            files, unnamed = _files_gone(log, asked.envelope, done.position)
            return Erasure(what, envelope.user, (stream, *files), asked, done, unnamed)
        case "file":
            return Erasure(what, envelope.user, (stream,), asked, done)


def text_of(erasure: Erasure, origin: str, backup_horizon_days: int) -> str:
    """What is signed. Times are UTC; hashes are leaf hashes of the tree (RFC 6962), in base64. `origin`: the log's
    name."""
    asked, done = erasure.asked, erasure.done
    horizon_us = done.envelope.at_us + backup_horizon_days * DAY_US
    lines = [
        HEADER,
        f"log {origin}",
        f"erased {erasure.what}",
        *(f"stream {stream}" for stream in erasure.streams),
    ]
    if erasure.unnamed:
        lines.append("more files of the chat: see the log between the two events")
    if (span := erasure.span) is not None:
        lines.append(f"events {span.count} from {span.first} to {span.last}")
    lines += [
        f"asked {_event(asked)}",
        f"done {_event(done)}",
        f"covered by every checkpoint of {done.position} events or more",
        f"backups of keys are gone by {rfc3339(horizon_us)}",
    ]
    return "".join(f"{line}\n" for line in lines)


def sign_receipt(erasure: Erasure, signer: SignerKey, backup_horizon_days: int) -> Note:
    """The signature is Ed25519 (RFC 8032): the same text gives the same one."""
    text = text_of(erasure, signer.verifier.name, backup_horizon_days)
    return Note(text, (signer.sign(text),))


def require_gone(house: House, log: Log, erasure: Erasure) -> None:
    """NotDone while the keyring has a key of it again, out of an older copy: nothing is signed that does not hold. Of a
    chat all files are looked for, those that a receipt does not name among them, and all messages with a key of their
    own."""
    keyring = house.keyring
    if erasure.what == "account":
        held = keyring.account(erasure.user) is not None
    else:
        held = bool(keyring.still_keyed(erasure.streams)) or (erasure.unnamed and _further_held(house, log, erasure))
    if held:
        raise NotDone


def _further_held(house: House, log: Log, erasure: Erasure) -> bool:
    """By page, in the order of the log. What a file belongs to is asked of those alone that have a key."""
    erased = (one.stream for one in _between(log, erasure.asked.envelope, erasure.done.position) if _is_file_end(one))
    while page := list(islice(erased, PAGE)):
        held = house.keyring.still_keyed(page)
        if any(_went_with(log, stream, erasure.asked.envelope) for stream in held):
            return True
    return False


def _event(record: Record) -> str:
    envelope = record.envelope
    return f"{envelope.position} {rfc3339(envelope.at_us)} {base64.b64encode(record.leaf_hash).decode()}"


def _files_gone(log: Log, asked: Envelope, done: int) -> tuple[list[str], bool]:
    """Streams of the chat's files that went with it, and whether there are more than are looked for. What was deleted
    before by itself has a receipt of its own."""
    found: list[str] = []
    for scanned, envelope in enumerate(_between(log, asked, done)):
        if scanned == EVENTS_SCANNED or len(found) > FILES_NAMED:
            return found[:FILES_NAMED], True
        if _is_file_end(envelope) and _went_with(log, envelope.stream, asked):
            found.append(envelope.stream)
    return found[:FILES_NAMED], len(found) > FILES_NAMED


def _is_file_end(envelope: Envelope) -> bool:
    return envelope.type == "FileErased"


def _went_with(log: Log, stream: str, asked: Envelope) -> bool:
    """Whether this file was in the chat that was asked to go."""
    uploaded = to_fact(log.read_stream(stream)[0]).event
    return isinstance(uploaded, FileUploaded) and f"chat-{uploaded.chat}" == asked.stream


def _between(log: Log, asked: Envelope, done: int) -> Iterator[Envelope]:
    """What the log has of this person after one event and before another."""
    after = asked.position
    while entries := log.read_user_entries(asked.user, after, PAGE):
        for entry in entries:
            if entry.envelope.position >= done:
                return
            yield entry.envelope
        after = entries[-1].envelope.position
