"""The first step of an export: everything that the tables have, opened and written down in one go.

At the speed of this machine, not of the line to who asked: what is shown belongs together, and is of one moment. The
bytes of files and the pages to read are made from it afterwards, as fast as they are taken.
"""

from __future__ import annotations

import msgspec

from projections.paging import EVERY_KIND
from service.desk.desk import Desk
from service.export.lines import FILES, Head, Kept, Lines
from service.export.names import Names
from service.reading.user_data import Filters, Source, everything, head
from service.reading.views import ChatView, FileView, MessageView
from service.uploads.drafts import Draft


class Missing(msgspec.Struct, frozen=True):
    """What belongs to the person and is not in the archive. `reason`: `processing` or `error`, as its row says;
    `deleted` while it was being exported; `damaged`."""

    id: str
    name: str
    reason: str


class Gathered(msgspec.Struct):
    """What has to be known of all of it while the archive is written: some hundred bytes of each file, fewer of each
    chat. `chats`: their pages' numbers and how many messages each has. No repr: it holds names."""

    username: str
    chats: dict[str, int]
    messages: dict[str, int]
    files: dict[str, Kept]
    missing: list[Missing]

    def __repr__(self) -> str:
        return "Gathered(…)"

    @property
    def file_bytes(self) -> int:
        return sum(kept.size_bytes for kept in self.files.values() if kept.path is not None)


async def gather(desk: Desk, source: Source, draft: Draft, told: Head) -> Gathered:
    """Everything up to the position, into the draft. StorageFull."""
    lines, names = Lines(draft, told), Names()
    user, sessions = head(source)
    found = Gathered("" if user is None else user.username, {}, {}, {}, [])
    if user is not None:
        lines.add("user", user)
    for session in sessions:
        lines.add("session", session)
    async for views in everything(source, Filters(), EVERY_KIND, told.position):
        for view in views:
            match view:
                case ChatView():
                    found.chats[view.chat_id] = len(found.chats) + 1
                    lines.add("chat", view)
                case MessageView():
                    found.messages[view.chat_id] = found.messages.get(view.chat_id, 0) + 1
                    lines.add("message", view)
                case FileView():
                    _add_file(source, view, lines, names, found)
        if lines.full:
            await desk.aside(lines.flush)
    await desk.aside(lines.finish)
    return found


def _add_file(source: Source, view: FileView, lines: Lines, names: Names, found: Gathered) -> None:
    path = None
    if view.status == "ready":
        path = FILES + names.take(view.name)
    else:
        found.missing.append(Missing(view.file_id, view.name, view.status))
    transcript = None
    if view.audio is not None and view.audio.has_transcript:
        row = source.tables.transcript(source.user, view.file_id)
        transcript = None if row is None else source.opener.transcript(row)
    found.files[view.file_id] = Kept(view.name, path, view.mime_type or "", view.size_bytes, view.chat_id)
    lines.add_file(view, path, transcript)
