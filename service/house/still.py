"""Whether who was let in may still have what they came for: asked again and again by what takes minutes."""

from __future__ import annotations

from domain.errors import BadCredentials
from service.house.house import House
from service.house.principal import ENDED, Principal


class Still:
    """One person's request. The keyring is asked each time, which costs some tens of microseconds: closed, revoked,
    sealed or erased is so at once, in every process."""

    __slots__ = ("_house", "_who")

    def __init__(self, house: House, who: Principal) -> None:
        self._house = house
        self._who = who

    @property
    def allowed(self) -> bool:
        who, keyring = self._who, self._house.keyring
        if who.expires_at_us <= self._house.clock_us() or keyring.account(who.user) is None:
            return False
        return keyring.has_token(who.token_id) if who.token_id else keyring.has_session(who.session_id)

    def require(self) -> None:
        """BadCredentials."""
        if not self.allowed:
            raise BadCredentials(ENDED)
