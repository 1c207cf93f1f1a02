"""Another passkey where a second factor is set: it takes that one as well."""

from __future__ import annotations

import msgspec
import pytest

from domain.errors import BadCode, SecondFactorRequired
from service.desk.desk import Desk
from service.factors import assertions
from service.factors.second_factor import Proof
from service.factors.webauthn_wire import Assertion
from service.house.house import House
from tests.authenticator import Authenticator
from tests.builders import Person
from tests.service.desks import at_desk
from tests.service.test_passkeys import ORIGIN, SITE, add


@pytest.mark.parametrize("opens", [False, True])
def test_where_a_second_factor_is_set_another_passkey_takes_it(house: House, ada: Person, *, opens: bool) -> None:
    """Or session and password, which do not get past it together, would make a way around it that stays."""

    async def story(desk: Desk) -> None:
        stick = Authenticator(ORIGIN)
        codes = (await add(desk, ada, stick, opens=False)).backup_codes
        with pytest.raises(SecondFactorRequired) as caught:
            await add(desk, ada, Authenticator(ORIGIN), opens=opens)
        asking = assertions.options(house, ada.user, SITE)
        assert asking is not None
        shown = Proof(None, msgspec.convert(stick.get(asking), Assertion), SITE)
        assert caught.value.factors == ("backup_code", "passkey")
        with pytest.raises(BadCode):
            await add(desk, ada, Authenticator(ORIGIN), opens=opens, proof=Proof("no such code"))
        await add(desk, ada, Authenticator(ORIGIN), opens=opens, proof=shown)
        with pytest.raises(BadCode):
            await add(desk, ada, Authenticator(ORIGIN), opens=opens, proof=shown)  # It counts once.
        await add(desk, ada, Authenticator(ORIGIN), opens=opens, proof=Proof(codes[0]))

    at_desk(house, story)
    assert len(house.keyring.passkeys(ada.user)) == 3
