"""Authenticators of people in tests: their secrets, and the codes that they show."""

from __future__ import annotations

import base64

from domain.events import ClientHint
from service.accounts.accounts import Entry
from service.desk.desk import Desk
from service.entrance import sessions
from service.factors.second_factor import NO_PROOF, Proof
from service.house.house import House
from service.house.requests import Asked
from service.management import totp
from tests.builders import Person
from vault.totp import STEP_S, code_at

HINT = ClientHint("a test")
STEP_US = STEP_S * 1_000_000


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now_us = 1_800_000_000_000_000

    def __call__(self) -> int:
        return self.now_us

    def wait(self, seconds: int) -> None:
        self.now_us += seconds * 1_000_000

    def next_code(self) -> None:
        self.wait(STEP_S)


def code_of(house: House, secret: str, later: int = 0) -> str:
    """What the authenticator shows now, or so many steps later."""
    step = house.clock_us() // STEP_US + later
    return code_at(base64.b32decode(secret), step).decode()


def wrong_code_of(house: House, secret: str) -> str:
    """Six digits that are right neither now nor in a while."""
    near = {code_of(house, secret, later) for later in range(-4, 5)}
    return next(code for code in ("000000", *(f"{number:06}" for number in range(1, 20))) if code not in near)


async def set_up(desk: Desk, person: Person) -> tuple[str, tuple[str, ...]]:
    """A confirmed authenticator: its secret and the back-up codes. The code of this moment is used up by it."""
    offer = await totp.begin(desk, person.who, person.password, None)
    issued = await totp.confirm(desk, person.who, code_of(desk.house, offer.secret), None)
    return offer.secret, issued.codes


async def sign_in(desk: Desk, person: Person, code: str | None, asked: Asked | None = None, source: str = "") -> Entry:
    proof = NO_PROOF if code is None and not source else Proof(code, source=source)
    return await sessions.login(desk, person.username, person.password, HINT, asked, proof)
