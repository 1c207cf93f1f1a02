"""The way back in: one code, once; whatever is cut off, the old password or the new one opens the account."""

from __future__ import annotations

import asyncio

import pytest

from domain.errors import BadCredentials, RequestReused, WeakPassword
from domain.events import ClientHint, PasswordChanged, RecoveryCodeIssued, SessionClosed
from eventstore.errors import LogFull
from projections.runner import Projector
from service.accounts import accounts, registering
from service.accounts.accounts import Entry
from service.accounts.registering import Registration
from service.desk.desk import Desk
from service.entrance import passwords, recovering, sessions
from service.entrance.recovering import Recovery
from service.house.facts import to_fact
from service.house.house import House
from service.house.principal import Principal, authenticate, encode_token
from service.machine.errors import Busy
from service.upkeep.projecting import catch_up
from service.upkeep.sweep import Sweeper
from tests.builders import NO_HINT, Person
from tests.service.desks import Fault, asked, at_desk, before_append, failing_appends
from vault.errors import KeyringFull
from vault.kdf import CODE_RANDOM_BYTES, PasswordKeys, PasswordParams, new_recovery_code, password_keys

PASSWORD = "correct horse battery staple"
NEW = "a wholly other staple of horses"
FORM = Registration("Mara", "mara@example.org", PASSWORD, ClientHint("Firefox"))


def mara(house: House) -> Entry:
    return at_desk(house, lambda desk: registering.register(desk, FORM, None))


def form(code: str, name: str = "mara", new: str = NEW) -> Recovery:
    return Recovery(name, code, new, ClientHint("another browser"))


def signed_in(house: House, entry: Entry) -> Principal:
    return authenticate(house, encode_token(entry.token))


def events(house: House) -> list[type]:
    return [type(to_fact(record).event) for record in house.log.read_all(0, 100)]


async def refused(desk: Desk, recovery: Recovery) -> str:
    with pytest.raises(BadCredentials) as caught:
        await recovering.recover(desk, recovery, None)
    return caught.value.detail


# -- recovering --------------------------------------------------------------------------------------------------


def test_a_code_gives_the_account_back_under_a_new_password(house: House) -> None:
    registered = mara(house)

    async def story(desk: Desk) -> None:
        other = await sessions.login(desk, "mara", PASSWORD, NO_HINT, None)
        entry = await recovering.recover(desk, form(registered.recovery_code), None)
        assert (entry.user.user_id, entry.user.username) == (registered.user.user_id, "Mara")
        assert signed_in(house, entry).user == registered.user.user_id
        for gone in (registered, other):
            with pytest.raises(BadCredentials):
                signed_in(house, gone)
        with pytest.raises(BadCredentials):
            await sessions.login(desk, "mara", PASSWORD, NO_HINT, None)
        await sessions.login(desk, "mara", NEW, NO_HINT, None)

    at_desk(house, story)
    assert events(house).count(PasswordChanged) == 1
    assert events(house).count(RecoveryCodeIssued) == 2
    reasons = [to_fact(record).event for record in house.log.read_all(0, 100)]
    assert [event.reason for event in reasons if isinstance(event, SessionClosed)] == ["password"] * 2


def test_a_code_opens_once_and_gives_the_next_one(house: House) -> None:
    first = mara(house)

    async def story(desk: Desk) -> None:
        second = await recovering.recover(desk, form(first.recovery_code), None)
        await refused(desk, form(first.recovery_code))
        third = await recovering.recover(desk, form(second.recovery_code, new=PASSWORD), None)
        assert len({first.recovery_code, second.recovery_code, third.recovery_code}) == 3

    at_desk(house, story)


@pytest.mark.parametrize("name", ["mara", " MARA ", "Mara@Example.org"])
def test_a_code_may_be_typed_sloppily_and_for_the_address(house: House, name: str) -> None:
    code = mara(house).recovery_code
    typed = " " + code.replace("-", "  ").lower().replace("0", "o").replace("1", "l") + "\n"
    assert typed != code
    entry = at_desk(house, lambda desk: recovering.recover(desk, form(typed, name), None))
    assert entry.user.username == "Mara"


def test_a_wrong_code_and_an_unknown_name_cannot_be_told_apart(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    code = mara(house).recovery_code
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    head, before = house.log.head(), house.keyring.accounts("", 10)
    costs: list[PasswordParams] = []

    def counting(password: bytes, params: PasswordParams, pepper: bytes) -> PasswordKeys:
        costs.append(params)
        return password_keys(password, params, pepper)

    monkeypatch.setattr(accounts, "password_keys", counting)

    async def story(desk: Desk) -> list[str]:
        details = [await refused(desk, each) for each in (form(wrong), form(code, "nobody"), form("no code"))]
        assert costs == []
        for each in (form(wrong), form(code, "nobody")):
            with pytest.raises(BadCredentials) as caught:  # With a key it might be one of before: that is looked up.
                await recovering.recover(desk, each, asked())
            details.append(caught.value.detail)
        return details

    assert len(set(at_desk(house, story))) == 1
    assert len({(cost.time_cost, cost.memory_kib, cost.parallelism) for cost in costs}) == 1
    assert len(costs) == 2
    assert (house.log.head(), house.keyring.accounts("", 10)) == (head, before)


def test_a_weak_password_does_not_use_the_code_up(house: House) -> None:
    code = mara(house).recovery_code

    async def story(desk: Desk) -> None:
        with pytest.raises(WeakPassword):
            await recovering.recover(desk, form(code, new="mara@example.org"), None)
        await refused(desk, form("0" * 32, new="weak"))  # Said only to whoever has the code.
        await recovering.recover(desk, form(code), None)

    at_desk(house, story)


def test_of_two_who_use_a_code_at_once_one_succeeds(house: House) -> None:
    code = mara(house).recovery_code

    async def story(desk: Desk) -> tuple[Entry | BaseException, ...]:
        both = (recovering.recover(desk, form(code), None), recovering.recover(desk, form(code, new=PASSWORD), None))
        return await asyncio.gather(*both, return_exceptions=True)

    outcomes = at_desk(house, story)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["BadCredentials", "Entry"]


def test_a_sign_in_under_way_leaves_no_session_behind_when_the_account_is_recovered(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = mara(house).recovery_code

    async def story(desk: Desk) -> None:
        entries: list[Entry] = []

        async def recover() -> None:
            entries.append(await recovering.recover(desk, form(code), None))

        before_append(desk, monkeypatch, recover)
        with pytest.raises(BadCredentials):
            await sessions.login(desk, "mara", PASSWORD, NO_HINT, None)
        who = signed_in(house, entries[0])
        assert house.keyring.drop_sessions(who.user) == [who.session_id]

    at_desk(house, story)


# -- the same request again --------------------------------------------------------------------------------------


def test_the_same_recovery_again_gives_the_same_answer(house: House) -> None:
    code = mara(house).recovery_code

    async def story(desk: Desk) -> None:
        first = await recovering.recover(desk, form(code), asked())
        head = house.log.head()
        again = await recovering.recover(desk, form(code), asked())
        assert again.replayed
        assert (again.user, again.token, again.recovery_code) == (first.user, first.token, first.recovery_code)
        assert (again.position, again.expires_at_us) == (first.position, first.expires_at_us)
        assert house.log.head() == head
        with pytest.raises(RequestReused):
            await recovering.recover(desk, form(code), asked(body=b"another"))
        with pytest.raises(BadCredentials):
            await recovering.recover(desk, form(code), asked("another key"))
        with pytest.raises(BadCredentials):
            await recovering.recover(desk, form(code, new=NEW + "!"), asked())

    at_desk(house, story)


def test_the_same_recovery_several_times_at_once_is_carried_out_once(house: House) -> None:
    code = mara(house).recovery_code

    async def story(desk: Desk) -> None:
        entries = await asyncio.gather(*(recovering.recover(desk, form(code), asked()) for _ in range(3)))
        assert len({(entry.token, entry.recovery_code, entry.position) for entry in entries}) == 1
        assert signed_in(house, entries[0]).user == entries[0].user.user_id

    at_desk(house, story)
    assert events(house).count(PasswordChanged) == 1


def test_a_recovery_that_a_crash_cut_off_is_finished_by_its_repetition(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = mara(house).recovery_code

    async def story(desk: Desk) -> None:
        with monkeypatch.context() as patched:
            failing_appends(desk, patched, TimeoutError)
            with pytest.raises(Busy):
                await recovering.recover(desk, form(code), asked())
        entry = await recovering.recover(desk, form(code), asked())
        assert signed_in(house, entry).user == entry.user.user_id
        assert signed_in(house, entry).expires_at_us == entry.expires_at_us
        await recovering.recover(desk, form(entry.recovery_code, new=PASSWORD), None)

    at_desk(house, story)


@pytest.mark.parametrize("name", ["mara", "nobody"])
def test_a_known_name_is_not_looked_up_for_who_shows_neither_code_nor_password(
    house: House, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """It would take longer than for an unknown one."""
    mara(house)
    looked_up: list[object] = []
    monkeypatch.setattr(recovering, "load_user", lambda *given: looked_up.append(given))

    async def story(desk: Desk) -> None:
        with pytest.raises(BadCredentials):
            await recovering.recover(desk, form(new_recovery_code(bytes(CODE_RANDOM_BYTES)), name), asked())

    at_desk(house, story)
    assert looked_up == []


# -- faults ------------------------------------------------------------------------------------------------------


def test_a_keyring_that_is_full_leaves_the_code_and_the_password(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    registered = mara(house)

    def full(*_: object, **__: object) -> tuple[list[str], list[str]]:
        raise KeyringFull("full")

    async def story(desk: Desk) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(house.keyring, "recover", full)
            with pytest.raises(KeyringFull):
                await recovering.recover(desk, form(registered.recovery_code), None)
        assert signed_in(house, registered).user == registered.user.user_id
        await sessions.login(desk, "mara", PASSWORD, NO_HINT, None)
        await recovering.recover(desk, form(registered.recovery_code), None)

    at_desk(house, story)


@pytest.mark.parametrize("fault", [LogFull("full"), TimeoutError])
@pytest.mark.parametrize("written", [False, True])
def test_when_the_log_does_not_answer_the_new_password_holds_and_gives_a_new_code(
    house: House, monkeypatch: pytest.MonkeyPatch, fault: Fault, written: bool
) -> None:
    code = mara(house).recovery_code

    async def story(desk: Desk) -> None:
        with monkeypatch.context() as patched:
            failing_appends(desk, patched, fault, written=written)
            with pytest.raises(Busy, match="new password holds"):
                await recovering.recover(desk, form(code), None)
        await refused(desk, form(code))
        entry = await sessions.login(desk, "mara", NEW, NO_HINT, None)
        with Projector(house.layout.user_data) as projector:
            catch_up(house.log, projector)
        swept = Sweeper().sweep(house, house.log, 0)
        assert swept is not None
        assert (swept.told, swept.sessions) == (0 if written else 1, 1)
        issued = await passwords.issue_code(desk, signed_in(house, entry), NEW, None)
        await recovering.recover(desk, form(issued.recovery_code), None)

    at_desk(house, story)
    assert events(house).count(PasswordChanged) == 2
    assert events(house).count(RecoveryCodeIssued) == 4


def test_of_somebody_else_nothing_is_touched(house: House, ada: Person) -> None:
    code = mara(house).recovery_code
    before = house.keyring.account(ada.user)

    async def story(desk: Desk) -> None:
        await refused(desk, form(code, "ada"))
        await recovering.recover(desk, form(code), None)

    at_desk(house, story)
    assert house.keyring.account(ada.user) == before
    assert authenticate(house, encode_token(ada.token)).user == ada.user
