"""Signing in with a passkey alone: its PRF opens the user key, and the authenticator has verified the person, so that
it stands for both factors.

The challenge is spent in the transaction that brings the session's key; then the event. Crash points: before the
transaction nothing has happened; after it the sweeper drops a key that has no event, and one begins anew, or, under an
Idempotency-Key, the same request goes on from there.
"""

from __future__ import annotations

import msgspec

from domain.errors import BadCredentials, PasswordNeeded
from domain.events import ClientHint
from eventstore.errors import DuplicateRequest
from eventstore.record import Append
from service.accounts.accounts import Entry, Secrets, User, load_user, new_session, replay_entry, session_opened
from service.desk.desk import Desk, taking_back
from service.entrance.sessions import drop_unless_open
from service.factors.assertions import REFUSED, find, use_of
from service.factors.webauthn import (
    TIMEOUT_MS,
    Asserted,
    Refused,
    asserted,
    challenge_in,
    new_challenge,
    open_challenge,
)
from service.factors.webauthn_wire import EXTENSIONS, Assertion, RequestOptions, Site, encode
from service.house.house import House
from service.house.requests import Asked, earlier, tag_of
from vault.errors import AccountGone, ChallengeSpent, PasskeyRefused, SealBroken
from vault.keyring import AccountRow
from vault.keyring_passkeys import PasskeyRow
from vault.keys import UserKeys, prf_key, unwrap_user_key


class Form(msgspec.Struct, frozen=True):
    """`prf`: what the authenticator's PRF gave for the salt of `request_options`, 32 bytes."""

    assertion: Assertion
    prf: bytes
    site: Site
    hint: ClientHint

    def __repr__(self) -> str:
        return "Form(…)"


def request_options(house: House, site: Site) -> RequestOptions:
    """For whoever: nobody has said yet who they are, and the authenticator offers what it has for this server."""
    return RequestOptions(
        challenge=encode(new_challenge(house, "sign-in", "")),
        timeout=TIMEOUT_MS,
        rp_id=site.rp_id,
        user_verification="required",
        extensions=EXTENSIONS,
    )


async def login(desk: Desk, form: Form, asked: Asked | None) -> Entry:
    """BadCredentials for whatever does not hold; PasswordNeeded if all does, and the passkey opens nothing by
    itself."""
    try:
        return await _login(desk, form, asked)
    except (Refused, ChallengeSpent, PasskeyRefused, AccountGone, SealBroken):
        raise BadCredentials(REFUSED) from None


async def _login(desk: Desk, form: Form, asked: Asked | None) -> Entry:
    house = desk.house
    row = find(house, form.assertion)
    challenge = open_challenge(house, challenge_in(form.assertion), "sign-in", "")
    shown = asserted(form.site, challenge, row.public_key, form.assertion)
    account = house.keyring.account(row.user_id)
    user = None if account is None else load_user(house, account)
    if account is None or user is None:
        raise Refused
    if row.user_by_prf is None:
        await desk.aside(lambda: house.keyring.use_passkey(use_of(house, row, shown)))
        raise PasswordNeeded("This passkey cannot open the account by itself. Sign in with the password as well.")
    wrapping = prf_key(form.prf)
    user_key = unwrap_user_key(wrapping, row.user_by_prf, row.user_id, f"passkey-{row.passkey_id}")
    keys, secrets = UserKeys(row.user_id, user_key), Secrets(wrapping, asked)
    if earlier(house.log, tag_of(asked, keys)) is not None:
        return await replay_entry(desk, account, secrets, with_code=False)
    return await _open(desk, form, asked, _Opened(row, shown, account, user, keys, secrets))


class _Opened(msgspec.Struct, frozen=True):
    """An account that a passkey has opened. No repr."""

    row: PasskeyRow
    shown: Asserted
    account: AccountRow
    user: User
    keys: UserKeys
    secrets: Secrets

    def __repr__(self) -> str:
        return "_Opened(…)"


async def _open(desk: Desk, form: Form, asked: Asked | None, opened: _Opened) -> Entry:
    house = desk.house
    session, token = new_session(house, opened.keys, opened.secrets)
    use = use_of(house, opened.row, opened.shown)
    inserted = await desk.aside(lambda: house.keyring.open_by_passkey(use, session))
    if not inserted:  # Another copy of this request is under way, or was cut off: its time is the key's time.
        session = house.keyring.session_by_token(session.token_hash) or session
    (record,) = session_opened(session, opened.keys, form.hint)
    record = msgspec.structs.replace(record, request=tag_of(asked, opened.keys))

    async def undo() -> None:
        if inserted:
            await drop_unless_open(desk, session)

    try:
        async with taking_back(undo):
            appended = await desk.append(Append((record,)))
    except DuplicateRequest:
        return await replay_entry(desk, opened.account, opened.secrets, with_code=False)
    if not house.keyring.has_session(session.session_id):
        # Closed meanwhile; or the copy that had brought the key took it back before this event was there. The challenge
        # is spent, so it cannot be brought again; the sweeper closes the session.
        raise BadCredentials(REFUSED)
    return Entry(opened.user, token, session.expires_at_us, appended.last, opened.account.password_changes)
