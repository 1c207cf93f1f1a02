"""A person's history at the page: read, verified by the browser itself, and looked back into. And a server that lies
about it is found out."""

from __future__ import annotations

import base64
import re

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Page, Route, expect

from eventstore.note import SignerKey
from tests.e2e.stack import Stack
from tests.waiting import wait_for
from tests.web.axe import axe
from tests.web.conftest import Arrive
from tests.web.keeper import Keeper, rows
from tests.web.looks import NARROW_DARK
from tests.web.sights import send, upload
from tests.web.test_views import require_within

ALL_HOLD = "Each is in the log as it is shown here."
FORGOTTEN = r"status of 404"  # What was deleted is asked for once, and is not there.
OTHER_KEY = str(SignerKey("log.example.org", Ed25519PrivateKey.generate().private_bytes_raw()).verifier)


def verify_all(page: Page) -> None:
    page.get_by_role("button", name=re.compile(r"^Verify \d+ events?$")).click()


def event(page: Page, sentence: str) -> None:
    """Opens the details of the newest event that this sentence tells."""
    page.get_by_role("button", name=re.compile(f"^Details: {re.escape(sentence)}")).first.click()


def tell(ada: Keeper, stack: Stack) -> tuple[str, str]:
    """A chat that is renamed afterwards, with a message before and one after; a file that is deleted. Their ids."""
    ada.visitor.allow(FORGOTTEN)
    with ada.program(stack.api) as http:
        chat = send(http, "Seeds to order")
        kept, lost = upload(http, chat, [("kept.txt", b"kept", "text/plain"), ("lost.txt", b"lost", "text/plain")])
        wait_for(lambda: all(file["status"] == "ready" for file in rows(http)["files"]), "the files to be sealed")
        http.patch(f"/chats/{chat}", json={"title": "The garden in spring"}).raise_for_status()
        send(http, "And the tools.", chat_id=chat)
        http.delete(f"/files/{lost}").raise_for_status()
    return chat, kept


def test_what_happened_is_there_is_verified_and_can_be_looked_back_to(arrive: Arrive, stack: Stack) -> None:
    ada = arrive(NARROW_DARK)
    page = ada.page
    ada.go_to("History")
    expect(page.get_by_text("Your account was made.")).to_be_visible()
    tell(ada, stack)
    expect(page.get_by_text("A file was deleted and its key destroyed.")).to_be_visible()  # as it happens
    expect(page.get_by_role("link", name="The garden in spring").first).to_be_attached()
    expect(page.get_by_text("lost.txt")).to_have_count(0)

    verify_all(page)
    expect(page.get_by_text(ALL_HOLD)).to_be_visible()
    expect(page.get_by_text("met the log's key just now")).to_be_visible()
    event(page, "A chat was begun.")
    expect(page.get_by_text(re.compile(r"Verified: it is number \d+ of the \d+ events"))).to_be_visible()
    require_within(page, "history")
    axe(page)

    page.get_by_role("link", name="Look at how it was then").click()
    expect(page.get_by_role("heading", name=re.compile("^As it was on"), level=1)).to_be_visible()
    then = page.get_by_role("main")
    expect(then.get_by_role("heading", name="Seeds to order", level=2)).to_be_visible()
    expect(then.get_by_text("And the tools.")).to_have_count(0)
    expect(then.get_by_role("textbox")).to_have_count(0)
    require_within(page, "a chat of then")
    axe(page)
    page.get_by_role("link", name="Back to today").click()
    expect(page.get_by_role("heading", name="History", level=1)).to_be_visible()


def test_a_deleted_file_does_not_come_back(ada: Keeper, stack: Stack) -> None:
    page = ada.page
    tell(ada, stack)
    ada.go_to("History")
    page.get_by_role("button", name="Chats", exact=True).click()
    event(page, "A chat was renamed.")
    page.get_by_role("link", name="Look at how it was then").click()
    page.get_by_role("link", name="All chats of then").click()
    page.get_by_role("navigation", name="Things of then").get_by_role("link", name="Files").click()
    files = page.get_by_role("list", name="Files")
    expect(files.get_by_text("kept.txt")).to_be_visible()  # both were there then
    expect(files.get_by_text("lost.txt")).to_have_count(0)
    expect(page.get_by_text("What was deleted since is not shown")).to_be_visible()


def test_the_time_to_look_back_to_is_chosen_with_the_keyboard(ada: Keeper, stack: Stack) -> None:
    page = ada.page
    tell(ada, stack)
    ada.go_to("History")
    page.get_by_role("button", name="As it was on").click()
    field = page.get_by_label("Day and time")
    field.fill("2999-01-01T00:00:00")
    field.press("Enter")
    expect(page.get_by_text("That has not come yet.")).to_be_visible()
    axe(page)
    field.fill("2020-01-01T00:00:00")
    field.press("Enter")
    expect(page.get_by_text("There were no chats then.")).to_be_visible()


def test_a_file_leads_to_what_happened_to_it(ada: Keeper, stack: Stack) -> None:
    page = ada.page
    _, kept = tell(ada, stack)
    page.goto(f"/#/files/{kept}")
    page.get_by_role("dialog").get_by_role("button", name="Sealed").click()
    page.get_by_role("link", name="Look at its history and verify it").click()
    expect(page.get_by_text("Only what happened to kept.txt")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("listitem")).to_have_count(2)  # it arrived, and it was sealed
    verify_all(page)
    expect(page.get_by_text(f"2 events verified. {ALL_HOLD}")).to_be_visible()


def test_a_proof_that_was_tampered_with_is_told(newcomer: Keeper) -> None:
    ada, page = newcomer, newcomer.page

    def tamper(route: Route) -> None:
        answer = route.fetch()
        lines = answer.text().split("\n")
        envelope = base64.b64decode(lines[1].removeprefix("extra "))
        changed = envelope.replace(b'"sealed_sha256":"', b'"sealed_sha256":"0')
        lines[1] = f"extra {base64.b64encode(changed).decode()}"
        route.fulfill(response=answer, body="\n".join(lines))

    page.route("**/user/events/*/proof", tamper)
    ada.go_to("History")
    expect(page.get_by_text("Your account was made.")).to_be_visible()
    verify_all(page)
    expect(page.get_by_text(re.compile(r"^4 of 4 events did not stand the check"))).to_be_visible()
    event(page, "Your account was made.")
    expect(page.get_by_text("The proof does not lead from this event to what the log has signed.")).to_be_visible()
    expect(page.get_by_text(ALL_HOLD)).to_have_count(0)
    axe(page)


def test_another_event_in_its_place_is_told(newcomer: Keeper) -> None:
    ada, page = newcomer, newcomer.page

    def relabel(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("UserRegistered", "PasswordChanged"))

    page.route("**/user/events?*", relabel)
    ada.go_to("History")
    event(page, "Your password was changed.")
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.get_by_text("The log has another event in this place than the one shown here.")).to_be_visible()


def test_a_key_that_changes_is_told_and_taken_only_after_saying_so(arrive: Arrive) -> None:
    ada = arrive(NARROW_DARK)
    page = ada.page
    ada.go_to("History")
    verify_all(page)
    expect(page.get_by_text(ALL_HOLD)).to_be_visible()
    key = httpx.get(f"{page.url.split('/#')[0]}/log/key").text.strip()
    page.route("**/log/key", lambda route: route.fulfill(body=f"{OTHER_KEY}\n", content_type="text/plain"))
    page.reload()
    verify_all(page)
    alert = page.get_by_role("alert")
    expect(alert.get_by_role("heading", name="The log has another key")).to_be_visible()
    expect(alert.get_by_text(key)).to_be_visible()
    expect(alert.get_by_text(OTHER_KEY)).to_be_visible()
    expect(page.get_by_text(ALL_HOLD)).to_have_count(0)
    require_within(page, "another key")
    axe(page)
    page.reload()  # It does not wear off.
    verify_all(page)
    alert.get_by_role("button", name="Trust the new key").click()
    expect(page.get_by_text("4 of 4 events did not stand the check.")).to_be_visible()  # It has signed none of this.


def test_a_log_that_takes_back_its_history_is_told(newcomer: Keeper, stack: Stack) -> None:
    """A younger answer is put aside, and given once the browser has seen the log grow."""
    ada, page = newcomer, newcomer.page
    ada.go_to("History")
    with page.expect_response("**/user/events/*/proof") as answer:
        verify_all(page)
        expect(page.get_by_text(ALL_HOLD)).to_be_visible()
    old, address = answer.value.text(), answer.value.url
    tell(ada, stack)
    page.reload()
    expect(page.get_by_text("A chat was begun.")).to_be_visible()
    verify_all(page)
    expect(page.get_by_text(re.compile("The log has grown from"))).to_be_visible()
    page.route(address, lambda route: route.fulfill(body=old, content_type="text/plain"))
    verify_all(page)
    expect(page.get_by_role("alert").get_by_text("Part of the history was taken back.")).to_be_visible()
    expect(page.get_by_text(ALL_HOLD)).to_have_count(0)
