"""Who has stolen the password or the recovery code, and guesses at second factors, does not close the other way in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import BadCode
from service.desk.desk import Desk
from service.desk.guesses import CODES_OF_ACCOUNT
from service.entrance import passwords, recovering
from service.entrance.recovering import Recovery
from service.factors.second_factor import Proof
from service.house.house import House
from service.machine.errors import TooManyGuesses
from tests import builders
from tests.builders import Person
from tests.service.desks import at_desk
from tests.service.factors import HINT, Clock, code_of, set_up, wrong_code_of
from tests.service.test_sign_in_guesses import HERE, show


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(tmp_path: Path, clock: Clock) -> Iterator[House]:
    house = House(builders.settings(tmp_path / "data"), clock)
    yield house
    house.close()


def test_who_has_the_password_and_no_factor_shuts_the_owner_out_of_one_way_in_only(
    house: House, ada: Person, clock: Clock
) -> None:
    """What they use up from everywhere are the six digits after the password."""

    async def story(desk: Desk) -> None:
        secret, codes = await set_up(desk, ada)
        recovery = (await passwords.issue_code(desk, ada.who, ada.password, None)).recovery_code
        clock.next_code()
        for number in range(CODES_OF_ACCOUNT):
            desk.guesses.count("code", ada.user, f"203.0.113.{number}")
            desk.guesses.count("backup", ada.user, f"203.0.113.{number}")
        assert await show(desk, ada, code_of(house, secret), HERE) == "refused"
        assert await show(desk, ada, codes[0], HERE) == "in"
        form = Recovery("ada", recovery, "a wholly other staple", HINT, Proof(code_of(house, secret), source=HERE))
        assert (await recovering.recover(desk, form, None)).user.user_id == ada.user

    at_desk(house, story)


def test_codes_after_a_recovery_code_come_to_an_end_as_well(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        secret, _ = await set_up(desk, ada)
        recovery = (await passwords.issue_code(desk, ada.who, ada.password, None)).recovery_code
        for number in range(CODES_OF_ACCOUNT):
            proof = Proof(wrong_code_of(house, secret), source=f"203.0.113.{number}")
            with pytest.raises(BadCode):
                await recovering.recover(desk, Recovery("ada", recovery, "another staple", HINT, proof), None)
        proof = Proof(code_of(house, secret, 1), source=HERE)
        with pytest.raises(TooManyGuesses):
            await recovering.recover(desk, Recovery("ada", recovery, "another staple", HINT, proof), None)

    at_desk(house, story)
