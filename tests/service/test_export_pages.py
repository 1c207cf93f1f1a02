"""Exported pages: what people wrote is text in them, and nothing else."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from service.desk.desk import Desk
from service.export import reading
from service.files import chats
from service.house.house import House
from tests.builders import Person
from tests.service.archives import entries, export_of, say
from tests.service.desks import at_desk
from tests.service.keeping import kept

HOSTILE = "\"'><img src=x onerror=alert(1)></title></style><script>alert(2)</script>&lt;"
ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "nav", "a", "h1", "h2", "p", "ul", "li", "span", "bdi", "article",
    "header", "time", "figure", "figcaption", "img", "audio", "video",
}  # fmt: skip


class Reading(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def links(self, name: str) -> list[str]:
        return [str(attributes[name]) for _, attributes in self.tags if name in attributes]


def test_what_people_wrote_is_text(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        begun = await chats.start(desk, ada.who, HOSTILE, None)
        await say(desk, ada, HOSTILE, begun.chat_id)

    at_desk(house, story)
    kept(house, ada, b"data")
    parts = entries(export_of(house, ada))
    for path in ("index.html", "chats/0001.html"):
        page = Reading(parts[path])
        assert HOSTILE in page.text
        assert {tag for tag, _ in page.tags} <= ALLOWED
        assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)


def test_every_link_leads_to_something_in_the_archive(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        await say(desk, ada, "with a file", None, kept_id)

    kept_id = kept(house, ada, b"data")
    at_desk(house, story)
    parts = entries(export_of(house, ada))
    links = {
        (link if path == "index.html" else f"chats/{link}").replace("chats/../", "").replace("%20", " ")
        for path in parts
        if path.endswith(".html")
        for attribute in ("href", "src")
        for link in Reading(parts[path]).links(attribute)
    }
    assert links <= set(parts)
    assert "files/0.txt" in links


def test_a_long_chat_is_read_in_parts(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ITEMS_MAX", 3)

    async def story(desk: Desk) -> None:
        begun = await chats.start(desk, ada.who, "long", None)
        for number in range(7):
            await say(desk, ada, f"message {number}", begun.chat_id)

    at_desk(house, story)
    parts = entries(export_of(house, ada))
    pages = [path for path in parts if path.startswith("chats/")]
    assert pages == ["chats/0001.html", "chats/0001-2.html", "chats/0001-3.html"]
    said = "".join(Reading(parts[path]).text for path in pages)
    assert all(said.count(f"message {number}") == 1 for number in range(7))
    assert "../chats/0001-2.html" in Reading(parts[pages[0]]).links("href")


def test_a_file_stands_with_the_message_that_brings_it_and_once(house: House, ada: Person) -> None:
    file_id = kept(house, ada, b"data")
    at_desk(house, lambda desk: say(desk, ada, "look", None, file_id))
    page = entries(export_of(house, ada))["chats/0001.html"].decode()
    assert page.count("files/0.txt") == 1
