"""Who is counted how often they come, before anything is looked at, and what they show besides a password."""

from __future__ import annotations

from typing import Final

from api.credentials import client_address, client_place, own_page
from api.device_cookie import device_cookie
from api.errors import HttpProblem
from api.operation import Call
from api.rates import rate_headers
from api.resource import Resource
from domain.events import ClientHint
from service.accounts.accounts import account_index
from service.desk.desk import Desk
from service.desk.devices import recognised
from service.factors.second_factor import Proof
from service.factors.webauthn_wire import Assertion, Site
from vault.throttle import Limit

CLIENT_CHARS: Final = 200
_CROWDED: Final = "strongroom.crowded"
"""In a request's scope: headers of the refusal of its address, which `look` may yet lift; None: it has room."""


class LimitedResource(Resource):
    def __init__(self, desk: Desk, limit: Limit, trusted: frozenset[str]) -> None:
        super().__init__(desk)
        self._limit = limit
        self._trusted = trusted

    def count(self, call: Call) -> None:
        """429 past the limit of this session, or without one of this address, whatever account it is about.

        `service.desk.guesses` counts for each account."""
        caller = f"session/{call.session_id}" if call.session_id else self.source(call)
        if (headers := self._refused(call, caller)) is not None:
            raise _too_many(headers)

    def count_or_look(self, call: Call) -> None:
        """The same for who is not signed in; but where the address is at its limit and the browser has signed in to
        some account before, it is for `look` to say: a neighbour must not be able to shut the owner out."""
        headers = self._refused(call, self.source(call))
        if headers is not None and not device_cookie(call.req):
            raise _too_many(headers)
        call.req.scope[_CROWDED] = headers

    def look(self, call: Call, name: str) -> None:
        """Once the body is there: 429 unless the device is known to the account of this name; then the device has a
        limit of its own. As much is done for a name that nobody has."""
        headers = call.req.scope.get(_CROWDED)
        if headers is None:
            return
        house = self.desk.house
        device = recognised(house, house.keyring.find_account(account_index(house, name)), device_cookie(call.req))
        if device is None or self._refused(call, f"device/{device.user}/{device.device}") is not None:
            raise _too_many(headers)

    def _refused(self, call: Call, caller: str) -> dict[str, str] | None:
        """The headers of a refusal; None: there is room, and the answer says how much."""
        standing = self.desk.count_call(caller, self._limit)
        headers = rate_headers(standing)
        if standing.refused:
            return headers
        for each, value in headers.items():
            call.resp.set_header(each, value)
        return None

    def source(self, call: Call) -> str:
        """Who is counted."""
        return client_address(call.req, self._trusted)

    def proof(self, call: Call, code: str | None, passkey: Assertion | None) -> Proof:
        """What was shown besides the password or the recovery code."""
        origin = own_page(self.desk, call.req)
        site = None if origin is None else Site.of(origin)
        return Proof(code, passkey, site, self.source(call), device_cookie(call.req))

    def client_hint(self, call: Call) -> ClientHint:
        """For the person's own list of sessions; sealed."""
        return ClientHint((call.req.user_agent or "")[:CLIENT_CHARS], client_place(call.req, self._trusted))


def _too_many(headers: dict[str, str]) -> HttpProblem:
    return HttpProblem(429, "rate_limited", "Too many attempts. Wait a little.", headers=headers)
