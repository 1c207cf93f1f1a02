"""What a person decides alone: which programs may come in, taking everything along, bringing it in, erasing it with a
receipt."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Final

import httpx
from playwright.sync_api import Page, expect

from tests.e2e.stack import Stack
from tests.waiting import wait_for
from tests.web.axe import axe
from tests.web.conftest import Arrive, Visit
from tests.web.keeper import Keeper, enter, rows
from tests.web.looks import NARROW_DARK, SMALLEST
from tests.web.sights import send, upload
from tests.web.test_views import require_within

REFUSED: Final = r"status of 4(0[139]|22|29)"
NOT_YET: Final = (
    r"status of 503|503 to GET \S+/log/receipt/\d+$"  # A receipt that is not signed yet is asked for again.
)
MANIFEST: Final = "manifest.json"

PICKER: Final = """() => {
  window.showSaveFilePicker = async ({ suggestedName }) => {
    const folder = await navigator.storage.getDirectory();
    return await folder.getFileHandle(suggestedName, { create: true });
  };
}"""
"""Chooses a file of the page's own storage: no dialog of a browser can be used by a test. What is written, and how, is
the same."""
NO_PICKER: Final = "() => { delete window.showSaveFilePicker; }"
WRITTEN: Final = """async () => {
  const folder = await navigator.storage.getDirectory();
  for await (const file of folder.values()) {
    const bytes = new Uint8Array(await (await file.getFile()).arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  }
}"""


def test_a_token_is_shown_once_and_reaches_what_it_was_made_for(arrive: Arrive, stack: Stack) -> None:
    ada = arrive(SMALLEST, allowing=REFUSED)
    page = ada.page
    with ada.program(stack.api) as http:
        garden = send(http, "The garden")
        send(http, "The letters")
    ada.go_to("Account")
    token = make_token(ada)

    tokens = page.get_by_role("list", name="API tokens")
    expect(tokens.get_by_text(re.compile("Read, only “\\W?The garden\\W?”"))).to_be_visible()
    expect(tokens.get_by_text("Never used")).to_be_visible()
    assert {row["chat_id"] for row in data_by(stack, token, chat_id=garden)["messages"]} == {garden}
    expect(tokens.get_by_text("Last used about")).to_be_visible()  # as it happens
    axe(page)
    page.get_by_role("button", name="Revoke the token <img onerror> der Bot 🤖").click()
    axe(page)
    page.get_by_role("dialog").get_by_role("button", name="Revoke", exact=True).click()
    expect(page.get_by_text("There is none.")).to_be_visible()
    expect(page.get_by_role("button", name="Make a token")).to_be_focused()
    assert status_of(stack, token) == 401

    the_ledger_tells(ada)


def make_token(ada: Keeper) -> str:
    """For one chat, to read it; by way of everything that can be wrong with the form."""
    page = ada.page
    page.get_by_role("button", name="Make a token").click()
    form = page.get_by_role("dialog")
    form.get_by_role("radio", name=re.compile("^Read It sees")).check()
    form.get_by_role("radio", name="Some chats only").check()
    form.get_by_label("Your password", exact=True).fill("not my password")
    form.get_by_role("button", name="Make the token").click()
    expect(form.get_by_text("Please fill this in.")).to_be_visible()
    expect(form.get_by_text("Choose at least one chat, and 100 at most.")).to_be_visible()
    form.get_by_label("Name", exact=True).fill("<img onerror> der Bot 🤖")
    form.get_by_label("Find a chat").fill("gard")
    form.get_by_role("checkbox", name="The garden").check()
    expect(form.get_by_text("1 chat chosen")).to_be_visible()
    form.get_by_label("It lasts").select_option("A year")
    axe(page)
    require_within(page, "a token that is being made")
    form.get_by_role("button", name="Make the token").click()
    expect(form.get_by_text("That is not your password.")).to_be_visible()
    form.get_by_label("Your password", exact=True).fill(ada.password)
    form.get_by_role("button", name="Make the token").click()

    token = page.get_by_role("group", name="The token").inner_text().strip()
    assert token.startswith("sr_")
    expect(page.get_by_role("dialog").get_by_text('-H "Authorization: Bearer $(cat token.txt)"')).to_be_visible()
    axe(page)
    require_within(page, "a token that was made")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.get_by_text("Once this is closed, nobody can show it again.")).to_be_visible()
    page.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_role("button", name="Make a token")).to_be_focused()
    assert token not in page.content()
    return token


def the_ledger_tells(ada: Keeper) -> None:
    page = ada.page
    ada.go_to("History")
    page.get_by_role("button", name="Access", exact=True).click()
    for sentence in ("You revoked an API token.", "An API token was used,", "An API token was made that only reads."):
        expect(page.get_by_text(sentence)).to_be_visible()
    expect(page.get_by_text("A chat was begun.")).to_have_count(0)
    page.get_by_role("button", name=re.compile("^Details: You revoked an API token.")).click()
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.get_by_text(re.compile(r"Verified: it is number \d+"))).to_be_visible()
    axe(page)


def test_everything_is_saved_while_it_comes_and_half_of_it_never(visit: Visit, stack: Stack) -> None:
    visitor = visit(NARROW_DARK)
    with enter(visitor, stack) as ada:
        page = ada.page
        keep_things(ada, stack)
        page.evaluate(PICKER)
        ada.go_to("Account")
        with visitor.slowed(down_kib_s=100, latency_ms=5):
            page.get_by_role("button", name="Download everything").click()
            expect(page.get_by_role("progressbar", name="Saving the export")).to_be_visible()
            expect(page.get_by_text(re.compile(r"kB of about 6\d\d kB · \d+ kB/s · \d:\d\d left"))).to_be_visible()
            axe(page)
            require_within(page, "an export under way")
            require_one_scroller(page)
            page.get_by_role("button", name="Stop", exact=True).click()
            expect(page.get_by_text("Stopped. Nothing was saved.")).to_be_visible()
        assert base64.b64decode(page.evaluate(WRITTEN)) == b""
        wait_for(lambda: exported(ada, stack), "the server to notice that nobody reads on")
        page.get_by_role("button", name="Download everything").click()
        expect(page.get_by_text("Saved whole,")).to_be_visible()
        axe(page)
        require_whole(base64.b64decode(page.evaluate(WRITTEN)))
        ada.go_to("History")
        page.get_by_role("button", name="Access", exact=True).click()
        expect(page.get_by_text("You had everything exported.").first).to_be_visible()


def test_an_export_comes_in_again_where_nothing_is_yet(visit: Visit, stack: Stack) -> None:
    with enter(visit(), stack) as ada:
        keep_things(ada, stack)
        ada.page.evaluate(NO_PICKER)
        ada.go_to("Account")
        with ada.page.expect_download() as download:
            ada.page.get_by_role("link", name="Download everything").click()
        path = Path(download.value.path())
        archive = path.read_bytes()
        assert re.fullmatch(r"strongroom-[\d-]+\.zip", download.value.suggested_filename)
        expect(ada.page.get_by_text("Your browser saves it")).to_be_visible()
        require_whole(archive)

    other = visit(NARROW_DARK)
    other.allow(REFUSED)
    other.allow("ERR_INTERNET_DISCONNECTED|ERR_NETWORK|ERR_ABORTED|ERR_FAILED")
    with enter(other, stack) as bob:
        page = bob.page
        bob.go_to("Account")
        choose(page, b"GIF89a" * 20)
        expect(page.get_by_text("This is not a whole export of a Strongroom.")).to_be_visible()
        choose(page, b"PK\x03\x04" * 20)
        expect(page.get_by_text("This is not a whole export of a Strongroom.")).to_be_visible()
        page.get_by_text("What exactly was wrong").click()
        axe(page)
        with other.slowed(up_kib_s=100, latency_ms=5):
            choose(page, archive)
            bar = page.get_by_role("progressbar", name="Bringing in the export")
            expect(bar).to_have_attribute("aria-valuenow", re.compile("[1-9]"))
            axe(page)
            require_within(page, "an import under way")
            page.get_by_role("button", name="Stop", exact=True).click()
            expect(page.get_by_text("Sent again, the same export goes on from there")).to_be_visible()
        go_on(page)
        expect(page.get_by_text(re.compile(r"^Here: ((0|1) chats?), .* and 1 file\.$"))).to_be_visible()
        expect(page.get_by_text("The files are being sealed now.")).to_be_visible()
        axe(page)
        page.get_by_role("button", name="Dismiss").click()
        bob.open_chat("What is to be kept")
        expect(bob.message("What is to be kept")).to_be_visible()
        with bob.program(stack.api) as http:
            send(http, "Something of bob's own")
        bob.go_to("Account")
        choose(page, archive)
        expect(page.get_by_text("into an account with no chats and files. This one has some.")).to_be_visible()


def test_what_is_erased_leaves_a_receipt(arrive: Arrive, stack: Stack) -> None:
    ada = arrive(SMALLEST, allowing=rf"{REFUSED}|{NOT_YET}|status of 404")
    page = ada.page
    with ada.program(stack.api) as http:
        chat = send(http, "For the bin")
        (lost,) = upload(http, chat, [("lost.txt", b"lost", "text/plain")])
        wait_for(lambda: rows(http)["files"][0]["status"] == "ready", "the file to be sealed")
        http.delete(f"/files/{lost}").raise_for_status()
    ada.go_to("History")
    page.get_by_role("button", name="Access", exact=True).click()
    expect(page.get_by_text("Nothing of a deleted file is left.")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Details: A file was deleted")).click()
    axe(page)
    assert f"stream file-{lost}\n" in receipt(page)

    ada.go_to("Account")
    page.get_by_role("button", name="Erase my account").click()
    page.get_by_label(f"Type {ada.username} to confirm").fill(ada.username)
    page.get_by_role("dialog").get_by_label("Your password", exact=True).fill(ada.password)
    page.get_by_role("button", name="Erase everything for good").click()
    expect(page.get_by_role("heading", name="Erased")).to_be_visible()
    axe(page)
    require_within(page, "the last page")
    assert "\nerased account\n" in receipt(page)


# -- what is done again and again


def keep_things(ada: Keeper, stack: Stack) -> None:
    """A chat and a file that takes a while on a slow line."""
    with ada.program(stack.api) as http:
        chat = send(http, "What is to be kept")
        upload(http, chat, [("noise.bin", random_bytes(600_000), "application/octet-stream")])
        wait_for(lambda: rows(http)["files"][0]["status"] == "ready", "the file to be sealed")


def random_bytes(count: int) -> bytes:
    """Nothing packs it, and it is the same each time."""
    state, found = 1, bytearray()
    while len(found) < count:
        state = state * 6364136223846793005 + 1442695040888963407 & (1 << 64) - 1
        found += (state >> 32).to_bytes(4)
    return bytes(found[:count])


def require_whole(archive: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(archive)) as found:
        assert found.testzip() is None
        manifest = json.loads(found.read(MANIFEST))
        assert manifest["missing"] == []
        assert random_bytes(600_000) in [found.read(name) for name in found.namelist() if name.startswith("files/")]


def exported(ada: Keeper, stack: Stack) -> bool:
    """Whether an export is let out: one at a time is."""
    with ada.program(stack.api) as http:
        return http.get("/user/export").status_code == 200


def require_one_scroller(page: Page) -> None:
    """AssertionError when the page itself can be scrolled, beside what is scrolled in it."""
    tall, room = page.evaluate("() => [document.documentElement.scrollHeight, window.innerHeight]")
    assert tall <= room, f"{tall} px of page in {room} px of window"


def choose(page: Page, archive: bytes) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=re.compile("^Choose an(other)? export$")).click()
    chooser.value.set_files({"name": "strongroom.zip", "mimeType": "application/zip", "buffer": archive})


def go_on(page: Page) -> None:
    """The server may take a moment to notice that the first try has ended: then it says so, and is asked again."""
    came = page.get_by_text(re.compile("^Here: "))
    for _ in range(5):
        page.get_by_role("button", name="Go on", exact=True).click()
        expect(came.or_(page.get_by_text("One of these is under way already."))).to_be_visible()
        if came.is_visible():
            return
    raise AssertionError("the server never noticed")


def receipt(page: Page) -> str:
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the receipt").click()
    note = Path(download.value.path()).read_text()
    assert note.startswith("Strongroom erasure receipt v1\n")
    assert note.splitlines()[-1].startswith("— ")  # The log's signature.
    return note


def data_by(stack: Stack, token: str, **query: str) -> dict[str, list[dict[str, str]]]:
    """What a token reads."""
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.get(f"{stack.api}/user/data", headers=headers, params=query, trust_env=False, timeout=30)
    answer.raise_for_status()
    found: dict[str, list[dict[str, str]]] = answer.json()
    return found


def status_of(stack: Stack, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{stack.api}/user/data", headers=headers, trust_env=False, timeout=30).status_code
