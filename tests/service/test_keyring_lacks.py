"""An older keyring that lacks only what came after it: noticed without its mark, and what it lacks is not destroyed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest
import structlog

from domain import account
from domain.events import ErasureRequested
from service.accounts.accounts import fold_account
from service.house import keyring_lost
from service.house.facts import to_fact
from service.house.house import House
from service.management import erasing
from service.management.erasing import request_erasure
from service.upkeep import keyring_age, leftovers
from service.upkeep.accepting import AccountsLost, StaleAccount, accept, lost_accounts
from service.upkeep.revived import lagging
from service.upkeep.sweep import Sweeper
from tests import builders
from tests.builders import Person
from tests.service.backing_up import back_up, put_back
from tests.service.desks import at_desk
from tests.service.keeping import blobs, kept, own_blob, sent, sweep
from tests.service.rolling import Rolled, add_passkey, copy_keyring, remove_passkey
from vault.errors import KeyringOlder
from vault.keyring_mark import raise_mark, read_mark

AGES_US = 10**15


@pytest.fixture
def rolled(tmp_path: Path) -> Rolled:
    """Its house is closed by `put_back`."""
    return Rolled(House(builders.settings(tmp_path / "data")), tmp_path / "copy")


@pytest.fixture
def lacking(rolled: Rolled) -> tuple[Rolled, Person, str]:
    """Somebody registered after the copy was made, and keeps a file."""
    for name in ("ada", "ann"):
        builders.person(rolled.house, name)
    copy_keyring(rolled)
    ben = builders.person(rolled.house, "ben")
    return rolled, ben, kept(rolled.house, ben, b"kept")


def missing_mark(path: Path) -> None:
    path.unlink()


def damaged_mark(path: Path) -> None:
    path.write_bytes(b"\x07" * 16)


def mark_behind(path: Path) -> None:
    path.unlink()
    raise_mark(path, 1)


# -- accounts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spoil", [missing_mark, damaged_mark, mark_behind])
def test_a_keyring_that_lacks_only_who_came_later_is_refused_everywhere(
    lacking: tuple[Rolled, Person, str], spoil: Callable[[Path], None]
) -> None:
    rolled, ben, _ = lacking
    rolled.put_back()
    layout, settings = rolled.house.layout, rolled.house.settings
    spoil(layout.keyring_mark)
    marked = read_mark(layout.keyring_mark)
    for _ in range(2):
        with pytest.raises(KeyringOlder, match=f"which has {ben.user}.*keyring accept"):
            House(settings)
        with pytest.raises(KeyringOlder):
            keyring_age.require_keyring(layout, settings)
    assert read_mark(layout.keyring_mark) == marked


def test_put_back_together_with_its_mark_it_is_refused_before_anybody_is_served(
    lacking: tuple[Rolled, Person, str],
) -> None:
    rolled, ben, _ = lacking
    rolled.put_back(mark=False)
    with closing(apsw.Connection(str(rolled.house.layout.keyring))) as keyring:
        keyring.execute("UPDATE server SET generation = 0")  # As before generations were counted: that tells nothing.
    with pytest.raises(KeyringOlder):
        House(rolled.house.settings)
    with closing(apsw.Connection(str(rolled.house.layout.keyring))) as keyring:
        keyring.execute("UPDATE server SET generation = 2")
    raise_mark(rolled.house.layout.keyring_mark, 2)
    House(rolled.house.settings).close()  # The mark alone does not tell it.
    with pytest.raises(KeyringOlder, match=f"which has {ben.user}"):
        keyring_age.require_keyring(rolled.house.layout, rolled.house.settings)


@pytest.mark.parametrize("spoil", [missing_mark, damaged_mark, mark_behind])
def test_the_newest_keyring_starts_without_its_mark_and_gets_one(
    rolled: Rolled, spoil: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = rolled.house
    ada, gone = builders.person(house, "ada"), builders.person(house, "gone")
    at_desk(house, lambda desk: erasing.erase(desk, gone.who, gone.password))
    house.close()
    spoil(house.layout.keyring_mark)
    keyring_age.require_keyring(house.layout, house.settings)
    with rolled.reopened() as house:
        assert read_mark(house.layout.keyring_mark) == house.keyring.generation()
        assert house.keyring.account(ada.user) is not None
        monkeypatch.setattr(keyring_lost, "lost_accounts", None)
        House(house.settings).close()  # Beside it, and the mark alone tells.


def test_a_registration_that_was_cut_off_is_no_loss(rolled: Rolled) -> None:
    """Its keys come first, so the keyring has one more than the log."""
    house = rolled.house
    builders.person(house, "ada")
    cut_off = builders.person(house, "cut-off")
    without = rolled.house.log.read_stream(f"account-{cut_off.user}")
    assert without
    house.close()
    with closing(apsw.Connection(str(house.layout.events))) as log:
        log.execute("DROP TRIGGER events_are_not_deleted")
        log.execute("DELETE FROM events WHERE user = ?", (cut_off.user,))
    house.layout.keyring_mark.unlink()
    keyring_age.require_keyring(house.layout, house.settings)


def test_all_accounts_of_the_log_are_looked_at_page_by_page_and_it_says_so(
    lacking: tuple[Rolled, Person, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rolled, ben, _ = lacking
    others = [builders.person(rolled.house).user for _ in range(2)]
    rolled.put_back(mark=False)
    monkeypatch.setattr(keyring_lost, "PAGE", 1)
    monkeypatch.setattr(keyring_lost, "PROGRESS", 2)
    with rolled.reopened(older=True) as house, structlog.testing.capture_logs() as said:
        assert list(lost_accounts(house)) == sorted([ben.user, *others])
    assert [line["accounts"] for line in said] == [2, 4]


def test_neither_the_sweeper_nor_a_check_destroys_what_the_log_has_and_the_keyring_lacks(
    lacking: tuple[Rolled, Person, str],
) -> None:
    """Were all else to fail, the newer keyring finds its files where it left them."""
    rolled, ben, file_id = lacking
    waiting = sent(rolled.house, ben, b"waiting")
    shutil.copyfile(rolled.house.layout.keyring, rolled.copy.with_name("newer"))
    rolled.put_back()
    with rolled.reopened(older=True) as house:
        sweep(house)
        assert list(leftovers.leftovers(house)) == []
        assert blobs(house) == [own_blob(file_id)]
        assert house.layout.spool_file(waiting).exists()
    shutil.copyfile(rolled.copy.with_name("newer"), house.layout.keyring)
    with rolled.reopened() as house:
        assert builders.blob_bytes(house, ben, file_id) == b"kept"


def test_a_file_that_came_after_the_copy_stays_though_its_owner_is_there(rolled: Rolled) -> None:
    ada = builders.person(rolled.house, "ada")
    copy_keyring(rolled)
    file_id = kept(rolled.house, ada, b"later")
    rolled.put_back()
    with rolled.reopened(older=True) as house:
        accept(house)
        sweep(house)
        assert blobs(house) == [own_blob(file_id)]


def test_keys_of_an_account_that_is_lost_are_not_swept(lacking: tuple[Rolled, Person, str]) -> None:
    rolled, ben, file_id = lacking
    with closing(rolled.house), rolled.house.keyring._transaction(cascade=False) as write:
        write.execute("DELETE FROM account WHERE user_id = ?", (ben.user,))
    with rolled.reopened(older=True) as house:
        sweep(house)
        assert house.keyring.stream_key(f"file-{file_id}", ben.user) is not None


# -- accepted ----------------------------------------------------------------------------------------------------


def test_lost_accounts_are_given_up_only_by_a_word_for_it(lacking: tuple[Rolled, Person, str]) -> None:
    rolled, ben, file_id = lacking
    rolled.put_back(mark=False)
    with rolled.reopened(older=True) as house:
        head = house.log.head()
        with pytest.raises(AccountsLost, match=r"1 accounts.*newer keyring\.db back.*--give-up-lost"):
            accept(house)
        assert (house.log.head(), blobs(house)) == (head, [own_blob(file_id)])
        assert accept(house, give_up_lost=True).lost == 1
        state = fold_account(house.log.read_stream(f"account-{ben.user}"))
        assert (state.erasing, state.erased, blobs(house)) == (True, True, [])
    keyring_age.require_keyring(house.layout, house.settings)


def test_an_acceptance_that_was_cut_off_leaves_no_mark(
    lacking: tuple[Rolled, Person, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rolled, ben, _ = lacking
    rolled.put_back(mark=False)

    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    with rolled.reopened(older=True) as house, monkeypatch.context() as patched:
        patched.setattr("service.upkeep.accepting.request_erasure", cut_off)
        house.keyring.touch_session(ben.who.session_id, 1)
        with house.keyring._transaction() as write:
            write.execute("UPDATE account SET time_cost = time_cost")
        with pytest.raises(KeyboardInterrupt):
            accept(house, give_up_lost=True)
        assert read_mark(house.layout.keyring_mark) == 0
    with pytest.raises(KeyringOlder):
        House(house.settings)


# -- passkeys ----------------------------------------------------------------------------------------------------


def test_a_keyring_that_lacks_only_a_further_passkey_is_refused_and_accepted_by_name(rolled: Rolled) -> None:
    ada = builders.person(rolled.house, "ada")
    add_passkey(rolled.house, ada, "first")
    copy_keyring(rolled)
    add_passkey(rolled.house, ada, "further")
    rolled.put_back(mark=False)
    with pytest.raises(KeyringOlder, match="older than the log"):
        keyring_age.require_keyring(rolled.house.layout, rolled.house.settings)
    with rolled.reopened(older=True) as house:
        assert accept(house).accounts == [StaleAccount(ada.user, frozenset(["passkey"]), False)]
    keyring_age.require_keyring(rolled.house.layout, rolled.house.settings)
    with rolled.reopened() as house:
        Sweeper().sweep(house, house.log, AGES_US)
        passkeys = fold_account(house.log.read_stream(f"account-{ada.user}")).passkeys
        assert passkeys == {("first", False)}


def test_a_removal_is_remembered_until_the_log_knows_and_no_longer(rolled: Rolled) -> None:
    house = rolled.house
    ada = builders.person(house, "ada")
    for passkey in ("first", "further"):
        add_passkey(house, ada, passkey)
    remove_passkey(house, ada, "further")
    assert lagging(house, house.log) is None
    sweeper = Sweeper()
    assert sweeper.sweep(house, house.log, AGES_US) is not None
    assert house.keyring.removed_passkeys(ada.user) == {"further"}
    assert fold_account(house.log.read_stream(f"account-{ada.user}")).passkeys == {("first", False)}
    sweeper.sweep(house, house.log, AGES_US)
    assert house.keyring.removed_passkeys(ada.user) == frozenset()
    assert lagging(house, house.log) is None
    house.close()


def test_who_compares_while_the_log_is_told_of_a_removal_is_not_misled(
    rolled: Rolled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log is read, then somebody tells it and forgets what was remembered, then the keyring is read."""
    house = rolled.house
    ada = builders.person(house, "ada")
    add_passkey(house, ada, "one")
    remove_passkey(house, ada, "one")
    asked = house.keyring.lags
    sweeper = Sweeper()

    def told_meanwhile(user: str, told: object) -> bool:
        monkeypatch.setattr(house.keyring, "lags", asked)
        for _ in range(2):
            sweeper.sweep(house, house.log, AGES_US)
        assert house.keyring.removed_passkeys(ada.user) == frozenset()
        return asked(user, told)  # type: ignore[arg-type]  # As it came.

    monkeypatch.setattr(house.keyring, "lags", told_meanwhile)
    assert lagging(house, house.log) is None
    house.close()


def test_a_removal_that_an_older_schema_did_not_remember_is_got_out_of(rolled: Rolled) -> None:
    """Lifted between the removal and its event: refused as an older keyring is, and accepting changes nothing else."""
    house = rolled.house
    ada = builders.person(house, "ada")
    for passkey in ("first", "further"):
        add_passkey(house, ada, passkey)
    remove_passkey(house, ada, "further")
    house.keyring.drop_removed(ada.user, ["further"])
    house.close()
    with pytest.raises(KeyringOlder):
        keyring_age.require_keyring(house.layout, house.settings)
    with rolled.reopened(older=True) as house:
        before = house.keyring.account(ada.user)
        assert accept(house).accounts == [StaleAccount(ada.user, frozenset(["passkey"]), False)]
        assert house.keyring.account(ada.user) == before
        assert [row.passkey_id for row in house.keyring.passkeys(ada.user)] == ["first"]
    keyring_age.require_keyring(house.layout, house.settings)


# -- put back from a backup --------------------------------------------------------------------------------------


def test_a_restore_of_what_was_erased_and_removed_since_starts_and_is_told_of_it(
    rolled: Rolled, tmp_path: Path
) -> None:
    """The keyring is newer than the log there, and lacks what that has: no older one for it."""
    house, target, anew = rolled.house, tmp_path / "backups", tmp_path / "anew"
    target.mkdir()
    ada, ben = builders.person(house, "ada"), builders.person(house, "ben")
    for passkey in ("first", "further"):
        add_passkey(house, ada, passkey)
    earlier = back_up(house, target)
    at_desk(house, lambda desk: erasing.erase(desk, ben.who, ben.password))
    remove_passkey(house, ada, "further")
    for _ in range(2):
        Sweeper().sweep(house, house.log, AGES_US)
    back_up(house, target)
    shutil.rmtree(earlier.keyring)
    put_back(house, target, anew, generation=earlier.name)
    house.close()
    with closing(House(builders.settings(anew))) as house:
        keyring_age.require_keyring(house.layout, house.settings)
        sweep(house)
        assert fold_account(house.log.read_stream(f"account-{ben.user}")).erased
        assert fold_account(house.log.read_stream(f"account-{ada.user}")).passkeys == {("first", False)}


def test_an_erasure_by_the_operator_is_asked_for_once(rolled: Rolled) -> None:
    ada = builders.person(rolled.house, "ada")
    for _ in range(2):
        request_erasure(rolled.house.writer, rolled.house.log, ada.user)
    events = [to_fact(record).event for record in rolled.house.log.read_stream(f"account-{ada.user}")]
    assert sum(isinstance(event, ErasureRequested) for event in events) == 1
    assert account.State().there is False
    rolled.house.close()
