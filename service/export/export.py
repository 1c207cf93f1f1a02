"""An export of everything, from asking for it to its last byte.

First all that the tables have is written into a draft, then the event says that it was asked for, and only then the
first byte goes out. What is sent after that is made as it is taken: whoever reads slowly holds a draft, a lock and one
piece in memory, and no thread. What is deleted meanwhile is left out and named; nothing is left out without a name.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import ExitStack
from typing import Final, Literal, TypeVar

import msgspec

from domain import export
from eventstore.record import Append
from service.desk.desk import Desk
from service.desk.reading import fresh
from service.export import proofs, reading
from service.export.archive import MEDIA, TEXT, Archive, Entry
from service.export.gathering import Gathered, Missing, gather
from service.export.lines import DATA, MANIFEST, Head, Kept, document, of_kind, told
from service.export.page import moment
from service.export.proofs import Proofs
from service.files.content import Content
from service.house.facts import to_records
from service.house.keychain import Keychain
from service.house.only_one import Only
from service.house.principal import Principal
from service.house.still import Still
from service.machine.errors import Busy
from service.machine.ids import new_id
from service.reading.user_data import Source, today
from service.reading.views import ChatView, rfc3339
from service.uploads.drafts import Draft, step_by_step
from vault.blobs import blob_associated_data
from vault.errors import BlobBroken

By = Literal["session", "token", "command"]
Result = TypeVar("Result")
TEXTS_SHARE: Final = 3  # About so much smaller are three tellings of the same text, once they are deflated.
_chat = msgspec.json.Decoder(ChatView)


class Manifest(msgspec.Struct, frozen=True):
    """The last entry: what the archive holds, and what it should and does not. Whoever has it has all of it."""

    format: str
    export_id: str
    exported_at: str
    position: int
    entries: list[Entry]
    missing: list[Missing]
    proofs: proofs.Proved


class Export:
    """Asked for and told, and ready to be read, once. `estimate_bytes`: about so long it will be. Close it, or what it
    holds stays held."""

    def __init__(
        self, desk: Desk, who: Principal, head: Head, found: Gathered, draft: Draft, told_at: int, held: ExitStack
    ) -> None:
        self._desk = desk
        self._who = who
        self._head = head
        self._found = found
        self._draft = draft
        self._told_at = told_at
        self._held = held
        self._archive = Archive(moment(head.exported_at).timetuple()[:6])
        self._entries: list[Entry] = []
        self._keys = Keychain(desk.house, who)
        self._still = Still(desk.house, who)
        self._source: Source = today(desk, who)
        self._parts = self._all()
        self.export_id = head.export_id
        self.name = f"strongroom-{head.exported_at[:10]}.zip"
        self.estimate_bytes = found.file_bytes + draft.size_bytes // TEXTS_SHARE

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """The next piece of the archive. BadCredentials when the session or token that asked for it has ended, or the
        account: what is not sent by then stays here."""
        self._still.require()
        while not (piece := await anext(self._parts)):
            self._still.require()  # Kept back, to be sent together with what follows.
        self._still.require()  # It may have been long in the making.
        return piece

    @property
    def allowed(self) -> bool:
        """Whether who asked for it may still have it."""
        return self._still.allowed

    async def close(self) -> None:
        await self._parts.aclose()
        self.release()

    def release(self) -> None:
        """Lets go of what it holds. Harmless when done twice, or in the middle."""
        self._held.close()

    async def _all(self) -> AsyncGenerator[bytes, None]:
        desk, draft = self._desk, self._draft
        async for part in self._entry(DATA, TEXT, step_by_step(desk, told(draft, self._gone))):
            yield part
        async for part in self._entry("data.json", TEXT, step_by_step(desk, document(draft, self._head, self._gone))):
            yield part
        index = reading.index(draft, self._head, self._found)
        async for part in self._entry("index.html", TEXT, step_by_step(desk, index)):
            yield part
        async for chats in step_by_step(desk, of_kind(draft, "chat")):
            for line in chats:
                async for part in self._chat(_chat.decode(line)):
                    yield part
        for file_id, kept in self._found.files.items():
            if kept.path is not None:
                async for part in self._file(file_id, kept, kept.path):
                    yield part
        async for part in self._proofs():
            yield part
        yield await self._work(self._archive.finish)
        self.release()

    async def _chat(self, chat: ChatView) -> AsyncIterator[bytes]:
        """Its pages, as they are now: a chat that was deleted a moment ago has an empty one."""
        async for path, data in reading.chat_pages(self._source, chat, self._found, self._head.position):
            yield await self._page(path, data)
        if self._gone(chat.chat_id):
            self._found.missing.append(Missing(chat.chat_id, chat.title, "deleted"))

    def _gone(self, chat_id: str) -> bool:
        return self._desk.house.keyring.stream_key(f"chat-{chat_id}", self._who.user) is None

    async def _file(self, file_id: str, kept: Kept, path: str) -> AsyncIterator[bytes]:
        """Its bytes, or its name among what is missing."""
        try:
            content = await self._open(file_id, kept)
        except (BlobBroken, FileNotFoundError):
            self._found.missing.append(Missing(file_id, kept.name, "damaged"))
            return
        if content is None:
            self._found.missing.append(Missing(file_id, kept.name, "deleted"))
            return
        try:
            async for part in self._entry(path, MEDIA, content.pieces(0, content.size_bytes)):
                yield part
        except BlobBroken:
            # The entry ends where the damage begins, and the manifest does not have it.
            _, part = await self._work(self._archive.end)
            self._found.missing.append(Missing(file_id, kept.name, "damaged"))
            yield part

    async def _open(self, file_id: str, kept: Kept) -> Content | None:
        """None once its keys are gone, or its chat's. FileNotFoundError; BlobBroken."""
        house, user = self._desk.house, self._who.user
        row = house.keyring.blob_key(file_id, user)
        key = None if row is None else self._keys.blob(file_id)
        if row is None or key is None or (kept.chat_id is not None and self._gone(kept.chat_id)):
            return None
        path, data = house.layout.blob_file(row.blob_id), blob_associated_data(user, row.blob_id)
        try:
            return await self._work(lambda: Content(path, key, data))
        except FileNotFoundError:
            if house.keyring.blob_key(file_id, user) is None:
                return None  # Deleted while we looked.
            raise

    async def _proofs(self) -> AsyncIterator[bytes]:
        public_log = self._desk.public_log
        published = public_log.published()
        if published is not None:  # Of a log that signs, the next one comes in a moment.
            published = await public_log.published_at(self._told_at) or published
        proved = Proofs(self._desk, self._who.user, self._told_at, published)
        async for part in self._entry(proofs.EVENTS, TEXT, proved.events()):
            yield part
        for path, data in (
            (proofs.CHECKPOINT, proved.checkpoint()),
            (proofs.KEY, public_log.key()),
            (proofs.README, proved.about()),
        ):
            if data is not None:
                yield await self._page(path, data)
        head = self._head
        manifest = Manifest(
            head.format,
            head.export_id,
            head.exported_at,
            head.position,
            self._entries,
            self._found.missing,
            proved.proved,
        )
        yield await self._page(MANIFEST, msgspec.json.encode(manifest) + b"\n")

    async def _page(self, path: str, data: bytes) -> bytes:
        entry, part = await self._work(lambda: self._archive.whole(path, TEXT, data))
        self._entries.append(entry)
        return part

    async def _entry(self, path: str, level: int, source: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        yield await self._work(lambda: self._archive.begin(path, level))
        async for piece in source:
            yield await self._work(functools.partial(self._archive.write, piece))
        entry, part = await self._work(self._archive.end)
        self._entries.append(entry)
        yield part

    async def _work(self, work: Callable[[], Result]) -> Result:
        async with self._desk.long_work:
            return await self._desk.aside(work)


async def begin(desk: Desk, who: Principal, by: By) -> Export:
    """UnderWay while another one of this person's is; Busy: too many, or the tables lag behind what this person wrote;
    StorageFull for the draft; as `append`. The event is durable when it returns."""
    with ExitStack() as stack:
        only = Only(desk.house, "export", who.user)
        stack.callback(only.release)
        stack.enter_context(desk.exports.one(who.user))
        seen = await fresh(desk, who.user)
        if seen.stale:
            raise Busy("What you wrote last cannot be shown yet. Try again.")
        head = Head(new_id(), rfc3339(desk.house.clock_us()), seen.position)
        draft = await desk.aside(lambda: Draft(desk.house))
        stack.callback(draft.close)
        found = await gather(desk, today(desk, who), draft, head)
        events = export.decide(export.ExportData(by), export.State())
        appended = await desk.append(Append(to_records(who.user, f"export-{head.export_id}", 0, events)))
        return Export(desk, who, head, found, draft, appended.last, stack.pop_all())
