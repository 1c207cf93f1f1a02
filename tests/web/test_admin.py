"""The operator's page: a token, a failed job, Retry, and it is gone."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e import people
from tests.e2e.stack import Stack
from tests.waiting import wait_for
from tests.web.axe import axe
from tests.web.conftest import Visit
from tests.web.looks import NARROW_DARK, WIDE
from tests.web.test_views import require_within, wear

LOOKS_AGAIN_MS = 15_000


def require_fit(page: Page) -> None:
    """AssertionError where something is in the way: on a phone in the dark, and on what is wide and light."""
    for look in (WIDE, NARROW_DARK):
        wear(page, look)
        require_within(page, look.name)
        axe(page)


def test_the_operator_sees_a_failed_job_and_has_it_done_again(stack: Stack, visit: Visit) -> None:
    token = (stack.data / "operator.token").read_text().strip()
    with people.somebody(stack) as ada:
        with stack.paused("worker:uploads"):
            file_id = ada.upload_one(b"canary-bytes", "canary-name.txt")
            spool = stack.data / "spool" / f"{file_id}.spool"
            whole = spool.read_bytes()
            spool.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        assert ada.wait_processed(file_id)["status"] == "error"
        spool.write_bytes(whole)  # Whatever was wrong is mended.

        operator = visit(NARROW_DARK)
        operator.allow("401")  # The wrong token, on purpose.
        page = operator.open("/admin")
        field = page.get_by_label("Operator's token")
        expect(field).to_have_attribute("type", "password")
        require_fit(page)
        field.fill("x" * 43)
        page.get_by_role("button", name="Open", exact=True).click()
        expect(page.get_by_text("That is not this server's operator token.").first).to_be_visible()
        expect(field).to_be_focused()
        require_fit(page)
        field.fill(token)
        field.press("Enter")

        expect(page.get_by_role("heading", name=re.compile("works|missing"))).to_be_visible()
        job = page.get_by_role("listitem").filter(has_text=file_id)
        expect(job).to_contain_text("SpoolBroken", timeout=LOOKS_AGAIN_MS)
        require_fit(page)
        kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
        assert token not in kept
        assert operator.context.cookies() == []
        shown = page.locator("body").inner_text()
        assert [word for word in ("canary", ada.username, ada.email, ada.user_id) if word in shown] == []

        retry = job.get_by_role("button", name=re.compile("^Retry"))
        retry.focus()
        retry.press("Enter")
        expect(page.get_by_text("Asked for. A worker takes it within a second.")).to_be_visible()
        expect(job).to_have_count(0, timeout=LOOKS_AGAIN_MS)
        wait_for(lambda: ada.file(file_id)["status"] == "ready", "stored", 20.0)
        assert ada.download(file_id) == b"canary-bytes"

        page.get_by_role("button", name="Lock").click()
        expect(field).to_be_visible()
        expect(field).to_have_value("")
