"""A hundred thousand messages in one chat: opened at once, scrolled smoothly, searched, and jumped into."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from service.house.principal import encode_token
from tests.e2e.people import client
from tests.e2e.stack import running_stack
from tests.waiting import wait_for
from tests.web.keeper import Keeper, rows
from tests.web.long_history import write_long_history
from tests.web.visitor import visiting

MESSAGES = 100_000
MOST_ELEMENTS = 3_000

SCROLL = """async (log) => {
    const seen = new Set();
    for (let step = 0; step < 2000 && seen.size < 330; step += 1) {
        log.scrollBy(0, -400);
        await new Promise(requestAnimationFrame);
        for (const [, number] of log.textContent.matchAll(/entry (\\d+)/g)) seen.add(Number(number));
    }
    return { seen: [...seen].sort((a, b) => a - b), elements: document.querySelectorAll("*").length };
}"""


@pytest.mark.slow
def test_a_long_story_opens_scrolls_and_is_searched_like_a_short_one(browser: Browser, tmp_path: Path) -> None:
    person = write_long_history(tmp_path / "data", "a long story", MESSAGES)
    with running_stack(tmp_path, api_processes=1) as stack:
        with client(stack, Authorization=f"Bearer {encode_token(person.token)}") as http:

            def newest() -> str:
                (message,) = rows(http, include="messages", order="desc", limit=1)["messages"]
                return str(message["content"])

            wait_for(lambda: newest().startswith(f"entry {MESSAGES}"), "the read tables to have all of it", 120)
        with visiting(browser, stack.url) as visitor:
            reader = Keeper(visitor, visitor.open(), person.username, person.password)
            reader.sign_in()
            reader.open_chat("a long story")
            expect(reader.message(f"entry {MESSAGES}")).to_be_in_viewport()
            scrolled = reader.log.evaluate(SCROLL)
            seen = scrolled["seen"]
            assert seen == list(range(seen[0], MESSAGES + 1)), "some were skipped"
            assert MESSAGES - seen[0] > 300
            assert scrolled["elements"] < MOST_ELEMENTS

            reader.page.get_by_role("searchbox").fill("entry 4242")
            found = reader.page.get_by_role("link", name=re.compile(r"^entry 4242(,| a)"))
            expect(found).to_be_visible(timeout=30_000)
            found.click()
            expect(reader.message("entry 4242").first).to_be_in_viewport()
            expect(reader.message("entry 4241").first).to_be_attached()
            expect(reader.message("entry 4243").first).to_be_attached()
            reader.page.get_by_role("button", name="Go to the newest").click()
            expect(reader.message(f"entry {MESSAGES}")).to_be_in_viewport()
            visitor.require_clean()
            assert stack.stop() == 0  # In time, while a browser holds its connections open and follows what is new.
