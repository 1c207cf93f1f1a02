"""A passkey's answer: beside the password, and as far as signing in by it alone is the same.

An answer counts once, and what it counts for comes after: its challenge is spent and its counter noted in one
transaction of the keyring.
"""

from __future__ import annotations

import uuid
from typing import Any, Final

from domain.errors import BadCredentials
from service.desk.desk import Desk
from service.factors.webauthn import (
    TIMEOUT_MS,
    Asserted,
    Refused,
    asserted,
    challenge_in,
    new_challenge,
    open_challenge,
)
from service.factors.webauthn_wire import Assertion, Descriptor, RequestOptions, Site, decode, encode, to_json
from service.house.house import House
from vault.errors import AccountGone, ChallengeSpent, PasskeyRefused
from vault.keyring_passkeys import PasskeyRow, PasskeyUse, Spent

REFUSED: Final = "The passkey was refused."


def options(house: House, user: str, site: Site) -> dict[str, Any] | None:
    """What the browser is to ask for, if one of the account's passkeys is to stand beside the password; None: it has
    none."""
    held = house.keyring.passkeys(user)
    if not held:
        return None
    asking = RequestOptions(
        challenge=encode(new_challenge(house, "second-factor", user)),
        timeout=TIMEOUT_MS,
        rp_id=site.rp_id,
        user_verification="required",
        allow_credentials=[Descriptor(encode(one.credential_id)) for one in held],
    )
    return to_json(asking)


async def check(desk: Desk, user: str, site: Site, given: Assertion) -> None:
    """BadCredentials unless one of the account's own passkeys has answered its own challenge, which is spent by it. Its
    use is on the disk before anything rests on it."""
    house = desk.house
    try:
        row = find(house, given)
        if row.user_id != user:
            raise Refused
        challenge = open_challenge(house, challenge_in(given), "second-factor", user)
        shown = asserted(site, challenge, row.public_key, given)
        await desk.aside(lambda: house.keyring.use_passkey(use_of(house, row, shown)))
    except (Refused, ChallengeSpent, PasskeyRefused, AccountGone):
        raise BadCredentials(REFUSED) from None


def find(house: House, given: Assertion) -> PasskeyRow:
    """Refused for one that is unknown, or that the authenticator keeps for somebody else."""
    try:
        credential_id = decode(given.raw_id)
        whose = None if given.response.user_handle is None else decode(given.response.user_handle)
    except ValueError:
        raise Refused from None
    row = house.keyring.find_passkey(credential_id)
    if row is None or (whose is not None and whose != handle(row.user_id)):
        raise Refused
    return row


def use_of(house: House, row: PasskeyRow, shown: Asserted) -> PasskeyUse:
    """Refused if its challenge has expired."""
    now_us = house.clock_us()
    challenge = shown.challenge
    if challenge.expires_at_us <= now_us:
        raise Refused
    spent = Spent(challenge.tag, challenge.expires_at_us)
    return PasskeyUse(row.passkey_id, row.user_id, shown.sign_count, spent, now_us)


def handle(user: str) -> bytes:
    """What the authenticator keeps of whose it is: 16 bytes, the pseudonym. WebAuthn Level 3, §14.6.1."""
    return uuid.UUID(user).bytes
