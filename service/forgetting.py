"""Forgetting: the keys first, from then on what they sealed is noise; then the bytes. Idempotent.

The event that asks for it (FileDeleted, ChatDeleted) is in the log before; whoever appended it forgets at
once, and the worker and the sweeper do the same again, so that a crash between event and keys leaves nothing
to read for long.
"""

from __future__ import annotations

import time
from typing import Final

from domain import chat, file
from domain.events import ChatEvent, FileEvent
from domain.fact import Fact
from eventstore.errors import VersionConflict
from eventstore.log import Log
from eventstore.record import Append
from service.facts import fold, to_fact, to_records
from service.house import House

MAX_TRIES: Final = 5
PROJECTED_WAIT_S: Final = 2.0
PROJECTED_POLL_S: Final = 0.01


class NotProjected(Exception):
    """The read tables have not reached the deletion yet: which files belong to the chat is not known."""


def forget_file(house: House, file_id: str) -> None:
    """Keys, blob and spool of a file that is deleted, or that no event ever named; its row, if it came as a resumable
    upload. A blob that another file of the same content lies in stays."""
    house.pending.drop(file_id)  # First: the sweeper finds what is left by the keyring.
    loose = house.keyring.forget([f"file-{file_id}"])
    if not house.keyring.blob_in_use(file_id):
        loose.append(file_id)  # Written, but its key never was: a job was cut off between the two.
    for blob_id in loose:
        drop_blob(house, blob_id)
    house.layout.spool_file(file_id).unlink(missing_ok=True)


def drop_blob(house: House, blob_id: str) -> None:
    """The bytes of a blob that no key in the keyring opens, and all that was derived from them."""
    for path in house.layout.blob_files(blob_id):
        path.unlink(missing_ok=True)


def forget_deleted_file(house: House, log: Log, file_id: str) -> None:
    """The same for a job out of the queue: only if the log says that the file is deleted. Whoever can write to the
    queue must not be able to destroy a key."""
    state, _ = _file(log, f"file-{file_id}")
    if state.status == "deleted":
        forget_file(house, file_id)


def delete_file(house: House, log: Log, file_id: str) -> None:
    """FileDeleted, for a file whose chat is deleted, then its forgetting."""
    for _ in range(MAX_TRIES):
        try:
            _append_deletion(house, log, f"file-{file_id}")
            break
        except VersionConflict:
            continue  # Stored or failed in this instant: decide again.
    else:
        return  # The sweeper comes by: no key goes without its event.
    forget_file(house, file_id)


def _file(log: Log, stream: str) -> tuple[file.State, list[Fact]]:
    facts = [to_fact(record) for record in log.read_stream(stream)]
    return fold(file.evolve, file.State(), FileEvent, (fact.event for fact in facts)), facts


def _append_deletion(house: House, log: Log, stream: str) -> None:
    state, facts = _file(log, stream)
    events = file.decide(file.DeleteFile(), state) if facts else ()
    if events:
        house.writer.append(Append(to_records(facts[0].user, stream, len(facts), events)))


def forget_chat(house: House, log: Log, chat_id: str, user: str, deleted_at: int) -> int:
    """The chat's key, and its files one by one; how many. `deleted_at`: the position of ChatDeleted.

    No file can join after that position: what goes into a chat is guarded by the chat's version. NotProjected
    while the tables, which know the chat's files, are not that far. Nothing happens, and 0 comes back, unless the
    log says that this user's chat is deleted: the queue alone is not believed.
    """
    facts = [to_fact(record) for record in log.read_stream(f"chat-{chat_id}")]
    state = fold(chat.evolve, chat.State(), ChatEvent, (fact.event for fact in facts))
    if not state.deleted or facts[0].user != user:
        return 0
    house.keyring.forget([f"chat-{chat_id}"])
    until_s = time.monotonic() + PROJECTED_WAIT_S
    while house.reader.position() < deleted_at:
        if time.monotonic() >= until_s:
            raise NotProjected
        time.sleep(PROJECTED_POLL_S)
    files = house.reader.chat_files(user, chat_id)
    for file_id in files:
        delete_file(house, log, file_id)
    return len(files)
