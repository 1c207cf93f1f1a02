"""Registering: keys first, then the event. A crash in between leaves an account that nobody can sign in to; it gives
way after a while, to the next who registers or to the sweeper."""

from __future__ import annotations

import os

import msgspec

from domain import account
from domain.errors import EmailTaken, InvitationNeeded, UsernameTaken, WeakPassword
from domain.events import ClientHint
from eventstore.record import Append
from service.accounts.accounts import (
    Entry,
    Secrets,
    User,
    account_index,
    new_session,
    replay_entry,
    session_opened,
    stretch,
    wrap_code,
)
from service.accounts.admitting import Invitation, count_telling, find_invitation, require_registration
from service.desk.desk import Desk, taking_back
from service.house.facts import Sealing, to_records
from service.house.house import House
from service.house.requests import Asked, earlier
from service.machine.errors import Busy
from vault.errors import EmailKnown, InvitationSpent, NameKnown
from vault.kdf import (
    CODE_RANDOM_BYTES,
    SALT_BYTES,
    PasswordKeys,
    PasswordParams,
    auth_verifier,
    new_recovery_code,
    verify,
)
from vault.keyring import AccountRow, SessionKeyRow
from vault.keys import UserKeys, new_key, unwrap_user_key, wrap_for_server
from vault.passwords import weak_password

UNFINISHED_US = 60_000_000  # A registration whose event is not there after this long was cut off by a crash.


class Registration(msgspec.Struct, frozen=True):
    """`source`: the address that it comes from."""

    username: str
    email: str
    password: str
    hint: ClientHint
    source: str = ""
    invitation: str = ""

    def __repr__(self) -> str:
        return "Registration(…)"


async def register(desk: Desk, form: Registration, asked: Asked | None) -> Entry:
    """RegistrationClosed, then InvitationNeeded, where one is needed, then TooManyNames: all before a name is looked
    at. UsernameTaken, EmailTaken, WeakPassword, GateFull."""
    require_registration(desk.house.settings)
    invitation = None
    if desk.house.settings.registration == "invited":
        found = find_invitation(desk, form.invitation)
        if found is None or not found.holds:
            return await _uninvited(desk, form, found, asked)
        invitation = found.row.tag
    telling = count_telling(desk, form.source, invitation)
    try:
        entry = await _register(desk, form, asked, invitation)
    except (UsernameTaken, EmailTaken):
        raise
    except BaseException:
        telling.right()
        raise
    telling.right()
    return entry


async def _uninvited(desk: Desk, form: Registration, found: Invitation | None, asked: Asked | None) -> Entry:
    """One answer, and the same work for every name: InvitationNeeded. But who has registered with this invitation, and
    lost the answer, has it again; that takes its code, the password and the Idempotency-Key."""
    if found is not None and asked is not None:
        house = desk.house
        user_id = house.keyring.invited(found.row.tag, account_index(house, form.username))
        row = house.keyring.account(user_id or "")
        if (entry := await _begun_before(desk, form, row, asked)) is not None:
            return entry
    raise InvitationNeeded("To register here takes an invitation that holds.")


async def _register(desk: Desk, form: Registration, asked: Asked | None, invitation: bytes | None) -> Entry:
    house = desk.house
    if (why := weak_password(form.password, form.username, form.email)) is not None:
        raise WeakPassword(why)
    params = PasswordParams(salt=os.urandom(SALT_BYTES))
    keys = await stretch(desk, form.password, params)  # Before the id, which comes from it under an Idempotency-Key.
    secrets = Secrets(keys.kek, asked)
    user_id = secrets.id("user")
    code = new_recovery_code(secrets.draw("recovery", CODE_RANDOM_BYTES))
    user_keys = UserKeys(user_id, new_key())
    subject = new_key()
    row = _new_account(house, form, user_id, params, keys, code, user_keys, subject)
    session_row, token = new_session(house, user_keys, secrets)
    try:
        await desk.aside(lambda: house.keyring.add_account(row, session_row, invitation))
    except InvitationSpent:  # Since it was looked at: by another, or by the first copy of this.
        return await _uninvited(desk, form, find_invitation(desk, form.invitation), asked)
    except (NameKnown, EmailKnown) as known:
        return await _taken(desk, form, asked, known, invitation)
    return await _append_registration(desk, form, row, subject, user_keys, session_row, token, code, asked)


async def _append_registration(
    desk: Desk,
    form: Registration,
    row: AccountRow,
    subject: bytes,
    user_keys: UserKeys,
    session_row: SessionKeyRow,
    token: bytes,
    code: str,
    asked: Asked | None,
) -> Entry:
    user_id = row.user_id
    events = account.decide(account.RegisterUser(form.username, form.email), account.State())
    tag = None if asked is None else asked.tag(user_keys)
    records = to_records(user_id, f"account-{user_id}", 0, events, Sealing("subject", subject), tag)
    async with taking_back(lambda: desk.aside(lambda: desk.house.keyring.drop_account(user_id))):
        appended = await desk.append(Append(records + session_opened(session_row, user_keys, form.hint)))
    user = User(user_id, form.username, form.email, appended.at_us, appended.at_us)
    return Entry(user, token, session_row.expires_at_us, appended.last, row.password_changes, code)


def _new_account(
    house: House,
    form: Registration,
    user_id: str,
    params: PasswordParams,
    keys: PasswordKeys,
    code: str,
    user_keys: UserKeys,
    subject: bytes,
) -> AccountRow:
    recovery = wrap_code(house, user_keys, code)
    public_key, secret_by_user = user_keys.new_account_keys()
    return AccountRow(
        user_id=user_id,
        name_index=account_index(house, form.username),
        email_index=account_index(house, form.email),
        params=params,
        password_verifier=auth_verifier(keys.auth),
        user_by_password=user_keys.wrap(keys.kek, "password"),
        recovery_verifier=recovery.verifier,
        user_by_recovery=recovery.user_by_recovery,
        public_key=public_key,
        secret_by_user=secret_by_user,
        subject_by_server=wrap_for_server(
            house.server.purpose("subject"), subject, user_id, f"account-{user_id}", "subject"
        ),
        created_at_us=house.clock_us(),
    )


async def _taken(
    desk: Desk, form: Registration, asked: Asked | None, known: NameKnown | EmailKnown, invitation: bytes | None
) -> Entry:
    """The name or address is in the keyring: the same request again, one that a crash cut off, or somebody else's."""
    house = desk.house
    text = form.username if isinstance(known, NameKnown) else form.email
    row = house.keyring.find_account(account_index(house, text))
    if row is not None:
        if await _gave_way(desk, row):
            return await _register(desk, form, asked, invitation)
        if asked is not None and (entry := await _begun_before(desk, form, row, asked)) is not None:
            return entry
    if isinstance(known, NameKnown):
        raise UsernameTaken("This user name is taken.")
    raise EmailTaken("There is an account with this e-mail address.")


async def _gave_way(desk: Desk, row: AccountRow) -> bool:
    """Whether it was an account without an event, and too old to get one: it is gone now."""
    house = desk.house
    if house.log.read_stream(f"account-{row.user_id}") or row.created_at_us >= house.clock_us() - UNFINISHED_US:
        return False
    await desk.aside(lambda: house.keyring.drop_account(row.user_id))
    return True


async def _begun_before(desk: Desk, form: Registration, row: AccountRow | None, asked: Asked) -> Entry | None:
    """The first answer once more, if this password and Idempotency-Key made the account; None otherwise, after the same
    work if there is no account. Busy while it has no event: the first copy is under way, or a crash cut it off and it
    has not given way yet."""
    house = desk.house
    params = PasswordParams(salt=os.urandom(SALT_BYTES)) if row is None else row.params
    keys = await stretch(desk, form.password, params)
    if row is None or not verify(keys.auth, row.password_verifier):
        return None
    # The salt is the stored one now, so the key that the first answer's secrets came from is this one.
    secrets = Secrets(keys.kek, asked)
    if secrets.id("user") != row.user_id:
        return None  # Made under another Idempotency-Key.
    user_keys = UserKeys(row.user_id, unwrap_user_key(keys.kek, row.user_by_password, row.user_id, "password"))
    if earlier(house.log, asked.tag(user_keys)) is None:
        if await _gave_way(desk, row):
            return await register(desk, form, asked)
        raise Busy("This registration is not finished. Try again in a minute.")
    return await replay_entry(desk, row, secrets, with_code=True)
