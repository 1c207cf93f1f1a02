"""Forgetting: the keys first, from then on what they sealed is noise; then the bytes; then it is said that all is done.

The event that asks for it (FileDeleted, ChatDeleted) is in the log before. Whoever appended it forgets at once; the
worker, the sweeper and the next start do the same again, and go on from wherever somebody was cut off. Crash points:

- after the event: everything is still there. The keys are found by the sweeper, and the deletion in the read tables,
  which have it until the last step;
- after the keys: what is left is noise that takes room;
- after the bytes, before FileErased: all of it once more, and nothing happens but that event;
- of a chat, amid its files: each is at one of these points, and the chat stays unfinished until the last of them is
  not. ChatErased comes after every FileErased that it stands for.

What a job has open in that moment ends as noise: the key of what it writes is refused (Keyring.put_blob_key).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from typing import Final

from domain import chat, file
from domain.events import AnyEvent, ChatEvent, FileEvent
from domain.fact import Fact
from eventstore.errors import VersionConflict
from eventstore.log import Log
from eventstore.record import Append, Appended
from eventstore.writer import Outcome
from service.house.advance import forget_advance
from service.house.facts import fold, to_fact, to_records
from service.house.house import House

FILES_AT_ONCE: Final = 100
MAX_TRIES: Final = 5
APPEND_TIMEOUT_S: Final = 30.0
PROJECTED_WAIT_S: Final = 2.0
PROJECTED_POLL_S: Final = 0.01


class NotProjected(Exception):
    """The read tables have not reached the deletion yet: which files belong to the chat is not known."""


class FilesBusy(Exception):
    """What is being deleted keeps being changed by others: again in a while."""


# -- keys and bytes ----------------------------------------------------------------------------------------------


def forget_file(house: House, file_id: str) -> None:
    """As `forget_files`."""
    forget_files(house, [file_id])


def forget_files(house: House, file_ids: Sequence[str]) -> None:
    """Keys, then blob, spool and what was told of the progress of files that are deleted, or that no event ever named;
    the row of what came as a resumable upload. A blob that another file of the same content lies in stays."""
    for file_id in file_ids:
        house.pending.drop(file_id)  # First: the sweeper finds what is left by the keyring.
    loose = house.keyring.forget([f"file-{file_id}" for file_id in file_ids])
    # The files' own, too: one whose key was never written was cut off between the two.
    for blob_id in {*loose, *(file_id for file_id in file_ids if not house.keyring.blob_in_use(file_id))}:
        drop_blob(house, blob_id)
    for file_id in file_ids:
        house.layout.spool_file(file_id).unlink(missing_ok=True)
        forget_advance(house.layout, file_id)


def drop_blob(house: House, blob_id: str) -> None:
    """The bytes of a blob that no key in the keyring opens, and all that was derived from them."""
    for path in house.layout.blob_files(blob_id):
        path.unlink(missing_ok=True)


# -- files -------------------------------------------------------------------------------------------------------


def finish_files(house: House, log: Log, file_ids: Sequence[str]) -> int:
    """All that is left to do of these files, at most FILES_AT_ONCE; of how many there was something. Nothing happens to
    one unless the log says that it is deleted, and not that it is done: whoever can write to the queue must not be able
    to destroy a key. FilesBusy, LogError, KeyringFull: again."""
    states = {file_id: file_of(log, file_id)[0] for file_id in file_ids}
    begun = [file_id for file_id, state in states.items() if state.status == "deleted" and not state.erased]
    if begun:
        forget_files(house, begun)
        say(house, log, file.FinishDeletion(), begun)
    return len(begun)


def delete_files(house: House, log: Log, file_ids: Sequence[str]) -> None:
    """From FileDeleted to FileErased, of files whose chat is deleted; also of those that are somewhere in between.
    FilesBusy, LogError, KeyringFull: again."""
    for start in range(0, len(file_ids), FILES_AT_ONCE):
        some = file_ids[start : start + FILES_AT_ONCE]
        say(house, log, file.DeleteFile(), some)  # A job that is at one of them learns of it.
        forget_files(house, some)
        say(house, log, file.FinishDeletion(), some)


def say(house: House, log: Log, command: file.DeleteFile | file.FinishDeletion, file_ids: Sequence[str]) -> None:
    """What the command asks for of each file that the log knows, in one commit. FilesBusy, LogError: some of it may be
    said, again from the start."""
    for _ in range(MAX_TRIES):
        outcomes = _append_each(house, [append for file_id in file_ids for append in _decided(log, command, file_id)])
        for outcome in outcomes:
            if not isinstance(outcome, Appended | VersionConflict):
                raise outcome
        if all(isinstance(outcome, Appended) for outcome in outcomes):
            return
    raise FilesBusy


def file_of(log: Log, file_id: str) -> tuple[file.State, list[Fact]]:
    facts = [to_fact(record) for record in log.read_stream(f"file-{file_id}")]
    return fold(file.evolve, file.State(), FileEvent, (fact.event for fact in facts)), facts


def _decided(log: Log, command: file.DeleteFile | file.FinishDeletion, file_id: str) -> Iterator[Append]:
    state, facts = file_of(log, file_id)
    events: Sequence[AnyEvent] = file.decide(command, state) if facts else ()
    if events:
        yield Append(to_records(facts[0].user, f"file-{file_id}", len(facts), events))


def _append_each(house: House, appends: Sequence[Append]) -> Sequence[Outcome]:
    if not appends:
        return ()
    future: Future[Sequence[Outcome]] = Future()
    house.writer.submit(appends, future.set_result)
    return future.result(APPEND_TIMEOUT_S)


# -- chats -------------------------------------------------------------------------------------------------------


def finish_chat(house: House, log: Log, chat_id: str, until_s: float | None = None) -> bool:
    """The chat's key and those of its messages, then its files, then ChatErased. True when all is done. False, and
    nothing happens, unless the log says that the chat is deleted: the queue alone is not believed. False also where
    `until_s` (monotonic) was passed between two batches of files: again, and it goes on there.

    No file can join after the deletion: what goes into a chat is guarded by the chat's version. NotProjected while the
    tables, which know the chat's files, are not that far. FilesBusy, LogError, KeyringFull: again."""
    state, facts = chat_of(log, chat_id)
    if not state.deleted:
        return False
    if state.erased:
        return True
    house.keyring.forget([f"chat-{chat_id}"])
    _require_projected(house, facts[-1].position)
    file_ids = house.reader.chat_files(facts[0].user, chat_id)
    for start in range(0, len(file_ids), FILES_AT_ONCE):
        if until_s is not None and time.monotonic() >= until_s and start:
            return False
        delete_files(house, log, file_ids[start : start + FILES_AT_ONCE])
    for _ in range(MAX_TRIES):
        state, facts = chat_of(log, chat_id)
        events = chat.decide(chat.FinishDeletion(), state)
        if not events:
            return True
        try:
            house.writer.append(Append(to_records(facts[0].user, f"chat-{chat_id}", len(facts), events)))
        except VersionConflict:
            continue  # Somebody else has just said so.
        return True
    raise FilesBusy


def chat_of(log: Log, chat_id: str) -> tuple[chat.State, list[Fact]]:
    facts = [to_fact(record) for record in log.read_stream(f"chat-{chat_id}")]
    return fold(chat.evolve, chat.State(), ChatEvent, (fact.event for fact in facts)), facts


def _require_projected(house: House, position: int) -> None:
    until_s = time.monotonic() + PROJECTED_WAIT_S
    while house.reader.position() < position:
        if time.monotonic() >= until_s:
            raise NotProjected
        time.sleep(PROJECTED_POLL_S)
