"""The pages of an export: an index, and for each chat one page or several."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from html import escape
from typing import Final

import msgspec

from service.export import page
from service.export.gathering import Gathered
from service.export.lines import Head, Kept, of_kind
from service.reading.user_data import Filters, Source, everything
from service.reading.views import ChatView, FileView, MessageView
from service.uploads.drafts import Draft

ITEMS_MAX: Final = 1_000  # Of one page: browsers stay quick with so many, and long chats are read in parts.
TEXT_MAX: Final = 2 << 20
UP: Final = "../"
_chat = msgspec.json.Decoder(ChatView)


class _File(msgspec.Struct, frozen=True):
    """What the index needs of a file's line."""

    file_id: str
    chat_id: str | None
    uploaded_at: str


_file = msgspec.json.Decoder(_File)


def chat_path(number: int, part: int = 1) -> str:
    """`chats/0007.html`, `chats/0007-2.html`."""
    return f"chats/{number:04d}.html" if part == 1 else f"chats/{number:04d}-{part}.html"


def index(draft: Draft, head: Head, found: Gathered) -> Generator[bytes, None, None]:
    """`index.html`, in pieces. Blocks."""
    name = escape(found.username)
    left_out = (
        f" What is not here is named in manifest.json: {_count(len(found.missing), 'file')}." if found.missing else ""
    )
    yield (
        f"{page.opening(f'{found.username} · Strongroom')}"
        f'<h1><bdi>{name}</bdi></h1>\n<p class="quiet">Everything that was kept on {page.day(head.exported_at)}: '
        f"{_count(len(found.chats), 'chat')}, {_count(sum(found.messages.values()), 'message')}, "
        f"{_count(len(found.files), 'file')}.{left_out} "
        f'For programs: <a href="data.json">data.json</a>, <a href="data.ndjson">data.ndjson</a>.</p>\n'
    ).encode()
    yield b"<h2>Chats</h2>\n<ul>\n" if found.chats else b""
    for lines in of_kind(draft, "chat"):
        yield "".join(_chat_item(_chat.decode(line), found) for line in lines).encode()
    yield b"</ul>\n" if found.chats else b""
    yield b"<h2>Files</h2>\n<ul>\n" if found.files else b""
    for lines in of_kind(draft, "file"):
        yield "".join(_file_item(_file.decode(line), found) for line in lines).encode()
    yield b"</ul>\n" if found.files else b""
    yield page.CLOSING.encode()


def _chat_item(view: ChatView, found: Gathered) -> str:
    path, count = chat_path(found.chats[view.chat_id]), found.messages.get(view.chat_id, 0)
    told = f"{page.day(view.created_at)} · {_count(count, 'message')}"
    return f'<li><a href="{path}"><bdi>{_title(view)}</bdi></a><span class="quiet">{told}</span></li>\n'


def _file_item(line: _File, found: Gathered) -> str:
    """Of a chat, its page shows it; else it is shown here."""
    kept = found.files[line.file_id]
    shown = page.link(kept, "") if line.chat_id in found.chats else page.figure(kept, "")
    return f'<li>{shown}<span class="quiet">{page.day(line.uploaded_at)}</span></li>\n'


def _count(number: int, of: str) -> str:
    return f"{number:,} {of}{'' if number == 1 else 's'}"


def _title(view: ChatView) -> str:
    return escape(view.title) if view.title.strip() else "A chat without a title"


async def chat_pages(source: Source, view: ChatView, found: Gathered, until: int) -> AsyncIterator[tuple[str, bytes]]:
    """(path, page) of each part of a chat, one of them in memory."""
    number, part, items = found.chats[view.chat_id], 1, _Part()
    wanted = Filters(chat_id=view.chat_id)
    async for views in everything(source, wanted, frozenset(("messages", "files")), until):
        for each in views:
            if items.full:
                yield chat_path(number, part), _chat_page(view, number, part, items, found, more=True)
                part, items = part + 1, _Part()
            items.add(each)
    yield chat_path(number, part), _chat_page(view, number, part, items, found, more=False)


class _Part:
    """What comes onto one page."""

    def __init__(self) -> None:
        self.views: list[MessageView | FileView] = []
        self._text_chars = 0

    def add(self, view: object) -> None:
        if isinstance(view, MessageView):
            self._text_chars += len(view.content)
        if isinstance(view, MessageView | FileView):
            self.views.append(view)

    @property
    def full(self) -> bool:
        return len(self.views) >= ITEMS_MAX or self._text_chars >= TEXT_MAX


def _chat_page(chat: ChatView, number: int, part: int, items: _Part, found: Gathered, *, more: bool) -> bytes:
    nav = [f'<a href="{UP}index.html">All chats and files</a>']
    if part > 1:
        nav.append(f'<a href="{UP}{chat_path(number, part - 1)}">Earlier</a>')
    if more:
        nav.append(f'<a href="{UP}{chat_path(number, part + 1)}">Later</a>')
    links = f"<nav>{' '.join(nav)}</nav>\n"
    body = [links, f"<h1><bdi>{_title(chat)}</bdi></h1>\n"]
    body += _timeline(items.views, found)
    if not items.views:
        body.append('<p class="quiet">There is nothing in this chat.</p>\n')
    return page.page(f"{chat.title or 'A chat'} · Strongroom", "".join([*body, links if items.views else ""]))


def _timeline(views: list[MessageView | FileView], found: Gathered) -> list[str]:
    """By day. A file that a message of this page brings stands with it, and not by itself."""
    brought: set[str] = set()
    with_files: dict[str, list[str]] = {}
    for view in views:
        if isinstance(view, MessageView):
            # The text of a list in JSON, as it lay in its row.
            with_files[view.message_id] = ids = msgspec.json.decode(msgspec.json.encode(view.file_ids), type=list[str])
            brought.update(ids)
    shown: list[str] = []
    today = ""
    for view in views:
        at = view.created_at if isinstance(view, MessageView) else view.uploaded_at
        if isinstance(view, FileView) and (view.file_id in brought or view.file_id not in found.files):
            continue
        if page.day(at) != today:
            today = page.day(at)
            shown.append(f'<h2 class="day">{today}</h2>\n')
        if isinstance(view, MessageView):
            shown.append(page.message(view, [_kept(found, each) for each in with_files[view.message_id]], UP))
        else:
            shown.append(page.file(found.files[view.file_id], at, UP))
    return shown


def _kept(found: Gathered, file_id: str) -> Kept:
    """A message names files that were deleted since, too."""
    return found.files.get(file_id, Kept("A file that was deleted", None, "", 0))
