"""What a person has besides the password: an authenticator, back-up codes, passkeys; and how everybody is put out."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import httpx
import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from playwright.sync_api import Page, expect

from tests.e2e.stack import Stack
from tests.web.axe import axe
from tests.web.conftest import Arrive, Visit
from tests.web.keeper import Keeper
from tests.web.looks import NARROW_DARK, SMALLEST
from tests.web.visitor import Visitor

REFUSED = r"status of 40[13]"
Refuse = Callable[[bool], None]
"""Whether the person at the device will not be verified."""


@pytest.fixture
def keeper(arrive: Arrive) -> Callable[..., Keeper]:
    """Somebody new, who will be refused something."""
    return partial(arrive, allowing=REFUSED)


def test_an_authenticator_is_asked_for_and_back_up_codes_stand_in_for_it(keeper: Callable[..., Keeper]) -> None:
    ada = keeper(SMALLEST)
    page = ada.page
    ada.go_to("Account")
    page.get_by_role("button", name="Set up").click()
    prove(page, "not my password")
    expect(page.get_by_role("dialog").get_by_text("That is not your password.")).to_be_visible()
    prove(page, ada.password)
    expect(page.get_by_role("img", name=re.compile("^QR code"))).to_be_visible()
    axe(page)
    secret = "".join(page.get_by_role("dialog").locator("code").inner_text().split())
    digits = page.get_by_role("dialog").get_by_label("The six digits that the app shows now")
    digits.fill("000000")
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_text("These digits do not hold.")).to_be_visible()
    digits.fill(code(secret))
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("heading", name="Your back-up codes")).to_be_visible()
    axe(page)
    codes = keep_codes(page)
    assert len(set(codes)) == 10
    expect(page.get_by_text("On: signing in asks for its code")).to_be_visible()
    expect(page.get_by_text("10 left")).to_be_visible()

    sign_out(page)
    password_of(ada)
    field = page.get_by_label("Six-digit code")
    expect(field).to_be_focused()
    axe(page)
    field.fill("12345")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The code has six digits.")).to_be_visible()
    field.fill("000000")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This code does not hold.")).to_be_visible()
    expect(field).to_be_focused()
    field.fill(code(secret, steps=1))  # the one of now was used up when it was set up
    page.keyboard.press("Enter")
    ada.expect_in()

    sign_out(page)
    sign_in_by_back_up_code(ada, codes[0].lower().replace("-", " "))
    ada.go_to("Account")
    expect(page.get_by_text("9 left")).to_be_visible()
    used, codes = codes[1], new_codes(ada, codes[1])
    expect(page.get_by_text("10 left")).to_be_visible()

    sign_out(page)
    recover(ada, "eleven slow barges at dawn", used=used, good=codes[1])
    turn_off(ada, codes[2])
    sign_out(page)
    ada.sign_in()


def sign_in_by_back_up_code(ada: Keeper, proof: str) -> None:
    page = ada.page
    password_of(ada)
    page.get_by_role("button", name="Use a back-up code instead").click()
    page.get_by_label("Back-up code").fill(proof)
    page.get_by_role("button", name="Go on").click()
    ada.expect_in()


def new_codes(ada: Keeper, proof: str) -> list[str]:
    """Instead of those there are: for who has the password and one of them, or the authenticator."""
    page = ada.page
    page.get_by_role("button", name="Make new ones").click()
    prove(page, ada.password)
    page.get_by_role("button", name="Use a back-up code instead").click()
    page.get_by_role("textbox", name="Back-up code").fill(proof)
    page.keyboard.press("Enter")
    return keep_codes(page)


def recover(ada: Keeper, password: str, *, used: str, good: str) -> None:
    """The recovery code does not get round the second step, and is not lost by a code that does not hold."""
    page = ada.page
    page.get_by_role("button", name="Forgotten your password?").click()
    page.get_by_label("Name or e-mail").fill(ada.username)
    page.get_by_label("Recovery code").fill(ada.recovery_code)
    page.get_by_label("New password").fill(password)
    page.get_by_role("button", name="Set the new password").click()
    page.get_by_role("button", name="Use a back-up code instead").click()
    page.get_by_label("Back-up code").fill(used)
    page.keyboard.press("Enter")
    expect(page.get_by_text("This is none of your back-up codes, or it was used before.")).to_be_visible()
    page.get_by_label("Back-up code").fill(good)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your new recovery code")).to_be_visible()
    page.get_by_role("checkbox", name="I have kept it somewhere safe").check()
    page.get_by_role("button", name="Go in").click()
    ada.expect_in()
    ada.password = password


def turn_off(ada: Keeper, proof: str) -> None:
    page = ada.page
    ada.go_to("Account")
    page.get_by_role("button", name="Turn off").click()
    page.get_by_role("dialog").get_by_label("Code from the app, or a back-up code").fill("000000")
    prove(page, ada.password)
    expect(page.get_by_role("dialog").get_by_text("This code does not hold.")).to_be_visible()
    page.get_by_role("dialog").get_by_label("Code from the app, or a back-up code").fill(proof)
    prove(page, ada.password)
    expect(page.get_by_text("The authenticator is turned off.")).to_be_visible()
    expect(page.get_by_role("button", name="Set up")).to_be_visible()
    expect(page.get_by_text("Back-up codes", exact=True)).to_be_hidden()


def test_a_passkey_with_prf_signs_in_by_itself_until_it_is_removed(keeper: Callable[..., Keeper]) -> None:
    ada = keeper(NARROW_DARK)
    page = ada.page
    with authenticator(ada.visitor, prf=True):
        add_passkey(ada)
        expect(page.get_by_text("You can sign in with it alone.")).to_be_visible()
        expect(page.get_by_text("Signs in by itself, without the password")).to_be_visible()

        sign_out(page)
        page.get_by_role("button", name="Sign in with a passkey").click()
        ada.expect_in()
        ada.go_to("Account")
        passkeys = page.get_by_role("list", name="Passkeys")
        expect(passkeys.get_by_text("last used")).to_be_visible()
        sign_out(page)
        ada.sign_in()  # the password alone does, too

        ada.go_to("Account")
        passkeys.get_by_role("button", name=re.compile("^Remove the passkey")).click()
        prove(page, ada.password)
        expect(passkeys).to_be_hidden()
        sign_out(page)
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect(page.get_by_text("This passkey opens nothing here.")).to_be_visible()


def test_a_passkey_without_prf_is_the_second_step(keeper: Callable[..., Keeper]) -> None:
    ada = keeper()
    page = ada.page
    with authenticator(ada.visitor, prf=False) as refuse:
        add_passkey(ada)
        codes = keep_codes(page)
        expect(page.get_by_text("Second step after the password")).to_be_visible()

        sign_out(page)
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect(page.get_by_text("This passkey is right and cannot open your account by itself.")).to_be_visible()
        password_of(ada)
        step = page.get_by_role("region", name="Second step")
        refuse(True)
        step.get_by_role("button", name="Use a passkey").click()
        expect(step.get_by_text("That was stopped, or took too long.")).to_be_visible()
        refuse(False)
        step.get_by_role("button", name="Use a passkey").click()
        ada.expect_in()

    sign_out(page)
    password_of(ada)
    page.get_by_role("button", name="Use a back-up code instead").click()
    page.get_by_label("Back-up code").fill(codes[0])
    page.keyboard.press("Enter")
    ada.expect_in()
    ada.go_to("Account")
    page.get_by_role("button", name=re.compile("^Remove the passkey")).click()
    axe(page)


def test_sealing_puts_every_device_and_every_bot_out(visit: Visit, keeper: Callable[..., Keeper], stack: Stack) -> None:
    ada = keeper()
    other = visit()
    other.allow("401")
    elsewhere = Keeper(other, other.open(), ada.username)
    elsewhere.sign_in()
    page = ada.page
    ada.go_to("Account")
    sessions = page.get_by_role("list", name="Open sessions")
    expect(sessions.get_by_text("Chrome on Linux")).to_have_count(2)
    with ada.program(stack.api) as bot:
        expect(sessions.get_by_text("python-httpx")).to_be_visible()
        expect(sessions.get_by_text("127.0.0.0/24")).to_have_count(3)
        token = issue_token(bot, ada.password)
        page.get_by_role("button", name="Seal everything now").click()
        axe(page)
        page.get_by_role("dialog").get_by_role("button", name="Seal now").click()
        expect(page.get_by_label("Password", exact=True)).to_be_visible()
        expect(elsewhere.page.get_by_label("Password", exact=True)).to_be_visible(timeout=30_000)
        assert bot.get("/user/data").status_code == 401
        assert status_of(stack, token) == 401
    ada.sign_in()


def test_sessions_are_closed_one_by_one_and_tokens_with_the_password(
    keeper: Callable[..., Keeper], stack: Stack
) -> None:
    ada = keeper()
    page = ada.page
    with ada.program(stack.api) as one, ada.new_session(stack.api) as two, ada.new_session(stack.api) as three:
        token = issue_token(one, ada.password)
        ada.go_to("Account")
        sessions = page.get_by_role("list", name="Open sessions")
        expect(sessions.get_by_role("listitem")).to_have_count(4)
        sessions.get_by_role("button", name=re.compile("^Close the session of python-httpx")).first.click()
        expect(sessions.get_by_role("listitem")).to_have_count(3)
        page.get_by_role("button", name="Close all others").click()
        expect(sessions.get_by_role("listitem")).to_have_count(1)
        assert [http.get("/user/data").status_code for http in (one, two, three)] == [401] * 3

    assert status_of(stack, token) == 200
    page.get_by_label("Current password").fill(ada.password)
    page.get_by_label("New password").fill("nine patient otters upstream")
    page.get_by_role("checkbox", name="Close the bot's token, too").check()
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("All other sessions are closed, and what you chose besides.")).to_be_visible()
    assert status_of(stack, token) == 401


def test_the_address_changes_by_the_password_and_signs_in(
    visit: Visit, keeper: Callable[..., Keeper], stack: Stack
) -> None:
    ada = keeper()
    page = ada.page
    other = visit()
    elsewhere = Keeper(other, other.open(), f"{ada.username}@example.org")
    elsewhere.sign_in()
    elsewhere.go_to("Account")
    ada.go_to("Account")
    page.get_by_role("button", name="Change the e-mail address").click()
    address = page.get_by_role("dialog").get_by_label("New e-mail address")
    expect(address).to_be_focused()
    address.fill("nowhere")
    prove(page, ada.password)
    expect(page.get_by_text("This does not look like an e-mail address.")).to_be_visible()
    fresh = f"{ada.username}@elsewhere.example"
    address.fill(fresh)
    axe(page)
    prove(page, ada.password)
    expect(page.get_by_text("Your e-mail address is changed.")).to_be_visible()
    expect(page.get_by_text(fresh)).to_be_visible()
    expect(elsewhere.page.get_by_text(fresh)).to_be_visible()
    sign_out(page)
    ada.username = fresh
    ada.sign_in()


# -- what is done again and again


def prove(page: Page, password: str) -> None:
    """Fills the password into the open dialog, and sends it."""
    field = page.get_by_role("dialog").get_by_label("Your password", exact=True)
    field.fill(password)
    field.press("Enter")


def sign_out(page: Page) -> None:
    if page.get_by_role("heading", name="Account", level=1).is_hidden():
        page.get_by_role("navigation", name="Views").get_by_role("link", name="Account").click()
    page.get_by_role("button", name="Sign out", exact=True).first.click()
    expect(page.get_by_label("Password", exact=True)).to_be_visible()


def password_of(ada: Keeper) -> None:
    """The first step of signing in."""
    ada.page.get_by_label("Name or e-mail").fill(ada.username)
    ada.page.get_by_label("Password", exact=True).fill(ada.password)
    ada.page.get_by_role("button", name="Sign in", exact=True).click()


def keep_codes(page: Page) -> list[str]:
    """The back-up codes that are shown, kept."""
    shown = page.get_by_role("list", name="The back-up codes").get_by_role("listitem")
    expect(shown).to_have_count(10)
    codes = shown.all_inner_texts()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("Tick the box once you have kept it.")).to_be_visible()
    page.get_by_role("checkbox", name="I have kept it somewhere safe").check()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Account", level=1)).to_be_visible()
    return codes


def code(secret: str, *, steps: int = 0) -> str:
    """What an authenticator shows, now or so many half minutes later. RFC 6238, as the server's window lets it pass."""
    return TOTP(base64.b32decode(secret), 6, SHA1(), 30).generate(int(time.time()) + 30 * steps).decode()


def add_passkey(ada: Keeper) -> None:
    page = ada.page
    ada.go_to("Account")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("dialog").get_by_label("Name", exact=True)).to_have_value("Chrome on Linux")
    prove(page, ada.password)


@contextmanager
def authenticator(visitor: Visitor, *, prf: bool) -> Iterator[Refuse]:
    """A device of Chromium's own making that verifies its user. It is gone when any session of the debugger ends,
    that of `axe` too."""
    session = visitor.context.new_cdp_session(visitor.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "ctap2Version": "ctap2_1",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "hasPrf": prf,
        "automaticPresenceSimulation": True,
    }
    device = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def refuse(wanted: bool) -> None:
        session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": not wanted})

    try:
        yield refuse
    finally:
        session.detach()


def issue_token(http: httpx.Client, password: str) -> str:
    answer = http.post("/auth/tokens", json={"password": password, "name": "a bot", "scopes": ["read", "write"]})
    answer.raise_for_status()
    token: str = answer.json()["token"]
    return token


def status_of(stack: Stack, token: str) -> int:
    """What a token is worth."""
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{stack.api}/user/data", headers=headers, trust_env=False, timeout=30).status_code
