"""An account as it is found and opened, and what its registration and each of its sign-ins have in common."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

import msgspec

from domain import account, session
from domain.errors import BadCredentials, Conflict
from domain.events import (
    AccountEvent,
    ClientHint,
    EmailChanged,
    Identity,
    Label,
    PasskeyAdded,
    SessionOpened,
    UserRegistered,
)
from eventstore.errors import LogCorrupt, LogError, StreamTooLong
from eventstore.log import Log
from eventstore.record import NewRecord, Record, RequestTag
from service.desk.desk import Desk
from service.house.facts import Sealing, fold, open_event, to_fact, to_records
from service.house.house import House, normalise_name
from service.house.principal import ENDED, TOKEN_BYTES, Principal
from service.house.requests import Asked
from service.house.server_key import keyed_index
from service.machine.errors import Busy
from service.machine.ids import new_id, uuid7_from
from service.machine.units import DAY_US
from vault.errors import KeyringBusy, KeyringFull, PendingFull
from vault.kdf import (
    CODE_RANDOM_BYTES,
    SALT_BYTES,
    PasswordKeys,
    PasswordParams,
    ServerKey,
    auth_verifier,
    new_recovery_code,
    normalise_password,
    password_keys,
    recovery_keys,
)
from vault.keyring import AccountRow, Keyring, PasswordWrap, RecoveryWrap, SessionKeyRow
from vault.keys import UserKeys, token_hash, token_key, unwrap_for_server
from vault.seal import derive

IDENTITY_EVENTS = frozenset({"UserRegistered", "EmailChanged"})


class User(msgspec.Struct, frozen=True):
    user_id: str
    username: str
    email: str
    created_at_us: int
    updated_at_us: int


class Entry(msgspec.Struct, frozen=True):
    """What signing in or up gives. `recovery_code` at registration and recovery; secrets, so without repr.

    `password_changes`: of the password that was shown or set, or that held when a passkey was. What is given out for
    knowing it is given for this one, whatever was set since."""

    user: User
    token: bytes
    expires_at_us: int
    position: int
    password_changes: int
    recovery_code: str = ""
    replayed: bool = False

    def __repr__(self) -> str:
        return f"Entry({self.user.user_id!r}, …)"


def account_index(house: House, text: str) -> bytes:
    """User names and addresses share one index: a name cannot hold an @, so they never meet."""
    return index_of(house.server, text)


def index_of(server: ServerKey, text: str) -> bytes:
    """The same under a server key that is not the house's."""
    return keyed_index(server, "account", normalise_name(text))


def load_user(house: House, row: AccountRow) -> User | None:
    """From the log, opened with the subject key; None while the registration has no event yet, and once the account is
    being erased."""
    records = house.log.read_stream(f"account-{row.user_id}")
    if not fold_account(records).there:
        return None
    identity = read_identity(records, subject_key(house, row))
    return User(
        user_id=row.user_id,
        username=identity.username,
        email=identity.email,
        created_at_us=records[0].envelope.at_us,
        updated_at_us=records[-1].envelope.at_us,
    )


def live_account(house: House, who: Principal) -> tuple[AccountRow, User]:
    """BadCredentials if it is being erased."""
    row = house.keyring.account(who.user)
    user = None if row is None else load_user(house, row)
    if row is None or user is None:
        raise BadCredentials(ENDED)
    return row, user


def changeable_account(house: House, who: Principal) -> tuple[AccountRow, User]:
    """BadCredentials if it is being erased; TooManyChanges if the log could not be told of one more."""
    row, user = live_account(house, who)
    account.require_room(fold_account(house.log.read_stream(f"account-{who.user}")), account.MAX_CHANGES)
    return row, user


def subject_key(house: House, row: AccountRow) -> bytes:
    """Opens and seals name and address, also while the person is away."""
    stream = f"account-{row.user_id}"
    return unwrap_for_server(house.server.purpose("subject"), row.subject_by_server, row.user_id, stream, "subject")


def read_identity(records: Sequence[Record], subject: bytes) -> Identity:
    """The newest of an account that has registered."""
    newest = next(record for record in reversed(records) if record.envelope.type in IDENTITY_EVENTS)
    event = open_event(newest, subject)
    assert isinstance(event, UserRegistered | EmailChanged)
    assert event.private is not None
    return event.private


def fold_account(records: Iterable[Record]) -> account.State:
    return fold(account.evolve, account.State(), AccountEvent, (to_fact(record).event for record in records))


class Named(msgspec.Struct, frozen=True):
    """What a person calls a passkey that the log is to be told of, and the key that seals it."""

    passkey: str
    label: Label
    sealing: Sealing


def owed_records(
    keyring: Keyring, log: Log, user: str, request: RequestTag | None = None, named: Named | None = None
) -> tuple[NewRecord, ...]:
    """What the keyring knows of the account's password, codes and factors, and the log does not yet: keys come first,
    and whoever sets them tells the log, or else the sweeper does, who knows no names. None for an account that is gone.

    The log is read first: what somebody changes and tells in between would else be told back."""
    stream = f"account-{user}"
    records = log.read_stream(stream)
    mark = keyring.mark(user)
    if mark is None:
        return ()
    told = account.TellKeys(
        password_changes=mark.password_changes,
        codes_issued=mark.codes_issued,
        backup_sets=mark.backup_sets,
        backup_uses=mark.backup_uses,
        totp=mark.totp,
        passkeys=mark.passkeys,
    )
    events = account.decide(told, fold_account(records))
    if named is None:
        return to_records(user, stream, len(records), events, request=request)
    events = tuple(_named(event, named) for event in events)
    return to_records(user, stream, len(records), events, named.sealing, request)


def _named(event: AccountEvent, named: Named) -> AccountEvent:
    if isinstance(event, PasskeyAdded) and event.passkey == named.passkey:
        return msgspec.structs.replace(event, private=named.label)
    return event


@asynccontextmanager
async def telling_later(what_holds: str) -> AsyncIterator[None]:
    """Around what follows a change of keys: that cannot be taken back, so a log that does not answer makes it neither
    undone nor confirmed. Busy, with what holds from now on; the sweeper tells the log."""
    try:
        yield
    except (LogCorrupt, StreamTooLong):
        raise
    except (LogError, TimeoutError, Conflict, KeyringFull, KeyringBusy, PendingFull) as error:
        raise Busy(what_holds) from error


async def stretch(desk: Desk, password: str, params: PasswordParams) -> PasswordKeys:
    pepper = desk.house.server.purpose("pepper")
    data = normalise_password(password)
    return await desk.gate.run(lambda: password_keys(data, params, pepper))


async def wrap_password(desk: Desk, keys: UserKeys, password: str) -> tuple[PasswordWrap, PasswordKeys]:
    """A new password's part of the keyring, with a fresh salt and today's costs, and its keys."""
    params = PasswordParams(salt=os.urandom(SALT_BYTES))
    made = await stretch(desk, password, params)
    return PasswordWrap(params, auth_verifier(made.auth), keys.wrap(made.kek, "password")), made


def wrap_code(house: House, keys: UserKeys, code: str) -> RecoveryWrap:
    """A new recovery code's part of the keyring."""
    made = recovery_keys(code, keys.user, house.server.purpose("pepper"))
    return RecoveryWrap(auth_verifier(made.auth), keys.wrap(made.kek, "recovery"))


class Secrets:
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


def new_session(house: House, keys: UserKeys, secrets: Secrets) -> tuple[SessionKeyRow, bytes]:
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


def session_opened(row: SessionKeyRow, keys: UserKeys, hint: ClientHint) -> tuple[NewRecord, ...]:
    events = session.decide(session.OpenSession(row.expires_at_us, hint.client, hint.place), session.State())
    return to_records(row.user_id, f"session-{row.session_id}", 0, events, Sealing("user", keys.session_key()))


async def replay_entry(desk: Desk, row: AccountRow, secrets: Secrets, *, with_code: bool) -> Entry:
    """`row`: as it was when what was shown was found to be right."""
    house = desk.house
    token = secrets.draw("token", TOKEN_BYTES)
    records = house.log.read_stream(f"session-{secrets.id('session')}")
    user = load_user(house, row)
    opened = to_fact(records[0]).event if records else None
    if user is None or not isinstance(opened, SessionOpened):
        raise BadCredentials("This sign-in cannot be answered again.")
    code = new_recovery_code(secrets.draw("recovery", CODE_RANDOM_BYTES)) if with_code else ""
    position, changes = records[0].position, row.password_changes
    return Entry(user, token, opened.expires_at_us, position, changes, code, replayed=True)
