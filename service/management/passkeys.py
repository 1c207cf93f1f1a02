"""Passkeys of somebody who is signed in: adding, naming and removing them.

A passkey whose authenticator has the PRF extension gets a wrap of the user key, made from what that gives for our salt,
and signs in by itself. It is one wrap more: it stays valid when the password is changed or recovered, since the user
key stays, and whoever wants it gone removes it. The server keeps nothing of what the PRF gave.

Where a second factor is set already, it is shown for another: or the password and a session, which together do not get
past it, would make a way around it that stays.

Keys first, in one transaction that still finds the shown password, then the event. Crash points: before the transaction
nothing has happened and the challenge may be answered again; after it the passkey holds, and the sweeper tells the log
of it, without its name.
"""

from __future__ import annotations

import os
from typing import Final

import msgspec

from domain.errors import (
    BadPasskey,
    NotFound,
    PasskeyTaken,
    TooManyPasskeys,
)
from domain.events import Label, PasskeyAdded
from eventstore.errors import DuplicateRequest
from eventstore.record import Append, RequestTag
from service.accounts.accounts import Named, changeable_account, owed_records, telling_later
from service.desk.desk import Desk, decided
from service.entrance.passwords import overtaken, prove, tell_keys
from service.factors import second_factor
from service.factors.assertions import handle
from service.factors.second_factor import NO_PROOF, Proof
from service.factors.webauthn import (
    ALGORITHMS,
    TIMEOUT_MS,
    Refused,
    Registered,
    challenge_in,
    new_challenge,
    open_challenge,
    registered,
)
from service.factors.webauthn_wire import (
    EXTENSIONS,
    Algorithm,
    CreationOptions,
    Descriptor,
    NewCredential,
    RpEntity,
    Site,
    UserEntity,
    encode,
)
from service.house.facts import Sealing, to_fact
from service.house.house import House
from service.house.principal import Principal
from service.house.requests import Asked, earlier, tag_of
from service.machine.ids import new_id
from service.reading.views import Id, Time, rfc3339
from vault.backup_codes import RANDOM_BYTES, new_backup_codes, read_backup_code
from vault.errors import (
    AccountGone,
    ChallengeSpent,
    CredentialsReplaced,
    PasskeyKnown,
    PasskeysFull,
)
from vault.keyring import AccountRow
from vault.keyring_passkeys import PASSKEYS_MAX, PasskeyRow, Spent
from vault.keys import UserKeys, prf_key
from vault.seal import derive

PRF_BYTES: Final = 32
_NOT_MADE: Final = "The passkey was not accepted. Begin again."
_HOLDS: Final = "The passkey holds from now on. The history will show it in a while."


class PasskeyView(msgspec.Struct, frozen=True):
    """`opens`: it signs in by itself. `last_used_at`: null until then."""

    id: Id
    name: str
    created_at: Time
    last_used_at: Time | None
    opens: bool


class Form(msgspec.Struct, frozen=True):
    """`prf`: what the authenticator's PRF gave for PRF_SALT, 32 bytes; None: it has none."""

    name: str
    credential: NewCredential
    prf: bytes | None

    def __repr__(self) -> str:
        return "Form(…)"


class Added(msgspec.Struct, frozen=True):
    """`backup_codes`: of the first second factor, shown this once. No repr."""

    row: PasskeyRow
    name: str
    backup_codes: tuple[str, ...]
    position: int
    replayed: bool = False

    def __repr__(self) -> str:
        return f"Added({self.row.passkey_id!r}, …)"


# -- adding and removing ---------------------------------------------------------------------------------------


async def creation_options(
    desk: Desk, who: Principal, site: Site, password: str, proof: Proof = NO_PROOF
) -> CreationOptions:
    """What the browser is to make a passkey from. WrongPassword; SecondFactorRequired, BadCode, TooManyGuesses;
    TooManyPasskeys, TooManyChanges."""
    house = desk.house
    row, user = changeable_account(house, who)
    held = house.keyring.passkeys(who.user)
    if len(held) >= PASSKEYS_MAX:
        raise TooManyPasskeys(f"An account has {PASSKEYS_MAX} passkeys at the most.")
    await prove(desk, row, password)
    await second_factor.require(desk, row, who.keys, proof)
    return CreationOptions(
        rp=RpEntity(site.rp_id, "Strongroom"),
        user=UserEntity(encode(handle(who.user)), user.username, user.username),
        challenge=encode(new_challenge(house, "register", _proof(who, row))),
        pub_key_cred_params=[Algorithm(number) for number in ALGORITHMS],
        timeout=TIMEOUT_MS,
        exclude_credentials=[Descriptor(encode(one.credential_id)) for one in held],
        extensions=EXTENSIONS,
    )


async def add(desk: Desk, who: Principal, site: Site, form: Form, asked: Asked | None) -> Added:
    """BadPasskey for what was not made as `creation_options` said, within its time, by the session that showed the
    password and what else is asked for; PasskeyTaken, TooManyPasskeys, TooManyChanges. Busy: it holds, and the log was
    not told yet."""
    house = desk.house
    tag = tag_of(asked, who.keys)
    codes = _codes(who.keys, asked)
    row, _ = changeable_account(house, who)
    made = _made(house, who, row, site, form.credential)
    if (position := earlier(house.log, tag)) is not None:
        return _known(house, who, made, codes, position)
    if tag is not None and (known := _known_of(house, who, made)) is not None:
        # This request before a crash: it holds, however long that is ago, and the log may not know.
        return _known(house, who, made, codes, await _tell(desk, who, known, tag))
    if made.challenge.expires_at_us <= house.clock_us():
        raise BadPasskey(_NOT_MADE)
    passkey = _new_row(house, who.keys, made, form)
    tags = [who.keys.backup_tag(read_backup_code(code)) for code in codes]
    spent = Spent(made.challenge.tag, made.challenge.expires_at_us)
    try:
        first = await desk.aside(
            lambda: house.keyring.add_passkey(passkey, row.password_verifier, who.session_id, spent, tags)
        )
    except (AccountGone, CredentialsReplaced):
        raise overtaken(house, who) from None
    except PasskeysFull:
        raise TooManyPasskeys(f"An account has {PASSKEYS_MAX} passkeys at the most.") from None
    except (ChallengeSpent, PasskeyKnown) as error:
        if tag is None:
            raise _spent_or_taken(error) from None
        known = _known_of(house, who, made)
        if known is None:
            raise _spent_or_taken(error) from None
        # Another copy of this request was quicker by a moment.
        return _known(house, who, made, codes, await _tell(desk, who, known, tag))
    position = await _tell(desk, who, passkey, tag)
    return Added(passkey, form.name, codes if first else (), position)


async def remove(desk: Desk, who: Principal, passkey_id: str, password: str) -> None:
    """WrongPassword; NotFound. The last second factor takes the back-up codes along."""
    house = desk.house
    row, _ = changeable_account(house, who)
    if all(one.passkey_id != passkey_id for one in house.keyring.passkeys(who.user)):
        raise NotFound("No such passkey.")
    await prove(desk, row, password)
    try:
        await desk.aside(lambda: house.keyring.remove_passkey(who.user, passkey_id, row.password_verifier))
    except (AccountGone, CredentialsReplaced):
        raise overtaken(house, who) from None
    async with telling_later("The passkey opens nothing any more. The history will show it in a while."):
        await tell_keys(desk, who.user, None)


def listed(house: House, who: Principal) -> list[PasskeyView]:
    """The oldest first."""
    return [view(row, _name(who.keys, row)) for row in house.keyring.passkeys(who.user)]


def view(row: PasskeyRow, name: str) -> PasskeyView:
    used_at = None if row.used_at_us is None else rfc3339(row.used_at_us)
    return PasskeyView(row.passkey_id, name, rfc3339(row.created_at_us), used_at, row.opens)


def _proof(who: Principal, row: AccountRow) -> str:
    """What a registration's challenge is bound to: the session that showed the password, and the password itself."""
    return f"{who.user}/{who.session_id}/{row.password_verifier.hex()}"


def _made(house: House, who: Principal, row: AccountRow, site: Site, given: NewCredential) -> Registered:
    try:
        challenge = open_challenge(house, challenge_in(given), "register", _proof(who, row))
        return registered(site, challenge, given)
    except Refused:
        raise BadPasskey(_NOT_MADE) from None


def _new_row(house: House, keys: UserKeys, made: Registered, form: Form) -> PasskeyRow:
    passkey_id = new_id()
    return PasskeyRow(
        passkey_id=passkey_id,
        user_id=keys.user,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        name_by_user=keys.seal_label(f"passkey-{passkey_id}", form.name),
        user_by_prf=None if form.prf is None else keys.wrap(prf_key(form.prf), f"passkey-{passkey_id}"),
        created_at_us=house.clock_us(),
    )


def _codes(keys: UserKeys, asked: Asked | None) -> tuple[str, ...]:
    """Back-up codes, should this be the first second factor. Under an Idempotency-Key they come from the user key and
    the whole request: given again, kept nowhere. Who steals the session does not have the request, whose challenge
    nobody can guess."""
    if asked is None:
        return new_backup_codes(os.urandom(RANDOM_BYTES))
    root = keys.request_tag(b"passkey-codes", asked.route.encode(), asked.key.encode(), asked.body)
    return new_backup_codes(derive(root, "backup-codes", RANDOM_BYTES))


def _known_of(house: House, who: Principal, made: Registered) -> PasskeyRow | None:
    row = house.keyring.find_passkey(made.credential_id)
    return row if row is not None and row.user_id == who.user and row.public_key == made.public_key else None


def _known(house: House, who: Principal, made: Registered, codes: tuple[str, ...], position: int) -> Added:
    """The first answer once more. The codes, if they are the account's: they were replaced since, or never issued."""
    row = _known_of(house, who, made)
    if row is None:
        raise NotFound("This passkey was removed since.")
    held = house.keyring.backup_tags(who.user)
    theirs = any(who.keys.backup_tag(read_backup_code(code)) in held for code in codes)
    return Added(row, _name(who.keys, row), codes if theirs else (), _told_at(house, row, position), replayed=True)


def _told_at(house: House, row: PasskeyRow, otherwise: int) -> int:
    """Where the log has it; what came with it, the back-up codes, stands before it."""
    for record in house.log.read_stream(f"account-{row.user_id}"):
        event = to_fact(record).event
        if isinstance(event, PasskeyAdded) and event.passkey == row.passkey_id:
            return record.envelope.position
    return otherwise


def _spent_or_taken(error: ChallengeSpent | PasskeyKnown) -> BadPasskey | PasskeyTaken:
    if isinstance(error, PasskeyKnown):
        return PasskeyTaken("This passkey is in use here already.")
    return BadPasskey(_NOT_MADE)


def _name(keys: UserKeys, row: PasskeyRow) -> str:
    return keys.open_label(f"passkey-{row.passkey_id}", row.name_by_user)


async def _tell(desk: Desk, who: Principal, row: PasskeyRow, tag: RequestTag | None) -> int:
    """The log hears of it, with its name; where it has it, as it will be answered again."""
    house = desk.house
    sealing = Sealing("user", who.keys.session_key())
    named = Named(row.passkey_id, Label(_name(who.keys, row)), sealing)

    async def attempt() -> int:
        records = owed_records(house.keyring, house.log, who.user, tag, named)
        if not records:  # The sweeper was quicker.
            return earlier(house.log, tag) or house.log.user_head(who.user)
        return (await desk.append(Append(records))).last

    async with telling_later(_HOLDS):
        try:
            position = await decided(attempt)
        except DuplicateRequest as duplicate:
            position = duplicate.position
    return _told_at(house, row, position)
