"""A password that was stretched at the costs of an earlier day is stretched at today's, when its owner shows it."""

from __future__ import annotations

import msgspec
import structlog

from domain.errors import BadCredentials
from service.accounts.accounts import stretch, wrap_password
from service.desk.desk import Desk
from vault.errors import AccountGone, CredentialsReplaced, GateFull, KeyringBusy, KeyringFull
from vault.kdf import PasswordKeys, verify
from vault.keyring import AccountRow
from vault.keys import UserKeys

_GONE = "Name or password is wrong."
_log = structlog.get_logger("upgrading")


async def at_todays_cost(
    desk: Desk, row: AccountRow, made: PasswordKeys, keys: UserKeys, password: str
) -> tuple[AccountRow, PasswordKeys]:
    """The account's row and the password's keys as they are from here on. `made`: the keys as they are in `row`.

    One transaction, guarded by the verifier that was found: before it the old costs hold, after it today's. What is in
    the way of it is in nobody's way: the next sign-in tries again. BadCredentials if the password was changed."""
    if not row.params.outdated:
        return row, made
    house = desk.house
    try:
        wrap, new = await wrap_password(desk, keys, password)
        await desk.aside(lambda: house.keyring.upgrade_password(row.user_id, row.password_verifier, wrap))
    except (GateFull, KeyringFull, KeyringBusy) as error:
        _log.warning("a password keeps its old costs for now", user_id=row.user_id, error=type(error).__name__)
        return row, made
    except AccountGone:
        raise BadCredentials(_GONE) from None
    except CredentialsReplaced:
        return await _as_it_stands(desk, row, password)  # By another sign-in of the same moment, or by a new password.
    upgraded = msgspec.structs.replace(
        row, params=wrap.params, password_verifier=wrap.verifier, user_by_password=wrap.user_by_password
    )
    return upgraded, new


async def _as_it_stands(desk: Desk, row: AccountRow, password: str) -> tuple[AccountRow, PasswordKeys]:
    now = desk.house.keyring.account(row.user_id)
    if now is None:
        raise BadCredentials(_GONE)
    made = await stretch(desk, password, now.params)
    if not verify(made.auth, now.password_verifier):
        raise BadCredentials(_GONE)
    return now, made
