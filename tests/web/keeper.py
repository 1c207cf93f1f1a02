"""Somebody who keeps their things here: what a person does at the page, by the names that they see and hear."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from playwright.sync_api import Dialog, FilePayload, Locator, Page, expect

from tests.e2e import people
from tests.e2e.stack import NO_TLS, Stack
from tests.web.visitor import Visitor

PASSWORD = "seven quiet herons at dusk"


@dataclass(slots=True)
class Keeper:
    """A visitor with an account. `page` is the tab that is used."""

    visitor: Visitor
    page: Page
    username: str
    password: str = PASSWORD
    recovery_code: str = ""
    http: httpx.Client | None = None
    """The session in which a program made the account, if one did."""

    @property
    def narrow(self) -> bool:
        return self.visitor.look.width_px < 1024

    # -- coming and going

    def sign_in(self, password: str | None = None) -> None:
        self.page.get_by_label("Name or e-mail").fill(self.username)
        self.page.get_by_label("Password", exact=True).fill(password or self.password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.expect_in()

    def expect_in(self) -> None:
        expect(self.page.get_by_role("navigation", name="Views")).to_be_attached()

    def other_tab(self) -> Keeper:
        """The same person in another tab of the same browser."""
        tab = self.visitor.tab()
        tab.goto(self.page.url)
        return Keeper(self.visitor, tab, self.username, self.password, self.recovery_code)

    # -- where one is

    def go_to(self, view: str) -> None:
        """`Chats`, `Files`, `History` or `Account`."""
        back = self.page.get_by_role("link", name="Back")
        if back.is_visible():
            back.click()
        self.page.get_by_role("navigation", name="Views").get_by_role("link", name=view).click()

    def new_chat(self) -> None:
        self.go_to("Chats")
        self.page.get_by_role("link", name="New chat").click()

    def open_chat(self, title: str) -> None:
        self.go_to("Chats")
        self.page.get_by_role("navigation", name="Your chats").get_by_role(
            "link", name=re.compile(f"^{re.escape(title)}")
        ).click()
        expect(self.page.get_by_role("heading", name=title, level=1)).to_be_visible()

    # -- writing

    @property
    def field(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message", exact=True)

    def write(self, text: str) -> None:
        self.field.fill(text)
        self.field.press("Enter")

    def attach(self, *files: FilePayload | Path) -> None:
        """Through the button, as one chooses files."""
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("button", name="Add files").click()
        chooser.value.set_files(list(files))  # type: ignore[arg-type]  # One kind at a time, as Playwright wants it.

    def record(self, for_ms: int = 2_500) -> None:
        """A voice note, from pressing the button to sending it."""
        self.page.get_by_role("button", name="Record a voice note").click()
        timer = self.page.get_by_role("timer")
        expect(timer).to_be_visible()
        expect(timer).to_have_text(f"0:0{round(for_ms / 1000)}", timeout=for_ms + 10_000)
        self.page.get_by_role("button", name="Finish and listen").click()
        self.page.get_by_role("button", name="Send the recording").click()

    # -- what one sees

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log", name="Messages")

    def message(self, text: str) -> Locator:
        return self.log.get_by_role("article").filter(has_text=text)

    def expect_status(self, text: str, status: str) -> None:
        expect(self.message(text).last.get_by_role("img", name=status, exact=True)).to_be_visible()

    def open_message_list(self) -> None:
        expect(self.log).to_have_attribute("aria-busy", "false")

    # -- the same person with a program

    @contextmanager
    def program(self, api: str) -> Iterator[httpx.Client]:
        """In the session that a program has on the same account; else in a new one."""
        if self.http is not None:
            yield self.http
        else:
            with self.new_session(api) as http:
                yield http

    @contextmanager
    def new_session(self, api: str) -> Iterator[httpx.Client]:
        with httpx.Client(base_url=api, timeout=30, trust_env=False, verify=NO_TLS) as http:
            entered = http.post("/auth/login", json={"username": self.username, "password": self.password})
            entered.raise_for_status()
            http.headers["Authorization"] = f"Bearer {entered.json()['token']}"
            yield http


def register(visitor: Visitor) -> Keeper:
    """A new account, made at the page, with its recovery code kept."""
    page = visitor.open()
    keeper = Keeper(visitor, page, f"ada-{uuid4().hex[:12]}")
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("Name", exact=True).fill(keeper.username)
    page.get_by_label("E-mail", exact=True).fill(f"{keeper.username}@example.org")
    page.get_by_label("Password", exact=True).fill(keeper.password)
    page.get_by_role("button", name="Create account", exact=True).click()
    code = page.get_by_label("The code")
    expect(code).to_be_visible()
    keeper.recovery_code = code.inner_text().strip()
    page.get_by_role("checkbox", name="I have kept it somewhere safe").check()
    page.get_by_role("button", name="Go in").click()
    keeper.expect_in()
    return keeper


@contextmanager
def enter(visitor: Visitor, stack: Stack) -> Iterator[Keeper]:
    """A new account, made with a program, whose owner has signed in at the page."""
    with people.somebody(stack, password=PASSWORD) as person:
        keeper = Keeper(visitor, visitor.open(), person.username, PASSWORD, person.recovery_code, person.http)
        keeper.sign_in()
        yield keeper


def picture(name: str, data: bytes, mime_type: str = "image/png") -> FilePayload:
    return {"name": name, "mimeType": mime_type, "buffer": data}


def payloads(*files: tuple[str, bytes, str]) -> Sequence[FilePayload]:
    return [picture(*file) for file in files]


def accept(dialog: Dialog) -> None:
    dialog.accept()


def downloaded(page: Page, link: Locator) -> bytes:
    """The bytes that pressing a link saves."""
    with page.expect_download() as download:
        link.click()
    return Path(download.value.path()).read_bytes()


def rows(http: httpx.Client, **query: Any) -> dict[str, Any]:
    answer = http.get("/user/data", params=query)
    answer.raise_for_status()
    data: dict[str, Any] = answer.json()
    return data
