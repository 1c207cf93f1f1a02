"""Acknowledging received files: keys, then event, and only then an answer.

Crash points: before the keys are written the spool is noise that nobody can open, and is swept by its age; between
keys and event the keyring has a row that no event names, swept too; after the event the worker takes over.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Collection

import msgspec

from domain import chat, file
from domain.errors import NotFound, QuotaExceeded
from domain.events import ChatEvent, FileKind, FileUploaded, MessageSent
from eventstore.errors import DuplicateRequest
from eventstore.record import Append, NewRecord, Record
from service.desk.desk import Desk, decided, taking_back
from service.house.facts import Sealing, fold, to_fact, to_records
from service.house.forgetting import drop_blob
from service.house.house import House
from service.house.keychain import Keychain, new_stream
from service.house.principal import Principal
from service.house.requests import Asked, earlier, tag_of
from service.house.room import claimed_bytes
from service.house.still import Still
from service.machine.errors import StorageFull
from service.processing.sharing import seal_anew, stored_before
from service.uploads.incoming import Received
from vault.errors import KeyringBusy, KeyringFull, QuotaReached
from vault.keyring import FileKeyRow
from vault.keys import wrap_for_server


class Place(msgspec.Struct, frozen=True):
    """Where a file belongs: nowhere, in a chat, or to a message of a chat."""

    chat_id: str | None = None
    message_id: str | None = None


class Accepted(msgspec.Struct, frozen=True):
    file_id: str
    name: str
    kind: FileKind
    size_bytes: int
    position: int


class Refused(msgspec.Struct, frozen=True):
    name: str
    code: str
    detail: str


class Uploaded(msgspec.Struct, frozen=True):
    files: list[Accepted]
    replayed: bool = False


def find_place(house: House, who: Principal, chat_id: str | None, message_id: str | None) -> Place:
    """NotFound for a chat or message that is not there, not this person's or out of reach; a message brings its chat.
    NotAllowed for no chat at all, where only some are reached."""
    if message_id is not None:
        records = house.log.read_stream(f"message-{message_id}")
        sent = to_fact(records[0]).event if records and records[0].envelope.user == who.user else None
        if not isinstance(sent, MessageSent) or chat_id not in (None, sent.chat):
            raise NotFound("No such message.")
        chat_id = sent.chat
    if chat_id is None:
        who.require_everywhere()
    elif not who.reaches(chat_id) or house.keyring.stream_key(f"chat-{chat_id}", who.user) is None:
        raise NotFound("No such chat.")
    return Place(chat_id, message_id)


async def commit(
    desk: Desk, who: Principal, place: Place, received: list[Received], asked: Asked | None
) -> tuple[Uploaded, list[Refused]]:
    """Keys, then one append for all files: acknowledged together. What passes the quota is refused alone. Whatever is
    raised, nothing of `received` is left open, and nothing is left at all unless the append's outcome is open.

    BadCredentials for who may not be here any more: the bytes took their time, and a token may have been revoked."""
    house = desk.house
    if asked is not None:
        asked = msgspec.structs.replace(asked, body=asked.body + _fingerprint(place, received))
    tag = tag_of(asked, who.writing)
    made: list[str] = []
    try:
        Still(house, who).require()
        position = earlier(house.log, tag)
        fitting, refused = await _add_keys(desk, who, received if position is None else [], made)
    except BaseException:
        await discard(desk, received)  # No append has been asked for, so no event can come to need them.
        raise
    if position is not None:
        await discard(desk, received)
        return _replay(house, who, position, place, received)
    if not fitting:
        return Uploaded([]), refused
    kept = [one for one, _ in fitting]
    for one in kept:
        one.hold.release()  # Its key speaks for it now, and the worker wants the lock.

    async def attempt() -> Uploaded:
        records: tuple[NewRecord, ...] = ()
        for one, key in fitting:
            if one.resumable and (filed := filed_at(house, one.file_id)) is not None:
                return Uploaded([_accepted(one, filed)])  # An earlier append of which nobody heard the end.
            events = file.decide(_command(one, place), file.State())
            sealing = Sealing(f"file-{one.file_id}", key)
            records += to_records(who.user, sealing.key_id, 0, events, sealing, None if records else tag)
        appended = await desk.append(Append(records, guards=_guards(house, place)))
        return Uploaded([_accepted(one, appended.first + at) for at, one in enumerate(kept)])

    try:
        async with taking_back(lambda: discard(desk, kept, made)):
            return await decided(attempt), refused
    except DuplicateRequest as duplicate:
        earlier(house.log, tag)
        return _replay(house, who, duplicate.position, place, received)


async def discard(desk: Desk, received: list[Received], made: Collection[str] = ()) -> None:
    """Takes back files that no event names: their spools, locks and keys. Keys that a full disk keeps are swept.

    What is resumable keeps its keys unless they are `made` by who asks: the append of an earlier try may still become
    durable, and nobody could open what it wrote."""
    house = desk.house
    forgotten = [f"file-{one.file_id}" for one in received if not one.resumable or one.file_id in made]

    def work() -> None:
        _drop_spools(house, received)  # First: forgetting needs room for a journal, and the disk may be full.
        with contextlib.suppress(KeyringFull, KeyringBusy):
            for blob_id in house.keyring.forget(forgotten):
                drop_blob(house, blob_id)  # Shared with a file that was deleted in the meantime.

    await desk.aside(work)


def filed_at(house: House, file_id: str) -> int | None:
    """The position at which the log got to know the file; None if it does not."""
    records = house.log.read_stream(f"file-{file_id}")
    return records[0].position if records else None


def _drop_spools(house: House, received: list[Received]) -> None:
    for one in received:
        if not one.resumable:
            house.layout.spool_file(one.file_id).unlink(missing_ok=True)
        one.hold.release()


async def _add_keys(
    desk: Desk, who: Principal, received: list[Received], made: list[str]
) -> tuple[list[tuple[Received, bytes]], list[Refused]]:
    """Stream and spool keys of the files that fit the quota, in their order; the others are refused and removed. What
    is resumable comes alone. `made` gets the ids of files whose keys were not there before."""
    house = desk.house
    spool_master = house.server.purpose("spool")
    tags = {one.file_id: who.writing.content_tag(one.summary.size_bytes, one.summary.sha256) for one in received}
    earlier = stored_before(house, who.user, tags) if who.reads else {}
    shared = await desk.aside(lambda: seal_anew(house, who, earlier)) if earlier else {}
    fitting: list[tuple[Received, bytes]] = []
    rows: list[FileKeyRow] = []
    for one in received:
        stream = f"file-{one.file_id}"
        if one.resumable and (known := _known_key(house, who, one)) is not None:
            # An earlier try left it, and its append may still become durable: another key would not open that event.
            return [(one, known)], []
        key, stream_by_user = new_stream(who, stream, one.stream_key)
        spool_by_server = wrap_for_server(spool_master, one.spool_key, who.user, stream, "spool")
        rows.append(
            FileKeyRow(
                file_id=one.file_id,
                user_id=who.user,
                stream_by_user=stream_by_user,
                spool_by_server=spool_by_server,
                size_bytes=one.summary.size_bytes,
                content_tag=tags[one.file_id],
                shared=shared.get(one.file_id),
            )
        )
        fitting.append((one, key))
    refused: list[Refused] = []

    def claimed() -> int:
        """What is kept for resumable uploads. One of them has its share, which was weighed when it was claimed."""
        return 0 if any(one.resumable for one, _ in fitting) else claimed_bytes(house, who.user)

    while rows:
        try:
            await desk.aside(
                lambda: house.keyring.add_files(rows, house.settings.quota_bytes, house.clock_us(), claimed)
            )
            made += [row.file_id for row in rows]
            break
        except QuotaReached:
            # The largest goes first: what is left of the quota then serves most of the others.
            at = max(range(len(rows)), key=lambda index: rows[index].size_bytes)
            one, _ = fitting.pop(at)
            del rows[at]
            refused.append(_over_quota(one))
            _drop_spools(house, [one])
        except KeyringFull as error:
            raise StorageFull("The disk is full.") from error
    return fitting, refused


def _known_key(house: House, who: Principal, one: Received) -> bytes | None:
    """The key that the keyring has for an upload's file already. It was made from `stream_key` where there is one."""
    if not one.stream_key:
        return Keychain(house, who).stream(f"file-{one.file_id}")
    return None if house.keyring.stream_key(f"file-{one.file_id}", who.user) is None else one.stream_key


def _over_quota(one: Received) -> Refused:
    return Refused(one.name, QuotaExceeded.code, "There is no room left for this file in your quota.")


def _guards(house: House, place: Place) -> tuple[tuple[str, int], ...]:
    """The chat must still be open when the files go in. NotFound otherwise."""
    if place.chat_id is None:
        return ()
    stream = f"chat-{place.chat_id}"
    events = [to_fact(record).event for record in house.log.read_stream(stream)]
    chat.require_open(fold(chat.evolve, chat.State(), ChatEvent, events))
    return ((stream, len(events)),)


def _command(one: Received, place: Place) -> file.UploadFile:
    return file.UploadFile(
        kind=one.kind,
        size_bytes=one.summary.size_bytes,
        name=one.name,
        declared_type=one.declared_type,
        sha256=one.summary.sha256.hex(),
        chat=place.chat_id,
        message=place.message_id,
        uploaded_at_us=one.uploaded_at_us,
    )


def _accepted(one: Received, position: int) -> Accepted:
    return Accepted(one.file_id, one.name, one.kind, one.summary.size_bytes, position)


def _fingerprint(place: Place, received: list[Received]) -> bytes:
    """What makes the body of an upload the same body: its place; names, types and content of its files, in order."""
    return msgspec.json.encode((place, [(one.name, one.declared_type, one.summary.sha256.hex()) for one in received]))


def _replay(
    house: House, who: Principal, position: int, place: Place, received: list[Received]
) -> tuple[Uploaded, list[Refused]]:
    """The first answer again, from the events it wrote: the same files came, and those among them that have no event
    were refused for the quota then. A file forgotten since has no name any more."""
    files: list[Accepted] = []
    refused: list[Refused] = []
    records = deque(house.log.read_all(position - 1, len(received)))
    for one in received:
        if not records or not _is_of(records[0], who, place, one) or (files and records[0].envelope.request):
            refused.append(_over_quota(one))
            continue
        record = records.popleft()
        fact = to_fact(record)
        name = "" if house.keyring.stream_key(fact.stream, who.user) is None else one.name
        files.append(Accepted(fact.subject, name, one.kind, one.summary.size_bytes, fact.position))
    return Uploaded(files, replayed=True), refused


def _is_of(record: Record, who: Principal, place: Place, one: Received) -> bool:
    """Whether the record can be the event of this file, by what is known without its key."""
    event = to_fact(record).event
    return (
        record.envelope.user == who.user
        and isinstance(event, FileUploaded)
        and (event.chat, event.message) == (place.chat_id, place.message_id)
        and (event.kind, event.size_bytes) == (one.kind, one.summary.size_bytes)
    )
