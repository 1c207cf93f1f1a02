"""A person's things, and every view of the page with them in it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import httpx
from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import expect

from tests.e2e.stack import Stack
from tests.media_made import tone_wav
from tests.waiting import wait_for
from tests.web.keeper import Keeper, payloads, rows

TALK: Final = (
    ("user", "The roof in the shed leaks again. What did the carpenter say last year?"),
    (
        "assistant",
        """He left two notes on **12 March**:

1. The flashing on the north side is loose.
2. Three tiles beside the chimney should go before the next winter.

He asked `€ 240` for both.""",
    ),
    ("user", "I took pictures this morning. Keep them with his notes, please."),
    ("assistant", "They are here, sealed. The crack beside the chimney has grown by about a hand's width."),
)


@dataclass(frozen=True, slots=True)
class Scene:
    """A landscape of its own, so that pictures can be told apart."""

    name: str
    sky: tuple[int, int, int]
    land: tuple[int, int, int]

    def jpeg(self) -> bytes:
        image = Image.new("RGB", (960, 720), self.sky)
        draw = ImageDraw.Draw(image)
        draw.ellipse((620, 90, 780, 250), fill=tuple(min(255, part + 60) for part in self.sky))
        for step in range(4):
            shade = tuple(max(0, part - 22 * step) for part in self.land)
            edge = [(x, 380 + 70 * step + (x * (step + 2) * 37 % 90)) for x in range(0, 1040, 80)]
            draw.polygon([(0, 720), *edge, (960, 720)], fill=shade)
        out = io.BytesIO()
        image.filter(ImageFilter.GaussianBlur(1.2)).save(out, "JPEG", quality=88)
        return out.getvalue()


SCENES: Final = (
    Scene("roof, north side.jpg", (186, 205, 214), (126, 122, 96)),
    Scene("chimney.jpg", (226, 196, 160), (142, 96, 74)),
    Scene("evening by the lake.jpg", (94, 116, 138), (60, 84, 78)),
)


def furnish(keeper: Keeper, stack: Stack) -> None:
    """Chats, a conversation, pictures, papers and a recording."""
    with keeper.program(stack.api) as http:
        for title in ("Letters to Aunt Mara", "Running, in the mornings", "Recipes that worked"):
            send(http, title)
        chat = send(http, TALK[0][1])
        for role, text in TALK[1:3]:
            send(http, text, chat_id=chat, role=role, content_type="text/markdown")
        files = upload(http, chat, [(scene.name, scene.jpeg(), "image/jpeg") for scene in SCENES[:2]])
        send(http, "", chat_id=chat, file_ids=files)
        send(http, TALK[3][1], chat_id=chat, role="assistant")
        spoken = upload(http, chat, [("Voice note 2026-11-20 08.12.wav", tone_wav(42), "audio/wav")], "audio")
        send(http, "", chat_id=chat, file_ids=spoken)
        papers = [("invoice 2025.pdf", b"%PDF-1.7\n" + bytes(80_000), ""), ("measures.csv", b"a,b\n" * 900, "")]
        upload(http, chat, [*papers, (SCENES[2].name, SCENES[2].jpeg(), "image/jpeg")])
        for message in rows(http, include="messages")["messages"]:
            if message["role"] == "user":
                http.post(f"/messages/{message['message_id']}/status", json={"status": "read"}).raise_for_status()
        wait_for(lambda: analysed(http), "everything to be sealed and looked at")


def analysed(http: httpx.Client) -> bool:
    files = rows(http, include="files")["files"]
    media = [file for file in files if file["name"].endswith((".jpg", ".wav"))]
    return all(file["status"] == "ready" for file in files) and all(
        file["audio"] is not None or file["has_thumbnail"] for file in media
    )


def send(http: httpx.Client, content: str, **fields: object) -> str:
    answer = http.post("/messages", json={"content": content, **fields})
    answer.raise_for_status()
    chat_id: str = answer.json()["chat_id"]
    return chat_id


def upload(http: httpx.Client, chat: str, files: list[tuple[str, bytes, str]], kind: str = "files") -> list[str]:
    answer = http.post(f"/upload/{kind}", data={"chat_id": chat}, files=[("file", file) for file in files])
    answer.raise_for_status()
    return [file["file_id"] for file in answer.json()["files"]]


def views(keeper: Keeper, *, recording: bool = True, uploading: bool = True) -> Iterator[str]:
    """Goes from view to view, and gives the name of each once it can be seen. `uploading` leaves some files behind,
    `recording` a note with Undo."""
    page = keeper.page
    keeper.go_to("Chats")
    yield "chats"
    keeper.open_chat(TALK[0][1][:40])
    keeper.open_message_list()
    expect(keeper.log.get_by_role("slider", name="Position")).to_be_enabled()
    expect(keeper.log.get_by_role("button", name="Open chimney.jpg").locator("img")).to_be_visible()
    yield "chat"
    page.get_by_role("button", name="Files of this chat").click()
    expect(page.get_by_role("complementary", name="Files of this chat").get_by_text("measures.csv")).to_be_visible()
    yield "details"
    page.get_by_role("button", name="Hide the files of this chat").click()
    if recording:
        page.get_by_role("button", name="Record a voice note").click()
        expect(page.get_by_role("timer")).to_have_text("0:03", timeout=20_000)
        yield "voice"
        page.get_by_role("button", name="Finish and listen").click()
        expect(page.get_by_role("button", name="Send the recording")).to_be_visible()
        yield "review"
        page.get_by_role("button", name="Discard the recording").click()
    if uploading:
        yield from _uploading(keeper)
    keeper.go_to("Files")
    expect(page.get_by_role("button", name=re.compile("evening by the lake.jpg")).locator("img").first).to_be_visible()
    yield "files"
    page.get_by_role("button", name=re.compile("evening by the lake.jpg")).first.click()
    expect(page).to_have_url(re.compile("#/files/[0-9a-f-]{36}$"))
    expect(page.get_by_role("dialog").get_by_role("img").first).to_be_visible()
    yield "preview"
    page.keyboard.press("Escape")
    keeper.go_to("History")
    page.get_by_role("button", name=re.compile(r"^Verify \d+ events$")).click()
    expect(page.get_by_text("Each is in the log as it is shown here.")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Details: (You|The assistant) wrote a message")).first.click()
    yield "history"
    page.get_by_role("link", name="Look at how it was then").click()
    expect(page.get_by_role("region", name="Messages").get_by_role("article").first).to_be_visible()
    yield "then"
    page.get_by_role("link", name="All chats of then").click()
    page.get_by_role("navigation", name="Things of then").get_by_role("link", name="Files").click()
    expect(page.get_by_role("list", name="Files").get_by_text("chimney.jpg")).to_be_visible()
    yield "then-files"
    keeper.go_to("Account")
    expect(page.get_by_role("heading", name="Account", level=1)).to_be_visible()
    yield "account"


def _uploading(keeper: Keeper) -> Iterator[str]:
    page = keeper.page
    with keeper.visitor.slowed(up_kib_s=300, down_kib_s=4_000, latency_ms=5):
        keeper.attach(*payloads(*((f"film {n}.mov", bytes(800_000), "") for n in range(4))))
        page.get_by_role("button", name=re.compile("^Show the uploads")).click()
        expect(page.get_by_text(re.compile(r"\d kB/s")).first).to_be_visible(timeout=30_000)
        yield "uploading"
        page.keyboard.press("Escape")
    # The list of files stands still from here on: nobody hits what moves under the pointer.
    expect(page.get_by_text("4 files are kept").first).to_be_visible(timeout=60_000)
