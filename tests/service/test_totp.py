"""Setting an authenticator up and taking it away: at every step the old state or the new one, never neither."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Iterator
from pathlib import Path

import apsw
import pytest

from domain.account import MAX_CHANGES
from domain.errors import (
    BadCode,
    BadCredentials,
    NotFound,
    RequestReused,
    SecondFactorRequired,
    TooManyChanges,
    TotpSet,
    WrongPassword,
)
from domain.events import BackupCodesIssued, BackupCodeUsed, PasswordChanged, TotpDisabled, TotpEnabled
from eventstore.errors import LogFull
from eventstore.record import Append
from service.desk.desk import Desk
from service.entrance import sessions
from service.factors.second_factor import NO_PROOF, Proof
from service.house.facts import to_fact, to_records
from service.house.house import House
from service.machine.errors import Busy
from service.management import totp
from service.upkeep.sweep import Sweeper
from tests import builders
from tests.builders import Person
from tests.service.desks import Fault, asked, at_desk, failing_appends
from tests.service.factors import Clock, code_of, set_up, sign_in, wrong_code_of
from vault.backup_codes import read_backup_code
from vault.errors import KeyringFull, SealBroken


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(tmp_path: Path, clock: Clock) -> Iterator[House]:
    house = House(builders.settings(tmp_path / "data"), clock)
    yield house
    house.close()


def told(house: House, person: Person) -> list[type]:
    """What the log says of the account since it was made."""
    return [type(to_fact(record).event) for record in house.log.read_stream(f"account-{person.user}")][2:]


def is_asked_for(house: House, person: Person) -> bool:
    """Whether the password alone does not sign in. Leaves a session behind if it does."""
    try:
        at_desk(house, lambda desk: sign_in(desk, person, None))
    except SecondFactorRequired:
        return True
    return False


def sweep(house: House) -> None:
    assert Sweeper().sweep(house, house.log, 0) is not None


# -- setting it up -------------------------------------------------------------------------------------------------


def test_it_is_asked_for_once_a_first_code_has_confirmed_it(house: House, ada: Person, clock: Clock) -> None:
    async def story(desk: Desk) -> None:
        offer = await totp.begin(desk, ada.who, ada.password, None)
        assert offer.uri.startswith("otpauth://totp/Strongroom:ada?")
        assert offer.secret in offer.uri
        await sign_in(desk, ada, None)  # Shown, not confirmed: it asks for nothing.
        assert told(house, ada) == []
        issued = await totp.confirm(desk, ada.who, code_of(house, offer.secret), None)
        assert len(set(issued.codes)) == 10
        with pytest.raises(SecondFactorRequired):
            await sign_in(desk, ada, None)
        clock.next_code()
        await sign_in(desk, ada, code_of(house, offer.secret))

    at_desk(house, story)
    assert told(house, ada) == [TotpEnabled, BackupCodesIssued]


def test_the_code_that_confirmed_it_signs_nobody_in(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        secret, _ = await set_up(desk, ada)
        for later in (-1, 0):
            with pytest.raises(BadCode):
                await sign_in(desk, ada, code_of(house, secret, later))

    at_desk(house, story)


def test_an_offer_gives_way_to_the_next(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        first = await totp.begin(desk, ada.who, ada.password, None)
        second = await totp.begin(desk, ada.who, ada.password, None)
        assert first.secret != second.secret
        with pytest.raises(BadCode):
            await totp.confirm(desk, ada.who, code_of(house, first.secret), None)
        await totp.confirm(desk, ada.who, code_of(house, second.secret), None)

    at_desk(house, story)


def test_under_one_idempotency_key_one_secret_is_shown(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        first = await totp.begin(desk, ada.who, ada.password, asked())
        held = house.keyring.totp(ada.user)
        assert (await totp.begin(desk, ada.who, ada.password, asked())).uri == first.uri
        assert house.keyring.totp(ada.user) == held
        assert (await totp.begin(desk, ada.who, ada.password, asked("another"))).uri != first.uri
        again = await totp.begin(desk, ada.who, ada.password, asked())
        await totp.confirm(desk, ada.who, code_of(house, again.secret), None)
        with pytest.raises(TotpSet):  # Or a confirmed secret could be read out with the password.
            await totp.begin(desk, ada.who, ada.password, asked())

    at_desk(house, story)


def test_setting_up_and_taking_away_need_the_password(house: House, ada: Person, clock: Clock) -> None:
    async def story(desk: Desk) -> None:
        with pytest.raises(WrongPassword):
            await totp.begin(desk, ada.who, "not this one at all", None)
        assert house.keyring.totp(ada.user) is None
        secret, _ = await set_up(desk, ada)
        clock.next_code()
        code = code_of(house, secret)
        with pytest.raises(WrongPassword):
            await totp.remove(desk, ada.who, "not this one at all", code, "")
        with pytest.raises(WrongPassword):
            await totp.issue_backup_codes(desk, ada.who, "not this one at all", NO_PROOF, None)
        await sign_in(desk, ada, code)  # It was not used up.

    at_desk(house, story)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６", "0" * 64])
def test_what_is_no_code_confirms_nothing(house: House, ada: Person, typed: str) -> None:
    async def story(desk: Desk) -> None:
        with pytest.raises(NotFound):
            await totp.confirm(desk, ada.who, typed, None)
        offer = await totp.begin(desk, ada.who, ada.password, None)
        for wrong in (typed, wrong_code_of(house, offer.secret)):
            with pytest.raises(BadCode):
                await totp.confirm(desk, ada.who, wrong, None)
        await sign_in(desk, ada, None)

    at_desk(house, story)


def test_there_is_one_authenticator_and_nothing_takes_its_place(house: House, ada: Person, clock: Clock) -> None:
    async def story(desk: Desk) -> None:
        secret, _ = await set_up(desk, ada)
        clock.next_code()
        with pytest.raises(TotpSet):
            await totp.begin(desk, ada.who, ada.password, None)
        with pytest.raises(TotpSet):
            await totp.confirm(desk, ada.who, code_of(house, secret), None)
        await sign_in(desk, ada, code_of(house, secret))

    at_desk(house, story)


def test_the_secret_lies_under_the_user_key_alone(house: House, ada: Person) -> None:
    """Who has the keyring and the server key can make no codes, and cannot try any on the back-up codes."""
    secret, codes = at_desk(house, lambda desk: set_up(desk, ada))
    connection = apsw.Connection(str(house.layout.keyring), flags=apsw.SQLITE_OPEN_READONLY)
    rows = [*connection.execute("SELECT * FROM totp"), *connection.execute("SELECT * FROM backup_code")]
    connection.close()
    kept = b"".join(value for row in rows for value in row if isinstance(value, bytes))
    assert len(rows) == 11
    assert ada.who.keys.open_totp(rows[0][1]) == base64.b32decode(secret)
    assert base64.b32decode(secret) not in kept
    assert not any(form in kept for code in codes for form in (code.encode(), read_backup_code(code)))
    with pytest.raises(SealBroken):
        builders.person(house).who.keys.open_totp(rows[0][1])


# -- the same request again ----------------------------------------------------------------------------------------


def test_the_same_confirmation_again_gives_the_same_codes(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        offer = await totp.begin(desk, ada.who, ada.password, None)
        code = code_of(house, offer.secret)
        first = await totp.confirm(desk, ada.who, code, asked())
        head = house.log.head()
        again = await totp.confirm(desk, ada.who, code, asked())
        assert again.replayed
        assert (again.codes, again.position) == (first.codes, first.position)
        assert house.log.head() == head
        with pytest.raises(RequestReused):
            await totp.confirm(desk, ada.who, code, asked(body=b"another"))
        with pytest.raises(TotpSet):
            await totp.confirm(desk, ada.who, code, asked("another"))

    at_desk(house, story)


def test_the_same_confirmation_several_times_at_once_is_one(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        offer = await totp.begin(desk, ada.who, ada.password, None)
        code = code_of(house, offer.secret)
        issued = await asyncio.gather(*(totp.confirm(desk, ada.who, code, asked()) for _ in range(3)))
        assert len({one.codes for one in issued}) == 1

    at_desk(house, story)
    assert told(house, ada) == [TotpEnabled, BackupCodesIssued]


# -- taking it away ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_backup_code", [False, True])
def test_taking_it_away_uses_a_code_up_and_asks_for_none_after(
    house: House, ada: Person, clock: Clock, by_backup_code: bool
) -> None:
    async def story(desk: Desk) -> None:
        secret, codes = await set_up(desk, ada)
        clock.next_code()
        code = codes[3] if by_backup_code else code_of(house, secret)
        with pytest.raises(BadCode):
            await totp.remove(desk, ada.who, ada.password, wrong_code_of(house, secret), "")
        await totp.remove(desk, ada.who, ada.password, code, "")
        with pytest.raises(NotFound):
            await totp.remove(desk, ada.who, ada.password, code, "")
        assert house.keyring.backup_tags(ada.user) == frozenset()
        await sign_in(desk, ada, None)
        other, _ = await set_up(desk, ada)
        assert other != secret

    at_desk(house, story)
    used = [BackupCodeUsed] if by_backup_code else []
    again = [TotpEnabled, BackupCodesIssued]
    assert told(house, ada) == [TotpEnabled, BackupCodesIssued, TotpDisabled, *used, *again]


def test_what_was_changed_too_often_is_refused_before_any_key(house: House, ada: Person) -> None:
    async def prepare(desk: Desk) -> str:
        return (await totp.begin(desk, ada.who, ada.password, None)).secret

    secret = at_desk(house, prepare)
    events = (PasswordChanged(),) * MAX_CHANGES
    house.writer.append(Append(to_records(ada.user, f"account-{ada.user}", 2, events)))
    before = house.keyring.totp(ada.user)

    async def story(desk: Desk) -> None:
        for attempt in (
            totp.begin(desk, ada.who, ada.password, None),
            totp.confirm(desk, ada.who, code_of(house, secret), None),
            totp.remove(desk, ada.who, ada.password, "000000", ""),
            totp.issue_backup_codes(desk, ada.who, ada.password, NO_PROOF, None),
        ):
            with pytest.raises(TooManyChanges):
                await attempt

    at_desk(house, story)
    assert house.keyring.totp(ada.user) == before


def test_a_session_that_was_closed_sets_nothing_up(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        offer = await totp.begin(desk, ada.who, ada.password, None)
        await sessions.close_session(desk, ada.who, ada.who.session_id, "closed")
        with pytest.raises(BadCredentials):
            await totp.confirm(desk, ada.who, code_of(house, offer.secret), None)

    at_desk(house, story)
    assert not is_asked_for(house, ada)


# -- crashes: before the keyring's transaction the old state, after it the new one ---------------------------------


def full(*_: object) -> None:
    raise KeyringFull("full")


def test_a_keyring_that_is_full_leaves_all_as_it_was(
    house: House, ada: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(desk: Desk, method: str, step: Awaitable[object]) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(house.keyring, method, full)
            with pytest.raises(KeyringFull):
                await step

    async def story(desk: Desk) -> None:
        await refused(desk, "offer_totp", totp.begin(desk, ada.who, ada.password, None))
        offer = await totp.begin(desk, ada.who, ada.password, None)
        code = code_of(house, offer.secret)
        await refused(desk, "confirm_totp", totp.confirm(desk, ada.who, code, None))
        await sign_in(desk, ada, None)
        issued = await totp.confirm(desk, ada.who, code, None)
        proof = Proof(issued.codes[1])
        await refused(desk, "replace_backup_codes", totp.issue_backup_codes(desk, ada.who, ada.password, proof, None))
        await sign_in(desk, ada, issued.codes[0])
        clock.next_code()
        code = code_of(house, offer.secret)
        await refused(desk, "spend_code", sign_in(desk, ada, code))
        await refused(desk, "remove_totp", totp.remove(desk, ada.who, ada.password, code, ""))
        await sign_in(desk, ada, code)

    at_desk(house, story)
    assert told(house, ada) == [TotpEnabled, BackupCodesIssued, BackupCodeUsed, BackupCodeUsed]


@pytest.mark.parametrize("fault", [LogFull("full"), TimeoutError])
@pytest.mark.parametrize("swept", [False, True])
def test_confirmed_but_not_told_it_holds_and_the_same_request_is_answered(
    house: House, ada: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch, fault: Fault, swept: bool
) -> None:
    async def story(desk: Desk) -> None:
        offer = await totp.begin(desk, ada.who, ada.password, None)
        code = code_of(house, offer.secret)
        with monkeypatch.context() as patched:
            failing_appends(desk, patched, fault)
            with pytest.raises(Busy):
                await totp.confirm(desk, ada.who, code, asked())
        if swept:
            sweep(house)
        with pytest.raises(SecondFactorRequired):
            await sign_in(desk, ada, None)
        issued = await totp.confirm(desk, ada.who, code, asked())
        await sign_in(desk, ada, issued.codes[0])
        clock.next_code()
        await sign_in(desk, ada, code_of(house, offer.secret))

    at_desk(house, story)
    assert told(house, ada) == [TotpEnabled, BackupCodesIssued, BackupCodeUsed]


@pytest.mark.parametrize("fault", [LogFull("full"), TimeoutError])
def test_removed_but_not_told_nothing_is_asked_for_and_the_sweeper_tells(
    house: House, ada: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    async def story(desk: Desk) -> None:
        _, codes = await set_up(desk, ada)
        with monkeypatch.context() as patched:
            failing_appends(desk, patched, fault)
            with pytest.raises(Busy):
                await totp.remove(desk, ada.who, ada.password, codes[0], "")
        await sign_in(desk, ada, None)

    at_desk(house, story)
    assert told(house, ada) == [TotpEnabled, BackupCodesIssued]
    sweep(house)
    assert told(house, ada) == [TotpEnabled, BackupCodesIssued, TotpDisabled, BackupCodeUsed]
