"""Exported pages: static HTML that is read from the disk, without network and without a script.

Whatever people wrote is escaped, and the policy in each page lets nothing run and nothing be fetched but pictures and
sound beside it: a message that says `<script>` shows that, in this year's browsers and in those to come.
"""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import Final
from urllib.parse import quote

from service.export.lines import Kept
from service.export.style import CSS, STYLE_SOURCE
from service.reading.views import MessageView, Time

POLICY: Final = (
    f"default-src 'none'; style-src '{STYLE_SOURCE}'; img-src 'self' file:; media-src 'self' file:; "
    "base-uri 'none'; form-action 'none'"
)
PICTURES: Final = frozenset(
    ("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp")
)  # SVG is a document of its own, which may hold anything: it is linked to.
ROLES: Final = {"user": "You", "assistant": "Assistant", "system": "System"}
KIB: Final = 1024
CLOSING: Final = "</body></html>\n"


def page(title: str, body: str) -> bytes:
    """A whole document."""
    return f"{opening(title)}{body}{CLOSING}".encode()


def opening(title: str) -> str:
    """A document up to what is in its body; CLOSING ends it."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(title)}</title>\n<style>{CSS}</style></head>\n<body>\n"
    )


def message(view: MessageView, files: list[Kept], up: str) -> str:
    """`up`: the way from the page to the archive's root, "" or "../"."""
    failed = f' <span class="loss">failed: {escape(view.error_code or "")}</span>' if view.status == "error" else ""
    said = f'<p class="said" dir="auto">{escape(view.content)}</p>' if view.content else ""
    return (
        f'<article class="{view.role}" id="m-{view.message_id}"><header><span>{ROLES[view.role]}{failed}</span>'
        f"{clock(view.created_at)}</header>{said}{''.join(figure(kept, up) for kept in files)}</article>\n"
    )


def file(kept: Kept, at: Time, up: str) -> str:
    """One that came by itself."""
    header = f"<header><span>File</span>{clock(at)}</header>"
    return f'<article class="file">{header}{figure(kept, up)}</article>\n'


def figure(kept: Kept, up: str) -> str:
    """The picture, the player or nothing, and the link."""
    if kept.path is None:
        return f"<figure><figcaption>{link(kept, up)}</figcaption></figure>"
    source, name = escape(up + quote(kept.path)), escape(kept.name)
    shown = ""
    if kept.mime_type in PICTURES:
        shown = f'<a href="{source}"><img src="{source}" alt="{name}" loading="lazy"></a>'
    elif kept.mime_type.startswith("audio/"):
        shown = f'<audio controls preload="none" src="{source}" aria-label="{name}"></audio>'
    elif kept.mime_type.startswith("video/"):
        shown = f'<video controls preload="none" src="{source}" aria-label="{name}"></video>'
    return f"<figure>{shown}<figcaption>{link(kept, up)}</figcaption></figure>"


def link(kept: Kept, up: str) -> str:
    name = f"<bdi>{escape(kept.name)}</bdi>"
    if kept.path is None:
        return f'{name} <span class="loss">not in this export</span>'
    return f'<a href="{escape(up + quote(kept.path))}">{name}</a> · {size(kept.size_bytes)}'


def clock(at: Time) -> str:
    when = moment(at)
    return f'<time datetime="{at}">{when:%H:%M} UTC</time>'


def day(at: Time) -> str:
    """`9 March 2026`, whatever language this machine speaks."""
    when = moment(at)
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def moment(at: Time) -> datetime:
    return datetime.fromisoformat(at).astimezone(UTC)


def size(size_bytes: int) -> str:
    """`12 bytes`, `3.4 MiB`."""
    if size_bytes < KIB:
        return f"{size_bytes} bytes"
    amount = float(size_bytes)
    for unit in ("KiB", "MiB", "GiB"):
        amount /= KIB
        if amount < KIB:
            return f"{amount:.1f} {unit}"
    return f"{amount / KIB:.1f} TiB"


_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
