"""Registering, signing in, signing out, and the sessions of an account."""

from __future__ import annotations

import os

import msgspec

from domain import account, session
from domain.errors import BadCredentials, EmailTaken, NotFound, UsernameTaken, WeakPassword
from domain.events import CloseReason, SessionEvent, SessionOpened, UserRegistered
from eventstore.errors import DuplicateRequest
from eventstore.log import Log
from eventstore.record import Append, NewRecord
from service.desk import UNSETTLED, Desk, decided
from service.facts import Sealing, fold, open_event, to_fact, to_records
from service.house import House, normalise_name
from service.ids import new_id, uuid7_from
from service.principal import TOKEN_BYTES, Principal
from service.requests import Asked, earlier
from vault.errors import EmailKnown, NameKnown
from vault.kdf import (
    CODE_RANDOM_BYTES,
    SALT_BYTES,
    PasswordKeys,
    PasswordParams,
    auth_verifier,
    new_recovery_code,
    normalise_password,
    password_keys,
    recovery_keys,
    verify,
)
from vault.keyring import AccountRow, SessionKeyRow
from vault.keys import (
    UserKeys,
    new_key,
    token_hash,
    token_key,
    unwrap_for_server,
    unwrap_user_key,
    wrap_for_server,
)
from vault.passwords import weak_password
from vault.seal import derive

UNFINISHED_US = 60_000_000  # A registration whose event is not there after this long was cut off by a crash.
DAY_US = 86_400_000_000


class User(msgspec.Struct, frozen=True):
    user_id: str
    username: str
    email: str
    created_at_us: int
    updated_at_us: int


class Entry(msgspec.Struct, frozen=True):
    """What signing in or up gives. `recovery_code` only at registration; secrets, so without repr."""

    user: User
    token: bytes
    expires_at_us: int
    position: int
    recovery_code: str = ""
    replayed: bool = False

    def __repr__(self) -> str:
        return f"Entry({self.user.user_id!r}, …)"


class Registration(msgspec.Struct, frozen=True):
    username: str
    email: str
    password: str
    client: str

    def __repr__(self) -> str:
        return "Registration(…)"


def account_index(house: House, text: str) -> bytes:
    """User names and addresses share one index: a name cannot hold an @, so they never meet."""
    return house.index("account", normalise_name(text))


def load_user(house: House, row: AccountRow) -> User | None:
    """From the log, opened with the subject key; None while the registration has no event yet."""
    records = house.log.read_stream(f"account-{row.user_id}")
    if not records:
        return None
    subject = unwrap_for_server(
        house.server.purpose("subject"), row.subject_by_server, row.user_id, f"account-{row.user_id}", "subject"
    )
    registered = open_event(records[0], subject)
    assert isinstance(registered, UserRegistered)
    assert registered.private is not None
    return User(
        user_id=row.user_id,
        username=registered.private.username,
        email=registered.private.email,
        created_at_us=records[0].envelope.at_us,
        updated_at_us=records[-1].envelope.at_us,
    )


# -- registering -------------------------------------------------------------------------------------------------


class _Secrets:
    """What a new session or account is made from: random; under an Idempotency-Key derived from the password's key
    and that Idempotency-Key, so that the same request gives the same secrets and no store holds them. Whoever could
    derive them has the password's key, and with it the account."""

    def __init__(self, kek: bytes, asked: Asked | None) -> None:
        self._root = None if asked is None else derive(kek, f"idempotent/{asked.route}/{asked.key}")

    def draw(self, label: str, length: int) -> bytes:
        return os.urandom(length) if self._root is None else derive(self._root, label, length)

    def id(self, label: str) -> str:
        """New ids sort by time; a derived one cannot know its first time, so it is random throughout."""
        if self._root is None:
            return new_id()
        derived = self.draw(label, 16)
        return uuid7_from(int.from_bytes(derived[:6], "big"), derived[6:])


async def register(desk: Desk, form: Registration, asked: Asked | None) -> Entry:
    """Keys first, then the event. UsernameTaken, EmailTaken, WeakPassword, GateFull."""
    house = desk.house
    if (why := weak_password(form.password, form.username, form.email)) is not None:
        raise WeakPassword(why)
    params = PasswordParams(salt=os.urandom(SALT_BYTES))
    keys = await _stretch(desk, form.password, params)
    secrets = _Secrets(keys.kek, asked)
    user_id = secrets.id("user")
    code = new_recovery_code(secrets.draw("recovery", CODE_RANDOM_BYTES))
    user_keys = UserKeys(user_id, new_key())
    subject = new_key()
    row = _new_account(house, form, user_id, params, keys, code, user_keys, subject)
    session_row, token = _new_session(house, user_keys, secrets)
    try:
        await desk.aside(lambda: house.keyring.add_account(row, session_row))
    except (NameKnown, EmailKnown) as known:
        return await _taken(desk, form, asked, known)
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
    try:
        appended = await desk.append(Append(records + _session_opened(session_row, user_keys, form.client)))
    except UNSETTLED:
        raise  # The outcome is open: the event may still become durable, so its keys stay. Without it they are swept.
    except Exception:
        await desk.aside(lambda: desk.house.keyring.drop_account(user_id))  # No event: the keys are nobody's.
        raise
    user = User(user_id, form.username, form.email, appended.at_us, appended.at_us)
    return Entry(user, token, session_row.expires_at_us, appended.last, code)


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
    recovery = recovery_keys(code, user_id, house.server.purpose("pepper"))
    public_key, secret_by_user = user_keys.new_account_keys()
    return AccountRow(
        user_id=user_id,
        name_index=account_index(house, form.username),
        email_index=account_index(house, form.email),
        params=params,
        password_verifier=auth_verifier(keys.auth),
        user_by_password=user_keys.wrap(keys.kek, "password"),
        recovery_verifier=auth_verifier(recovery.auth),
        user_by_recovery=user_keys.wrap(recovery.kek, "recovery"),
        public_key=public_key,
        secret_by_user=secret_by_user,
        subject_by_server=wrap_for_server(
            house.server.purpose("subject"), subject, user_id, f"account-{user_id}", "subject"
        ),
        created_at_us=house.clock_us(),
    )


async def _taken(desk: Desk, form: Registration, asked: Asked | None, known: NameKnown | EmailKnown) -> Entry:
    """The name or address is in the keyring: the same request again, one that a crash cut off, or somebody else's."""
    house = desk.house
    text = form.username if isinstance(known, NameKnown) else form.email
    row = house.keyring.find_account(account_index(house, text))
    if row is not None and not house.log.read_stream(f"account-{row.user_id}"):
        if row.created_at_us < house.clock_us() - UNFINISHED_US:
            await desk.aside(lambda: house.keyring.drop_account(row.user_id))
            return await register(desk, form, asked)
    elif row is not None and asked is not None:
        entry = await _registered_before(desk, form, row, asked)
        if entry is not None:
            return entry
    if isinstance(known, NameKnown):
        raise UsernameTaken("This user name is taken.")
    raise EmailTaken("There is an account with this e-mail address.")


async def _registered_before(desk: Desk, form: Registration, row: AccountRow, asked: Asked) -> Entry | None:
    """The first answer once more, if this password and Idempotency-Key made the account; None otherwise."""
    house = desk.house
    keys = await _stretch(desk, form.password, row.params)
    if not verify(keys.auth, row.password_verifier):
        return None
    user_keys = UserKeys(row.user_id, unwrap_user_key(keys.kek, row.user_by_password, row.user_id, "password"))
    if earlier(house.log, asked.tag(user_keys)) is None:
        return None
    # The salt is the stored one now, so the key that the first answer's secrets came from is this one.
    return await _replay_entry(desk, row, _Secrets(keys.kek, asked), with_code=True)


async def _replay_entry(desk: Desk, row: AccountRow, secrets: _Secrets, *, with_code: bool) -> Entry:
    house = desk.house
    token = secrets.draw("token", TOKEN_BYTES)
    records = house.log.read_stream(f"session-{secrets.id('session')}")
    user = load_user(house, row)
    opened = to_fact(records[0]).event if records else None
    if user is None or not isinstance(opened, SessionOpened):
        raise BadCredentials("This sign-in cannot be answered again.")
    code = new_recovery_code(secrets.draw("recovery", CODE_RANDOM_BYTES)) if with_code else ""
    return Entry(user, token, opened.expires_at_us, records[0].position, code, replayed=True)


# -- signing in and out ------------------------------------------------------------------------------------------


async def login(desk: Desk, name: str, password: str, client: str, asked: Asked | None) -> Entry:
    """BadCredentials for an unknown name and for a wrong password, at the same cost."""
    house = desk.house
    row = house.keyring.find_account(account_index(house, name))
    params = row.params if row is not None else PasswordParams(salt=house.index("no-such-account", name)[:SALT_BYTES])
    keys = await _stretch(desk, password, params)
    if row is None or not verify(keys.auth, row.password_verifier):
        raise BadCredentials("Name or password is wrong.")
    user = load_user(house, row)
    if user is None:
        raise BadCredentials("Name or password is wrong.")
    user_keys = UserKeys(row.user_id, unwrap_user_key(keys.kek, row.user_by_password, row.user_id, "password"))
    secrets = _Secrets(keys.kek, asked)
    tag = None if asked is None else asked.tag(user_keys)
    if earlier(house.log, tag) is not None:
        return await _replay_entry(desk, row, secrets, with_code=False)
    session_row, token = _new_session(house, user_keys, secrets)
    await desk.aside(lambda: house.keyring.add_session(session_row))
    records = _session_opened(session_row, user_keys, client)
    records = (msgspec.structs.replace(records[0], request=tag), *records[1:])
    try:
        appended = await desk.append(Append(records))
    except DuplicateRequest:
        return await _replay_entry(desk, row, secrets, with_code=False)
    except UNSETTLED:
        raise  # The outcome is open: the event may still become durable, so its key stays until it expires.
    except Exception:
        await desk.aside(lambda: house.keyring.drop_session(session_row.session_id, row.user_id))
        raise
    return Entry(user, token, session_row.expires_at_us, appended.last)


def _new_session(house: House, keys: UserKeys, secrets: _Secrets) -> tuple[SessionKeyRow, bytes]:
    token = secrets.draw("token", TOKEN_BYTES)
    session_id = secrets.id("session")
    now_us = house.clock_us()
    row = SessionKeyRow(
        session_id=session_id,
        token_hash=token_hash(token),
        user_id=keys.user,
        user_by_token=keys.wrap(token_key(token), session_id),
        expires_at_us=now_us + house.settings.session_days * DAY_US,
        created_at_us=now_us,
    )
    return row, token


def _session_opened(row: SessionKeyRow, keys: UserKeys, client: str) -> tuple[NewRecord, ...]:
    events = session.decide(session.OpenSession(row.expires_at_us, client), session.State())
    return to_records(row.user_id, f"session-{row.session_id}", 0, events, Sealing("user", keys.session_key()))


async def close_session(desk: Desk, who: Principal, session_id: str, reason: CloseReason) -> int:
    """Key first: from then on the token opens nothing, in any process. NotFound for another person's session."""
    house = desk.house
    records = house.log.read_stream(f"session-{session_id}")
    if not records or records[0].envelope.user != who.user:
        raise NotFound("No such session.")
    await desk.aside(lambda: house.keyring.drop_session(session_id, who.user))

    async def attempt() -> int:
        closing = close_records(house.log, session_id, reason)
        return (await desk.append(Append(closing))).last if closing else house.log.user_head(who.user)

    return await decided(attempt)


def close_records(log: Log, session_id: str, reason: CloseReason) -> tuple[NewRecord, ...]:
    """Empty when the session is closed already. Also used by the sweeper for what expired or a crash left."""
    facts = [to_fact(record) for record in log.read_stream(f"session-{session_id}")]
    state = fold(session.evolve, session.State(), SessionEvent, (fact.event for fact in facts))
    events = session.decide(session.CloseSession(reason), state)
    return to_records(facts[0].user, f"session-{session_id}", len(facts), events)


async def _stretch(desk: Desk, password: str, params: PasswordParams) -> PasswordKeys:
    pepper = desk.house.server.purpose("pepper")
    data = normalise_password(password)
    return await desk.gate.run(lambda: password_keys(data, params, pepper))
