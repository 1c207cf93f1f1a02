"""An older keyring beside a newer log: noticed, and what it brought back goes before anybody is served."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest
import structlog

from domain.errors import BadCredentials
from domain.events import ApiTokenIssued, ApiTokenRevoked
from eventstore.record import Append
from service.desk.desk import Desk
from service.entrance import passwords, recovering, sessions
from service.entrance.passwords import Change
from service.files import chats, files
from service.house import forgetting
from service.house.facts import to_records
from service.house.house import House
from service.house.principal import authenticate, encode_token
from service.machine.ids import new_id
from service.management import erasing
from service.upkeep import accepting, keyring_age
from service.upkeep.accepting import NotAlone, StaleAccount, accept
from service.upkeep.revived import Revived, drop_all
from service.upkeep.sweep import Sweeper, first_sweep
from tests import builders
from tests.builders import NO_HINT, Person
from tests.service.desks import at_desk
from tests.service.keeping import kept
from tests.service.rolling import Rolled, copy_keyring
from tests.service.test_erasing import project
from vault.errors import KeyringLost, KeyringOlder

NEW = "a wholly other staple of horses"


@pytest.fixture
def rolled(tmp_path: Path) -> Rolled:
    """Its house is closed by `put_back`."""
    return Rolled(House(builders.settings(tmp_path / "data")), tmp_path / "copy")


def issued_token(house: House, person: Person) -> str:
    """The id of an API token: its row and its event."""
    token_id = new_id()
    with house.keyring._transaction() as write:
        write.execute(
            "INSERT INTO api_token VALUES (?, ?, ?, 'read', ?, ?, NULL, ?, 1, NULL)",
            (token_id, os.urandom(32), person.user, os.urandom(62), os.urandom(40), house.clock_us() + 10**12),
        )
    event = ApiTokenIssued(kind="read", expires_at_us=1)
    house.writer.append(Append(to_records(person.user, f"token-{token_id}", 0, (event,))))
    return token_id


def revoke(house: House, person: Person, token_id: str) -> None:
    house.keyring.drop_ways_in([], [token_id])
    event = ApiTokenRevoked(reason="revoked")
    house.writer.append(Append(to_records(person.user, f"token-{token_id}", 1, (event,))))


async def sign_in(desk: Desk, person: Person, password: str) -> bool:
    try:
        await sessions.login(desk, person.username, password, NO_HINT, None)
    except BadCredentials:
        return False
    return True


def close_everywhere(house: House, person: Person) -> None:
    at_desk(house, lambda desk: sessions.close_everywhere(desk, person.who))


def comes_in(house: House, person: Person, password: str) -> bool:
    return at_desk(house, lambda desk: sign_in(desk, person, password))


async def recovers(desk: Desk, person: Person, code: str) -> bool:
    form = recovering.Recovery(person.username, code, "a fourth and last staple", NO_HINT)
    try:
        await recovering.recover(desk, form, None)
    except BadCredentials:
        return False
    return True


# -- noticed -----------------------------------------------------------------------------------------------------


def test_no_process_starts_on_an_older_keyring(rolled: Rolled) -> None:
    copy_keyring(rolled)
    builders.person(rolled.house, "ada")
    layout, settings = rolled.house.layout, rolled.house.settings
    rolled.put_back()
    with pytest.raises(KeyringOlder):
        House(settings)
    with pytest.raises(KeyringOlder):
        keyring_age.require_keyring(layout, settings)
    layout.keyring.unlink()
    with pytest.raises(KeyringLost):
        keyring_age.require_keyring(layout, settings)
    assert not layout.keyring.exists()


def test_the_newest_one_starts_and_so_does_a_new_folder(rolled: Rolled, tmp_path: Path) -> None:
    builders.person(rolled.house, "ada")
    copy_keyring(rolled)
    rolled.put_back()
    with rolled.reopened() as house:
        keyring_age.require_keyring(house.layout, house.settings)
    settings = builders.settings(tmp_path / "new")
    with closing(House(settings)) as house:
        layout = house.layout
    layout.keyring.unlink()
    keyring_age.require_keyring(layout, settings)


# -- without a mark ----------------------------------------------------------------------------------------------


def test_ways_in_that_the_log_has_closed_go_before_anybody_is_served(rolled: Rolled) -> None:
    house = rolled.house
    ada, ben, cyd = (builders.person(house, name) for name in ("ada", "ben", "cyd"))
    revoked, kept_token = issued_token(house, cyd), issued_token(house, cyd)
    copy_keyring(rolled)
    at_desk(house, lambda desk: erasing.erase(desk, ada.who, ada.password))
    erasing.finish(house, house.log, ada.user)
    close_everywhere(house, ben)
    revoke(house, cyd, revoked)
    rolled.put_back(mark=False)
    with rolled.reopened() as house:
        assert authenticate(house, encode_token(ben.token)).user == ben.user  # That is what must not be served.
        keyring_age.require_keyring(house.layout, house.settings)
        for person in (ada, ben):
            with pytest.raises(BadCredentials):
                authenticate(house, encode_token(person.token))
        assert house.keyring.account(ada.user) is None
        assert authenticate(house, encode_token(cyd.token)).user == cyd.user
        assert house.keyring.token_ids("", 10) == [kept_token]


def test_the_first_sweep_and_every_other_do_the_same(rolled: Rolled, monkeypatch: pytest.MonkeyPatch) -> None:
    house = rolled.house
    people = [builders.person(house) for _ in range(3)]
    copy_keyring(rolled)
    for person in people:
        close_everywhere(house, person)
    rolled.put_back(mark=False)
    with rolled.reopened() as house:
        assert first_sweep(house, 0.0).revived == 3
    rolled.put_back(mark=False)
    monkeypatch.setattr("service.upkeep.revived.WAYS_PER_SWEEP", 2)
    with rolled.reopened() as house:
        sweeper = Revived()
        assert [sweeper.drop_some(house, house.log) for _ in range(3)] == [2, 1, 0]
    rolled.put_back(mark=False)
    with rolled.reopened() as house:
        assert drop_all(house, house.log) == 3


def test_the_log_is_not_told_of_an_older_keyring_and_somebody_is(rolled: Rolled) -> None:
    house = rolled.house
    ada = builders.person(house, "ada")
    copy_keyring(rolled)
    at_desk(house, lambda desk: passwords.change(desk, ada.who, Change(ada.password, NEW), None))
    rolled.put_back(mark=False)
    with rolled.reopened() as house:
        head = house.log.head()
        with structlog.testing.capture_logs() as said:
            sweeper = Sweeper()
            for _ in range(2):
                sweeper.sweep(house, house.log, 0)
        assert [line["user_id"] for line in said if line["log_level"] == "error"] == [ada.user]
        assert house.log.head() == head


def set_totp(house: House, person: Person, secret: bytes | None, sets: int) -> None:
    """Another authenticator, or none, as its owner would do it, and the log is told."""
    with house.keyring._transaction() as write:
        write.execute("DELETE FROM totp")
        write.execute("DELETE FROM backup_code")
        if secret is not None:
            write.execute("INSERT INTO totp VALUES (?, ?, 1, 0, 1)", (person.user, secret))
            write.execute("INSERT INTO backup_code VALUES (?, ?)", (person.user, b"%d" % sets))
        write.execute("UPDATE account SET backup_sets = ? WHERE user_id = ?", (sets, person.user))
    project(house)
    Sweeper().sweep(house, house.log, 900_000_000)


def test_a_second_factor_that_only_the_log_knows_stops_the_start_and_is_not_told_away(rolled: Rolled) -> None:
    house = rolled.house
    ada = builders.person(house, "ada")
    copy_keyring(rolled)
    set_totp(house, ada, b"A", 1)
    rolled.put_back(mark=False)
    with pytest.raises(KeyringOlder, match="older than the log"):
        keyring_age.require_keyring(house.layout, house.settings)
    with rolled.reopened() as house:
        head = house.log.head()
        Sweeper().sweep(house, house.log, 0)
        assert house.log.head() == head
        assert [account.stale for account in accept(house).accounts] == [{"second_factor"}]
    keyring_age.require_keyring(house.layout, house.settings)


def test_a_removal_that_the_log_has_not_heard_of_stops_nothing_and_is_told(rolled: Rolled) -> None:
    ada = builders.person(rolled.house, "ada")
    set_totp(rolled.house, ada, b"A", 1)
    with rolled.house.keyring._transaction() as write:
        write.execute("DELETE FROM totp")
    rolled.house.close()
    keyring_age.require_keyring(rolled.house.layout, rolled.house.settings)
    with rolled.reopened() as house:
        Sweeper().sweep(house, house.log, 0)
        assert house.log.read_stream(f"account-{ada.user}")[-1].envelope.type == "TotpDisabled"


# -- accepted ----------------------------------------------------------------------------------------------------


def test_what_was_deleted_closed_and_erased_stays_so(rolled: Rolled) -> None:
    house = rolled.house
    ada, ben = builders.person(house, "ada"), builders.person(house, "ben")
    gone, stays = kept(house, ada, b"gone"), kept(house, ada, b"stays")
    chat_id = builders.started_chat(house, ada)
    copy_keyring(rolled)
    at_desk(house, lambda desk: files.delete(desk, ada.who, gone))
    at_desk(house, lambda desk: chats.delete(desk, ada.who, chat_id))
    at_desk(house, lambda desk: erasing.erase(desk, ben.who, ben.password))
    project(house)
    forgetting.finish_chat(house, house.log, chat_id)
    rolled.put_back()
    with rolled.reopened(older=True) as house:
        accepted = accept(house)
        assert (accepted.accounts, accepted.ways_in) == ([], 1)
    with rolled.reopened() as house:
        assert house.keyring.generation() == accepted.generation
        assert house.keyring.account(ben.user) is None
        assert [stream for stream, _ in house.keyring.stream_keys_before(2**62, "", 10)] == [f"file-{stays}"]
        assert house.keyring.blob_key(gone, ada.user) is None
        assert builders.blob_bytes(house, ada, stays) == b"stays"


def test_an_older_password_does_not_hold_again_but_the_recovery_code_does(rolled: Rolled) -> None:
    house = rolled.house
    ada = builders.person(house, "ada")

    async def story(desk: Desk) -> str:
        code = (await passwords.issue_code(desk, ada.who, ada.password, None)).recovery_code
        copy_keyring(rolled)
        await passwords.change(desk, ada.who, Change(ada.password, NEW), None)
        return code

    code = at_desk(house, story)
    rolled.put_back()
    with rolled.reopened(older=True) as house:
        assert list(accepting.stale_accounts(house)) == [StaleAccount(ada.user, frozenset(["password"]), False)]
        assert accept(house).accounts == [StaleAccount(ada.user, frozenset(["password"]), False)]
        assert accept(house).accounts == []
    with rolled.reopened() as house:
        assert not comes_in(house, ada, ada.password)
        assert at_desk(house, lambda desk: recovers(desk, ada, code))
        told = [record.envelope.type for record in house.log.read_stream(f"account-{ada.user}")]
        assert told.count("PasswordChanged") == 2  # The counts go on from the log's.


def test_an_older_recovery_code_does_not_hold_again_but_the_password_does(rolled: Rolled) -> None:
    house = rolled.house
    ada = builders.person(house, "ada")

    async def story(desk: Desk) -> str:
        code = (await passwords.issue_code(desk, ada.who, ada.password, None)).recovery_code
        copy_keyring(rolled)
        await passwords.issue_code(desk, ada.who, ada.password, None)
        return code

    code = at_desk(house, story)
    rolled.put_back()
    with rolled.reopened(older=True) as house:
        (account,) = accept(house).accounts
        assert account.stale == {"recovery_code"}
        assert not account.shut
    with rolled.reopened() as house:
        assert not at_desk(house, lambda desk: recovers(desk, ada, code))
        assert comes_in(house, ada, ada.password)


def test_where_both_are_older_the_operator_may_let_them_in(rolled: Rolled) -> None:
    house = rolled.house
    ada, ben = builders.person(house, "ada"), builders.person(house, "ben")
    copy_keyring(rolled)
    for person in (ada, ben):
        replace_both(house, person)
    rolled.put_back()
    with rolled.reopened(older=True) as house:
        found = {account.user_id: account for account in accept(house, [ben.user]).accounts}
        assert (found[ada.user].shut, found[ben.user].shut) == (True, False)
    with rolled.reopened() as house:
        assert not comes_in(house, ada, ada.password)
        assert comes_in(house, ben, ben.password)


def replace_both(house: House, person: Person) -> None:
    async def story(desk: Desk) -> None:
        await passwords.issue_code(desk, person.who, person.password, None)
        await passwords.change(desk, person.who, Change(person.password, NEW), None)

    at_desk(house, story)


def test_an_authenticator_that_was_replaced_does_not_hold_again(rolled: Rolled) -> None:
    """The old one was lost, or somebody has it."""
    house = rolled.house
    ada = builders.person(house, "ada")
    code = at_desk(house, lambda desk: passwords.issue_code(desk, ada.who, ada.password, None)).recovery_code
    set_totp(house, ada, b"A", 1)
    copy_keyring(rolled)
    set_totp(house, ada, None, 1)
    set_totp(house, ada, b"B", 2)
    rolled.put_back()
    with rolled.reopened(older=True) as house:
        assert accept(house).accounts == [StaleAccount(ada.user, frozenset(["second_factor"]), False)]
        assert house.keyring.totp(ada.user) is None
    with rolled.reopened() as house:
        keyring_age.require_keyring(house.layout, house.settings)
        assert not comes_in(house, ada, ada.password)
        assert at_desk(house, lambda desk: recovers(desk, ada, code))


def test_cut_off_the_next_start_is_refused_like_the_first(rolled: Rolled, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = builders.person(rolled.house, "ada")
    copy_keyring(rolled)
    close_everywhere(rolled.house, ada)
    rolled.put_back()

    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    with rolled.reopened(older=True) as house, monkeypatch.context() as patched:
        patched.setattr(accepting, "first_sweep", cut_off)
        with pytest.raises(KeyboardInterrupt):
            accept(house)
    with pytest.raises(KeyringOlder):
        House(house.settings)
    with rolled.reopened(older=True) as house:
        accept(house)
    House(house.settings).close()


def test_nothing_is_accepted_while_somebody_works_on_the_folder(rolled: Rolled) -> None:
    with closing(rolled.house), rolled.reopened(older=True) as house, pytest.raises(NotAlone):
        accept(house)
