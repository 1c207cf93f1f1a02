"""Sessions: signing in, signing out, closing."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Final

import msgspec

from domain import session
from domain.errors import BadCredentials, NotFound
from domain.events import ClientHint, CloseReason, SessionEvent
from eventstore.errors import DuplicateRequest
from eventstore.log import Log
from eventstore.record import Append, NewRecord, RequestTag
from service.accounts.accounts import (
    Entry,
    Secrets,
    User,
    account_index,
    load_user,
    new_session,
    replay_entry,
    session_opened,
    stretch,
    telling_later,
)
from service.accounts.upgrading import at_todays_cost
from service.desk.desk import Desk, decided, taking_back
from service.desk.devices import recognised
from service.factors import second_factor
from service.factors.second_factor import NO_PROOF, Proof
from service.house.facts import fold, to_fact, to_records
from service.house.house import normalise_name
from service.house.principal import TOKEN_BYTES, Principal
from service.house.requests import Asked, earlier, tag_of
from vault.errors import AccountGone, CredentialsReplaced
from vault.kdf import SALT_BYTES, PasswordKeys, PasswordParams, verify
from vault.keyring import AccountRow, SessionKeyRow
from vault.keys import UserKeys, token_hash, unwrap_user_key

CLOSED_AT_ONCE: Final = 100
_REFUSED: Final = "Name or password is wrong."


class _Known(msgspec.Struct, frozen=True):
    """Whose password was right. `made`: the password's keys. No repr."""

    row: AccountRow
    user: User
    made: PasswordKeys
    keys: UserKeys

    def __repr__(self) -> str:
        return "_Known(…)"


async def login(
    desk: Desk, name: str, password: str, hint: ClientHint, asked: Asked | None, proof: Proof = NO_PROOF
) -> Entry:
    """BadCredentials for an unknown name and for a wrong password, at the same cost; also for a password that is
    changed while the sign-in is under way, and for an account that is erased. Past the password: SecondFactorRequired,
    BadCode. TooManyGuesses."""
    house = desk.house
    known = await _recognise(desk, name, password, proof)
    exact = None if asked is None else asked.exactly()
    tag = tag_of(asked, known.keys)
    secrets = Secrets(known.made.kek, exact)
    if earlier(house.log, tag) is not None:
        return await replay_entry(desk, known.row, secrets, with_code=False)
    # A session under secrets of this very request, second factor and all, was made by a copy of it that had passed.
    if asked is None or house.keyring.session_by_token(token_hash(secrets.draw("token", TOKEN_BYTES))) is None:
        await second_factor.require(desk, known.row, known.keys, proof)
    row, made = await at_todays_cost(desk, known.row, known.made, known.keys, password)
    known = msgspec.structs.replace(known, row=row, made=made)
    return await _open(desk, known, hint, tag, Secrets(made.kek, exact))


async def _recognise(desk: Desk, name: str, password: str, proof: Proof) -> _Known:
    house = desk.house
    row = house.keyring.find_account(account_index(house, name))
    device = recognised(house, row, proof.devices)
    guess = desk.guesses.count("password", normalise_name(name), proof.source, device)
    nobodys = PasswordParams(salt=house.index("no-such-account", name)[:SALT_BYTES])
    made = await stretch(desk, password, nobodys if row is None else row.params)
    if row is None or not verify(made.auth, row.password_verifier):
        raise BadCredentials(_REFUSED)
    user = load_user(house, row)
    if user is None:
        raise BadCredentials(_REFUSED)
    guess.right()
    user_key = unwrap_user_key(made.kek, row.user_by_password, row.user_id, "password")
    return _Known(row, user, made, UserKeys(row.user_id, user_key))


async def _open(desk: Desk, known: _Known, hint: ClientHint, tag: RequestTag | None, secrets: Secrets) -> Entry:
    """Key first, then the event."""
    house = desk.house
    session_row, token = new_session(house, known.keys, secrets)
    inserted = await _add_key(desk, session_row, known.row)
    if not inserted:  # Another copy of this request is under way, or was cut off: its time is the key's time.
        session_row = house.keyring.session_by_token(session_row.token_hash) or session_row
    records = session_opened(session_row, known.keys, hint)
    records = (msgspec.structs.replace(records[0], request=tag), *records[1:])

    async def undo() -> None:
        if inserted:
            await drop_unless_open(desk, session_row)

    try:
        async with taking_back(undo):
            appended = await desk.append(Append(records))
    except DuplicateRequest:
        return await replay_entry(desk, known.row, secrets, with_code=False)
    if not inserted and await _add_key(desk, session_row, known.row):
        # The copy that had brought the key took it back before this event was there. Now it is, and the key with it,
        # unless the session has been closed in the same moment.
        await drop_unless_open(desk, session_row)
    if not house.keyring.has_session(session_row.session_id):
        raise BadCredentials(_REFUSED)  # Closed meanwhile, by a new password above all: the token opens nothing.
    return Entry(known.user, token, session_row.expires_at_us, appended.last, known.row.password_changes)


async def _add_key(desk: Desk, session_row: SessionKeyRow, row: AccountRow) -> bool:
    keyring = desk.house.keyring
    try:
        return await desk.aside(lambda: keyring.add_session(session_row, row.password_verifier))
    except AccountGone:
        raise BadCredentials(_REFUSED) from None
    except CredentialsReplaced:
        now = keyring.account(row.user_id)
        if now is None or now.params == row.params or now.password_changes != row.password_changes:
            raise BadCredentials(_REFUSED) from None
        # The same password, stretched anew by another sign-in of this moment.
        return await _add_key(desk, session_row, now)


async def drop_unless_open(desk: Desk, row: SessionKeyRow) -> None:
    """Of two copies of one sign-in, one brings the key and another may bring the event. So the key goes only if the
    log does not have the session open: it never was, or was closed while this copy was on its way."""
    state = _state(desk.house.log, row.session_id)
    if not state.opened or state.closed:
        await desk.aside(lambda: desk.house.keyring.drop_session(row.session_id, row.user_id))


def _state(log: Log, session_id: str) -> session.State:
    facts = [to_fact(record) for record in log.read_stream(f"session-{session_id}")]
    return fold(session.evolve, session.State(), SessionEvent, (fact.event for fact in facts))


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

    position = await decided(attempt)
    if house.keyring.has_session(session_id):
        # A second copy of its sign-in brought the key back before the closing was in the log. Now that it is, another
        # one takes its key back itself.
        await desk.aside(lambda: house.keyring.drop_session(session_id, who.user))
    return position


async def close_everywhere(desk: Desk, who: Principal) -> None:
    """All sessions of the person, the asking one too: their keys at once, then an event for each."""
    closed = await desk.aside(lambda: desk.house.keyring.drop_sessions(who.user))
    async with telling_later("Every session has ended. The history will show it in a while."):
        await say_closed(desk, who.user, closed, "logout")


async def say_closed(desk: Desk, user: str, session_ids: Sequence[str], reason: CloseReason) -> None:
    """SessionClosed of sessions whose keys are gone; some at a time, since nobody bounds how often one signs in. What a
    crash leaves is closed by the sweeper."""
    log, keyring = desk.house.log, desk.house.keyring
    for start in range(0, len(session_ids), CLOSED_AT_ONCE):
        batch = session_ids[start : start + CLOSED_AT_ONCE]

        async def attempt(batch: Sequence[str] = batch) -> None:
            records = tuple(record for each in batch for record in close_records(log, each, reason))
            if records:
                await desk.append(Append(records))

        await decided(attempt)
        for each in batch:
            if keyring.has_session(each):  # Brought back, as in `close_session`.
                await desk.aside(functools.partial(keyring.drop_session, each, user))


def close_records(log: Log, session_id: str, reason: CloseReason) -> tuple[NewRecord, ...]:
    """Empty when the session is closed already, or has no event yet: its sign-in is being refused, or was cut off. Also
    used by the sweeper for what expired or a crash left."""
    facts = [to_fact(record) for record in log.read_stream(f"session-{session_id}")]
    if not facts:
        return ()
    state = fold(session.evolve, session.State(), SessionEvent, (fact.event for fact in facts))
    events = session.decide(session.CloseSession(reason), state)
    return to_records(facts[0].user, f"session-{session_id}", len(facts), events)
