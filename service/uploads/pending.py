"""Uploads that may be gone on with: begun, described, completed, ended. How bytes come in is in `resuming`.

An upload is a row and a spool. Its id becomes the file's. When every byte is in the spool, the ordinary commit of
`uploads` makes it a file; whoever comes next completes what a crash cut off between the last byte and the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final, TypeVar

import msgspec

from domain.errors import FileTooLarge, NotAllowed, NotFound, QuotaExceeded, RequestReused, TooManyUploads
from service.desk.desk import Desk
from service.files import files
from service.house.house import House
from service.house.principal import Principal
from service.house.requests import Asked, tag_of
from service.house.room import folder_away, require_reserve, storage_full
from service.house.still import Still
from service.machine.ids import new_id
from service.uploads import turns, uploads
from service.uploads.incoming import Received, hold_spool
from service.uploads.turns import Turn
from service.uploads.upload_words import KeptWords, Words, first_words, last_words, open_words
from service.uploads.uploads import filed_at, find_place
from vault.durable import remove_abandoned
from vault.errors import AccountGone, QuotaReached, SpoolBroken, SpoolFinished, TooManyPending
from vault.keys import new_key, unwrap_for_server, wrap_for_server
from vault.pending import Form, PendingRow, Stage
from vault.spool import SpoolReader, SpoolSummary, SpoolWriter

MAX_OPEN: Final = 1_000  # Uploads of one person that are not files yet.
Result = TypeVar("Result")


class Upload(msgspec.Struct, frozen=True):
    """Where an upload stands. `position`: where the log got to know it as a file, once it has. `size_bytes` is None
    while nobody has told. No repr, for its words."""

    upload_id: str
    form: Form
    size_bytes: int | None
    offset_bytes: int
    words: Words
    expires_at_us: int
    position: int | None = None
    replayed: bool = False

    @property
    def complete(self) -> bool:
        return self.offset_bytes == self.size_bytes

    def __repr__(self) -> str:
        return f"Upload({self.upload_id!r}, …)"


async def create(
    desk: Desk, who: Principal, words: Words, size_bytes: int | None, form: Form, asked: Asked | None
) -> Upload:
    """A new upload, or the one that the same request created before. An empty one is a file at once. NotFound for its
    place; FileTooLarge, QuotaExceeded, TooManyUploads, StorageFull: nothing was begun."""
    house = desk.house
    require_reserve(house)
    if form is not Form.PART or words.chat_id is not None or words.message_id is not None:
        find_place(house, who, words.chat_id, words.message_id)  # A part may have none: what it becomes part of has.
    require_size(house, size_bytes)
    begun = await begin(desk, who, new_row(house, who, words, form, size_bytes, asked))
    if begun.replayed or not begun.complete:
        return begun
    return await at_turn(desk, begun.upload_id, lambda _: settle(desk, who, begun.upload_id))


async def begin(desk: Desk, who: Principal, row: PendingRow) -> Upload:
    """The row's upload, or an earlier one of the same request. QuotaExceeded, TooManyUploads, RequestReused;
    BadCredentials for who may not be here any more."""
    house = desk.house
    bound = house.settings.quota_bytes

    def used_bytes() -> int:
        Still(house, who).require()  # While the row is being added, so that none outlives its token's end.
        return kept_bytes(house, who.user)

    try:
        kept = await desk.aside(lambda: house.pending.add(row, bound, used_bytes, MAX_OPEN))
    except QuotaReached:
        raise QuotaExceeded("There is no room left for this file in your quota.") from None
    except TooManyPending:
        raise TooManyUploads(f"You have {MAX_OPEN} unfinished uploads. Finish or end some.") from None
    return _begun(house, who, row, kept)


async def asked_before(desk: Desk, who: Principal, row: PendingRow) -> Upload | None:
    """The upload of an earlier request like this row's. RequestReused."""
    key = row.request_key
    kept = None if key is None else await desk.aside(lambda: desk.house.pending.asked_for(key, who.user))
    return None if kept is None else _begun(desk.house, who, row, kept)


def _begun(house: House, who: Principal, row: PendingRow, kept: PendingRow) -> Upload:
    if kept.request_body != row.request_body:
        raise RequestReused("This Idempotency-Key came before with another body.")
    words = open_words(house, who, kept)
    if words is None:
        raise NotFound("No such upload.")
    return _upload(house, kept, words, replayed=kept.upload_id != row.upload_id)


async def describe(desk: Desk, who: Principal, upload_id: str) -> Upload:
    """Where it stands, completed if it can be. Whoever is sending bytes has to give way: what is told here must still
    hold when the next ones come. NotFound, UploadLocked, and what `settle` raises."""
    await require_known(desk, who, upload_id)
    return await at_turn(desk, upload_id, lambda _: settle(desk, who, upload_id))


async def terminate(desk: Desk, who: Principal, upload_id: str) -> None:
    """Ends it, with all that came; one that has become a file is deleted. A person in a session ends those of their
    tokens, too. NotFound, UploadLocked; NotAllowed where it is a file, which a token that only posts deletes no more
    than any other."""
    house = desk.house

    async def work(turn: Turn) -> None:
        row = await _require_endable(desk, who, upload_id)
        if filed_at(house, upload_id) is not None:
            if not who.reads:
                raise NotAllowed("This upload is a file by now. This token may post, and delete nothing.")
            with suppress(NotFound):
                await files.delete(desk, who, upload_id)
        await desk.aside(lambda: remove(house, row.upload_id))
        turn.end()

    await _require_endable(desk, who, upload_id)
    await at_turn(desk, upload_id, work)


async def _require_endable(desk: Desk, who: Principal, upload_id: str) -> PendingRow:
    """As `require_known`, and of every upload of the person's for a session: it need not be opened to be ended."""
    if who.grant is not None:
        return await require_known(desk, who, upload_id)
    row = await desk.aside(lambda: desk.house.pending.find(upload_id, who.user))
    if row is None:
        raise NotFound("No such upload.")
    return row


async def at_turn(desk: Desk, upload_id: str, work: Callable[[Turn], Coroutine[Any, Any, Result]]) -> Result:
    """`work` while nobody else is at the upload. It goes on to its end, and only then gives the turn back, even when
    the caller leaves: a commit cut in two would be worse. UploadLocked."""
    turn = await turns.take(desk.house.layout, upload_id)

    async def run() -> Result:
        try:
            return await work(turn)
        finally:
            turn.release()

    return await to_its_end(run())


async def to_its_end(work: Coroutine[Any, Any, Result]) -> Result:
    """The result; a caller who is cancelled does not take the work along."""
    task = asyncio.ensure_future(work)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())  # Nobody may be left to ask for it.
    return await asyncio.shield(task)


# -- rows --------------------------------------------------------------------------------------------------------


def new_row(
    house: House, who: Principal, words: Words, form: Form, size_bytes: int | None, asked: Asked | None
) -> PendingRow:
    upload_id = new_id()
    stream = f"file-{upload_id}"
    tag = tag_of(asked, who.writing)
    return PendingRow(
        upload_id=upload_id,
        user_id=who.user,
        spool_by_server=wrap_for_server(house.server.purpose("spool"), new_key(), who.user, stream, "spool"),
        words=first_words(who, words, upload_id),
        form=form,
        stage=Stage.OPEN,
        size_bytes=size_bytes,
        offset_bytes=0,
        parts=(),
        request_key=None if tag is None else tag.key,
        request_body=None if tag is None else tag.body,
        expires_at_us=expiry_us(house),
        token_id=who.token_id,
    )


async def require_known(desk: Desk, who: Principal, upload_id: str) -> PendingRow:
    """NotFound for what is not there, or another person's or token's. On a thread, like all that reads this database: a
    reader waits while somebody's commit comes to the disk."""
    row = await desk.aside(lambda: desk.house.pending.find(upload_id, who.user))
    if row is None:
        raise NotFound("No such upload.")
    open_words(desk.house, who, row)
    return row


def require_size(house: House, size_bytes: int | None) -> None:
    """FileTooLarge past the bound."""
    bound = house.settings.max_file_bytes
    if size_bytes is not None and size_bytes > bound:
        raise FileTooLarge(f"A file may have at most {bound} bytes.")


def expiry_us(house: House) -> int:
    return house.clock_us() + house.settings.upload_expiry_seconds * 1_000_000


def kept_bytes(house: House, user: str) -> int:
    """What the user's files count, without those that still count as uploads: their keys came before their event.
    AccountGone: asked while a row is being added, so that none outlives the account's erasure, and so that uploads stay
    what they are. The files are asked for in one look: one that came between two would count for neither."""
    if house.keyring.account(user) is None:
        raise AccountGone
    return house.keyring.used_bytes(user, without=[upload_id for upload_id, _ in house.pending.full(user)])


def spool_key(house: House, row: PendingRow) -> bytes:
    master = house.server.purpose("spool")
    return unwrap_for_server(master, row.spool_by_server, row.user_id, f"file-{row.upload_id}", "spool")


def open_spool(house: House, row: PendingRow) -> SpoolWriter:
    """Where the row says, and not a byte further. SpoolFinished, SpoolBroken; FileNotFoundError if it is lost."""
    path, key = house.layout.spool_file(row.upload_id), spool_key(house, row)
    try:
        return SpoolWriter.resume(path, key, row.upload_id, row.offset_bytes, exactly=True, last=row.last)
    except FileNotFoundError:
        if row.offset_bytes:
            raise
        return SpoolWriter.create(path, key, row.upload_id)


def remove(house: House, upload_id: str) -> None:
    """Row, then spool, unless a file's key speaks for it by now. A crash between leaves an orphan that is swept."""
    house.pending.drop(upload_id)
    if house.keyring.spool_key(upload_id) is None:
        remove_abandoned(house.layout.spool_file(upload_id))


def end_of_token(house: House, token_id: str) -> int:
    """What a token began and what is no file yet goes when the token does: its owner does not see it, and the room and
    the places that it takes are theirs. How many; idempotent.

    After the token's key is gone: an upload that is begun later is refused, one that was begun before is found."""
    ended = house.pending.drop_of_token(token_id)
    for upload_id in ended:
        if house.keyring.spool_key(upload_id) is None:
            remove_abandoned(house.layout.spool_file(upload_id))  # Who still writes to it holds it: the sweeper comes.
    return len(ended)


def _upload(house: House, row: PendingRow, words: KeptWords, *, replayed: bool = False) -> Upload:
    position = filed_at(house, row.upload_id) if row.stage is Stage.FILED else None
    return Upload(
        row.upload_id, row.form, row.size_bytes, row.offset_bytes, words.plain, row.expires_at_us, position, replayed
    )


# -- completing --------------------------------------------------------------------------------------------------


async def settle(desk: Desk, who: Principal, upload_id: str, summary: SpoolSummary | None = None) -> Upload:
    """At one's turn: completes whatever can be. `summary`: of the spool, by who has just finished it.

    BadCredentials for who may not be here any more: bytes take their time. NotFound when it is gone, or its chat is;
    QuotaExceeded: it is gone, too. Anything else (StorageFull, Busy, what the log says) leaves it as it is, for the
    next."""
    house = desk.house
    Still(house, who).require()
    row = await require_known(desk, who, upload_id)
    words = open_words(house, who, row)
    if words is None:
        await _give_up(desk, row)
        raise NotFound("No such upload.")
    if row.stage is Stage.OPEN and row.size_bytes == row.offset_bytes:
        summary = await _finish(desk, row)
    if row.form is Form.PART or row.stage is Stage.FILED or (row.stage is Stage.OPEN and summary is None):
        return _upload(house, await require_known(desk, who, upload_id), words)
    if filed_at(house, upload_id) is None:
        await _commit(desk, who, row, words, summary or await _finish(desk, row))
    await _filed(desk, who, row, words)
    return _upload(house, await require_known(desk, who, upload_id), words)


async def _finish(desk: Desk, row: PendingRow) -> SpoolSummary:
    """The end frame, if it is missing, and the row's word that it is there. StorageFull when the disk refuses it."""
    house = desk.house

    def work() -> SpoolSummary:
        try:
            summary = open_spool(house, row).finish()
        except SpoolFinished:
            path = house.layout.spool_file(row.upload_id)
            with SpoolReader(path, spool_key(house, row), row.upload_id) as reader:
                summary = reader.summary
        house.pending.fill(row.upload_id, expiry_us(house))
        return summary

    try:
        async with desk.long_work:
            return await desk.aside(work)
    except SpoolBroken:
        await _give_up(desk, row)
        raise NotFound("No such upload.") from None
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not folder_away(error):
            await _give_up(desk, row)
            raise NotFound("No such upload.") from None
        raise storage_full(error) from error


async def _commit(desk: Desk, who: Principal, row: PendingRow, words: KeptWords, summary: SpoolSummary) -> None:
    """Keys and event. What can never succeed is given up, so that its sender starts anew instead of trying for ever."""
    house = desk.house
    hold = await desk.aside(lambda: hold_spool(house.layout.spool_file(row.upload_id)))
    received = Received(
        row.upload_id,
        words.name,
        words.declared_type,
        words.kind,
        summary,
        spool_key(house, row),
        hold,
        resumable=True,
        stream_key=words.stream_key,
    )
    try:
        place = find_place(house, who, words.chat_id, words.message_id)
        _, refused = await uploads.commit(desk, who, place, [received], None)
    except NotFound:
        await _give_up(desk, row)
        raise
    finally:
        hold.release()
    if refused:
        await _give_up(desk, row)
        raise QuotaExceeded(refused[0].detail)


async def _filed(desk: Desk, who: Principal, row: PendingRow, words: KeptWords) -> None:
    """From here on its words are sealed with the file's key: they are forgotten with the file. Who cannot read keeps
    none of them, nor the file's key."""
    house = desk.house
    sealed = last_words(house, who, words.plain, row.upload_id)
    if sealed is None:
        await _give_up(desk, row)  # Deleted already.
        raise NotFound("No such upload.")

    def work() -> None:
        house.pending.file(row.upload_id, sealed, row.parts)
        for part in row.parts:
            house.layout.spool_file(part).unlink(missing_ok=True)

    await desk.aside(work)


async def _give_up(desk: Desk, row: PendingRow) -> None:
    await desk.aside(lambda: remove(desk.house, row.upload_id))
