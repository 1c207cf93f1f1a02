"""The page can be put onto a home screen, and is quick to open: what the browser itself says of both."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import CDPSession

from tests.web.conftest import Visit
from tests.web.visitor import Visitor

PROFILE = {"in-incognito"}  # A visitor's profile is gone with the test, and such a one installs nothing.


@pytest.fixture
def opened(visit: Visit) -> Visitor:
    visitor = visit()
    visitor.allow("status of 401")  # The page asks who is there; nobody is.
    visitor.open().wait_for_load_state("networkidle")
    return visitor


def ask(visitor: Visitor, method: str) -> dict[str, Any]:
    session: CDPSession = visitor.context.new_cdp_session(visitor.page)
    try:
        answer: dict[str, Any] = session.send(method)
    finally:
        session.detach()
    return answer


def test_the_browser_takes_the_manifest_as_it_is(opened: Visitor) -> None:
    found = ask(opened, "Page.getAppManifest")
    assert found["errors"] == []
    assert found["url"].endswith("/manifest.webmanifest")


def test_nothing_keeps_the_page_from_being_installed(opened: Visitor) -> None:
    errors = ask(opened, "Page.getInstallabilityErrors")["installabilityErrors"]
    assert {error["errorId"] for error in errors} <= PROFILE


def test_the_page_comes_compressed_and_is_kept(opened: Visitor) -> None:
    sent = {}
    opened.page.on("response", lambda response: sent.update({response.url: response}))
    opened.page.reload()
    opened.page.wait_for_load_state("networkidle")
    scripts = [response for url, response in sent.items() if url.endswith(".js")]
    assert scripts
    assert {response.header_value("content-encoding") for response in scripts} <= {"br", None}
    assert "br" in {response.header_value("content-encoding") for response in scripts}
    assert all("immutable" in (response.header_value("cache-control") or "") for response in scripts)
