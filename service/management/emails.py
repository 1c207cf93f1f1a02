"""Another e-mail address: it finds the account from now on, and the one of before is free for others at once.

Keys first: one transaction of the keyring that still finds the shown password, puts the new address's index in place of
the old one and keeps name and address, sealed, for the log; then the event; then that copy goes. Crash points: before
the transaction nothing has happened; after it the new address signs in, and the sweeper tells the log; after the event
only the copy is left to go.
"""

from __future__ import annotations

from typing import Final

import msgspec

from domain import account
from domain.errors import Conflict, EmailTaken
from domain.events import Identity
from eventstore.errors import DuplicateRequest, VersionConflict
from eventstore.log import Log
from eventstore.record import Append, NewRecord, RequestTag
from service.accounts.accounts import (
    User,
    account_index,
    fold_account,
    live_account,
    read_identity,
    subject_key,
    telling_later,
)
from service.accounts.admitting import count_telling_of_change
from service.desk.desk import Desk, decided
from service.entrance.passwords import overtaken, prove
from service.house.facts import Sealing, to_records
from service.house.house import House
from service.house.principal import Principal
from service.house.requests import Asked, earlier, tag_of
from vault.errors import AccountGone, CredentialsReplaced, EmailKnown
from vault.keyring import AccountRow
from vault.seal import Binding, open_sealed, seal

_HOLDS: Final = "The new address holds from now on. The history will show it in a while."


class Form(msgspec.Struct, frozen=True):
    """`source`: the address that it comes from."""

    password: str
    email: str
    source: str = ""

    def __repr__(self) -> str:
        return "Form(…)"


class Changed(msgspec.Struct, frozen=True):
    user: User
    position: int
    replayed: bool = False


async def change(desk: Desk, who: Principal, form: Form, asked: Asked | None) -> Changed:
    """WrongPassword; EmailTaken, TooManyChanges, BadCredentials: nothing was changed; nor by TooManyNames, before any
    address is looked at. Conflict: another change came between, which holds. Busy: it is changed, and the log was not
    told yet."""
    house = desk.house
    tag = tag_of(asked, who.keys)
    row, user = live_account(house, who)
    if (position := earlier(house.log, tag)) is not None:
        return Changed(_user_at(house, row, position), position, replayed=True)
    account.require_room(fold_account(house.log.read_stream(f"account-{who.user}")), account.MAX_CHANGES)
    await prove(desk, row, form.password)
    identity = Identity(username=user.username, email=form.email)
    sealed = _seal(row.user_id, subject_key(house, row), identity)
    index = account_index(house, form.email)
    telling = count_telling_of_change(desk, form.source, who.user)
    try:
        await desk.aside(lambda: house.keyring.change_email(who.user, row.password_verifier, index, sealed))
    except EmailKnown:
        raise EmailTaken("There is an account with this e-mail address.") from None
    except BaseException as error:
        telling.right()
        if isinstance(error, AccountGone | CredentialsReplaced):
            raise overtaken(house, who) from None
        raise
    telling.right()
    async with telling_later(_HOLDS):
        position = await _tell(desk, who.user, sealed, tag)
    changed = _user_at(house, row, position)
    if changed.email != form.email:  # Another change came between: this one never reached the log, and never will.
        raise Conflict("The address was changed once more at this moment: that change holds.")
    return Changed(changed, position)


async def _tell(desk: Desk, user: str, sealed: bytes, tag: RequestTag | None) -> int:
    """`sealed`: what this very request has put there. What another one put there since is told as well, and is no
    answer to this one."""
    house = desk.house

    async def attempt() -> int:
        owed = _owed(house, house.log, user, (sealed, tag))
        if owed is None:  # The sweeper was quicker.
            return earlier(house.log, tag) or house.log.user_head(user)
        position = (await desk.append(Append(owed.records))).last if owed.records else house.log.user_head(user)
        await desk.aside(lambda: house.keyring.clear_identity(user, owed.identity_by_subject))
        return position

    try:
        return await decided(attempt)
    except DuplicateRequest as duplicate:
        return duplicate.position


def tell_owed(house: House, log: Log, user: str) -> int:
    """For the sweeper: 1 if the log had not heard of a new address; 0 if it had, or somebody was quicker."""
    owed = _owed(house, log, user, (b"", None))
    if owed is None:
        return 0
    if owed.records:
        try:
            house.writer.append(Append(owed.records))
        except VersionConflict:
            return 0
    house.keyring.clear_identity(user, owed.identity_by_subject)
    return len(owed.records)


class _Owed(msgspec.Struct, frozen=True):
    """What the keyring keeps for the log. No records: the log has it, and it is only left to go."""

    identity_by_subject: bytes
    records: tuple[NewRecord, ...]


def _owed(house: House, log: Log, user: str, mine: tuple[bytes, RequestTag | None]) -> _Owed | None:
    """`mine`: what was put there under which request."""
    row = house.keyring.account(user)
    if row is None or row.identity_by_subject is None:
        return None
    stream = f"account-{user}"
    records = log.read_stream(stream)
    state = fold_account(records)
    if not state.there:
        return None
    subject = subject_key(house, row)
    identity = _open(user, subject, row.identity_by_subject)
    if read_identity(records, subject) == identity:
        return _Owed(row.identity_by_subject, ())
    events = account.decide(account.ChangeEmail(identity.username, identity.email), state)
    sealing = Sealing("subject", subject)
    tag = mine[1] if mine[0] == row.identity_by_subject else None
    return _Owed(row.identity_by_subject, to_records(user, stream, len(records), events, sealing, tag))


def _user_at(house: House, row: AccountRow, position: int) -> User:
    """As the log had it at a position: the same request again is answered as it was, whatever came later."""
    records = [one for one in house.log.read_stream(f"account-{row.user_id}") if one.position <= position]
    identity = read_identity(records, subject_key(house, row))
    times = records[0].envelope.at_us, records[-1].envelope.at_us
    return User(row.user_id, identity.username, identity.email, *times)


def _seal(user: str, subject: bytes, identity: Identity) -> bytes:
    return seal(subject, msgspec.json.encode(identity), _binding(user))


def _open(user: str, subject: bytes, sealed: bytes) -> Identity:
    return msgspec.json.decode(open_sealed(subject, sealed, _binding(user)), type=Identity)


def _binding(user: str) -> Binding:
    return Binding(user, f"account-{user}", 0, "Identity", "keyring")
