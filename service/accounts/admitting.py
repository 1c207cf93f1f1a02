"""Who may register, and how often somebody is told that a name or an address is taken.

That one is taken has to be told to whoever may register, and to whoever is signed in and asks for another address:
docs/decisions/0029-who-may-register.md. So what is counted is
the telling, before any name is looked at, and given back where there was nothing to tell: past the bound a free name is
refused like a taken one.
"""

from __future__ import annotations

import ipaddress
import os
from typing import Final, assert_never

import msgspec

from domain.errors import RegistrationClosed
from service.desk.desk import Desk
from service.desk.guesses import Guess
from service.house.house import House
from service.machine.config import Settings
from service.machine.errors import TooManyNames
from service.machine.units import DAY_US
from vault.errors import CodeMalformed
from vault.keyring_invitations import INVITATION_BYTES, InvitationRow, invitation_tag, spell_invitation
from vault.throttle import Limit

SOURCE_WINDOW_S: Final = 86_400
TAKEN_OF_INVITATION: Final = 20
INVITATION_WINDOW_S: Final = 3_600
CUSTOMER_PREFIX: Final = 56


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
    """One answer to a registration that a name is taken, of so many; given back by `right`. TooManyNames; ThrottleFull,
    ThrottleBroken: nobody is told uncounted.

    Of an invitation, where one is needed: whoever has it may come from many addresses. Else of an address."""
    settings = desk.house.settings
    match settings.registration:
        case "open" | "closed":
            return _count(desk, _of_source(settings, source))
        case "invited":
            assert invitation is not None
            limit = Limit("taken-invitation", TAKEN_OF_INVITATION, INVITATION_WINDOW_S)
            return _count(desk, (limit, invitation.hex()))
        case _:
            assert_never(settings.registration)


def count_telling_of_change(desk: Desk, source: str, user: str) -> Guess:
    """The same for who is signed in and asks for another address, whoever may register. Of their address, where that is
    one count with registering, and of their account, from wherever."""
    settings = desk.house.settings
    of_account = Limit("taken-account", settings.taken_rate, SOURCE_WINDOW_S), user
    return _count(desk, of_account, _of_source(settings, source))


def _of_source(settings: Settings, source: str) -> tuple[Limit, str]:
    return Limit("taken-source", settings.taken_rate, SOURCE_WINDOW_S), _network(source)


def _network(source: str) -> str:
    """Of IPv6 the /56, which providers give to one customer; each has 256 times a /64. Else as it is."""
    try:
        network = ipaddress.ip_network(source)
    except ValueError:  # No address: nobody knows where it comes from.
        return source
    if network.version == 4 or network.prefixlen <= CUSTOMER_PREFIX:
        return source
    return str(network.supernet(new_prefix=CUSTOMER_PREFIX))


def _count(desk: Desk, *counted: tuple[Limit, str]) -> Guess:
    """One from each, or from none."""
    house = desk.house
    taken: list[tuple[bytes, Limit]] = []
    for limit, caller in counted:
        standing = desk.count_call(caller, limit)
        if standing.refused:
            Guess(house, desk.throttle, tuple(taken)).right()
            raise TooManyNames(standing)
        taken.append((house.index(f"throttle/{limit.name}", caller), limit))
    return Guess(house, desk.throttle, tuple(taken))
