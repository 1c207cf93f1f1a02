"""Idempotency: the same key and body again is the same request, for as long as its events live.

The first record that a request writes carries two tags, keyed by the user's own key, or by that of a token which has
no other: of the Idempotency-Key and of the body. The log refuses a second record with the same key tag, so even two
copies at once are carried out once.
"""

from __future__ import annotations

import hashlib

import msgspec

from domain.errors import RequestReused
from eventstore.log import Log
from eventstore.record import RequestTag
from vault.write_keys import WriteKeys


class Asked(msgspec.Struct, frozen=True):
    """A request that carries an Idempotency-Key: its route, the key, and what makes its body the same body."""

    route: str
    key: str
    body: bytes

    def tag(self, keys: WriteKeys) -> RequestTag:
        route, key = self.route.encode(), self.key.encode()
        return RequestTag(
            key=keys.request_tag(b"key", route, key), body=keys.request_tag(b"body", route, key, self.body)
        )

    def exactly(self) -> Asked:
        """For secrets that must not be the same for another body: a sign-in under the same Idempotency-Key that shows
        no second factor must not find what one that showed it has made."""
        return Asked(self.route, f"{self.key}/{hashlib.sha256(self.body).hexdigest()}", self.body)


def tag_of(asked: Asked | None, keys: WriteKeys) -> RequestTag | None:
    return None if asked is None else asked.tag(keys)


def earlier(log: Log, tag: RequestTag | None) -> int | None:
    """The position of the first record of the same request; None if it is new. RequestReused for another body."""
    found = None if tag is None else log.find_request(tag.key)
    if tag is None or found is None:
        return None
    position, body = found
    if body != tag.body:
        raise RequestReused("This Idempotency-Key came before with another body.")
    return position
