"""The cookie of devices that have signed in: whose it is, and what is none."""

from __future__ import annotations

from pathlib import Path

from service.desk import devices
from service.desk.devices import DEVICES_MAX
from service.house.house import House
from tests import builders
from tests.builders import Person
from tests.service.test_sign_in_guesses import cookie_of


def test_what_is_forged_or_garbled_is_no_device(house: House, ada: Person, tmp_path: Path) -> None:
    row = house.keyring.account(ada.user)
    mine = cookie_of(house, ada)
    assert devices.recognised(house, row, mine) is not None
    assert devices.recognised(house, None, mine) is None
    other = House(builders.settings(tmp_path / "other"), house.clock_us)
    elsewhere = cookie_of(other, builders.person(other, "ada"))
    other.close()
    for end in range(0, len(mine), 4):  # Version, device, time or MAC: what is changed is not genuine.
        changed = "A" if mine[end] != "A" else "B"
        assert devices.recognised(house, row, mine[:end] + changed + mine[end + 1 :]) is None
    for forged in (elsewhere, mine[:-4], mine + "AAAA", "é" * 76, "." * 400, "=" * 76, mine + "." * 1_000, " " + mine):
        assert devices.recognised(house, row, forged) is None


def test_a_browser_of_several_people_knows_them_all_and_stays_the_same_device(house: House, ada: Person) -> None:
    bob = builders.person(house, "bob")
    rows = [house.keyring.account(each.user) for each in (ada, bob)]
    cookie = cookie_of(house, ada, cookie_of(house, bob, cookie_of(house, ada)))
    (mine, of_bob), renewed = (devices.recognised(house, row, cookie) for row in rows), cookie_of(house, ada, cookie)
    assert mine is not None
    assert of_bob is not None
    assert cookie.count(".") == renewed.count(".") == 1
    assert devices.recognised(house, rows[0], renewed) == mine
    for number in range(DEVICES_MAX):
        cookie = cookie_of(house, builders.person(house, f"guest-{number}"), cookie)
    assert cookie.count(".") == DEVICES_MAX - 1
    assert [devices.recognised(house, row, cookie) for row in rows] == [None, None]  # The oldest went.


def test_what_a_new_password_has_ended_pushes_out_nobody_else(house: House, ada: Person) -> None:
    """A browser that several people share, in which one of them changes the password often."""
    bob = builders.person(house, "bob")
    cookie = cookie_of(house, bob)
    for changes in range(2 * DEVICES_MAX):
        cookie = devices.renewed(house, ada.user, changes, cookie)
    assert cookie.count(".") == 1
    assert devices.recognised(house, house.keyring.account(bob.user), cookie) is not None


def test_what_cannot_be_a_token_hides_none(house: House) -> None:
    """As a page of another port may put it first, in a cookie of the same name."""
    ada = builders.person(house, "ada")
    own = devices.renewed(house, ada.user, 0, "")
    row = house.keyring.account(ada.user)
    assert devices.recognised(house, row, f"x.{'y' * 76}.z..{own}") is not None
    assert devices.recognised(house, row, "x." * 600 + own) is None
