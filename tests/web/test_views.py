"""Every view, for those who do not see it, do not point, or have little room: axe finds nothing, nothing sticks out."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import Page, expect

from tests.e2e.stack import Stack
from tests.web.axe import DRAWN, axe
from tests.web.conftest import Visit
from tests.web.keeper import register
from tests.web.looks import SMALLEST, Look
from tests.web.sights import furnish, views

BY_WIDTH: Final = {"chats", "uploading", "files", "preview"}
"""Views that ask how wide the page is for what is in them, and not only for how it is drawn."""


def require_within(page: Page, view: str) -> None:
    """AssertionError when one would have to scroll sideways."""
    wide, room = page.evaluate("() => [document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= room, f"{view}: {wide} px of page in {room} px of window"


def require_fit(page: Page, view: str, look: Look) -> None:
    """AssertionError where something is in the way. A phone is also the smallest one there is, by daylight."""
    require_within(page, view)
    axe(page)
    if look.touch:
        wear(page, SMALLEST)
        require_within(page, f"{view}, on the smallest")
        axe(page, only=() if view in BY_WIDTH else DRAWN)
        wear(page, look)


STILL: Final = """() => new Promise((still) => {
  let frames = 6;
  const next = () => (frames-- > 0 ? requestAnimationFrame(next) : still());
  next();
})"""
"""A list is drawn in the frame after the one that its window changed in: nobody presses what is moving then."""


def wear(page: Page, look: Look) -> None:
    """What of a look can be changed while one looks."""
    page.set_viewport_size({"width": look.width_px, "height": look.height_px})
    page.emulate_media(color_scheme=look.theme)
    page.evaluate(STILL)


def test_nothing_is_in_the_way_of_anybody_in_any_view(visit: Visit, stack: Stack, look: Look) -> None:
    visitor = visit(look)
    page = visitor.open()
    for mode in ("Sign in", "Create an account", "Forgotten your password?"):
        if mode != "Sign in":
            page.get_by_role("button", name=mode).click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        require_fit(page, mode, look)
        if mode == "Create an account":
            page.get_by_role("button", name="I have an account").click()
    page.reload()
    ada = register(visitor)
    furnish(ada, stack)
    for view in views(ada):
        require_fit(page, view, look)


def test_it_speaks_german_too(visit: Visit, stack: Stack) -> None:
    visitor = visit(locale="de-AT")
    page = visitor.open()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.get_by_role("button", name="English").click()
    ada = register(visitor)
    ada.go_to("Account")
    page.get_by_role("radio", name="Deutsch").check()
    expect(page.get_by_role("link", name="Dateien")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Konto", level=1)).to_be_visible()
    axe(page)
