"""API tokens: issued, revoked, and what one that only writes has posted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import pytest

from domain.errors import NotAllowed
from domain.events import ApiTokenIssued, ApiTokenRevoked, TokenKind
from service.desk.desk import Desk
from service.files import messages
from service.house.house import House
from service.house.keychain import Keychain
from service.house.principal import authenticate, encode_token
from service.management import tokens
from service.management.tokens import Form
from tests import builders
from tests.crash.entering import REQUEST
from tests.crash.story import (
    EMAIL,
    PASSWORD,
    Act,
    Ada,
    Facts,
    More,
    Operation,
    by_ada,
    by_worker,
    draft,
    here,
    is_let_in,
    judged,
    prepared,
    require_readable,
    told,
)
from tests.service.holding import errands_done, issued
from vault.write_keys import is_sealed_to_account


async def _issue_token(desk: Desk, ada: Ada) -> None:
    await tokens.issue(desk, ada.who, Form(PASSWORD, "bot", "read_write", 90), REQUEST)


async def _is_issued(desk: Desk, facts: Facts) -> bool:
    """The log has it and its secret opens; or neither, and its key is not there."""
    house = desk.house
    who = here(house, facts.token)
    listed = tokens.listed(house, who)
    assert len(listed) <= 1
    for one in listed:
        assert told(house, f"token-{one.token_id}", ApiTokenIssued) == 1
        again = await tokens.issue(desk, who, Form(PASSWORD, "bot", "read_write", 90), REQUEST)
        assert again.token.token_id == one.token_id
        require_readable(house, here(house, again.secret), facts)
    return bool(listed)


def _token(kind: TokenKind) -> Callable[[Desk, Ada], Awaitable[More]]:
    async def there(desk: Desk, ada: Ada) -> More:
        owner = builders.Person(ada.who, b"", "ada", EMAIL, PASSWORD)
        done = await issued(desk, owner, kind)
        return {"bot": done.secret, "bot_id": done.token.token_id}

    return there


async def _revoke(desk: Desk, ada: Ada) -> None:
    await tokens.revoke(desk, ada.who, ada.facts.more["bot_id"])


async def _is_revoked(desk: Desk, facts: Facts) -> bool:
    revoked = told(desk.house, f"token-{facts.more['bot_id']}", ApiTokenRevoked)
    assert is_let_in(desk.house, facts.more["bot"]) == (not revoked)
    assert revoked <= 1
    return bool(revoked)


async def _posted_by_writer(desk: Desk, ada: Ada) -> More:
    more = await _token("write")(desk, ada)
    writer = authenticate(desk.house, encode_token(more["bot"]))
    sent = await messages.send(desk, writer, draft(ada.facts.chat, "the ferry leaves at nine"), None)
    return {**more, "posted": f"message-{sent.message_id}"}


def _read_posted() -> Act:
    """The next read. Keys are put under the user key behind its back, by an errand."""

    def read(house: House, facts: Facts) -> None:
        Keychain(house, authenticate(house, encode_token(facts.token))).stream(facts.more["posted"])
        errands_done(house)

    return by_worker(read)


async def _is_rewrapped(desk: Desk, facts: Facts) -> bool:
    house = desk.house
    wrapped = house.keyring.stream_key(facts.more["posted"], facts.user)
    assert wrapped is not None
    assert Keychain(house, here(house, facts.token)).stream(facts.more["posted"]) is not None
    with pytest.raises(NotAllowed):
        Keychain(house, here(house, facts.more["bot"])).stream(facts.more["posted"])
    return not is_sealed_to_account(wrapped)


GRANTING: Final = (
    Operation(
        "Issuing an API token",
        "there is none: neither in the log nor in the keyring",
        "the same request shows its secret, which opens what it was issued for",
        by_ada(_issue_token),
        judged(_is_issued),
    ),
    Operation(
        "Revoking an API token",
        "it opens what it did",
        "it opens nothing, ever again, and the log says so",
        by_ada(_revoke),
        judged(_is_revoked),
        prepared(_token("read_write")),
    ),
    Operation(
        "Revoking an API token that only writes",
        "it writes",
        "it does nothing, ever again, and the log says so",
        by_ada(_revoke),
        judged(_is_revoked),
        prepared(_token("write")),
    ),
    Operation(
        "Reading what such a token has posted, for the first time",
        "its key is sealed to the account, and opens",
        "its key is under the user key, and opens",
        _read_posted(),
        judged(_is_rewrapped),
        prepared(_posted_by_writer),
    ),
)
