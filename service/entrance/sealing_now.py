"""Seal now: whoever has lost a device closes everything at once, in one step.

Every session and every token, the asking one too, goes in one transaction of the keyring: nothing that anybody holds
opens the user key any more, or writes. The password, the recovery code and passkeys stay:
who fears for one of those replaces or removes it. Crash points: before the
transaction nothing has happened; after it everything is sealed, and what the log was not told of yet the sweeper tells.
"""

from __future__ import annotations

from service.accounts.accounts import telling_later
from service.accounts.revoking import say_revoked
from service.desk.desk import Desk
from service.entrance.sessions import say_closed
from service.house.principal import Principal


async def seal_now(desk: Desk, who: Principal) -> None:
    """Busy: it is sealed, and the log was not told yet. AccountGone, KeyringFull: nothing has happened."""
    sessions, tokens = await desk.aside(lambda: desk.house.keyring.seal(who.user))
    async with telling_later("Every session and every token is closed. The history will show it in a while."):
        await say_closed(desk, who.user, sessions, "sealed")
        await say_revoked(desk, tokens, "sealed")
