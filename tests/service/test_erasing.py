"""Erasing an account: at whatever step it is cut off, the next who comes finishes it; nothing of it comes back."""

from __future__ import annotations

import pytest

from domain.errors import BadCredentials, WrongPassword
from domain.events import AccountErased, ErasureRequested, FileDeleted
from eventstore.errors import LogFull
from eventstore.record import Append
from projections.runner import Projector
from service.accounts import registering
from service.accounts.registering import Registration
from service.desk.desk import Desk
from service.entrance import passwords, sessions
from service.entrance.passwords import Change
from service.house.facts import to_fact, to_records
from service.house.house import House
from service.house.principal import authenticate, encode_token
from service.machine.errors import Busy
from service.management import erasing
from service.processing.storing import store
from service.upkeep import inventory
from service.upkeep.projecting import catch_up, check
from service.upkeep.sweep import Sweeper
from service.uploads import pending
from service.uploads.upload_words import Words
from tests import builders
from tests.builders import NO_HINT, Person
from tests.service.desks import Fault, at_desk, failing_appends
from tests.service.keeping import DATA, blobs, kept, sent
from vault.errors import KeyringFull
from vault.keys import token_hash
from vault.pending import Form

NEW = "a wholly other staple of horses"


def project(house: House) -> None:
    with Projector(house.layout.user_data) as projector:
        catch_up(house.log, projector)


def sweep(house: House) -> None:
    """As often as it takes to come by everything."""
    sweeper = Sweeper()
    for _ in range(32):
        sweeper.sweep(house, house.log, 0)


async def erase(desk: Desk, person: Person) -> int:
    return await erasing.erase(desk, person.who, person.password)


def events_of(house: House, person: Person) -> list[type]:
    return [type(to_fact(record).event) for record in house.log.read_user(person.user, 0, 500)]


def spools(house: House) -> list[str]:
    return sorted(path.name for path in house.layout.spool.iterdir())


def require_gone(house: House, person: Person, files: tuple[str, ...] = ()) -> None:
    """Everything that could be destroyed is, and the log says so once."""
    project(house)
    assert house.keyring.account(person.user) is None
    assert house.keyring.drop_sessions(person.user) == []
    assert house.keyring.used_bytes(person.user) == 0
    assert not any(house.keyring.blob_in_use(file_id) for file_id in files)
    assert house.pending.claimed_bytes(person.user) == 0
    assert not set(blobs(house)) & {f"{file_id}.blob" for file_id in files}
    assert house.reader.user(person.user) is None
    assert house.reader.sessions(person.user, 0) == []
    assert house.reader.erasing("", 10) == []
    assert events_of(house, person).count(ErasureRequested) == 1
    assert events_of(house, person).count(AccountErased) == 1
    assert check(house) == []
    stock = inventory.check(house, lambda *_: None)
    assert (stock.faults, stock.orphans) == (0, 0), stock.found


# -- the whole way -----------------------------------------------------------------------------------------------


def test_an_erased_account_is_gone_and_its_neighbour_is_not(house: House, ada: Person) -> None:
    ben = builders.person(house, "ben")
    hers = (kept(house, ada), kept(house, ada, b"another"), sent(house, ada, b"not stored yet"))
    shared = sent(house, ada)  # The same content: its blob is the first one's.
    store(house, house.log, shared)
    his = kept(house, ben, DATA)
    builders.started_chat(house, ada)
    project(house)

    async def story(desk: Desk) -> None:
        head = house.log.head()
        await pending.create(desk, ada.who, Words(name="half"), 100, Form.WHOLE, None)
        assert await erase(desk, ada) == head + 1
        with pytest.raises(BadCredentials):
            authenticate(house, encode_token(ada.token))
        with pytest.raises(BadCredentials):
            await sessions.login(desk, "ada", ada.password, NO_HINT, None)

    at_desk(house, story)
    assert erasing.finish(house, house.log, ada.user)
    require_gone(house, ada, (*hers, shared))
    assert spools(house) == []
    assert events_of(house, ada).count(FileDeleted) == 4
    assert events_of(house, ada)[-1] is AccountErased
    assert authenticate(house, encode_token(ben.token)).user == ben.user
    assert builders.blob_bytes(house, ben, his) == DATA


def test_name_and_address_are_free_again(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        await erase(desk, ada)
        form = Registration("Ada", ada.email, NEW, NO_HINT)
        entry = await registering.register(desk, form, None)
        assert entry.user.user_id != ada.user
        with pytest.raises(BadCredentials):
            await sessions.login(desk, "ada", ada.password, NO_HINT, None)

    at_desk(house, story)


def test_a_wrong_password_erases_nothing(house: House, ada: Person) -> None:
    head = house.log.head()

    async def story(desk: Desk) -> None:
        with pytest.raises(WrongPassword):
            await erasing.erase(desk, ada.who, "not this one at all")

    at_desk(house, story)
    assert house.log.head() == head
    assert authenticate(house, encode_token(ada.token)).user == ada.user


def test_the_queue_alone_erases_nobody(house: House, ada: Person) -> None:
    assert not erasing.finish(house, house.log, ada.user)
    assert not erasing.finish(house, house.log, "nobody")
    assert authenticate(house, encode_token(ada.token)).user == ada.user


def test_many_files_go_in_batches_and_an_account_without_any_goes_too(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "FILES_AT_ONCE", 2)
    monkeypatch.setattr(erasing, "PAGE", 3)
    files = tuple(builders.uploaded_file(house, ada, b"waits") for _ in range(5))
    ben = builders.person(house, "ben")
    at_desk(house, lambda desk: erase(desk, ada))
    at_desk(house, lambda desk: erase(desk, ben))
    for person in (ada, ben):
        assert erasing.finish(house, house.log, person.user)
    require_gone(house, ada, files)
    require_gone(house, ben)
    assert spools(house) == []


# -- cut off -----------------------------------------------------------------------------------------------------


class Crash(BaseException):
    pass


def crash(*_: object, **__: object) -> None:
    raise Crash


CRASHES: dict[str, tuple[object, str]] = {
    "before the keys": (House, "keyring.shut_account"),
    "before what is under the user key": (House, "keyring.drop_remains"),
    "between the keys and the uploads under way": (House, "pending.drop_user"),
    "before the files are said to be deleted": (erasing, "say"),
    "before their bytes go": (erasing, "drop_blob"),
    "before it is said that all is done": (erasing, "_say_erased"),
}


@pytest.mark.parametrize("step", CRASHES)
@pytest.mark.parametrize("again", ["worker", "sweeper"])
def test_cut_off_at_any_step_it_is_finished_by_whoever_comes_next(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, step: str, again: str
) -> None:
    files = (kept(house, ada), sent(house, ada, b"not stored yet"))
    at_desk(house, lambda desk: pending.create(desk, ada.who, Words(name="half"), 100, Form.WHOLE, None))
    project(house)
    request = to_records(ada.user, f"account-{ada.user}", 2, (ErasureRequested(),))
    house.writer.append(Append(request))
    where, name = CRASHES[step]
    with monkeypatch.context() as patched:
        if where is House:
            room, _, method = name.partition(".")
            patched.setattr(getattr(house, room), method, crash)
        else:
            patched.setattr(where, name, crash)
        with pytest.raises(Crash):
            erasing.finish(house, house.log, ada.user)
    project(house)
    if again == "worker":
        assert erasing.finish(house, house.log, ada.user)
    else:
        sweep(house)
    require_gone(house, ada, files)
    assert spools(house) == []


def test_cut_off_after_the_request_nobody_signs_in_any_more(house: House, ada: Person) -> None:
    house.writer.append(Append(to_records(ada.user, f"account-{ada.user}", 2, (ErasureRequested(),))))

    async def story(desk: Desk) -> None:
        with pytest.raises(BadCredentials):
            await sessions.login(desk, "ada", ada.password, NO_HINT, None)
        with pytest.raises(BadCredentials):
            await passwords.change(desk, ada.who, Change(ada.password, NEW), None)
        await erase(desk, ada)  # Asked again, by the session that is still there.

    at_desk(house, story)
    erasing.finish(house, house.log, ada.user)
    require_gone(house, ada)


def test_an_account_that_an_older_keyring_brings_back_goes_again(house: House, ada: Person) -> None:
    row = house.keyring.account(ada.user)
    session = house.keyring.session_by_token(token_hash(ada.token))
    assert row is not None
    assert session is not None
    at_desk(house, lambda desk: erase(desk, ada))
    erasing.finish(house, house.log, ada.user)
    house.keyring.add_account(row, session)
    sweep(house)
    require_gone(house, ada)


@pytest.mark.parametrize("fault", [LogFull("full"), TimeoutError])
def test_an_erasure_that_the_log_refuses_has_not_begun(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    async def story(desk: Desk) -> None:
        failing_appends(desk, monkeypatch, fault)
        with pytest.raises(type(fault) if isinstance(fault, Exception) else fault):
            await erase(desk, ada)

    at_desk(house, story)
    assert authenticate(house, encode_token(ada.token)).user == ada.user


def test_a_keyring_that_is_full_puts_the_erasure_off_and_says_so(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: str) -> None:
        raise KeyringFull("full")

    async def story(desk: Desk) -> None:
        monkeypatch.setattr(house.keyring, "shut_account", full)
        with pytest.raises(Busy, match="being erased"):
            await erase(desk, ada)

    at_desk(house, story)
    monkeypatch.undo()
    sweep(house)
    project(house)
    sweep(house)
    require_gone(house, ada)
