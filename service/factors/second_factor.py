"""What is shown besides the password or the recovery code: a code of the authenticator, a back-up code, a passkey.

Asked for once the password has opened the user key, so that nobody else learns what an account has, and before any
session or key is made of it. A code is used up in the keyring first. Crash points: before that nothing has happened;
after it the code is gone, and who shows it is not let in yet: the next one does, thirty seconds later, or the next
back-up code. Under an Idempotency-Key a sign-in whose session key was made goes on from there and asks for none.

It is asked for if there is a confirmed authenticator, or a passkey that does not open the account by itself.
"""

from __future__ import annotations

import unicodedata
from typing import Final

import msgspec
import structlog

from domain.errors import BadCode, BadCredentials, Conflict, Factor, SecondFactorRequired
from eventstore.errors import LogCorrupt, LogError, StreamTooLong
from eventstore.record import Append
from service.accounts.accounts import owed_records
from service.desk.desk import Desk, decided
from service.desk.devices import recognised
from service.desk.guesses import Kind
from service.factors import assertions
from service.factors.webauthn_wire import Assertion, Site
from service.house.house import House
from vault.backup_codes import read_backup_code
from vault.errors import CodeMalformed, CodeSpent
from vault.keyring import AccountMark, AccountRow
from vault.keyring_totp import BackupTag, TotpStep, UsedCode
from vault.keys import UserKeys
from vault.totp import DIGITS, matching_step

_ASKED: Final = "A second factor is set: show a code of it as well, or a passkey."
_WRONG: Final = "This code is wrong, or was used before."
_REFUSED: Final = "This passkey was refused."
_log = structlog.get_logger("second-factor")


class Proof(msgspec.Struct, frozen=True):
    """`code`: of the authenticator or a back-up code, as it was typed. `passkey`: an answer to the options that the
    refusal carried, given on `site`, ours; None if that cannot be told. `source`: the address that it
    comes from, and `devices` the device cookie that came along, "" if none did: for counting."""

    code: str | None = None
    passkey: Assertion | None = None
    site: Site | None = None
    source: str = ""
    devices: str = ""

    def __repr__(self) -> str:
        return "Proof(…)"


NO_PROOF: Final = Proof()


async def require(
    desk: Desk, row: AccountRow, keys: UserKeys, proof: Proof, *, passkeys: bool = True, recovering: bool = False
) -> None:
    """Returns if no second factor is asked for, or one was shown that is used up now. `passkeys`: whether one of those
    will do. `recovering`: whether it was a recovery code that opened the user key. Then codes are counted by
    themselves: who has stolen the password, and guesses at codes, is nothing to who has the recovery code.

    SecondFactorRequired if none was shown; BadCode; TooManyGuesses."""
    house = desk.house
    mark = house.keyring.mark(row.user_id)
    if mark is None or not is_set(mark):
        return
    if passkeys and proof.passkey is not None and proof.site is not None:
        await _check_passkey(desk, row.user_id, proof.passkey, proof.site)
    elif proof.code is not None:
        await _spend(desk, row, keys, proof.code, proof, _kind(proof.code, recovering=recovering))
    else:
        raise _required(house, mark, proof.site, passkeys=passkeys)


def is_set(mark: AccountMark) -> bool:
    return mark.totp or any(not opens for _, opens in mark.passkeys)


def match_code(house: House, keys: UserKeys, text: str) -> UsedCode:
    """What the code would use up. BadCode if it cannot be one of this account's; whether it was used before, the
    keyring says when it is used up."""
    if (typed := _digits(text)) is not None:
        row = house.keyring.totp(keys.user)
        if row is None or not row.confirmed:
            raise BadCode(_WRONG)
        step = matching_step(keys.open_totp(row.secret_by_user), typed, house.clock_us())
        if step is None:
            raise BadCode(_WRONG)
        return TotpStep(row.secret_by_user, step)
    try:
        return BackupTag(keys.backup_tag(read_backup_code(text)))
    except CodeMalformed:
        raise BadCode(_WRONG) from None


def _digits(text: str) -> str | None:
    """Of an authenticator's code, however it was typed; None for what has not its shape."""
    typed = "".join(unicodedata.normalize("NFKC", text[:64]).split()).replace("-", "")
    return typed if len(typed) == DIGITS and typed.isascii() and typed.isdecimal() else None


def _kind(text: str, *, recovering: bool) -> Kind:
    """What a guess at it is counted as: what has not the shape of six digits can be right as a back-up code only."""
    if _digits(text) is None:
        return "backup"
    return "code-recovery" if recovering else "code"


def spent() -> BadCode:
    """For a code that was there when it was matched, and not when it was to be used up."""
    return BadCode(_WRONG)


async def _spend(desk: Desk, row: AccountRow, keys: UserKeys, text: str, proof: Proof, kind: Kind) -> None:
    house = desk.house
    guess = desk.guesses.count(kind, keys.user, proof.source, recognised(house, row, proof.devices))
    used = match_code(house, keys, text)
    try:
        await desk.aside(lambda: house.keyring.spend_code(keys.user, used))
    except CodeSpent:
        raise spent() from None
    guess.right()
    if isinstance(used, BackupTag):
        await _tell(desk, keys.user)


async def _check_passkey(desk: Desk, user: str, assertion: Assertion, site: Site) -> None:
    try:
        await assertions.check(desk, user, site, assertion)
    except BadCredentials:
        raise BadCode(_REFUSED) from None


def _required(house: House, mark: AccountMark, site: Site | None, *, passkeys: bool) -> SecondFactorRequired:
    factors: list[Factor] = []
    if mark.totp:
        factors.append("totp")
    if house.keyring.backup_tags(mark.user_id):
        factors.append("backup_code")
    if mark.passkeys and passkeys:
        factors.append("passkey")
    options = None if site is None or not passkeys else assertions.options(house, mark.user_id, site)
    return SecondFactorRequired(_ASKED, tuple(factors), options)


async def _tell(desk: Desk, user: str) -> None:
    """The log hears that a back-up code was used. That cannot be taken back, so whatever is in the way, it is told
    later by the sweeper."""
    house = desk.house

    async def attempt() -> None:
        records = owed_records(house.keyring, house.log, user)
        if records:
            await desk.append(Append(records))

    try:
        await decided(attempt)
    except (LogCorrupt, StreamTooLong):
        raise
    except (LogError, TimeoutError, Conflict) as error:
        _log.warning("a back-up code was used, and the log not told yet", user_id=user, error=type(error).__name__)
