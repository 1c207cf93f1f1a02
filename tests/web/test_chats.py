"""Chats as people use them: what is written is never lost, never doubled, and never more than text."""

from __future__ import annotations

import re
from typing import Any

import httpx
from playwright.sync_api import Route, expect

from tests.e2e.stack import Stack
from tests.waiting import wait_for
from tests.web.conftest import Visit
from tests.web.keeper import Keeper, enter, picture, rows

HOSTILE = """<img src=x onerror=alert(1)> and <script>alert(2)</script>

[a link](javascript:alert(3)) ![a picture](https://example.invalid/beacon.png) **bold**

<b>not bold</b> [good](https://example.org/)"""


def post(http: Any, path: str, **body: object) -> Any:
    answer = http.post(path, json=body)
    answer.raise_for_status()
    return answer.json()


def found(http: httpx.Client, text: str) -> dict[str, Any]:
    """The one message that says this."""
    message: dict[str, Any]
    (message,) = (each for each in newest(http) if each["content"] == text)
    return message


def newest(http: httpx.Client) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = rows(http, include="messages", order="desc", limit=100)["messages"]
    return messages


def chats(ada: Keeper, stack: Stack) -> int:
    with ada.program(stack.api) as http:
        return len(rows(http, include="chats")["chats"])


def require_kept(ada: Keeper, stack: Stack, *texts: str) -> None:
    """AssertionError unless these are all that one chat holds, in this order, and no other chat holds any of them."""
    with ada.program(stack.api) as http:
        (chat,) = {message["chat_id"] for message in newest(http) if message["content"] in texts}
        held = rows(http, include="messages", chat_id=chat)["messages"]
    assert [message["content"] for message in held] == list(texts)


def test_hostile_words_and_titles_stay_text(ada: Keeper, stack: Stack) -> None:
    dialogs: list[str] = []
    ada.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    with ada.program(stack.api) as http:
        chat = post(http, "/chats", title='"><img src=x onerror=alert(0)>')["chat_id"]
        post(http, "/messages", content=HOSTILE, chat_id=chat, role="assistant", content_type="text/markdown")
    ada.open_chat('"><img src=x onerror=alert(0)>')
    shown = ada.message("bold").first
    expect(shown.get_by_role("strong").or_(shown.locator("strong"))).to_have_text("bold")
    expect(shown).to_contain_text("<img src=x onerror=alert(1)> and <script>alert(2)</script>")
    expect(shown).to_contain_text("[a link](javascript:alert(3))")
    expect(shown.locator("img, script, iframe, b")).to_have_count(0)
    expect(shown.get_by_role("link", name="good")).to_have_attribute("href", "https://example.org/")
    expect(shown.get_by_role("link", name="good")).to_have_attribute("rel", re.compile("noopener.*noreferrer"))
    assert [link.get_attribute("href") for link in shown.get_by_role("link").all()] == [
        "https://example.invalid/beacon.png",
        "https://example.org/",
    ]
    assert dialogs == []


def test_ticks_tell_what_became_of_a_message(ada: Keeper, stack: Stack) -> None:
    ada.new_chat()
    ada.write("Is anybody there?")
    ada.expect_status("Is anybody there?", "Sent")
    with ada.program(stack.api) as http:
        sent = found(http, "Is anybody there?")
        for status, name in (("delivered", "Delivered"), ("read", "Read")):
            post(http, f"/messages/{sent['message_id']}/status", status=status)
            ada.expect_status("Is anybody there?", name)
        post(http, "/messages", content="I am.", chat_id=sent["chat_id"], role="assistant")
        expect(ada.message("I am.")).to_be_visible()

        def shown() -> bool:
            return bool(found(http, "I am.")["status"] == "read")

        wait_for(shown, "the page to say that the answer was shown")


def test_what_the_other_side_could_not_take_can_be_sent_again(ada: Keeper, stack: Stack) -> None:
    ada.new_chat()
    ada.write("Too hard a question")
    ada.expect_status("Too hard a question", "Sent")
    with ada.program(stack.api) as http:
        sent = found(http, "Too hard a question")
        post(http, f"/messages/{sent['message_id']}/status", status="error", code="overloaded")
    ada.expect_status("Too hard a question", "Not delivered")
    ada.message("Too hard a question").get_by_role("button", name="Retry").click()
    expect(ada.message("Too hard a question")).to_have_count(2)
    ada.expect_status("Too hard a question", "Sent")


def test_drafts_stay_with_their_chats_over_a_reload_and_in_step_between_tabs(ada: Keeper, stack: Stack) -> None:
    with ada.program(stack.api) as http:
        for title in ("one", "two"):
            post(http, "/chats", title=title)
    ada.open_chat("one")
    ada.field.fill("begun in one")
    ada.open_chat("two")
    expect(ada.field).to_have_value("")
    ada.field.fill("begun in two")
    ada.page.reload()
    expect(ada.field).to_have_value("begun in two")
    tab = ada.other_tab()
    expect(tab.field).to_have_value("begun in two")
    tab.field.fill("gone on with elsewhere")
    expect(ada.field).to_have_value("gone on with elsewhere")
    ada.open_chat("one")
    expect(ada.field).to_have_value("begun in one")
    ada.write("begun in one, and sent")
    ada.expect_status("begun in one, and sent", "Sent")
    ada.page.reload()
    expect(ada.field).to_have_value("")


def test_words_written_without_a_network_wait_over_a_reload_and_arrive_once_in_order(ada: Keeper, stack: Stack) -> None:
    ada.visitor.allow("ERR_INTERNET_DISCONNECTED")
    ada.new_chat()
    with ada.visitor.offline():
        ada.write("first")
        ada.write("second")
        ada.write("third")
        for text in ("first", "second", "third"):
            ada.expect_status(text, "Sending")
        expect(ada.page.get_by_text("You are offline.")).to_be_visible()
    for text in ("first", "second", "third"):
        ada.expect_status(text, "Sent")
    require_kept(ada, stack, "first", "second", "third")
    ada.page.reload()
    ada.open_message_list()
    for text in ("first", "second", "third"):
        expect(ada.message(text)).to_have_count(1)


def test_a_message_that_is_refused_says_why_and_can_be_discarded(ada: Keeper, stack: Stack) -> None:
    ada.new_chat()
    ada.write("Into a chat that goes")
    ada.expect_status("Into a chat that goes", "Sent")

    def refuse(route: Route) -> None:
        problem = {"type": "about:blank", "title": "No", "status": 507, "code": "storage_full", "detail": "x"}
        route.fulfill(status=507, json=problem, content_type="application/problem+json")

    ada.visitor.allow("507")
    ada.page.route("**/api/v1/messages", refuse)
    ada.write("No room for this")
    ada.expect_status("No room for this", "Not delivered")
    ada.page.reload()
    ada.open_message_list()
    ada.page.unroute("**/api/v1/messages")
    ada.message("No room for this").get_by_role("button", name="Retry").click()
    ada.expect_status("No room for this", "Sent")


def test_a_session_that_ended_elsewhere_brings_sign_in_back_and_keeps_the_draft(newcomer: Keeper, stack: Stack) -> None:
    ada = newcomer
    ada.new_chat()
    ada.write("Something to come back to")
    ada.expect_status("Something to come back to", "Sent")
    ada.field.fill("half a thought")
    ada.visitor.allow("401")
    with ada.program(stack.api) as http:
        for session in http.get("/auth/sessions").json()["sessions"]:
            if not session["current"]:
                http.delete(f"/auth/sessions/{session['id']}").raise_for_status()
    expect(ada.page.get_by_text("Your session has ended.")).to_be_visible(timeout=20_000)
    expect(ada.page.get_by_label("Name or e-mail")).to_have_value(ada.username)
    ada.sign_in()
    expect(ada.field).to_have_value("half a thought")
    expect(ada.message("Something to come back to")).to_be_visible()


def test_signing_out_leaves_nothing_for_the_next_person(newcomer: Keeper, stack: Stack) -> None:
    ada = newcomer
    ada.new_chat()
    ada.write("Mine alone")
    ada.expect_status("Mine alone", "Sent")
    ada.field.fill("a secret draft")
    ada.visitor.allow("401.*stream")  # The other tab may ask for the news just before it hears of the end.
    tab = ada.other_tab()
    tab.open_message_list()
    ada.go_to("Account")
    ada.page.get_by_role("button", name="Sign out", exact=True).first.click()
    ada.page.get_by_role("button", name="Sign out and lose them").click()
    expect(ada.page.get_by_label("Name or e-mail")).to_be_visible()
    expect(tab.page.get_by_label("Name or e-mail")).to_be_visible()
    left = ada.page.evaluate("() => JSON.stringify(localStorage)")
    assert "secret" not in left
    assert ada.username not in left
    kept = ada.page.evaluate(
        """async () => {
            const open = indexedDB.open("strongroom");
            const db = await new Promise((done) => (open.onsuccess = () => done(open.result)));
            const counts = [...db.objectStoreNames].map((name) => new Promise((done) => {
                const asked = db.transaction(name).objectStore(name).count();
                asked.onsuccess = () => done(asked.result);
            }));
            return Promise.all(counts);
        }"""
    )
    assert set(kept) == {0}


def test_news_come_by_asking_while_the_stream_cannot_be_had(visit: Visit, stack: Stack) -> None:
    visitor = visit()
    visitor.allow("stream")
    visitor.context.route("**/api/v1/stream*", lambda route: route.abort("connectionfailed"))
    with enter(visitor, stack) as ada:
        ada.new_chat()
        ada.write("Anything new?")
        ada.expect_status("Anything new?", "Sent")
        expect(ada.page.get_by_text("Live updates are interrupted.")).to_be_visible()
        with ada.program(stack.api) as http:
            chat = rows(http, include="chats")["chats"][0]["chat_id"]
            post(http, "/messages", content="This.", chat_id=chat, role="assistant")
        expect(ada.message("This.")).to_be_visible(timeout=15_000)
        visitor.context.unroute("**/api/v1/stream*")
        expect(ada.page.get_by_text("Live updates are interrupted.")).to_be_hidden(timeout=60_000)


def test_a_chat_is_renamed_and_deleted_with_undo(newcomer: Keeper, stack: Stack) -> None:
    ada = newcomer
    ada.new_chat()
    ada.write("A chat about nothing")
    ada.expect_status("A chat about nothing", "Sent")
    ada.page.get_by_role("button", name="More about this chat").click()
    ada.page.get_by_role("button", name="Rename").click()
    ada.page.get_by_label("Title").fill("A chat about everything")
    ada.page.keyboard.press("Enter")
    expect(ada.page.get_by_role("heading", name="A chat about everything", level=1)).to_be_visible()
    listed = ada.page.get_by_role("navigation", name="Your chats").get_by_role("link", name="A chat about everything")
    for undo in (True, False):
        ada.open_chat("A chat about everything")
        ada.page.get_by_role("button", name="More about this chat").click()
        ada.page.get_by_role("button", name="Delete chat").click()
        expect(listed).to_be_hidden()
        if undo:
            ada.page.get_by_role("button", name="Undo").click()
            expect(listed).to_be_visible()
    ada.page.reload()  # What was waiting to be undone is done when the page goes.
    expect(ada.page.get_by_text("No chats yet.")).to_be_visible()
    with ada.program(stack.api) as http:
        assert rows(http, include="messages")["messages"] == []


def test_all_of_it_goes_by_the_keyboard(ada: Keeper) -> None:
    page = ada.page

    def writing() -> bool:
        """Keys do things a moment after the first view is there."""
        if ada.field.evaluate("(field) => field === document.activeElement"):
            return True
        page.keyboard.press("w")
        return False

    wait_for(writing, "the message field to have the focus")
    page.keyboard.type("Written without a mouse")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("in two lines")
    page.keyboard.press("Enter")
    ada.expect_status("in two lines", "Sent")
    expect(ada.message("Written without a mouse")).to_contain_text("in two lines")
    page.get_by_role("link", name="Account").focus()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("2")
    expect(page.get_by_role("heading", name="Files", level=1)).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("without a mouse")
    found = page.get_by_role("link", name=re.compile("Written without a mouse"))
    expect(found.last).to_be_visible()
    found.last.press("Enter")
    expect(ada.message("Written without a mouse")).to_be_visible()


def test_lines_written_one_after_the_other_all_arrive_whole_and_in_order(ada: Keeper, stack: Stack) -> None:
    lines = [f"line {number}" for number in range(12)]
    before = chats(ada, stack)
    ada.new_chat()
    for line in lines:
        ada.field.press_sequentially(line, delay=15)
        ada.page.keyboard.press("Enter")
    for line in lines:
        ada.expect_status(line, "Sent")
    require_kept(ada, stack, *lines)
    assert chats(ada, stack) == before + 1, "an empty chat was begun beside the one they are in"


def test_what_is_typed_while_a_new_chat_begins_stays_in_the_field(ada: Keeper) -> None:
    gate: list[Route] = []

    def hold(route: Route) -> None:
        gate.append(route)

    ada.page.route("**/api/v1/messages", hold)
    ada.new_chat()
    with ada.page.expect_request("**/api/v1/messages"):
        ada.write("The first")
    ada.field.press_sequentially("and then")
    gate[0].continue_()
    ada.expect_status("The first", "Sent")
    expect(ada.page).to_have_url(re.compile(r"#/chats/[0-9a-f-]{36}$"))
    ada.field.press_sequentially(" more")
    expect(ada.field).to_have_value("and then more")


def test_a_chat_deleted_elsewhere_says_so_and_takes_its_words_along(ada: Keeper, stack: Stack) -> None:
    ada.new_chat()
    ada.write("Not for long")
    ada.expect_status("Not for long", "Sent")
    ada.field.fill("a draft in it")
    with ada.program(stack.api) as http:
        http.delete(f"/chats/{found(http, 'Not for long')['chat_id']}").raise_for_status()
    expect(ada.page.get_by_text("This chat is not there any more.")).to_be_visible()
    expect(ada.message("Not for long")).to_have_count(0)
    assert "a draft in it" not in ada.page.evaluate("() => JSON.stringify(localStorage)")


def test_a_file_that_is_taken_back_does_not_hold_up_its_message(ada: Keeper, stack: Stack) -> None:
    ada.new_chat()
    ada.write("Begin")
    ada.expect_status("Begin", "Sent")
    with ada.visitor.slowed(up_kib_s=50, down_kib_s=4_000, latency_ms=5):
        ada.attach(picture("slow.bin", bytes(5_000_000), ""))
        ada.write("With a file, perhaps")
        ada.write("Without one")
        ada.expect_status("Without one", "Sent")
        ada.expect_status("With a file, perhaps", "Waiting for its files")
        ada.message("With a file, perhaps").get_by_role("button", name="Take slow.bin off the message").click()
        ada.expect_status("With a file, perhaps", "Sent")
    require_kept(ada, stack, "Begin", "Without one", "With a file, perhaps")
