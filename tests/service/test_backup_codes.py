"""New back-up codes: for who has the second factor that they stand in for, and the old ones are void."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from domain.errors import BadCode, NoSecondFactor, RequestReused, SecondFactorRequired
from domain.events import BackupCodesIssued, BackupCodeUsed, TotpEnabled
from eventstore.errors import LogFull
from service.desk.desk import Desk
from service.entrance import passwords
from service.factors import assertions
from service.factors.second_factor import NO_PROOF, Proof
from service.factors.webauthn_wire import Assertion
from service.house.facts import to_fact
from service.house.house import House
from service.machine.errors import Busy
from service.management import totp
from service.management.totp import Issued
from tests import builders
from tests.authenticator import Authenticator
from tests.builders import Person
from tests.service.desks import asked, at_desk, failing_appends
from tests.service.factors import Clock, code_of, set_up, sign_in, wrong_code_of
from tests.service.test_passkeys import ORIGIN, SITE, add


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


def test_new_back_up_codes_make_the_old_ones_void(house: House, ada: Person, clock: Clock) -> None:
    async def story(desk: Desk) -> None:
        with pytest.raises(NoSecondFactor):
            await totp.issue_backup_codes(desk, ada.who, ada.password, NO_PROOF, None)
        secret, old = await set_up(desk, ada)
        clock.next_code()
        proof = Proof(code_of(house, secret))
        new = await totp.issue_backup_codes(desk, ada.who, ada.password, proof, asked())
        again = await totp.issue_backup_codes(desk, ada.who, ada.password, proof, asked())
        assert again.replayed
        assert (again.codes, again.position) == (new.codes, new.position)
        with pytest.raises(BadCode):
            await sign_in(desk, ada, old[0])
        await sign_in(desk, ada, new.codes[0])

    at_desk(house, story)
    assert told(house, ada) == [TotpEnabled, BackupCodesIssued, BackupCodesIssued, BackupCodeUsed]


def test_new_back_up_codes_are_answered_again_with_their_position_whatever_else_was_owed(
    house: House, ada: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> tuple[Issued, Issued]:
        secret, _ = await set_up(desk, ada)
        with monkeypatch.context() as patched:
            failing_appends(desk, patched, LogFull("full"))
            with pytest.raises(Busy):
                await passwords.issue_code(desk, ada.who, ada.password, None)
        clock.next_code()
        proof = Proof(code_of(house, secret))
        first = await totp.issue_backup_codes(desk, ada.who, ada.password, proof, asked())
        return first, await totp.issue_backup_codes(desk, ada.who, ada.password, proof, asked())

    first, again = at_desk(house, story)
    assert (again.codes, again.position, again.replayed) == (first.codes, first.position, True)


def test_new_back_up_codes_are_for_who_has_the_second_factor(house: House, ada: Person) -> None:
    """They would sign in without it, and take the authenticator away."""

    async def story(desk: Desk) -> None:
        secret, old = await set_up(desk, ada)
        held = house.keyring.backup_tags(ada.user)
        with pytest.raises(SecondFactorRequired) as caught:
            await totp.issue_backup_codes(desk, ada.who, ada.password, NO_PROOF, None)
        assert caught.value.factors == ("totp", "backup_code")
        with pytest.raises(BadCode):
            await totp.issue_backup_codes(desk, ada.who, ada.password, Proof(wrong_code_of(house, secret)), None)
        assert house.keyring.backup_tags(ada.user) == held
        new = await totp.issue_backup_codes(desk, ada.who, ada.password, Proof(old[0]), asked(body=b"with a code"))
        with pytest.raises(RequestReused):  # Nor does whoever knows the Idempotency-Key get them without it.
            await totp.issue_backup_codes(desk, ada.who, ada.password, NO_PROOF, asked(body=b"without"))
        assert len(house.keyring.backup_tags(ada.user)) == len(new.codes)

    at_desk(house, story)
    assert told(house, ada) == [TotpEnabled, BackupCodesIssued, BackupCodeUsed, BackupCodesIssued]


@pytest.mark.parametrize("authenticator", [False, True])
def test_a_passkey_brings_new_back_up_codes_only_where_there_is_no_authenticator(
    house: House, ada: Person, authenticator: bool
) -> None:
    """One may have been added with the password alone, before: it must not bring what takes the authenticator away."""
    device = Authenticator(ORIGIN)

    async def story(desk: Desk) -> None:
        codes = (await set_up(desk, ada))[1] if authenticator else ()
        await add(desk, ada, device, opens=False, proof=Proof(codes[0]) if codes else NO_PROOF)
        asking = assertions.options(house, ada.user, SITE)
        assert asking is not None
        proof = Proof(None, msgspec.convert(device.get(asking), Assertion), SITE)
        if not authenticator:
            await totp.issue_backup_codes(desk, ada.who, ada.password, proof, None)
            return
        with pytest.raises(SecondFactorRequired) as caught:
            await totp.issue_backup_codes(desk, ada.who, ada.password, proof, None)
        assert (caught.value.factors, caught.value.passkey_options) == (("totp", "backup_code"), None)

    at_desk(house, story)
    assert told(house, ada).count(BackupCodesIssued) == (1 if authenticator else 2)


def test_new_back_up_codes_that_were_not_told_hold_and_come_again_under_their_key(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        _, old = await set_up(desk, ada)
        with monkeypatch.context() as patched:
            failing_appends(desk, patched, TimeoutError)
            with pytest.raises(Busy, match="void"):
                await totp.issue_backup_codes(desk, ada.who, ada.password, Proof(old[1]), asked())
        with pytest.raises(BadCode):
            await sign_in(desk, ada, old[0])
        issued = await totp.issue_backup_codes(desk, ada.who, ada.password, Proof(old[1]), asked())
        await sign_in(desk, ada, issued.codes[0])

    at_desk(house, story)
    assert told(house, ada).count(BackupCodesIssued) == 2
