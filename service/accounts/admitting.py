"""Who may register, and how often somebody is told that a name or an address is taken.

That one is taken has to be told to whoever may register: docs/decisions/0029-who-may-register.md. So what is counted is
the telling, before any name is looked at, and given back where there was nothing to tell: past the bound a free name is
refused like a taken one.
"""

from __future__ import annotations

import os
from typing import Final, assert_never

import msgspec

from domain.errors import RegistrationClosed
from service.desk.desk import Desk
from service.desk.guesses import Guess
from service.house.house import House
from service.machine.config import Settings
from service.machine.errors import TooManyNames
from vault.errors import CodeMalformed
from vault.keyring_invitations import INVITATION_BYTES, InvitationRow, invitation_tag, spell_invitation
from vault.throttle import Limit

SOURCE_WINDOW_S: Final = 86_400
TAKEN_OF_INVITATION: Final = 20
INVITATION_WINDOW_S: Final = 3_600
DAY_US: Final = 86_400_000_000


class Invitation(msgspec.Struct, frozen=True):
    """One that is known here; it may be used up or have expired."""

    row: InvitationRow
    holds: bool


def require_registration(settings: Settings) -> None:
    """RegistrationClosed."""
    if settings.registration == "closed":
        raise RegistrationClosed("Nobody can register here.")


def make_invitation(house: House, uses: int, days: int) -> str:
    """Its code, which is kept nowhere. InvitationsFull."""
    code, now_us = spell_invitation(os.urandom(INVITATION_BYTES)), house.clock_us()
    house.keyring.add_invitation(InvitationRow(invitation_tag(code), uses, now_us + days * DAY_US, now_us))
    return code


def invitation_link(settings: Settings, code: str) -> str | None:
    """To the page that takes it; None where nobody said what its address is. The code stands behind the `#`: what
    stands there is sent to no server, so no log and no proxy has it."""
    return None if settings.public_origin is None else f"{settings.public_origin}/#invitation={code}"


def find_invitation(desk: Desk, code: str) -> Invitation | None:
    """The same reads whatever name is typed beside it; none for text that cannot be a code."""
    try:
        tag = invitation_tag(code)
    except CodeMalformed:
        return None
    row = desk.house.keyring.invitation(tag)
    return None if row is None else Invitation(row, row.holds(desk.house.clock_us()))


def count_telling(desk: Desk, source: str, invitation: bytes | None) -> Guess:
    """One answer that a name is taken, of so many; given back by `right`. TooManyNames; ThrottleFull, ThrottleBroken:
    nobody is told uncounted.

    Of an invitation, where one is needed: whoever has it may come from many addresses. Else of an address."""
    settings = desk.house.settings
    match settings.registration:
        case "open" | "closed":
            limit, caller = Limit("taken-source", settings.taken_rate, SOURCE_WINDOW_S), source
        case "invited":
            assert invitation is not None
            limit, caller = Limit("taken-invitation", TAKEN_OF_INVITATION, INVITATION_WINDOW_S), invitation.hex()
        case _:
            assert_never(settings.registration)
    standing = desk.count_call(caller, limit)
    if standing.refused:
        raise TooManyNames(standing)
    return Guess(desk.house, desk.throttle, ((desk.house.index(f"throttle/{limit.name}", caller), limit),))
