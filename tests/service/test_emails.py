"""Another e-mail address: what finds the account, what the log hears, and what a crash leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from domain.errors import BadCredentials, Conflict, EmailTaken, WrongPassword
from domain.events import EmailChanged
from eventstore.errors import LogFull
from eventstore.record import RequestTag
from service.accounts.accounts import account_index, load_user
from service.accounts.admitting import count_telling
from service.desk.desk import Desk
from service.entrance import sessions
from service.entrance.passwords import prove
from service.house.facts import to_fact
from service.house.house import House
from service.machine.errors import Busy, TooManyNames
from service.management import emails
from service.management.emails import Changed, Form
from service.reading.moment import Moment, source
from service.reading.user_data import head, today
from service.upkeep.sweep import Sweeper
from tests.api.asking import Clock, project
from tests.builders import NO_HINT, Person, person, settings
from tests.service.desks import asked, at_desk, failing_appends
from vault.kdf import PasswordKeys
from vault.keyring import AccountRow

NEW = "Ada@new.example"
HERE = "192.0.2.1"


async def change(desk: Desk, owner: Person, email: str = NEW) -> Changed:
    return await emails.change(desk, owner.who, Form(owner.password, email), None)


async def login(desk: Desk, name: str, owner: Person) -> str:
    return (await sessions.login(desk, name, owner.password, NO_HINT, None)).user.email


def events(house: House, owner: Person) -> list[str]:
    return [type(to_fact(one).event).__name__ for one in house.log.read_stream(f"account-{owner.user}")]


def kept(house: House, owner: Person) -> bytes | None:
    row = house.keyring.account(owner.user)
    assert row is not None
    return row.identity_by_subject


def shown(house: House, owner: Person) -> str:
    row = house.keyring.account(owner.user)
    user = None if row is None else load_user(house, row)
    assert user is not None
    return user.email


def cut_off(house: House, owner: Person, monkeypatch: pytest.MonkeyPatch, *, written: bool) -> None:
    async def story(desk: Desk) -> None:
        failing_appends(desk, monkeypatch, LogFull("no room"), written=written)
        with pytest.raises(Busy):
            await change(desk, owner)

    at_desk(house, story)


def sweep(house: House) -> None:
    assert Sweeper().sweep(house, house.log, 900_000_000) is not None


def test_the_new_address_signs_in_and_the_old_one_does_not(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        changed = await change(desk, ada)
        assert (changed.user.email, changed.user.username) == (NEW, "ada")
        assert await login(desk, NEW.lower(), ada) == NEW
        assert await login(desk, "ada", ada) == NEW
        with pytest.raises(BadCredentials):
            await login(desk, ada.email, ada)

    at_desk(house, story)
    assert events(house, ada)[-1] == "EmailChanged"
    assert kept(house, ada) is None


def test_the_old_address_is_free_at_once(house: House, ada: Person) -> None:
    bob = person(house, "bob")

    async def story(desk: Desk) -> None:
        with pytest.raises(EmailTaken):
            await change(desk, bob, ada.email)
        await change(desk, ada)
        await change(desk, bob, ada.email)

    at_desk(house, story)
    assert shown(house, bob) == ada.email


def test_the_tables_show_it_from_then_on_and_the_past_as_it_was(house: House, ada: Person) -> None:
    before = house.log.head()

    async def story(desk: Desk) -> None:
        await change(desk, ada)
        project(house)
        now, _ = head(today(desk, ada.who))
        assert now is not None
        assert now.email == NEW
        with closing(await desk.folds.look(ada.user, before)) as look:
            then, _ = head(source(house, ada.who, look.past, Moment(before, house.clock_us())))
            assert then is not None
            assert then.email == ada.email

    at_desk(house, story)


def test_without_the_password_nothing_changes(house: House, ada: Person) -> None:
    position = house.log.head()

    async def story(desk: Desk) -> None:
        with pytest.raises(WrongPassword):
            await emails.change(desk, ada.who, Form("not the password", NEW), None)

    at_desk(house, story)
    assert (house.log.head(), shown(house, ada), kept(house, ada)) == (position, ada.email, None)


def test_a_password_that_was_changed_meanwhile_changes_nothing(house: House, ada: Person) -> None:
    row = house.keyring.account(ada.user)
    assert row is not None

    async def story(desk: Desk) -> None:
        async def overtaken(desk: Desk, row: AccountRow, password: str) -> PasswordKeys:
            made = await prove(desk, row, password)
            with house.keyring._transaction() as write:
                write.execute("UPDATE account SET password_verifier = ?", (bytes(32),))
            return made

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("service.management.emails.prove", overtaken)
            with pytest.raises(WrongPassword):
                await change(desk, ada)

    at_desk(house, story)
    assert house.keyring.find_account(account_index(house, NEW)) is None


def test_the_address_that_there_is_makes_no_event(house: House, ada: Person) -> None:
    position = house.log.head()
    at_desk(house, lambda desk: change(desk, ada, ada.email))
    assert (house.log.head(), kept(house, ada)) == (position, None)


def test_the_same_request_again_is_answered_again(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> tuple[Changed, Changed]:
        form = Form(ada.password, NEW)
        first = await emails.change(desk, ada.who, form, asked())
        return first, await emails.change(desk, ada.who, form, asked())

    first, again = at_desk(house, story)
    assert (again.user, again.position, again.replayed) == (first.user, first.position, True)


def test_the_same_request_again_names_the_address_that_it_has_set(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> tuple[Changed, Changed]:
        first = await emails.change(desk, ada.who, Form(ada.password, NEW), asked())
        await change(desk, ada, "later@new.example")
        return first, await emails.change(desk, ada.who, Form(ada.password, NEW), asked())

    first, again = at_desk(house, story)
    assert (again.user, again.position) == (first.user, first.position)
    assert shown(house, ada) == "later@new.example"


def test_of_two_changes_at_once_each_answers_for_itself(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one's address stands in the keyring already when this one comes to tell the log."""
    tell, other = emails._tell, "other@new.example"

    async def overtaken(desk: Desk, user: str, sealed: bytes, tag: RequestTag | None) -> int:
        monkeypatch.setattr(emails, "_tell", tell)
        with monkeypatch.context() as patched:
            failing_appends(desk, patched, LogFull("no room"))
            with pytest.raises(Busy):
                await change(desk, ada, other)
        return await tell(desk, user, sealed, tag)

    async def story(desk: Desk) -> None:
        monkeypatch.setattr(emails, "_tell", overtaken)
        with pytest.raises(Conflict):
            await emails.change(desk, ada.who, Form(ada.password, NEW), asked())
        assert shown(house, ada) == other
        assert (await emails.change(desk, ada.who, Form(ada.password, NEW), asked())).user.email == NEW

    at_desk(house, story)
    assert events(house, ada).count("EmailChanged") == 2


@pytest.mark.parametrize("written", [False, True])
def test_cut_off_after_the_keys_the_sweeper_finishes(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, written: bool
) -> None:
    cut_off(house, ada, monkeypatch, written=written)
    assert at_desk(house, lambda desk: login(desk, NEW, ada)) == (NEW if written else ada.email)
    assert kept(house, ada) is not None
    sweep(house)
    assert (events(house, ada).count("EmailChanged"), kept(house, ada), shown(house, ada)) == (1, None, NEW)
    sweep(house)
    assert events(house, ada).count("EmailChanged") == 1


def test_cut_off_and_asked_again_it_is_told_once(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_off(house, ada, monkeypatch, written=True)
    at_desk(house, lambda desk: change(desk, ada))
    assert (events(house, ada).count("EmailChanged"), kept(house, ada)) == (1, None)


def test_the_address_is_in_no_file_in_clear(house: House, ada: Person) -> None:
    at_desk(house, lambda desk: change(desk, ada))
    (record,) = [one for one in house.log.read_stream(f"account-{ada.user}") if one.envelope.type == "EmailChanged"]
    event = to_fact(record).event
    assert isinstance(event, EmailChanged)
    assert event.private is None
    for path in (house.layout.keyring, house.layout.events):
        assert b"new.example" not in path.read_bytes()


# -- whether an address is taken -----------------------------------------------------------------------------------


@pytest.fixture
def sparing(tmp_path: Path) -> Iterator[Callable[[str], House]]:
    """A house that tells two a day, by who may register."""
    houses: list[House] = []

    def open_house(registration: str) -> House:
        houses.append(House(settings(tmp_path / "data", taken_rate=2, registration=registration), Clock()))
        return houses[-1]

    yield open_house
    for each in houses:
        each.close()


async def told(desk: Desk, owner: Person, email: str, source: str) -> str:
    try:
        await emails.change(desk, owner.who, Form(owner.password, email, source), None)
    except EmailTaken:
        return "taken"
    except TooManyNames:
        return "refused"
    return "changed"


@pytest.mark.parametrize("registration", ["open", "invited", "closed"])
def test_that_an_address_is_taken_is_told_so_often_only_whoever_may_register(
    sparing: Callable[[str], House], registration: str
) -> None:
    house = sparing(registration)
    ada, eve = person(house, "ada"), person(house, "eve")

    async def story(desk: Desk) -> None:
        for number in range(3):
            assert await told(desk, eve, f"eve{number}@new.example", HERE) == "changed"  # Which tells nothing.
        with pytest.raises(WrongPassword):
            await emails.change(desk, eve.who, Form("not the password", ada.email, HERE), None)
        assert [await told(desk, eve, ada.email, f"address {number}") for number in range(2)] == ["taken"] * 2
        for number, email in enumerate((ada.email, "free@new.example")):
            assert await told(desk, eve, email, f"another {number}") == "refused"

    at_desk(house, story)


def test_of_many_accounts_at_one_address_they_come_to_an_end_together_and_with_registering(
    sparing: Callable[[str], House],
) -> None:
    house = sparing("open")
    ada, eve, bob = (person(house, name) for name in ("ada", "eve", "bob"))

    async def story(desk: Desk) -> None:
        assert await told(desk, eve, ada.email, "2001:db8:0:100::/64") == "taken"
        count_telling(desk, "2001:db8:0:1ff::/64", None)  # A registration from the same /56.
        assert await told(desk, bob, "free@new.example", "2001:db8:0:17f::/64") == "refused"
        assert await told(desk, bob, ada.email, "2001:db8:0:200::/64") == "taken"
        assert await told(desk, bob, "free@new.example", HERE) == "changed"  # The refused one took nothing.

    at_desk(house, story)
