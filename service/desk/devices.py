"""Devices that somebody has signed in with: what their cookie says, and whom it is believed about.

A device token says "from here somebody has signed in to this account", and nothing else: it opens nothing and stands in
for nothing. Whoever guesses with one is counted apart from those without (service/desk/guesses.py): strangers use up
each other's tries and not the owner's. OWASP, Slow Down Online Guessing Attacks with Device Cookies;
docs/decisions/0028.

No name can be read from a token, and yet one can be tried on it: whoever has found one, and has used up the tries at a
name without it, sees by having more with it that there is such an account, and that it has signed in there.

    token   = base64url(version 1 | device id 16 | expires at, µs, 8, big-endian | MAC 32): 76 characters, no padding
    MAC     = HMAC-SHA256(index key, "device" | version | user id | password changes | device id | expires at)
    cookie  = up to four tokens, the newest first, with "." between: a browser may be several people's

Nothing is kept of it here. It ends with its time, with the account, and when the password is set anew: who had come by
a token, or had signed in often enough to have many, has none that counts then.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from typing import Final

import msgspec

from service.house.house import House
from vault.keyring import AccountRow

LIFE_S: Final = 180 * 86_400
DEVICES_MAX: Final = 4
COOKIE_CHARS_MAX: Final = 1_024
_VERSION: Final = 1
_ID_BYTES: Final = 16
_TIME_BYTES: Final = 8
_MAC_BYTES: Final = 32
_TOKEN_BYTES: Final = 1 + _ID_BYTES + _TIME_BYTES + _MAC_BYTES
NOBODY: Final = "00000000-0000-0000-0000-000000000000"
"""No account's id: for names that nobody has, so that looking costs the same."""


class Device(msgspec.Struct, frozen=True):
    """One that was found to be this account's. `device`: what it is counted by; in a session, the session's id."""

    user: str
    device: str


class _Token(msgspec.Struct, frozen=True):
    """As it was brought; nobody has looked yet whether it is genuine. No repr."""

    text: str
    device: bytes
    expires_at_us: int
    mac: bytes

    def __repr__(self) -> str:
        return "_Token(…)"


def recognised(house: House, row: AccountRow | None, cookie: str) -> Device | None:
    """The device that has signed in to exactly this account, with the password that it has now. None for whatever else
    is brought, and for every name that nobody has, at the same cost."""
    user, changes = (NOBODY, 0) if row is None else (row.user_id, row.password_changes)
    found = [one for one in _unexpired(house, cookie) if _genuine(house, user, changes, one)]
    return Device(user, found[0].device.hex()) if found and row is not None else None


def renewed(house: House, user: str, password_changes: int, cookie: str) -> str:
    """What the device keeps from now on: that it is this account's for its time, and what it brought of others.

    `password_changes`: of the password that was shown here. What the one before it had made is dropped: it counts no
    more, and would push out what somebody else has in the same browser."""
    brought = _unexpired(house, cookie)
    own = [one for one in brought if _genuine(house, user, password_changes, one)]
    dead = [one for one in brought if _genuine(house, user, password_changes - 1, one)]
    device = own[0].device if own else os.urandom(_ID_BYTES)
    expires_at_us = house.clock_us() + LIFE_S * 1_000_000
    head = bytes([_VERSION]) + device + expires_at_us.to_bytes(_TIME_BYTES, "big")
    token = base64.urlsafe_b64encode(head + _mac(house, user, password_changes, device, expires_at_us)).decode()
    others = [one.text for one in brought if one not in own and one not in dead]
    return ".".join([token, *others][:DEVICES_MAX])


def _genuine(house: House, user: str, changes: int, token: _Token) -> bool:
    return hmac.compare_digest(_mac(house, user, changes, token.device, token.expires_at_us), token.mac)


def _mac(house: House, user: str, changes: int, device: bytes, expires_at_us: int) -> bytes:
    return house.index("device", f"{_VERSION}\x00{user}\x00{changes}\x00{device.hex()}\x00{expires_at_us}")


def _unexpired(house: House, cookie: str) -> list[_Token]:
    """At most DEVICES_MAX; what cannot be one takes no place of theirs."""
    if len(cookie) > COOKIE_CHARS_MAX:
        return []
    tokens = [_read(text) for text in cookie.split(".")]
    return [one for one in tokens if one is not None and one.expires_at_us > house.clock_us()][:DEVICES_MAX]


def _read(text: str) -> _Token | None:
    """None for what cannot be one."""
    try:
        data = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):  # ValueError: not ASCII.
        return None
    if len(data) != _TOKEN_BYTES or data[0] != _VERSION:
        return None
    device, rest = data[1 : 1 + _ID_BYTES], data[1 + _ID_BYTES :]
    return _Token(text, device, int.from_bytes(rest[:_TIME_BYTES], "big"), rest[_TIME_BYTES:])
