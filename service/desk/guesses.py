"""Slowing down who guesses at one account, without shutting its owner out.

Each guess is counted before it is looked at, for the account and the address that it comes from, and for the account
over all addresses: so whoever guesses from very many comes to an end. A device that has signed in to the account before
(service/desk/devices.py) is counted by itself instead, and with the account's other devices: what strangers have used
up, from its own network even, is nothing to it. What turns out right is given back.

An account is counted by the name that was typed, whether there is such an account or not, and only its own devices are
treated otherwise: nothing is learnt from being refused, wherever one sits. Name and address of one account are two: to
count them as one would tell that they belong together.
"""

from __future__ import annotations

from typing import Final, Literal, assert_never

import structlog

from service.desk.devices import Device
from service.house.house import House
from service.machine.errors import TooManyGuesses
from vault.errors import ThrottleBroken, ThrottleFull
from vault.throttle import Limit, Throttle

SOURCE_WINDOW_S: Final = 900
ACCOUNT_WINDOW_S: Final = 3_600
CODES_OF_ACCOUNT: Final = 30
"""Of a million codes three are right at any time: the first hour finds one with a chance of 1 in 5,600 (30 at once, and
29 as the count drains), each after it with one of 1 in 11,000."""
Kind = Literal["password", "recovery", "code", "code-recovery", "backup", "proof", "setup"]
"""At the sign-in; of a recovery code; of an authenticator's code, once the password was right, or the recovery code; of
a back-up code after either; in a session, of the password, and of the first code of an authenticator."""
Counted = tuple[tuple[Limit, str], ...]
"""(limit, who is counted against it)"""
_log = structlog.get_logger("guesses")


class Guess:
    """One that was counted. No repr."""

    __slots__ = ("_counted", "_house", "_throttle")

    def __init__(self, house: House, throttle: Throttle, counted: tuple[tuple[bytes, Limit], ...]) -> None:
        self._house = house
        self._throttle = throttle
        self._counted = counted

    def right(self) -> None:
        """It was none: who knows may come as often as they like."""
        try:
            for caller, limit in self._counted:
                self._throttle.give_back(caller, limit, self._house.clock_us())
        except (ThrottleFull, ThrottleBroken) as error:
            _log.warning("a right answer stays counted", error=type(error).__name__)


class Guesses:
    def __init__(self, house: House, throttle: Throttle) -> None:
        self._house = house
        self._throttle = throttle

    def count(self, kind: Kind, account: str, source: str, device: Device | None = None) -> Guess:
        """TooManyGuesses; ThrottleFull or ThrottleBroken: nothing passes uncounted.

        `account`: the name as it is compared, or the user's id. `source`: the address, "" if there is none. `device`:
        the account's own, if it is one. Once that has used up what is its own, it counts as a stranger: else whoever
        had stolen its cookie could shut the owner out."""
        if device is not None:
            try:
                return self._take(self._of_device(kind, device))
            except TooManyGuesses:
                pass
        return self._take(self._of_anybody(kind, account, source))

    def _take(self, counted: Counted) -> Guess:
        """One from each, or from none."""
        taken: list[tuple[bytes, Limit]] = []
        for limit, caller in counted:
            index = self._house.index(f"throttle/{limit.name}", caller)
            standing = self._throttle.check(index, limit, self._house.clock_us())
            if standing.refused:
                for earlier, at in taken:
                    self._throttle.give_back(earlier, at, self._house.clock_us())
                raise TooManyGuesses(standing)
            taken.append((index, limit))
        return Guess(self._house, self._throttle, tuple(taken))

    def _of_anybody(self, kind: Kind, account: str, source: str) -> Counted:
        """A recovery code has 160 bits, and a back-up code 50, behind a password or the 160: their guesses are counted
        for an address, so that there are ways in that nobody elsewhere can use up. Six digits are too few for that;
        who has stolen the password uses up those that follow it, and none of those that follow a recovery code. In a
        session it is the account that counts: only who has signed in comes there."""
        here = (Limit(f"{kind}-source", self._house.settings.guess_rate, SOURCE_WINDOW_S), f"{account}\x00{source}")
        everywhere = (Limit(f"{kind}-account", self._most(kind), ACCOUNT_WINDOW_S), account)
        match kind:
            case "recovery" | "backup":
                return (here,)
            case "proof" | "setup":
                return (everywhere,)
            case "password" | "code" | "code-recovery":
                return here, everywhere
            case _:
                assert_never(kind)

    def _of_device(self, kind: Kind, device: Device) -> Counted:
        """All of the account's together, too: who could sign in for a while may have made many."""
        rate = self._house.settings.guess_rate
        this = (Limit(f"{kind}-device", rate, SOURCE_WINDOW_S), f"{device.user}\x00{device.device}")
        return this, (Limit(f"{kind}-devices", self._most(kind), ACCOUNT_WINDOW_S), device.user)

    def _most(self, kind: Kind) -> int:
        six_digits = kind in {"code", "code-recovery", "setup"}
        return CODES_OF_ACCOUNT if six_digits else self._house.settings.account_guess_rate
