"""What a person changes about the ways in: the authenticator, back-up codes, passkeys, API tokens."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from domain.errors import BadCode, BadCredentials, SecondFactorRequired
from domain.events import (
    BackupCodesIssued,
    BackupCodeUsed,
    PasskeyAdded,
    PasskeyRemoved,
    SessionOpened,
    TotpDisabled,
    TotpEnabled,
)
from service.desk.desk import Desk
from service.entrance import passkey_login
from service.factors.second_factor import Proof
from service.factors.webauthn_wire import PRF_SALT, Assertion, NewCredential, Site, to_json
from service.management import passkeys, totp
from tests.authenticator import Authenticator, Credential, decode, encode
from tests.builders import NO_HINT
from tests.crash.entering import REQUEST
from tests.crash.story import (
    PASSWORD,
    Ada,
    Facts,
    More,
    Operation,
    by_ada,
    by_anybody,
    enters,
    here,
    judged,
    prepared,
    require_readable,
    told,
)
from tests.service.factors import code_of

ORIGIN: Final = "https://vault.example"
SITE: Final = Site.of(ORIGIN)


async def _asks_for_code(desk: Desk, facts: Facts) -> bool:
    """Whether the password alone does not let in."""
    try:
        assert await enters(desk, facts, PASSWORD)
    except SecondFactorRequired:
        return True
    return False


async def _takes_code(desk: Desk, facts: Facts, code: str) -> bool:
    try:
        return await enters(desk, facts, PASSWORD, code=code)
    except BadCode:
        return False


# -- the authenticator ---------------------------------------------------------------------------------------------


async def _offer(desk: Desk, ada: Ada) -> None:
    await totp.begin(desk, ada.who, PASSWORD, REQUEST)


async def _is_offered(desk: Desk, facts: Facts) -> bool:
    assert not await _asks_for_code(desk, facts)
    row = desk.house.keyring.totp(facts.user)
    assert row is None or not row.confirmed
    return row is not None


async def _offered(desk: Desk, ada: Ada) -> More:
    return {"secret": (await totp.begin(desk, ada.who, PASSWORD, None)).secret}


async def _confirm(desk: Desk, ada: Ada) -> None:
    await totp.confirm(desk, ada.who, code_of(desk.house, ada.facts.more["secret"]), REQUEST)


async def _is_confirmed(desk: Desk, facts: Facts) -> bool:
    house = desk.house
    asks = await _asks_for_code(desk, facts)
    assert told(house, f"account-{facts.user}", TotpEnabled) == asks
    if asks:
        code = code_of(house, facts.more["secret"], 1)
        assert await _takes_code(desk, facts, code)
        assert not await _takes_code(desk, facts, code)
        shown = await totp.confirm(desk, here(house, facts.token), "000000", REQUEST)  # The same request, answered.
        assert await _takes_code(desk, facts, shown.codes[0])
    return asks


async def _set_up(desk: Desk, ada: Ada) -> More:
    secret = (await totp.begin(desk, ada.who, PASSWORD, None)).secret
    done = await totp.confirm(desk, ada.who, code_of(desk.house, secret), None)
    return {"secret": secret, "codes": done.codes}


async def _remove(desk: Desk, ada: Ada) -> None:
    await totp.remove(desk, ada.who, PASSWORD, code_of(desk.house, ada.facts.more["secret"]), "")


async def _is_removed(desk: Desk, facts: Facts) -> bool:
    house = desk.house
    asks = await _asks_for_code(desk, facts)
    assert told(house, f"account-{facts.user}", TotpDisabled) == (not asks)
    assert bool(house.keyring.backup_tags(facts.user)) == asks
    if asks:
        assert await _takes_code(desk, facts, facts.more["codes"][0])
    return not asks


async def _renew_codes(desk: Desk, ada: Ada) -> None:
    proof = Proof(code_of(desk.house, ada.facts.more["secret"]))
    await totp.issue_backup_codes(desk, ada.who, PASSWORD, proof, REQUEST)


async def _has_new_codes(desk: Desk, facts: Facts) -> bool:
    house = desk.house
    assert await _asks_for_code(desk, facts)
    renewed = not await _takes_code(desk, facts, facts.more["codes"][0])
    assert told(house, f"account-{facts.user}", BackupCodesIssued) == 1 + renewed
    if renewed:
        shown = await totp.issue_backup_codes(desk, here(house, facts.token), PASSWORD, Proof(), REQUEST)
        assert await _takes_code(desk, facts, shown.codes[0])
        assert not await _takes_code(desk, facts, facts.more["codes"][1])
    return renewed


async def _use_code(desk: Desk, facts: Facts) -> None:
    await enters(desk, facts, PASSWORD, code=facts.more["codes"][0])


async def _is_used(desk: Desk, facts: Facts) -> bool:
    """The log is told of it by whoever comes next, and then once."""
    used = told(desk.house, f"account-{facts.user}", BackupCodeUsed)
    assert await _takes_code(desk, facts, facts.more["codes"][0]) == (not used)
    assert not await _takes_code(desk, facts, facts.more["codes"][0])
    assert await _takes_code(desk, facts, facts.more["codes"][1])
    assert used <= 1
    return bool(used)


# -- passkeys ------------------------------------------------------------------------------------------------------


def _packed(device: Authenticator) -> More:
    """A private key does not go from process to process as it is."""
    (one,) = device.credentials
    assert isinstance(one.private, ec.EllipticCurvePrivateKey)
    der = one.private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {"passkey": (one.id, one.rp_id, one.user_handle, der, one.secret)}


def _device(facts: Facts) -> Authenticator:
    id_, rp_id, handle, der, secret = facts.more["passkey"]
    private: Any = serialization.load_der_private_key(der, None)
    return Authenticator(ORIGIN, counts=False, credentials=[Credential(id_, rp_id, handle, private, secret)])


async def _passkey_enters(desk: Desk, facts: Facts) -> bool:
    device, options = _device(facts), to_json(passkey_login.request_options(desk.house, SITE))
    shown = msgspec.convert(device.get(options), Assertion)
    form = passkey_login.Form(shown, decode(device.prf(options)), SITE, NO_HINT)
    try:
        entry = await passkey_login.login(desk, form, None)
    except BadCredentials:
        return False
    require_readable(desk.house, here(desk.house, entry.token), facts)
    return True


async def _passkey_made(desk: Desk, ada: Ada) -> More:
    """By the authenticator, and not sent yet."""
    device = Authenticator(ORIGIN)
    made = device.create(to_json(await passkeys.creation_options(desk, ada.who, SITE, PASSWORD)))
    prf = decode(device.prf({"extensions": {"prf": {"eval": {"first": encode(PRF_SALT)}}}}))
    return {**_packed(device), "made": made, "prf": prf}


async def _add_passkey(desk: Desk, ada: Ada) -> None:
    made = msgspec.convert(ada.facts.more["made"], NewCredential)
    await passkeys.add(desk, ada.who, SITE, passkeys.Form("Laptop", made, ada.facts.more["prf"]), REQUEST)


async def _has_passkey(desk: Desk, facts: Facts) -> bool:
    added = told(desk.house, f"account-{facts.user}", PasskeyAdded)
    assert await _passkey_enters(desk, facts) == bool(added)
    assert len(passkeys.listed(desk.house, here(desk.house, facts.token))) == added
    assert await enters(desk, facts, PASSWORD)
    return bool(added)


async def _passkey_there(desk: Desk, ada: Ada) -> More:
    more = await _passkey_made(desk, ada)
    made = msgspec.convert(more["made"], NewCredential)
    added = await passkeys.add(desk, ada.who, SITE, passkeys.Form("Laptop", made, more["prf"]), None)
    return {**more, "passkey_id": added.row.passkey_id}


async def _remove_passkey(desk: Desk, ada: Ada) -> None:
    await passkeys.remove(desk, ada.who, ada.facts.more["passkey_id"], PASSWORD)


async def _has_no_passkey(desk: Desk, facts: Facts) -> bool:
    removed = told(desk.house, f"account-{facts.user}", PasskeyRemoved)
    assert await _passkey_enters(desk, facts) == (not removed)
    assert await enters(desk, facts, PASSWORD)
    assert removed <= 1
    return bool(removed)


async def _enter_by_passkey(desk: Desk, facts: Facts) -> None:
    await _passkey_enters(desk, facts)


async def _is_entered(desk: Desk, facts: Facts) -> bool:
    """What the log calls open has a key; and the next sign-in is as good as any."""
    house = desk.house
    opened = {record.envelope.stream for record in house.log.read_user(facts.user, 0, 500)}
    sessions = [stream.removeprefix("session-") for stream in opened if told(house, stream, SessionOpened)]
    assert all(house.keyring.has_session(one) for one in sessions)
    assert await _passkey_enters(desk, facts)
    return len(sessions) == 2


MANAGING: Final = (
    Operation(
        "Setting an authenticator up",
        "none is set up, and the password lets in",
        "one is shown and asks for nothing yet: the password lets in",
        by_ada(_offer),
        judged(_is_offered),
    ),
    Operation(
        "Confirming an authenticator",
        "the password alone lets in",
        "a code is asked for, each lets in once, and the same request shows back-up codes that do",
        by_ada(_confirm),
        judged(_is_confirmed),
        prepared(_offered),
    ),
    Operation(
        "Removing an authenticator",
        "a code is asked for, and back-up codes stand in for it",
        "the password alone lets in, and no back-up code is left",
        by_ada(_remove),
        judged(_is_removed),
        prepared(_set_up),
    ),
    Operation(
        "Renewing the back-up codes",
        "the old codes stand in for the authenticator",
        "the old ones are void, and the same request shows the new ones, which do",
        by_ada(_renew_codes),
        judged(_has_new_codes),
        prepared(_set_up),
    ),
    Operation(
        "Signing in with a back-up code",
        "the code lets in, once",
        "the code is used up, and the log says so once; the next one lets in",
        by_anybody(_use_code),
        judged(_is_used),
        prepared(_set_up),
        again=False,
    ),
    Operation(
        "Adding a passkey",
        "it opens nothing",
        "it lets in by itself, and the log knows it",
        by_ada(_add_passkey),
        judged(_has_passkey),
        prepared(_passkey_made),
    ),
    Operation(
        "Signing in with a passkey",
        "the log knows of no new session, and the passkey opens the next",
        "the session is open, and its key is there",
        by_anybody(_enter_by_passkey),
        judged(_is_entered),
        prepared(_passkey_there),
        again=False,
    ),
    Operation(
        "Removing a passkey",
        "it lets in by itself",
        "it opens nothing, and the log says that it is gone",
        by_ada(_remove_passkey),
        judged(_has_no_passkey),
        prepared(_passkey_there),
    ),
)
