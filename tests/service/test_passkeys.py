"""Adding passkeys and removing them: what they leave in the keyring and in the log, and what is refused."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.errors import BadCredentials, BadPasskey, NotFound, PasskeyTaken, TooManyPasskeys, WrongPassword
from domain.events import BackupCodesIssued, PasskeyAdded, PasskeyRemoved
from eventstore.errors import LogFull
from service.desk.desk import Desk
from service.entrance import passwords
from service.factors.second_factor import NO_PROOF, Proof
from service.factors.webauthn import LIFE_US
from service.factors.webauthn_wire import PRF_SALT, NewCredential, Site, to_json
from service.house.facts import open_event, to_fact
from service.house.house import House
from service.house.requests import Asked
from service.machine.errors import Busy
from service.management import passkeys
from service.management.passkeys import Added, Form
from service.upkeep.sweep import Sweeper
from tests.api.asking import Clock
from tests.authenticator import Algorithm, Authenticator, decode, encode
from tests.builders import Person, person
from tests.service.desks import asked, at_desk, failing_appends
from vault.keyring_passkeys import PASSKEYS_MAX, PasskeyRow

ORIGIN = "https://vault.example"
SITE = Site.of(ORIGIN)
SALT = encode(PRF_SALT)


async def options(desk: Desk, owner: Person, site: Site = SITE, proof: Proof = NO_PROOF) -> dict[str, Any]:
    return to_json(await passkeys.creation_options(desk, owner.who, site, owner.password, proof))


def form(device: Authenticator, made: dict[str, Any], name: str = "Laptop", *, opens: bool = True) -> Form:
    prf = decode(device.prf({"extensions": {"prf": {"eval": {"first": SALT}}}})) if opens else None
    return Form(name, msgspec.convert(made, NewCredential), prf)


async def add(
    desk: Desk,
    owner: Person,
    device: Authenticator,
    *,
    opens: bool = True,
    again: Asked | None = None,
    proof: Proof = NO_PROOF,
) -> Added:
    made = device.create(await options(desk, owner, proof=proof))
    return await passkeys.add(desk, owner.who, SITE, form(device, made, opens=opens), again)


def account_events(house: House, owner: Person) -> list[object]:
    return [to_fact(record).event for record in house.log.read_stream(f"account-{owner.user}")]


def only_row(house: House, owner: Person) -> PasskeyRow:
    (row,) = house.keyring.passkeys(owner.user)
    return row


def refused(house: House, owner: Person, story: Callable[[Desk], Awaitable[object]], error: type[Exception]) -> None:
    """The story ends in `error`, and nothing is changed by it."""
    before = house.log.head(), house.keyring.passkeys(owner.user), house.keyring.mark(owner.user)

    async def told(desk: Desk) -> None:
        with pytest.raises(error):
            await story(desk)

    at_desk(house, told)
    assert (house.log.head(), house.keyring.passkeys(owner.user), house.keyring.mark(owner.user)) == before


def test_a_passkey_with_a_prf_is_kept_with_a_wrap_and_told_with_its_name(house: House, ada: Person) -> None:
    device = Authenticator(ORIGIN)
    added = at_desk(house, lambda desk: add(desk, ada, device))

    row = only_row(house, ada)
    assert row.opens
    assert row.credential_id == device.credentials[0].id
    assert added.backup_codes == ()
    record = house.log.read_stream(f"account-{ada.user}")[-1]
    assert record.envelope.position == added.position
    told = open_event(record, ada.who.keys.session_key())
    assert isinstance(told, PasskeyAdded)
    assert (told.passkey, told.opens) == (row.passkey_id, True)
    assert told.private is not None
    assert told.private.name == "Laptop"
    (view,) = passkeys.listed(house, ada.who)
    assert (view.id, view.name, view.opens, view.last_used_at) == (row.passkey_id, "Laptop", True, None)


def test_nothing_of_the_prf_lies_anywhere(house: House, ada: Person) -> None:
    device = Authenticator(ORIGIN)
    at_desk(house, lambda desk: add(desk, ada, device))
    secret = decode(device.prf({"extensions": {"prf": {"eval": {"first": SALT}}}}))
    files = [path for path in Path(house.settings.data).rglob("*") if path.is_file()]
    assert house.layout.keyring in files
    assert not any(secret in path.read_bytes() or b"Laptop" in path.read_bytes() for path in files)


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_each_algorithm_that_is_offered_is_taken(house: House, ada: Person, algorithm: Algorithm) -> None:
    device = Authenticator(ORIGIN)

    async def story(desk: Desk) -> Added:
        asking = await options(desk, ada)
        assert len(asking["pubKeyCredParams"]) == 3
        return await passkeys.add(desk, ada.who, SITE, form(device, device.create(asking, algorithm)), None)

    at_desk(house, story)
    assert only_row(house, ada).opens


def test_the_first_second_factor_comes_with_back_up_codes_and_the_next_one_does_not(house: House, ada: Person) -> None:
    first = at_desk(house, lambda desk: add(desk, ada, Authenticator(ORIGIN), opens=False))
    shown = Proof(first.backup_codes[0])
    second = at_desk(house, lambda desk: add(desk, ada, Authenticator(ORIGIN), opens=False, proof=shown))
    assert len(first.backup_codes) == 10
    assert second.backup_codes == ()
    assert len(house.keyring.backup_tags(ada.user)) == 9
    assert sum(isinstance(event, BackupCodesIssued) for event in account_events(house, ada)) == 1


def test_the_last_second_factor_takes_the_codes_along(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        added = await add(desk, ada, Authenticator(ORIGIN), opens=False)
        await passkeys.remove(desk, ada.who, added.row.passkey_id, ada.password)

    at_desk(house, story)
    assert house.keyring.passkeys(ada.user) == []
    assert not house.keyring.backup_tags(ada.user)
    assert isinstance(account_events(house, ada)[-1], PasskeyRemoved)


def test_the_same_request_again_is_answered_again(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> tuple[Added, Added]:
        device = Authenticator(ORIGIN)
        given = form(device, device.create(await options(desk, ada)), opens=False)
        first = await passkeys.add(desk, ada.who, SITE, given, asked())
        return first, await passkeys.add(desk, ada.who, SITE, given, asked())

    first, again = at_desk(house, story)
    assert again.replayed
    assert msgspec.structs.replace(again, replayed=False) == first
    assert only_row(house, ada) == first.row


def test_cut_off_before_its_event_the_same_request_goes_on(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = Authenticator(ORIGIN)

    async def cut(desk: Desk) -> Form:
        given = form(device, device.create(await options(desk, ada)), opens=False)
        failing_appends(desk, monkeypatch, LogFull("no room"))
        with pytest.raises(Busy):
            await passkeys.add(desk, ada.who, SITE, given, asked())
        return given

    given = at_desk(house, cut)
    added = at_desk(house, lambda desk: passkeys.add(desk, ada.who, SITE, given, asked()))
    assert len(added.backup_codes) == 10
    assert sum(isinstance(event, PasskeyAdded) for event in account_events(house, ada)) == 1


def test_cut_off_before_its_event_the_same_request_goes_on_though_its_challenge_has_expired(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    device, clock = Authenticator(ORIGIN), Clock()
    house.clock_us = clock

    async def story(desk: Desk) -> tuple[Added, Added]:
        given = form(device, device.create(await options(desk, ada)), opens=False)
        with monkeypatch.context() as patched:
            failing_appends(desk, patched, LogFull("no room"))
            with pytest.raises(Busy):
                await passkeys.add(desk, ada.who, SITE, given, asked())
        clock.now_us += LIFE_US
        with pytest.raises(BadPasskey):
            await passkeys.add(desk, ada.who, SITE, given, None)
        added = await passkeys.add(desk, ada.who, SITE, given, asked())
        return added, await passkeys.add(desk, ada.who, SITE, given, asked())

    added, again = at_desk(house, story)
    assert len(added.backup_codes) == 10
    assert again == added


def test_told_by_the_sweeper_it_has_the_position_that_it_is_answered_with_again(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> tuple[Added, Added]:
        device = Authenticator(ORIGIN)
        given = form(device, device.create(await options(desk, ada)), opens=False)
        aside = desk.aside

        async def swept(change: Callable[[], object]) -> object:
            done = await aside(change)
            assert Sweeper().sweep(house, house.log, 900_000_000) is not None
            person(house, "bob")
            await passwords.issue_code(desk, ada.who, ada.password, None)
            return done

        async def once(change: Callable[[], object]) -> object:
            monkeypatch.setattr(desk, "aside", aside)
            return await swept(change)

        monkeypatch.setattr(desk, "aside", once)
        first = await passkeys.add(desk, ada.who, SITE, given, asked())
        return first, await passkeys.add(desk, ada.who, SITE, given, asked())

    first, again = at_desk(house, story)
    (told,) = [one for one in house.log.read_stream(f"account-{ada.user}") if one.envelope.type == "PasskeyAdded"]
    assert first.position == again.position == told.position


def test_cut_off_before_its_event_the_sweeper_tells(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    async def cut(desk: Desk) -> None:
        device = Authenticator(ORIGIN)
        given = form(device, device.create(await options(desk, ada)))
        failing_appends(desk, monkeypatch, LogFull("no room"))
        with pytest.raises(Busy):
            await passkeys.add(desk, ada.who, SITE, given, None)

    at_desk(house, cut)
    swept = Sweeper().sweep(house, house.log, 900_000_000)
    assert swept is not None
    assert swept.told
    assert account_events(house, ada)[-1] == PasskeyAdded(passkey=only_row(house, ada).passkey_id, opens=True)


def test_without_the_password_nobody_begins(house: House, ada: Person) -> None:
    refused(house, ada, lambda desk: passkeys.creation_options(desk, ada.who, SITE, "not the password"), WrongPassword)


def test_without_the_password_nobody_removes(house: House, ada: Person) -> None:
    added = at_desk(house, lambda desk: add(desk, ada, Authenticator(ORIGIN)))
    wrong = "not the password"
    refused(house, ada, lambda desk: passkeys.remove(desk, ada.who, added.row.passkey_id, wrong), WrongPassword)


def test_another_persons_passkey_is_not_there(house: House, ada: Person) -> None:
    bob = person(house, "bob")
    added = at_desk(house, lambda desk: add(desk, ada, Authenticator(ORIGIN)))
    refused(house, ada, lambda desk: passkeys.remove(desk, bob.who, added.row.passkey_id, bob.password), NotFound)


def test_a_credential_that_is_a_passkey_already_is_refused(house: House, ada: Person) -> None:
    bob = person(house, "bob")
    device = Authenticator(ORIGIN)
    at_desk(house, lambda desk: add(desk, bob, device))

    async def story(desk: Desk) -> None:
        made = device.create(await options(desk, ada))
        taken = device.credentials[0]
        data = decode(made["response"]["attestationObject"]).replace(device.credentials[1].id, taken.id)
        made = {**made, "id": encode(taken.id), "rawId": encode(taken.id)}
        made["response"] = {**made["response"], "attestationObject": encode(data)}
        await passkeys.add(desk, ada.who, SITE, form(device, made), None)

    refused(house, ada, story, PasskeyTaken)


def test_an_account_has_so_many_passkeys_and_no_more(house: House, ada: Person) -> None:
    device = Authenticator(ORIGIN)

    async def fill(desk: Desk) -> dict[str, Any]:
        early = await options(desk, ada)
        await add(desk, ada, device)
        row = only_row(house, ada)
        with house.keyring._transaction() as write:
            for number in range(PASSKEYS_MAX - 1):
                more = msgspec.structs.replace(row, passkey_id=f"more-{number}", credential_id=bytes([number]))
                write.execute("INSERT INTO passkey VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(more))
        return early

    early = at_desk(house, fill)
    refused(house, ada, lambda desk: options(desk, ada), TooManyPasskeys)
    made = form(device, device.create(early))
    refused(house, ada, lambda desk: passkeys.add(desk, ada.who, SITE, made, None), TooManyPasskeys)


def test_a_challenge_counts_once(house: House, ada: Person) -> None:
    device = Authenticator(ORIGIN)

    async def first(desk: Desk) -> dict[str, Any]:
        asking = await options(desk, ada)
        await passkeys.add(desk, ada.who, SITE, form(device, device.create(asking)), None)
        return asking

    asking = at_desk(house, first)
    again = form(device, device.create(asking))
    refused(house, ada, lambda desk: passkeys.add(desk, ada.who, SITE, again, None), BadPasskey)


def test_a_challenge_is_for_five_minutes(house: House, ada: Person) -> None:
    device = Authenticator(ORIGIN)
    clock = Clock()
    house.clock_us = clock

    made = device.create(at_desk(house, lambda desk: options(desk, ada)))
    clock.now_us += LIFE_US
    refused(house, ada, lambda desk: passkeys.add(desk, ada.who, SITE, form(device, made), None), BadPasskey)


def test_a_challenge_is_for_the_session_that_showed_the_password(house: House, ada: Person) -> None:
    bob = person(house, "bob")
    device = Authenticator(ORIGIN)
    made = device.create(at_desk(house, lambda desk: options(desk, bob)))
    refused(house, ada, lambda desk: passkeys.add(desk, ada.who, SITE, form(device, made), None), BadPasskey)


def test_a_challenge_is_void_once_the_password_has_changed(house: House, ada: Person) -> None:
    device = Authenticator(ORIGIN)

    async def story(desk: Desk) -> Form:
        made = device.create(await options(desk, ada))
        new = "another horse, another battery"
        await passwords.change(desk, ada.who, passwords.Change(ada.password, new), None)
        return form(device, made)

    given = at_desk(house, story)
    refused(house, ada, lambda desk: passkeys.add(desk, ada.who, SITE, given, None), BadPasskey)


def test_a_session_that_has_ended_adds_nothing(house: House, ada: Person) -> None:
    device = Authenticator(ORIGIN)
    made = device.create(at_desk(house, lambda desk: options(desk, ada)))
    house.keyring.drop_session(ada.who.session_id, ada.user)
    refused(house, ada, lambda desk: passkeys.add(desk, ada.who, SITE, form(device, made), None), BadCredentials)


FAULTS: dict[str, Callable[[Authenticator], None]] = {
    "for another page": lambda device: setattr(device, "origin", "https://elsewhere.example"),
    "for a page below": lambda device: setattr(device, "origin", "https://pages.vault.example"),
    "for another port": lambda device: setattr(device, "origin", ORIGIN + ":8443"),
    "for another server": lambda device: setattr(device, "rp_id", "example"),
    "by nobody verified": lambda device: setattr(device, "verified", False),
    "in a frame": lambda device: setattr(device, "cross_origin", True),
}


def test_a_credential_made_wrongly_is_refused(house: House, ada: Person) -> None:
    for spoil in FAULTS.values():
        device = Authenticator(ORIGIN)
        spoil(device)
        refused(house, ada, functools.partial(add, owner=ada, device=device), BadPasskey)


DEEP_CBOR = b"\x81" * 5_000
SPOILT: dict[str, Callable[[dict[str, Any]], object]] = {
    "no CBOR": lambda made: made["response"].update(attestationObject=encode(b"\xff\x00")),
    "CBOR of another shape": lambda made: made["response"].update(attestationObject=encode(b"\x83\x01\x02\x03")),
    "CBOR without end": lambda made: made["response"].update(attestationObject=encode(DEEP_CBOR)),
    "CBOR cut off": lambda made: made["response"].update(attestationObject=made["response"]["attestationObject"][:-8]),
    "nothing": lambda made: made["response"].update(attestationObject=""),
    "no JSON": lambda made: made["response"].update(clientDataJSON=encode(b"{")),
    "JSON of another shape": lambda made: made["response"].update(clientDataJSON=encode(b"[1, 2]")),
    "JSON without end": lambda made: made["response"].update(clientDataJSON=encode(b"[" * 9_000)),
    "no challenge": lambda made: made["response"].update(
        clientDataJSON=encode(b'{"type":"webauthn.create","challenge":"","origin":"https://vault.example"}')
    ),
    "no base64url": lambda made: made["response"].update(attestationObject="a+b/"),
    "another id": lambda made: made.update(id=encode(b"another")),
    "another raw id": lambda made: made.update(rawId=encode(b"another"), id=encode(b"another")),
}


def test_what_is_no_credential_is_refused(house: House, ada: Person) -> None:
    device = Authenticator(ORIGIN)

    async def story(desk: Desk, spoilt: str) -> None:
        made = device.create(await options(desk, ada))
        SPOILT[spoilt](made)
        await passkeys.add(desk, ada.who, SITE, form(device, made), None)

    for spoilt in SPOILT:
        refused(house, ada, functools.partial(story, spoilt=spoilt), BadPasskey)
