"""The authenticator: set up, confirmed by a first code, taken away; and the back-up codes that stand in for it.

Keys first, each in one transaction, then the event, as for passwords. Crash points: a secret that was shown and not
confirmed asks for nothing and is replaced by the next. Confirmed, it is asked for from the same transaction on in which
its first code is used up and the back-up codes are there; removed, nothing is asked for from the same transaction on in
which a code was used up. The log is told by whoever asks next, or by the sweeper.
"""

from __future__ import annotations

from typing import Final

import msgspec

from domain.errors import BadCode, BadCredentials, NoSecondFactor, NotFound, TotpSet
from service.accounts.accounts import Secrets, changeable_account, telling_later
from service.desk.desk import Desk
from service.desk.devices import Device
from service.entrance.passwords import overtaken, prove, tell_keys
from service.factors import second_factor
from service.factors.second_factor import Proof, match_code, spent
from service.house.house import House
from service.house.principal import ENDED, Principal
from service.house.requests import Asked, earlier, tag_of
from vault.backup_codes import RANDOM_BYTES, new_backup_codes, read_backup_code
from vault.errors import AccountGone, CodeSpent, CredentialsReplaced, FactorSet, FactorUnset
from vault.keyring_totp import TotpRow, TotpStep
from vault.keys import UserKeys
from vault.seal import derive
from vault.totp import SECRET_BYTES, matching_step, provisioning_uri, secret_text

_SET: Final = "An authenticator is set up already. Remove it first."
_UNSET: Final = "No authenticator is being set up."
_HOLDS: Final = "It holds from now on. The history will show it in a while."


class Offer(msgspec.Struct, frozen=True):
    """A secret for an authenticator, as text and as the QR code holds it. No repr."""

    secret: str
    uri: str

    def __repr__(self) -> str:
        return "Offer(…)"


class Issued(msgspec.Struct, frozen=True):
    """New back-up codes, shown this once. No repr."""

    codes: tuple[str, ...]
    position: int
    replayed: bool = False

    def __repr__(self) -> str:
        return f"Issued(…, {self.position})"


async def begin(desk: Desk, who: Principal, password: str, asked: Asked | None) -> Offer:
    """A secret that asks for nothing until it is confirmed; asked again, another takes its place. Under an
    Idempotency-Key it comes from the password's key and that Idempotency-Key, so that the same request shows the same.

    WrongPassword; TotpSet, TooManyChanges, BadCredentials: nothing was changed."""
    house = desk.house
    row, user = changeable_account(house, who)
    made = await prove(desk, row, password)
    secret = Secrets(made.kek, asked).draw("totp", SECRET_BYTES)
    held = house.keyring.totp(who.user)
    if held is None or who.keys.open_totp(held.secret_by_user) != secret:
        sealed = who.keys.seal_totp(secret)
        now_us = house.clock_us()
        try:
            await desk.aside(lambda: house.keyring.offer_totp(who.user, row.password_verifier, sealed, now_us))
        except FactorSet:
            raise TotpSet(_SET) from None
        except (AccountGone, CredentialsReplaced):
            raise overtaken(house, who) from None
    elif held.confirmed:
        raise TotpSet(_SET)
    return Offer(secret_text(secret), provisioning_uri(secret, user.username))


async def confirm(desk: Desk, who: Principal, code: str, asked: Asked | None) -> Issued:
    """From here on it is asked for. BadCode, TooManyGuesses; NotFound: none is being set up; TotpSet; BadCredentials,
    TooManyChanges: nothing was changed. Busy: it holds, and the log was not told yet."""
    house = desk.house
    tag = tag_of(asked, who.keys)
    position = earlier(house.log, tag)
    changeable_account(house, who)
    held = house.keyring.totp(who.user)
    if held is None:
        raise NotFound(_UNSET)
    secret = who.keys.open_totp(held.secret_by_user)
    issued = _draw(who.keys, Secrets(derive(secret, "totp-confirmed"), asked))
    if position is not None:
        return Issued(issued.codes, position, replayed=True)
    if not held.confirmed:
        # Who took the session over was not shown the secret, and would be given the back-up codes.
        guess = desk.guesses.count("setup", who.user, "")
        used = _first_code(house, held, secret, code)
        guess.right()
        try:
            await desk.aside(lambda: house.keyring.confirm_totp(who.user, who.session_id, used, issued.tags))
        except FactorSet:
            held = None  # By another copy of this request, maybe.
        except (AccountGone, CredentialsReplaced):
            raise BadCredentials(ENDED) from None
    if (held is None or held.confirmed) and not (asked and house.keyring.backup_tags(who.user) & set(issued.tags)):
        raise TotpSet(_SET)
    async with telling_later(_HOLDS):
        last = await tell_keys(desk, who.user, tag)
    return Issued(issued.codes, earlier(house.log, tag) or last)  # As it will be answered again.


async def remove(desk: Desk, who: Principal, password: str, code: str, source: str) -> None:
    """Nothing asks for it any more; the last second factor takes the back-up codes along. `code`: of it, or a back-up
    code.

    WrongPassword; BadCode, TooManyGuesses; NotFound: there is none; TooManyChanges, BadCredentials: nothing was
    changed. Busy: it is gone, and the log was not told yet."""
    house = desk.house
    row, _ = changeable_account(house, who)
    await prove(desk, row, password)
    held = house.keyring.totp(who.user)
    if held is None or not held.confirmed:
        raise NotFound("There is no authenticator.")
    guess = desk.guesses.count("code", who.user, source, Device(who.user, who.session_id))
    used = match_code(house, who.keys, code)
    try:
        await desk.aside(lambda: house.keyring.remove_totp(who.user, row.password_verifier, used))
    except CodeSpent:
        raise spent() from None
    except (AccountGone, CredentialsReplaced):
        raise overtaken(house, who) from None
    guess.right()
    async with telling_later(_HOLDS):
        await tell_keys(desk, who.user, None)


async def issue_backup_codes(desk: Desk, who: Principal, password: str, proof: Proof, asked: Asked | None) -> Issued:
    """Ten new ones; those of before are void. They stand in for the second factor, so it is shown for them, and a code
    where there is an authenticator: a passkey may have been added before that with the password alone, and must not
    bring what takes the authenticator away. Under an Idempotency-Key they come from the password's key and this very
    request: given again, kept nowhere.

    WrongPassword; SecondFactorRequired, BadCode, TooManyGuesses; NoSecondFactor, TooManyChanges, BadCredentials:
    nothing was changed, though a code that was right is used up. Busy: those of before are void, and the log was not
    told yet."""
    house = desk.house
    tag = tag_of(asked, who.keys)
    row, _ = changeable_account(house, who)
    made = await prove(desk, row, password)
    issued = _draw(who.keys, Secrets(made.kek, None if asked is None else asked.exactly()))
    if (position := earlier(house.log, tag)) is not None:
        return Issued(issued.codes, position, replayed=True)
    # Codes that are drawn from this very request and hold were set by a copy of it that had shown the factor.
    if asked is None or not house.keyring.backup_tags(who.user) & set(issued.tags):
        held = house.keyring.totp(who.user)
        await second_factor.require(desk, row, who.keys, proof, passkeys=held is None or not held.confirmed)
    try:
        await desk.aside(
            lambda: house.keyring.replace_backup_codes(who.user, row.password_verifier, issued.tags),
        )
    except FactorUnset:
        raise NoSecondFactor("There is no second factor for them to stand in for.") from None
    except (AccountGone, CredentialsReplaced):
        raise overtaken(house, who) from None
    async with telling_later("The old back-up codes are void, and the new ones were not shown. Ask again."):
        return Issued(issued.codes, await tell_keys(desk, who.user, tag))


class _Drawn(msgspec.Struct, frozen=True):
    """Ten back-up codes, and what the keyring keeps of them. No repr."""

    codes: tuple[str, ...]
    tags: tuple[bytes, ...]

    def __repr__(self) -> str:
        return "_Drawn(…)"


def _draw(keys: UserKeys, secrets: Secrets) -> _Drawn:
    """Under an Idempotency-Key the same request draws the same codes. `secrets` come from something that a session
    alone does not open, the password's key or the authenticator's secret: a thief with a token must not be able to ask
    for them again."""
    codes = new_backup_codes(secrets.draw("backup-codes", RANDOM_BYTES))
    return _Drawn(codes, tuple(keys.backup_tag(read_backup_code(code)) for code in codes))


def _first_code(house: House, held: TotpRow, secret: bytes, code: str) -> TotpStep:
    """What is typed shows that the authenticator has the secret."""
    typed = "".join(code.split())
    step = matching_step(secret, typed, house.clock_us()) if typed.isascii() else None
    if step is None:
        raise BadCode("This code is wrong. Is the clock of the device right?")
    return TotpStep(held.secret_by_user, step)
