"""What only the password allows, though one is signed in: changing it, and a new recovery code.

Keys first, in one transaction, then the events. Crash points: before the transaction nothing has happened; after it the
new password holds, the other sessions are gone, and the log is told by whoever asks next, or by the sweeper.
"""

from __future__ import annotations

from typing import Final

import msgspec

from domain.errors import BadCredentials, WeakPassword, WrongPassword
from eventstore.errors import DuplicateRequest
from eventstore.record import Append, RequestTag
from service.accounts.accounts import (
    Secrets,
    changeable_account,
    owed_records,
    stretch,
    telling_later,
    wrap_code,
    wrap_password,
)
from service.accounts.revoking import say_revoked
from service.desk.desk import Desk, decided
from service.entrance.sessions import say_closed
from service.house.house import House
from service.house.principal import ENDED, Principal
from service.house.requests import Asked, earlier, tag_of
from vault.errors import AccountGone, CredentialsReplaced
from vault.kdf import CODE_RANDOM_BYTES, PasswordKeys, new_recovery_code, verify
from vault.keyring import AccountRow
from vault.passwords import weak_password

_WRONG: Final = "The password is wrong."
_HOLDS: Final = "The new password holds from now on. The history will show it in a while."


class Change(msgspec.Struct, frozen=True):
    """`close_tokens`: whether the password that is given up takes all API tokens along. `close_passkeys`: and all
    passkeys that open the account by themselves, which whoever knew it could have added."""

    current: str
    new: str
    close_tokens: bool = False
    close_passkeys: bool = False

    def __repr__(self) -> str:
        return "Change(…)"


class Changed(msgspec.Struct, frozen=True):
    """`password_changes`: of the password that was shown to hold now; None where the request was only known again,
    without looking at it."""

    password_changes: int | None
    replayed: bool = False


class Issued(msgspec.Struct, frozen=True):
    """A new recovery code. No repr."""

    recovery_code: str
    position: int
    replayed: bool = False

    def __repr__(self) -> str:
        return f"Issued(…, {self.position})"


async def change(desk: Desk, who: Principal, form: Change, asked: Asked | None) -> Changed:
    """`replayed` if this very request changed it before. Closes every other session; if asked to, every token and every
    passkey that opens. WrongPassword; WeakPassword, TooManyChanges, BadCredentials: nothing was changed. Busy: it is,
    and the log was not told yet."""
    house = desk.house
    tag = tag_of(asked, who.keys)
    if earlier(house.log, tag) is not None:
        return Changed(None, replayed=True)
    row, user = changeable_account(house, who)
    if (why := weak_password(form.new, user.username, user.email)) is not None:
        raise WeakPassword(why)
    guess = desk.guesses.count("proof", who.user, "")
    current = await stretch(desk, form.current, row.params)
    if not verify(current.auth, row.password_verifier):
        return await _again(desk, who, form, asked)
    guess.right()
    wrap, _ = await wrap_password(desk, who.keys, form.new)
    try:
        closed, revoked = await desk.aside(
            lambda: house.keyring.change_password(
                who.user,
                row.password_verifier,
                wrap,
                who.session_id,
                with_tokens=form.close_tokens,
                with_passkeys=form.close_passkeys,
            )
        )
    except (AccountGone, CredentialsReplaced):
        if asked is None:
            raise overtaken(house, who) from None
        return await _again(desk, who, form, asked)  # Replaced by another copy of this request, maybe.
    async with telling_later(_HOLDS):
        await tell_keys(desk, who.user, tag)
        await say_closed(desk, who.user, closed, "password")
        await say_revoked(desk, revoked, "password")
    return Changed(row.password_changes + 1)


async def _again(desk: Desk, who: Principal, form: Change, asked: Asked | None) -> Changed:
    """The current password is not the one shown: replayed if the new one is, because this very request was cut off
    after it had set it. The log is told then, if nobody has; the sweeper says that the other sessions are closed.

    WrongPassword, BadCredentials otherwise. It costs what any guess costs, and counts as one."""
    row = desk.house.keyring.account(who.user)
    if row is None or not desk.house.keyring.has_session(who.session_id):
        raise BadCredentials(ENDED)
    if asked is None:
        raise WrongPassword(_WRONG)
    await prove(desk, row, form.new)
    async with telling_later(_HOLDS):
        await tell_keys(desk, who.user, asked.tag(who.keys))
    return Changed(row.password_changes, replayed=True)


async def issue_code(desk: Desk, who: Principal, password: str, asked: Asked | None) -> Issued:
    """A new recovery code; the old one opens nothing any more. As `change` in all that is refused.

    Under an Idempotency-Key it comes from the password's key and that Idempotency-Key: given again, kept nowhere."""
    house = desk.house
    tag = tag_of(asked, who.keys)
    row, _ = changeable_account(house, who)
    keys = await prove(desk, row, password)
    code = new_recovery_code(Secrets(keys.kek, asked).draw("recovery", CODE_RANDOM_BYTES))
    if (position := earlier(house.log, tag)) is not None:
        return Issued(code, position, replayed=True)
    wrap = wrap_code(house, who.keys, code)
    try:
        await desk.aside(lambda: house.keyring.change_code(who.user, row.password_verifier, wrap))
    except (AccountGone, CredentialsReplaced):
        raise overtaken(house, who) from None
    async with telling_later("The old recovery code opens nothing any more, and the new one was not shown. Ask again."):
        return Issued(code, await tell_keys(desk, who.user, tag))


async def prove(desk: Desk, row: AccountRow, password: str) -> PasswordKeys:
    """WrongPassword unless it is this account's. TooManyGuesses: counted for the account, whichever session asks. Its
    owner can close them all without a password."""
    guess = desk.guesses.count("proof", row.user_id, "")
    keys = await stretch(desk, password, row.params)
    if not verify(keys.auth, row.password_verifier):
        raise WrongPassword(_WRONG)
    guess.right()
    return keys


async def tell_keys(desk: Desk, user: str, tag: RequestTag | None) -> int:
    """The log hears of what the keyring has that it does not know of; the position then, as the same request is
    answered again: of the first event that it wrote."""
    house = desk.house

    async def attempt() -> int:
        records = owed_records(house.keyring, house.log, user, tag)
        if not records:  # The sweeper, or another copy of this request, was quicker.
            return earlier(house.log, tag) or house.log.user_head(user)
        last = (await desk.append(Append(records))).last
        return earlier(house.log, tag) or last

    try:
        return await decided(attempt)
    except DuplicateRequest as duplicate:
        return duplicate.position


def overtaken(house: House, who: Principal) -> BadCredentials | WrongPassword:
    """The password was replaced, or the session closed, while the shown one was being stretched."""
    if house.keyring.has_session(who.session_id):
        return WrongPassword("The password was changed at this moment.")
    return BadCredentials(ENDED)
