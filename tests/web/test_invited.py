"""Where registering takes an invitation: the page asks for it, takes it out of a link, says when it does not hold."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.stack import STRONGROOM, Stack, bare_environment, running_stack
from tests.web.axe import axe
from tests.web.conftest import Visit
from tests.web.keeper import PASSWORD
from tests.web.looks import SMALLEST

FOREIGN = "0000-0000-0000-0000-0000-0000-0000-0000"


@pytest.fixture
def invited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("invited"), registration="invited") as stack:
        yield stack


def invitation_link(stack: Stack) -> str:
    """Made beside the running stack, for one."""
    environment = {**bare_environment(), **stack.settings, "STRONGROOM_PUBLIC_ORIGIN": stack.url}
    command = [str(STRONGROOM), "invite", "--data", str(stack.data)]
    made = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    return str(made.stdout.splitlines()[1])


def fill(page: Page, name: str) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("E-mail", exact=True).fill(f"{name}@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)


def create(page: Page) -> None:
    page.get_by_role("button", name="Create account", exact=True).click()


def test_one_invitation_lets_one_in_by_its_link(invited: Stack, visit: Visit) -> None:
    visitor = visit(SMALLEST, base_url=invited.url)
    visitor.allow("status of 403")
    page = visitor.open()
    page.get_by_role("button", name="Create an account").click()
    field = page.get_by_label("Invitation")
    expect(field).to_be_focused()
    axe(page)
    fill(page, "ada")
    create(page)
    expect(page.get_by_text("Please fill this in.")).to_be_visible()
    field.fill(FOREIGN[:-1])
    create(page)
    expect(page.get_by_text("An invitation has 32 letters and digits.")).to_be_visible()
    field.fill(FOREIGN)
    create(page)
    expect(page.get_by_text("This invitation does not hold")).to_be_visible()
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    axe(page)

    link = invitation_link(invited)
    page.reload()
    page.goto(link)  # Only what stands behind the # is another: the page stays.
    expect(field).to_have_value(link.partition("=")[2])
    expect(page).to_have_url(f"{invited.url}/")
    fill(page, "ada")
    create(page)
    expect(page.get_by_role("heading", name="Your recovery code")).to_be_visible()

    stranger = visit(SMALLEST, base_url=invited.url)
    stranger.allow("status of 403")
    page = stranger.open(link)
    expect(page.get_by_role("heading", name="Create an account")).to_be_visible()
    expect(page).to_have_url(f"{invited.url}/")
    fill(page, "ada")  # Whether somebody has this name is not said.
    create(page)
    expect(page.get_by_text("This invitation does not hold")).to_be_visible()

    page.route("**/api/v1/registration", lambda route: route.fulfill(json={"mode": "closed"}))
    page.reload()
    expect(page.get_by_text("New accounts cannot be created here")).to_be_visible()
    expect(page.get_by_role("button", name="Create an account")).to_have_count(0)
    axe(page)
    page.goto(link)
    expect(page.get_by_text("New accounts cannot be created here")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_count(0)
