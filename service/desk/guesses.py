"""Slowing down who guesses at one account, without shutting its owner out.

Each guess is counted before it is looked at, for the account and the address that it comes from; and for the account
over all addresses, unless this one has signed in to it in the last 30 days. So whoever guesses from very many addresses
comes to an end, and the machines of the owner do not notice. What turns out right is given back.

An account is counted by the name that was typed, whether there is such an account or not: nothing is learnt from being
refused, but by who sits at an address that its owner has signed in from, and has used up its guesses from others
(docs/threats.md tells why that stays). Name and address of one account are two: to count them as one would tell that
they belong together.
"""

from __future__ import annotations

from typing import Final, Literal

import structlog

from service.house.house import House
from service.machine.errors import TooManyGuesses
from vault.errors import ThrottleBroken, ThrottleFull
from vault.throttle import Limit, Throttle

SOURCE_WINDOW_S: Final = 900
ACCOUNT_WINDOW_S: Final = 3_600
CODES_OF_ACCOUNT: Final = 30
"""Of a million codes three are right at any time: an hour finds one with a chance of 1 in 11,000."""
KNOWN_US: Final = 30 * 86_400_000_000
Kind = Literal["password", "recovery", "code", "proof"]
"""At the sign-in; of a recovery code; of a second factor, once the password was right; of a password, in a session."""
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

    def count(self, kind: Kind, account: str, source: str, user: str = "") -> Guess:
        """TooManyGuesses; ThrottleFull or ThrottleBroken: nothing passes uncounted.

        `account`: the name as it is compared, or the user's id. `source`: the address, "" if there is none. `user`: the
        id of the account, "" if there is no such account: nobody is known to that one."""
        known = self._throttle.knows(self._known(user, source), self._house.clock_us())
        counted: list[tuple[bytes, Limit]] = []
        for limit, caller in self._limits(kind, account, source):
            if known and limit.window_s == ACCOUNT_WINDOW_S:
                continue
            index = self._house.index(f"throttle/{limit.name}", caller)
            standing = self._throttle.check(index, limit, self._house.clock_us())
            if standing.refused:
                raise TooManyGuesses(standing)
            counted.append((index, limit))
        return Guess(self._house, self._throttle, tuple(counted))

    def _limits(self, kind: Kind, account: str, source: str) -> tuple[tuple[Limit, str], ...]:
        """(limit, who is counted against it). A recovery code has 160 bits: its guesses are counted for an address, so
        that there is one way in that no stranger can use up."""
        settings = self._house.settings
        here = (Limit(f"{kind}-source", settings.guess_rate, SOURCE_WINDOW_S), f"{account}\x00{source}")
        most = CODES_OF_ACCOUNT if kind == "code" else settings.account_guess_rate
        everywhere = (Limit(f"{kind}-account", most, ACCOUNT_WINDOW_S), account)
        match kind:
            case "recovery":
                return (here,)
            case "proof":
                return (everywhere,)
            case _:
                return here, everywhere

    def know(self, user: str, source: str) -> None:
        """This address has signed in to this account. Should it not be remembered, then others may use up its tries."""
        try:
            self._throttle.know(self._known(user, source), self._house.clock_us() + KNOWN_US)
        except (ThrottleFull, ThrottleBroken) as error:
            _log.warning("an address is not remembered", error=type(error).__name__)

    def _known(self, user: str, source: str) -> bytes:
        return self._house.index("throttle/known", f"{user}\x00{source}")
