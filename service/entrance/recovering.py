"""The way back in without the password: a recovery code, which is used up, for a new password, a new code, a session.

Keys first, in one transaction that still finds the shown code in place, then one append, then the closing of what was
open. Crash points: before the transaction the old code holds; after it the new password does, which the person knows,
and a new code can be had with it. The log is told by the sweeper. Under an Idempotency-Key the request is answered
again from the same secrets, which are derived and kept nowhere, and finishes what was cut off.

Where a second factor is set it is shown here, too, and used up before the recovery code is: a crash between the two
costs a code of the authenticator, a wrong one does not cost the recovery code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from domain import account
from domain.errors import BadCredentials, WeakPassword
from domain.events import ClientHint
from eventstore.errors import DuplicateRequest
from eventstore.record import Append, Appended
from service.accounts.accounts import (
    Entry,
    Secrets,
    User,
    account_index,
    fold_account,
    load_user,
    new_session,
    owed_records,
    replay_entry,
    session_opened,
    stretch,
    telling_later,
    wrap_code,
    wrap_password,
)
from service.accounts.revoking import say_revoked
from service.desk.desk import Desk, decided
from service.desk.devices import NOBODY, recognised
from service.entrance.sessions import say_closed
from service.factors import second_factor
from service.factors.second_factor import NO_PROOF, Proof
from service.house.house import House, normalise_name
from service.house.principal import TOKEN_BYTES
from service.house.requests import Asked, earlier, tag_of
from vault.errors import AccountGone, CodeMalformed, CredentialsReplaced
from vault.kdf import (
    CODE_RANDOM_BYTES,
    SALT_BYTES,
    PasswordKeys,
    PasswordParams,
    new_recovery_code,
    recovery_keys,
    verify,
)
from vault.keyring import AccountRow, SessionKeyRow
from vault.keys import UserKeys, token_hash, unwrap_user_key
from vault.passwords import weak_password

_REFUSED: Final = "Name or recovery code is wrong."
_NO_VERIFIER: Final = bytes(32)  # Of nobody's code: looked at for a name that nobody has, at the same cost.
_HOLDS: Final = "The new password holds from now on: sign in with it. The old recovery code is used up."


class Recovery(msgspec.Struct, frozen=True):
    """`name`: or the e-mail address. `close_others`: whether API tokens, and passkeys that open the account by
    themselves, go with the sessions: a recovery mostly means that somebody has lost control."""

    name: str
    code: str
    new_password: str
    hint: ClientHint
    proof: Proof = NO_PROOF
    close_others: bool = True

    def __repr__(self) -> str:
        return "Recovery(…)"


class _Regained(msgspec.Struct, frozen=True):
    """What the person is given, and what the log is still to be told. No repr."""

    user: User
    keys: UserKeys
    session: SessionKeyRow
    token: bytes
    code: str
    password_changes: int
    closed: Sequence[str] = ()
    revoked: Sequence[str] = ()

    def __repr__(self) -> str:
        return "_Regained(…)"


async def recover(desk: Desk, form: Recovery, asked: Asked | None) -> Entry:
    """BadCredentials for an unknown name and for a wrong code, at the same cost: nothing was changed; nor by
    WeakPassword, TooManyChanges. Busy: the new password holds, and the log was not told yet."""
    house = desk.house
    row = house.keyring.find_account(account_index(house, form.name))
    device = recognised(house, row, form.proof.devices)
    guess = desk.guesses.count("recovery", normalise_name(form.name), form.proof.source, device)
    shown = _code_keys(house, form.code, NOBODY if row is None else row.user_id)
    matches = verify(shown.auth, _NO_VERIFIER if row is None else row.recovery_verifier)
    if row is None or not matches:
        return await _again(desk, form, row, asked)
    user = load_user(house, row)
    if user is None:
        raise BadCredentials(_REFUSED)
    account.require_room(fold_account(house.log.read_stream(f"account-{row.user_id}")), account.MAX_RECOVERIES)
    if (why := weak_password(form.new_password, user.username, user.email)) is not None:
        raise WeakPassword(why)
    guess.right()
    keys = UserKeys(row.user_id, unwrap_user_key(shown.kek, row.user_by_recovery, row.user_id, "recovery"))
    # Last of all that may refuse: it uses a code up.
    await second_factor.require(desk, row, keys, form.proof, recovering=True)
    wrap, made = await wrap_password(desk, keys, form.new_password)
    secrets = _secrets(made, asked)
    code = _code(secrets)
    code_wrap = wrap_code(house, keys, code)
    session, token = new_session(house, keys, secrets)
    try:
        closed, revoked = await desk.aside(
            lambda: house.keyring.recover(
                row.user_id, row.recovery_verifier, wrap, code_wrap, session, with_others=form.close_others
            )
        )
    except AccountGone:
        raise BadCredentials(_REFUSED) from None
    except CredentialsReplaced:  # The code was used up at this moment, maybe by another copy of this request.
        return await _again(desk, form, house.keyring.account(row.user_id), asked)
    changes = row.password_changes + 1
    return await _tell(desk, form, _Regained(user, keys, session, token, code, changes, closed, revoked), asked)


def _code_keys(house: House, code: str, user: str) -> PasswordKeys:
    """Nobody's for NOBODY, at the same cost. BadCredentials for what cannot be a code, whoever's it should be."""
    try:
        return recovery_keys(code, user, house.server.purpose("pepper"))
    except CodeMalformed:
        raise BadCredentials(_REFUSED) from None


def _secrets(made: PasswordKeys, asked: Asked | None) -> Secrets:
    """Of this very body: what was made with a second factor is not found again without it."""
    return Secrets(made.kek, None if asked is None else asked.exactly())


def _code(secrets: Secrets) -> str:
    return new_recovery_code(secrets.draw("recovery", CODE_RANDOM_BYTES))


async def _again(desk: Desk, form: Recovery, row: AccountRow | None, asked: Asked | None) -> Entry:
    """The first answer once more, if this very request used the code up; BadCredentials otherwise.

    It is known by the new password, which is stretched whether there is such an account or not."""
    if asked is None:
        raise BadCredentials(_REFUSED)
    house = desk.house
    device = recognised(house, row, form.proof.devices)
    guess = desk.guesses.count("password", normalise_name(form.name), form.proof.source, device)
    nobodys = PasswordParams(salt=house.index("no-such-account", form.name)[:SALT_BYTES])
    made = await stretch(desk, form.new_password, nobodys if row is None else row.params)
    if row is None or not verify(made.auth, row.password_verifier):
        raise BadCredentials(_REFUSED)  # Before the account is looked up in the log, which costs time for known names.
    guess.right()
    user = load_user(house, row)
    if user is None:
        raise BadCredentials(_REFUSED)
    keys = UserKeys(row.user_id, unwrap_user_key(made.kek, row.user_by_password, row.user_id, "password"))
    secrets = _secrets(made, asked)
    if earlier(house.log, asked.tag(keys)) is not None:
        return await replay_entry(desk, row, secrets, with_code=True)
    token = secrets.draw("token", TOKEN_BYTES)
    session = house.keyring.session_by_token(token_hash(token))
    if session is None:
        raise BadCredentials(_REFUSED)  # The password is right, but it is not this request that set it.
    regained = _Regained(user, keys, session, token, _code(secrets), row.password_changes)
    return await _tell(desk, form, regained, asked)


async def _tell(desk: Desk, form: Recovery, regained: _Regained, asked: Asked | None) -> Entry:
    house = desk.house
    user, session = regained.user, regained.session
    (opened,) = session_opened(session, regained.keys, form.hint)
    opened = msgspec.structs.replace(opened, request=tag_of(asked, regained.keys))

    async def attempt() -> Appended:
        owed = owed_records(house.keyring, house.log, user.user_id)
        return await desk.append(Append((*owed, opened)))

    async with telling_later(_HOLDS):
        try:
            appended = await decided(attempt)
        except DuplicateRequest:  # Another copy of this request was quicker.
            return await _again(desk, form, house.keyring.account(user.user_id), asked)
        await say_closed(desk, user.user_id, regained.closed, "password")
        await say_revoked(desk, regained.revoked, "password")
    changed = msgspec.structs.replace(user, updated_at_us=appended.at_us)
    changes, code = regained.password_changes, regained.code
    return Entry(changed, regained.token, session.expires_at_us, appended.last, changes, code)
