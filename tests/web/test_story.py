"""One person at the page, from registering to erasing everything, with a second browser looking on and a server that
dies in between. One of them is wide and light, the other a phone in the dark."""

from __future__ import annotations

import hashlib
import os
import re

import httpx
import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.stack import Stack
from tests.media_made import grey_png
from tests.waiting import wait_for
from tests.web.conftest import Visit
from tests.web.keeper import Keeper, downloaded, payloads, picture, register, rows
from tests.web.looks import NARROW_DARK
from tests.web.visitor import Visitor

FIRST = "The first words in here."
DYING_SERVER = r"ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED|ERR_ABORTED"


def test_everything_a_person_keeps_here_from_the_first_word_to_the_last(visit: Visit, stack: Stack) -> None:
    ada = register(visit())
    ada.new_chat()
    ada.write(FIRST)
    ada.expect_status(FIRST, "Sent")
    expect(ada.page.get_by_role("heading", name=FIRST, level=1)).to_be_visible()
    kept = send_files(ada)
    phone = see_it_live_in_a_second_browser(ada, visit(NARROW_DARK))
    send_a_voice_note(phone)
    for keeper in (ada, phone):
        keeper.page.reload()
        keeper.open_message_list()
        for text in (FIRST, "Three files."):
            keeper.expect_status(text, "Sent")
        expect(recording(keeper)).to_be_visible()

    find_every_byte(ada, stack, kept)
    lose_the_server_in_the_middle_of_an_upload(ada, phone, stack)
    erase_everything(phone, ada)
    stack.require_sound()


def send_files(ada: Keeper) -> list[bytes]:
    """Two of one name, and a picture, with a message."""
    notes, other, photo = os.urandom(300_000), os.urandom(200_000), grey_png(640, 480)
    ada.attach(*payloads(("notes.bin", notes, ""), ("notes.bin", other, ""), ("shore.png", photo, "image/png")))
    ada.write("Three files.")
    ada.expect_status("Three files.", "Sent")
    expect(ada.message("Three files.").get_by_text("notes.bin")).to_have_count(2)
    expect(ada.message("Three files.").get_by_role("button", name="Open shore.png")).to_be_visible()
    return [notes, other, photo]


def recording(keeper: Keeper) -> Locator:
    return keeper.log.get_by_role("group", name=re.compile("^Recording Voice note"))


def send_a_voice_note(ada: Keeper) -> None:
    """Recorded, heard, sought."""
    ada.record()
    player = recording(ada)
    position = player.get_by_role("slider", name="Position")
    expect(position).to_be_enabled(timeout=30_000)
    length = position.get_attribute("aria-valuemax") or ""
    assert 1.5 < float(length) < 30
    position.press("End")
    expect(position).to_have_attribute("aria-valuenow", length)
    position.press("Home")
    expect(position).to_have_attribute("aria-valuenow", "0")
    player.get_by_role("button", name="Play").click()
    ada.page.wait_for_function("(slider) => Number(slider.ariaValueNow) > 0", arg=position.element_handle())


def see_it_live_in_a_second_browser(ada: Keeper, visitor: Visitor) -> Keeper:
    elsewhere = Keeper(visitor, visitor.open(), ada.username)
    elsewhere.sign_in()
    elsewhere.open_chat(FIRST)
    expect(elsewhere.message("Three files.")).to_be_visible()
    ada.write("Can you see this over there?")
    expect(elsewhere.message("Can you see this over there?")).to_be_visible()
    elsewhere.write("As it happens.")
    expect(ada.message("As it happens.")).to_be_visible()
    return elsewhere


def find_every_byte(ada: Keeper, stack: Stack, kept: list[bytes]) -> None:
    """What comes down is what went up."""
    ada.go_to("Files")
    with ada.program(stack.api) as http:
        files = {file["hash_sha256"]: file["file_id"] for file in rows(http, include="files")["files"]}
    for data in kept:
        ada.page.goto(f"/#/files/{files[hashlib.sha256(data).hexdigest()]}")
        preview = ada.page.get_by_role("dialog")
        assert downloaded(ada.page, preview.get_by_role("link", name="Download").first) == data
        ada.page.keyboard.press("Escape")
        expect(preview).to_be_hidden()


def lose_the_server_in_the_middle_of_an_upload(ada: Keeper, elsewhere: Keeper, stack: Stack) -> None:
    for keeper in (ada, elsewhere):
        keeper.visitor.allow(DYING_SERVER)
    ada.open_chat(FIRST)
    large = os.urandom(6_000_000)
    spool = stack.data / "spool"
    with ada.visitor.slowed(up_kib_s=1_500, down_kib_s=4_000, latency_ms=5):
        ada.attach(picture("large.bin", large, ""))
        wait_for(lambda: any(path.stat().st_size > 1_000_000 for path in spool.iterdir()), "some of it to arrive")
    with stack.away():
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{stack.url}/healthz")
        ada.write("Written while nobody answers.")
        waiting = ada.message("Written while nobody answers.").get_by_role("img", name=re.compile("Sending|Waiting"))
        expect(waiting).to_be_visible()
    expect(elsewhere.message("Written while nobody answers.")).to_be_visible(timeout=60_000)
    ada.expect_status("Written while nobody answers.", "Sent")
    expect(ada.message("Written while nobody answers.").get_by_text("large.bin")).to_be_visible()
    checksum = hashlib.sha256(large).hexdigest()
    with ada.program(stack.api) as http:
        wait_for(
            lambda: checksum in [file["hash_sha256"] for file in rows(http, include="files", status="ready")["files"]],
            "the large file to be ready",
        )


def erase_everything(ada: Keeper, elsewhere: Keeper) -> None:
    for keeper in (ada, elsewhere):
        keeper.visitor.allow("401")
    page = ada.page
    ada.go_to("Account")
    page.get_by_role("button", name="Erase my account").click()
    page.get_by_label(f"Type {ada.username} to confirm").fill(ada.username)
    page.get_by_role("dialog").get_by_label("Your password", exact=True).fill(ada.password)
    page.get_by_role("button", name="Erase everything for good").click()
    expect(page.get_by_role("heading", name="Erased")).to_be_visible()
    expect(elsewhere.page.get_by_label("Password", exact=True)).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="To the start").click()
    page.get_by_label("Name or e-mail").fill(ada.username)
    page.get_by_label("Password", exact=True).fill(ada.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("Name and password do not fit together.")).to_be_visible()
