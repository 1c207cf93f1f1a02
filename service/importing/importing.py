"""An import, from the first byte of the archive to the event that says what came.

Nothing is written before the whole of `data.ndjson` has come and been checked. Then the chats and messages, then each
file as its bytes arrive. Cut off anywhere, what came is here, and the same export sent again goes on from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, aclosing, closing
from typing import Final, TypeVar

import msgspec

from domain import account
from domain.errors import BadCredentials, BadExport, NotEmpty, NotFound, QuotaExceeded
from domain.events import DataImported
from eventstore.record import Append
from projections.paging import PageQuery
from projections.rows import ChatRow, FileRow
from service.accounts.accounts import fold_account
from service.desk.desk import Desk, decided
from service.desk.reading import fresh
from service.house.facts import to_fact, to_records
from service.house.only_one import Only
from service.house.principal import Principal
from service.house.still import Still
from service.importing import zip_reader
from service.importing.data import Data
from service.importing.entries import DATA, ManifestTaking, Plausible, Skipping, SkippingFile, Taking, Work
from service.importing.files import FileTaking, begin_file
from service.importing.ids import ImportIds
from service.importing.rows import File
from service.importing.texts import Counted, Texts
from service.importing.zip_reader import ZipReader
from service.machine.errors import BodyCut, Busy
from service.machine.shelf import Place
from service.machine.steady import TooSlow, steady
from service.uploads.drafts import step_by_step

Result = TypeVar("Result")
MANIFEST: Final = "manifest.json"
FILES: Final = "files"
LOOK: Final = 500  # Chats and files looked at in one go.


class Imported(msgspec.Struct, frozen=True):
    """How many of each came in. `skipped`: what was here, was deleted here since, or has no bytes in the export."""

    chats: int
    messages: int
    files: int
    skipped: int
    position: int


async def take_in(desk: Desk, who: Principal, source: AsyncIterator[bytes]) -> Imported:
    """Whatever is raised, what came until then stays, and sending the same export again goes on. UnderWay; NotEmpty;
    BadExport for what is none, is damaged, cut short or too slow in coming; QuotaExceeded; FileTooLarge; StorageFull;
    Busy; BadCredentials when the session ends meanwhile: what is not taken in by then stays out."""
    with ExitStack() as stack:
        only = Only(desk.house, "import", who.user)
        stack.callback(only.release)
        stack.enter_context(desk.imports.one(who.user))
        remembered = stack.enter_context(closing(desk.import_ids.place()))
        still = Still(desk.house, who)
        archive = _Archive(desk, who, still, remembered)
        try:
            async with aclosing(steady(source, desk.house.settings.body_timeout_s, still.require)) as pieces:
                async for piece in pieces:
                    await archive.feed(piece)
            return await archive.finish()
        except BodyCut:
            raise BadExport("The archive ended before its end. Send it again: it goes on where it stopped.") from None
        except TooSlow:
            raise BadExport("The archive comes too slowly. Send it again: it goes on where it stopped.") from None
        finally:
            await archive.close()


class _Archive:
    """One archive on its way in."""

    def __init__(self, desk: Desk, who: Principal, still: Still, remembered: Place) -> None:
        self._desk = desk
        self._who = who
        self._still = still
        self._remembered = remembered
        self._plausible = Plausible()
        self._zip = ZipReader()
        self._root: str | None = None  # What stands before `data.ndjson`: tools that pack a folder put its name there.
        self._data: Data | None = None
        self._ids: ImportIds | None = None
        self._manifest: ManifestTaking | None = None
        self._taking: Taking | None = None
        self._wrong: dict[str, File] = {}
        self._counted = Counted()

    async def feed(self, data: bytes) -> None:
        self._zip.feed(data)
        while events := await self._work(self._zip.events):
            for event in events:
                self._still.require()
                match event:
                    case zip_reader.Begin(path=path):
                        self._taking = await self._begin(path)
                    case zip_reader.Data():
                        assert self._taking is not None
                        await self._taking.take(event)
                    case zip_reader.End():
                        assert self._taking is not None
                        await self._taking.end()
                        self._taking = None

    async def finish(self) -> Imported:
        data = self._data
        if not self._zip.ended:
            raise BadExport("The archive ends before its end. What came is here; send it whole, and it goes on.")
        if data is None or self._ids is None:
            raise BadExport("There is no data.ndjson in the archive: this is no export of a Strongroom.")
        manifest = None if self._manifest is None else self._manifest.found
        if manifest is None or manifest.export_id != data.export_id:
            raise BadExport("The manifest.json of this export is not in the archive.")
        if manifest.data_sha256 not in ("", data.sha256):
            raise BadExport("data.ndjson is not the one that the manifest names.")
        for row in (*self._wrong.values(), *data.files.values()):
            if row.file_id not in manifest.missing:
                raise BadExport(
                    f"The bytes of “{row.name}” are not in the archive, or are not those that its row names. "
                    "Everything else is here."
                )
            self._counted.skipped += 1
        self._counted.skipped += data.without_bytes
        counted = self._counted
        position = await decided(self._tell)
        return Imported(counted.chats, counted.messages, counted.files, counted.skipped, position)

    async def close(self) -> None:
        """Takes back what is not acknowledged."""
        if self._taking is not None:
            await self._taking.abandon()
        if self._data is not None:
            await self._desk.aside(self._data.close)

    # -- entries -------------------------------------------------------------------------------------------------

    async def _begin(self, path: str) -> Taking:
        folder, _, name = path.rpartition("/")
        if self._root is None:
            if name == DATA and "/" not in folder and not folder.startswith("__MACOSX"):
                self._root = f"{folder}/" if folder else ""
                self._data = await self._work(lambda: Data(self._desk.house))
                return _DataTaking(self, self._data, self._work, self._plausible, self._remembered)
            if folder.rpartition("/")[2] == FILES and name:
                raise BadExport("data.ndjson has to come before the files. Pack it first.")
            return Skipping(self._plausible)
        inside = path.removeprefix(self._root)
        if inside == DATA:
            raise BadExport("There are two data.ndjson in the archive.")
        if inside == MANIFEST:
            if self._manifest is not None:
                raise BadExport("There are two manifest.json in the archive.")
            self._manifest = ManifestTaking(self._desk.house, self._work, self._plausible)
            return self._manifest
        if inside.startswith(f"{FILES}/"):
            return await self._begin_file(inside)
        return Skipping(self._plausible)

    async def _begin_file(self, path: str) -> Taking:
        """Of a file that the data names; what else lies there is none of an export's."""
        assert self._data is not None
        assert self._ids is not None
        row = self._data.files.pop(path, None)
        if row is None:
            return Skipping(self._plausible)
        taking = await begin_file(self._desk, self._who, self._ids, row)
        if taking is None:
            self._counted.skipped += 1
            return SkippingFile(row.size_bytes)
        return _OneFile(taking, row, self._counted, self._wrong)

    async def data_came(self, data: Data) -> None:
        """All of it is there, and sound: into the log with it.

        Text is deflated to a fiftieth of what it has in the log, so what came over the line bounds nothing that an
        honest archive keeps to. The quota does: it is the operator's word for how much of the disk one person may
        take, and an import takes no more of it for its texts than all their files may. By what the archive says, so
        that nothing is half taken, and sending it again does not begin to count anew."""
        if data.log_bytes > self._desk.house.settings.quota_bytes:
            raise QuotaExceeded("The texts of this export are more than your quota. Nothing of it was taken in.")
        self._ids = ImportIds(self._who.keys, data.export_id)
        await self._require_empty(self._ids)
        texts = Texts(self._desk, self._who, self._ids, self._counted)
        async for rows in step_by_step(self._desk, data.rows()):
            for row in rows:
                await texts.take(row)
        await texts.flush()

    # -- the account ---------------------------------------------------------------------------------------------

    async def _require_empty(self, ids: ImportIds) -> None:
        """NotEmpty if anything is here that this very import has not brought."""
        seen = await fresh(self._desk, self._who.user)
        if seen.stale:
            raise Busy("What was written last cannot be seen yet. Try again.")
        after: int | None = None
        while True:
            wanted = PageQuery(user=self._who.user, limit=LOOK, include=frozenset(("chats", "files")), after=after)
            found = self._desk.house.reader.page(wanted)
            for item in found.items:
                own = item.chat_id if isinstance(item, ChatRow) else item.file_id if isinstance(item, FileRow) else ""
                if not ids.made(own):
                    raise NotEmpty("An import goes into an account without chats and files. This one has some.")
            if not found.more:
                return
            after = found.items[-1].position
            await asyncio.sleep(0)  # Other requests in between.

    async def _tell(self) -> int:
        """The event, unless there is nothing to say that was not said before; the position."""
        self._still.require()
        house, user, counted = self._desk.house, self._who.user, self._counted
        stream = f"account-{user}"
        records = house.log.read_stream(stream)
        state = fold_account(records)
        if not state.there:
            raise BadCredentials("The session has ended. Sign in again.")
        told = any(isinstance(to_fact(record).event, DataImported) for record in records)
        if told and not (counted.chats or counted.messages or counted.files):
            return house.log.user_head(user)
        account.require_room(state, account.MAX_CHANGES)
        command = account.RecordImport(counted.chats, counted.messages, counted.files)
        events = account.decide(command, state)
        return (await self._desk.append(Append(to_records(user, stream, len(records), events)))).last

    async def _work(self, work: Callable[[], Result]) -> Result:
        """On a thread, within the bound on long work."""
        async with self._desk.long_work:
            return await self._desk.aside(work)


class _DataTaking:
    """`data.ndjson` on its way."""

    def __init__(self, archive: _Archive, data: Data, work: Work, plausible: Plausible, remembered: Place) -> None:
        self._archive = archive
        self._data = data
        self._work = work
        self._plausible = plausible
        self._remembered = remembered
        plausible.begin()

    async def take(self, piece: zip_reader.Data) -> None:
        self._plausible.count(piece)
        await self._work(lambda: self._data.take(piece.data))
        self._remembered.hold(self._data.remembered)

    async def end(self) -> None:
        await self._work(self._data.finish)
        await self._archive.data_came(self._data)

    async def abandon(self) -> None:
        """Whoever made the data closes it."""


class _OneFile:
    """A file's bytes on their way."""

    def __init__(self, taking: FileTaking, row: File, counted: Counted, wrong: dict[str, File]) -> None:
        self._taking = taking
        self._row = row
        self._counted = counted
        self._wrong = wrong

    async def take(self, piece: zip_reader.Data) -> None:
        if self._taking.size_bytes + len(piece.data) > self._row.size_bytes:
            raise BadExport(f"“{self._row.name}” is longer in the archive than its row says.")
        await self._taking.append(piece.data)

    async def end(self) -> None:
        try:
            if await self._taking.finish():
                self._counted.files += 1
            else:
                self._wrong[self._row.file_id] = self._row
        except NotFound:
            self._counted.skipped += 1  # Its chat was deleted here since an earlier try.

    async def abandon(self) -> None:
        await self._taking.abandon()
