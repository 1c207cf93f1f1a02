"""A new password and a new recovery code: what held before holds no more, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from domain.account import MAX_CHANGES
from domain.errors import BadCredentials, TooManyChanges, WeakPassword, WrongPassword
from domain.events import PasswordChanged, RecoveryCodeIssued, SessionClosed, SessionOpened
from eventstore.errors import LogFull
from eventstore.record import Append
from projections.runner import Projector
from service.accounts import accounts
from service.accounts.accounts import Entry
from service.desk.desk import Desk
from service.entrance import passwords, recovering, sessions
from service.entrance.passwords import Change
from service.entrance.recovering import Recovery
from service.house.facts import to_fact, to_records
from service.house.house import House
from service.house.principal import Principal, authenticate, encode_token
from service.machine.errors import Busy
from service.upkeep.projecting import catch_up
from service.upkeep.sweep import Sweeper
from tests.builders import NO_HINT, Person
from tests.service.desks import Fault, asked, at_desk, before_append, failing_appends
from vault.errors import KeyringFull

NEW = "a wholly other staple of horses"
NEWER = "the third one is the longest of all"


def types_of(house: House, stream: str) -> list[type]:
    return [type(to_fact(record).event) for record in house.log.read_stream(stream)]


async def sign_in(desk: Desk, name: str, password: str) -> Entry:
    return await sessions.login(desk, name, password, NO_HINT, None)


def principal(house: House, entry: Entry) -> Principal:
    return authenticate(house, encode_token(entry.token))


def is_open(house: House, token: bytes) -> bool:
    try:
        authenticate(house, encode_token(token))
    except BadCredentials:
        return False
    return True


async def change(desk: Desk, ada: Person, new: str = NEW) -> bool:
    return (await passwords.change(desk, ada.who, Change(ada.password, new), None)).replayed


def while_stretching(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Awaitable[object]]) -> None:
    """Once, something else happens after a password has been stretched and before anything is made of it."""
    stretch = accounts.stretch

    async def act_after(*given: object) -> object:
        for module in (accounts, sessions, passwords, recovering):
            monkeypatch.setattr(module, "stretch", stretch)
        made = await stretch(*given)  # type: ignore[arg-type]  # Handed on as they came.
        await act()
        return made

    for module in (accounts, sessions, passwords, recovering):
        monkeypatch.setattr(module, "stretch", act_after)


# -- changing ----------------------------------------------------------------------------------------------------


def test_after_a_change_the_new_password_signs_in_and_the_old_one_does_not(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        assert not await change(desk, ada)
        assert (await sign_in(desk, "ada", NEW)).user.user_id == ada.user
        with pytest.raises(BadCredentials):
            await sign_in(desk, "ada", ada.password)

    at_desk(house, story)
    assert types_of(house, f"account-{ada.user}")[-1] is PasswordChanged


def test_the_new_password_is_stretched_anew_at_todays_costs(house: House, ada: Person) -> None:
    before = house.keyring.account(ada.user)
    at_desk(house, lambda desk: change(desk, ada))
    after = house.keyring.account(ada.user)
    assert before is not None
    assert after is not None
    assert after.params.salt != before.params.salt
    assert after.params.memory_kib == 65_536 > before.params.memory_kib
    assert after.secret_by_user == before.secret_by_user  # The user key is the same: nothing has to be sealed again.


def test_a_change_closes_every_session_but_the_asking_one(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> list[Entry]:
        others = [await sign_in(desk, "ada", ada.password) for _ in range(2)]
        await change(desk, ada)
        return others

    others = at_desk(house, story)
    assert is_open(house, ada.token)
    assert not any(is_open(house, other.token) for other in others)
    closings = [to_fact(record).event for record in house.log.read_all(0, 50)]
    assert [event.reason for event in closings if isinstance(event, SessionClosed)] == ["password"] * 2


def test_a_wrong_current_password_changes_nothing_and_keeps_the_session(house: House, ada: Person) -> None:
    head = house.log.head()

    async def story(desk: Desk) -> None:
        with pytest.raises(WrongPassword):
            await passwords.change(desk, ada.who, Change("not this one at all", NEW), None)

    at_desk(house, story)
    assert is_open(house, ada.token)
    assert house.log.head() == head


@pytest.mark.parametrize("weak", ["short", "password1234", "ada@example.org", "x" * 1_025])
def test_a_weak_password_is_refused_as_at_registration(house: House, ada: Person, weak: str) -> None:
    async def story(desk: Desk) -> None:
        with pytest.raises(WeakPassword):
            await change(desk, ada, weak)
        await sign_in(desk, "ada", ada.password)

    at_desk(house, story)


def test_the_same_request_again_is_answered_and_not_carried_out_again(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        form = Change(ada.password, NEW)
        assert not (await passwords.change(desk, ada.who, form, asked())).replayed
        head = house.log.head()
        assert (await passwords.change(desk, ada.who, form, asked())).replayed
        assert house.log.head() == head

    at_desk(house, story)


@pytest.mark.parametrize("swept", [False, True])
def test_a_change_that_was_made_but_not_confirmed_is_answered_when_it_is_asked_for_again(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, swept: bool
) -> None:
    form = Change(ada.password, NEW)

    async def story(desk: Desk) -> None:
        with monkeypatch.context() as patched:
            failing_appends(desk, patched, TimeoutError)
            with pytest.raises(Busy):
                await passwords.change(desk, ada.who, form, asked())
        if swept:
            Sweeper().sweep(house, house.log, 0)
        with pytest.raises(WrongPassword):
            await passwords.change(desk, ada.who, form, None)  # Not known to be the same request.
        with pytest.raises(WrongPassword):
            await passwords.change(desk, ada.who, Change(ada.password, NEWER), asked("another"))
        assert (await passwords.change(desk, ada.who, form, asked())).replayed
        assert (await passwords.change(desk, ada.who, form, asked())).replayed
        await sign_in(desk, "ada", NEW)

    at_desk(house, story)
    assert types_of(house, f"account-{ada.user}").count(PasswordChanged) == 1


def test_the_same_change_several_times_at_once_is_made_once(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        form = Change(ada.password, NEW)
        copies = [passwords.change(desk, ada.who, form, asked()) for _ in range(3)]
        assert sorted(one.replayed for one in await asyncio.gather(*copies)) == [False, True, True]

    at_desk(house, story)
    assert types_of(house, f"account-{ada.user}").count(PasswordChanged) == 1


def test_of_two_changes_at_once_one_is_made(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> tuple[bool | BaseException, ...]:
        both = (change(desk, ada, NEW), change(desk, ada, NEWER))
        return await asyncio.gather(*both, return_exceptions=True)

    outcomes = at_desk(house, story)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["WrongPassword", "bool"]
    assert types_of(house, f"account-{ada.user}").count(PasswordChanged) == 1


def test_a_change_that_was_made_too_often_is_refused_before_any_key(house: House, ada: Person) -> None:
    events = (PasswordChanged(),) * (MAX_CHANGES - 1)
    house.writer.append(Append(to_records(ada.user, f"account-{ada.user}", 2, events)))
    before = house.keyring.account(ada.user)

    async def story(desk: Desk) -> None:
        with pytest.raises(TooManyChanges):
            await change(desk, ada)
        with pytest.raises(TooManyChanges):
            await passwords.issue_code(desk, ada.who, ada.password, None)

    at_desk(house, story)
    assert house.keyring.account(ada.user) == before


# -- races -------------------------------------------------------------------------------------------------------


def test_a_sign_in_under_way_leaves_no_session_behind_when_the_password_changes(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        while_stretching(monkeypatch, lambda: change(desk, ada))
        with pytest.raises(BadCredentials):
            await sign_in(desk, "ada", ada.password)

    at_desk(house, story)
    assert house.keyring.drop_sessions(ada.user) == [ada.who.session_id]


def test_a_sign_in_whose_key_is_there_loses_it_when_the_password_changes(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        before_append(desk, monkeypatch, lambda: change(desk, ada))
        with pytest.raises(BadCredentials):
            await sign_in(desk, "ada", ada.password)

    at_desk(house, story)
    with Projector(house.layout.user_data) as projector:
        catch_up(house.log, projector)
    swept = Sweeper().sweep(house, house.log, 0)
    assert swept is not None
    assert swept.sessions == 1  # Its opening came after all others were closed.


def test_a_session_that_is_closed_while_its_password_is_proved_changes_nothing(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        while_stretching(monkeypatch, lambda: sessions.close_everywhere(desk, ada.who))
        with pytest.raises(BadCredentials):
            await change(desk, ada)
        await sign_in(desk, "ada", ada.password)

    at_desk(house, story)


# -- faults ------------------------------------------------------------------------------------------------------


def test_a_keyring_that_is_full_leaves_the_old_password_and_all_sessions(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> list[str]:
        raise KeyringFull("full")

    async def story(desk: Desk) -> None:
        other = await sign_in(desk, "ada", ada.password)
        head = house.log.head()
        monkeypatch.setattr(house.keyring, "change_password", full)
        with pytest.raises(KeyringFull):
            await change(desk, ada)
        assert house.log.head() == head
        assert is_open(house, other.token)
        await sign_in(desk, "ada", ada.password)

    at_desk(house, story)


@pytest.mark.parametrize("fault", [LogFull("full"), TimeoutError])
@pytest.mark.parametrize("written", [False, True])
def test_when_the_log_does_not_answer_the_new_password_holds_and_the_log_is_told_later(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, fault: Fault, written: bool
) -> None:
    async def story(desk: Desk) -> None:
        other = await sign_in(desk, "ada", ada.password)
        with monkeypatch.context() as patched:
            failing_appends(desk, patched, fault, written=written)
            with pytest.raises(Busy, match="new password holds"):
                await change(desk, ada)
        assert not is_open(house, other.token)
        await sign_in(desk, "ada", NEW)
        with pytest.raises(BadCredentials):
            await sign_in(desk, "ada", ada.password)

    at_desk(house, story)
    with Projector(house.layout.user_data) as projector:
        catch_up(house.log, projector)
    swept = Sweeper().sweep(house, house.log, 0)
    assert swept is not None
    assert swept.told == (0 if written else 1)
    assert swept.sessions == 1
    assert types_of(house, f"account-{ada.user}").count(PasswordChanged) == 1
    again = Sweeper().sweep(house, house.log, 0)
    assert not again


def test_when_the_sweeper_is_quicker_the_log_is_told_once(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        async def sweep() -> None:
            Sweeper().sweep(house, house.log, 0)

        before_append(desk, monkeypatch, sweep)
        await change(desk, ada)

    at_desk(house, story)
    assert types_of(house, f"account-{ada.user}").count(PasswordChanged) == 1


# -- a new recovery code -----------------------------------------------------------------------------------------


def test_a_new_code_opens_the_account(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        first = await passwords.issue_code(desk, ada.who, ada.password, None)
        second = await passwords.issue_code(desk, ada.who, ada.password, None)
        assert first.recovery_code != second.recovery_code
        assert second.position == house.log.head()
        with pytest.raises(BadCredentials):
            await recovering.recover(desk, Recovery("ada", first.recovery_code, NEW, NO_HINT), None)
        entry = await recovering.recover(desk, Recovery("ada", second.recovery_code, NEW, NO_HINT), None)
        assert entry.user.user_id == ada.user
        assert second.recovery_code not in repr(second)

    at_desk(house, story)
    assert types_of(house, f"account-{ada.user}").count(RecoveryCodeIssued) == 4


def test_a_new_code_needs_the_password(house: House, ada: Person) -> None:
    before = house.keyring.account(ada.user)

    async def story(desk: Desk) -> None:
        with pytest.raises(WrongPassword):
            await passwords.issue_code(desk, ada.who, "not this one at all", None)

    at_desk(house, story)
    assert house.keyring.account(ada.user) == before


def test_the_same_request_for_a_code_gives_the_same_code(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        first = await passwords.issue_code(desk, ada.who, ada.password, asked())
        again = await passwords.issue_code(desk, ada.who, ada.password, asked())
        assert again.replayed
        assert (again.recovery_code, again.position) == (first.recovery_code, first.position)
        other = await passwords.issue_code(desk, ada.who, ada.password, asked("another"))
        assert other.recovery_code != first.recovery_code

    at_desk(house, story)


def test_the_same_request_for_a_code_several_times_at_once_issues_one(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        copies = [passwords.issue_code(desk, ada.who, ada.password, asked()) for _ in range(3)]
        issued = await asyncio.gather(*copies)
        assert len({(each.recovery_code, each.position) for each in issued}) == 1

    at_desk(house, story)
    assert types_of(house, f"account-{ada.user}").count(RecoveryCodeIssued) == 2


# -- signing out everywhere --------------------------------------------------------------------------------------


def test_signing_out_everywhere_closes_all_and_the_asking_one(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "CLOSED_AT_ONCE", 2)

    async def story(desk: Desk) -> list[Entry]:
        others = [await sign_in(desk, "ada", ada.password) for _ in range(4)]
        await sessions.close_everywhere(desk, ada.who)
        return others

    others = at_desk(house, story)
    assert not any(is_open(house, token) for token in (ada.token, *(other.token for other in others)))
    events = [to_fact(record).event for record in house.log.read_all(0, 50)]
    assert sum(isinstance(event, SessionOpened) for event in events) == 5
    assert [event.reason for event in events if isinstance(event, SessionClosed)] == ["logout"] * 5


def test_when_the_log_does_not_answer_everybody_is_signed_out_all_the_same(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        failing_appends(desk, monkeypatch, LogFull("full"))
        with pytest.raises(Busy, match="Every session has ended"):
            await sessions.close_everywhere(desk, ada.who)

    at_desk(house, story)
    assert not is_open(house, ada.token)
    with Projector(house.layout.user_data) as projector:
        catch_up(house.log, projector)
    swept = Sweeper().sweep(house, house.log, 0)
    assert swept is not None
    assert swept.sessions == 1
