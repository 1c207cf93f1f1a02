"""What is under way while an account is erased: it comes before and is taken along, or after and is refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from domain import file
from domain.errors import BadCredentials
from domain.events import ErasureRequested, FileStored
from eventstore.record import Append
from service.accounts import registering
from service.accounts.registering import Registration
from service.desk.desk import Desk
from service.entrance import passwords, recovering, sessions
from service.entrance.passwords import Change
from service.entrance.recovering import Recovery
from service.files.messages import Draft, send
from service.house.facts import Sealing, to_records
from service.house.house import House
from service.house.principal import authenticate, encode_token
from service.management import erasing
from service.processing import storing
from service.processing.storing import Done, store
from service.uploads import pending
from service.uploads.upload_words import Words
from tests import builders
from tests.builders import NO_HINT, Person
from tests.service.desks import at_desk, before_append
from tests.service.keeping import blobs, kept, sent
from tests.service.test_erasing import NEW, events_of, project, require_gone, spools, sweep
from vault.errors import AccountGone
from vault.pending import Form


def gone(house: House, person: Person) -> Callable[[], object]:
    """The whole erasure, in the middle of something else."""

    def act() -> None:
        house.writer.append(Append(to_records(person.user, f"account-{person.user}", 2, (ErasureRequested(),))))
        erasing.finish(house, house.log, person.user)

    return act


def test_a_sign_in_under_way_leaves_no_session_behind(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        async def act() -> None:
            gone(house, ada)()

        before_append(desk, monkeypatch, act)
        with pytest.raises(BadCredentials):
            await sessions.login(desk, "ada", ada.password, NO_HINT, None)

    at_desk(house, story)
    require_gone(house, ada)


Adding = Callable[[Desk, Person], Awaitable[object]]
ADDING: dict[str, Adding] = {
    "signing in": lambda desk, ada: sessions.login(desk, "ada", ada.password, NO_HINT, None),
    "changing the password": lambda desk, ada: passwords.change(desk, ada.who, Change(ada.password, NEW), None),
    "a new code": lambda desk, ada: passwords.issue_code(desk, ada.who, ada.password, None),
}


@pytest.mark.parametrize("adding", ADDING.values(), ids=ADDING)
def test_what_would_add_a_key_after_the_erasure_is_refused(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, adding: Adding
) -> None:
    async def story(desk: Desk) -> None:
        aside = desk.aside

        async def act_first(work: Callable[[], object]) -> object:
            monkeypatch.setattr(desk, "aside", aside)
            gone(house, ada)()
            return await aside(work)

        monkeypatch.setattr(desk, "aside", act_first)
        with pytest.raises(BadCredentials):
            await adding(desk, ada)

    at_desk(house, story)
    require_gone(house, ada)


def test_a_recovery_under_way_does_not_bring_the_account_back(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(desk: Desk) -> Person:
        form = Registration("mara", "mara@example.org", "correct horse battery staple", NO_HINT)
        entry = await registering.register(desk, form, None)
        who = authenticate(house, encode_token(entry.token))
        mara = Person(who, entry.token, "mara", form.email, form.password)
        recover = house.keyring.recover

        def act_first(*given: object, **named: object) -> object:
            gone(house, mara)()
            return recover(*given, **named)  # type: ignore[arg-type]  # Handed on as they came.

        monkeypatch.setattr(house.keyring, "recover", act_first)
        with pytest.raises(BadCredentials):
            await recovering.recover(desk, Recovery("mara", entry.recovery_code, NEW, NO_HINT), None)
        return mara

    require_gone(house, at_desk(house, story))


def test_chats_files_and_uploads_of_an_erased_account_are_refused(house: House, ada: Person) -> None:
    gone(house, ada)()

    async def story(desk: Desk) -> None:
        with pytest.raises(AccountGone):
            await send(desk, ada.who, Draft("hello", None, "text/plain", "user", None, ()), None)
        with pytest.raises(BadCredentials):
            await pending.create(desk, ada.who, Words(name="late"), 100, Form.WHOLE, None)
        with pytest.raises(AccountGone):
            builders.spooled_file(house, ada, b"late")

    at_desk(house, story)
    sweep(house)
    require_gone(house, ada)
    assert spools(house) == []


def test_a_message_under_way_makes_no_row(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    chat_id = builders.started_chat(house, ada)

    async def story(desk: Desk) -> None:
        async def act() -> None:
            gone(house, ada)()

        before_append(desk, monkeypatch, act)
        sent_late = await send(desk, ada.who, Draft("late", chat_id, "text/plain", "user", None, ()), None)
        project(house)
        assert house.reader.message(ada.user, sent_late.message_id) is None

    at_desk(house, story)
    require_gone(house, ada)


@pytest.mark.parametrize("step", ["_write_blob", "_keep_key", "_record"])
def test_a_job_under_way_brings_neither_keys_nor_bytes_nor_rows_back(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    file_id = sent(house, ada)
    before = getattr(storing, step)

    def act_first(*given: object) -> object:
        monkeypatch.setattr(storing, step, before)
        gone(house, ada)()
        return before(*given)

    monkeypatch.setattr(storing, step, act_first)
    assert store(house, house.log, file_id) is Done.FORGOTTEN
    require_gone(house, ada, (file_id,))
    assert FileStored not in events_of(house, ada)
    assert spools(house) == []


def test_a_file_acknowledged_at_that_moment_is_forgotten_by_its_job(house: House, ada: Person) -> None:
    file_id, command, key = builders.spooled_file(house, ada, b"late")
    gone(house, ada)()
    stream = f"file-{file_id}"
    events = file.decide(command, file.State())
    house.writer.append(Append(to_records(ada.user, stream, 0, events, Sealing(stream, key))))
    assert store(house, house.log, file_id) is Done.FORGOTTEN
    require_gone(house, ada, (file_id,))
    assert spools(house) == []


def test_a_blob_whose_keys_went_with_the_account_is_swept(house: House, ada: Person, tmp_path: Path) -> None:
    file_id = kept(house, ada)
    copy = tmp_path / "copy"
    copy.write_bytes(house.layout.blob_file(file_id).read_bytes())
    erasing.request_erasure(house.writer, house.log, ada.user)  # Else its bytes would wait for the missing keys.
    house.keyring.drop_account(ada.user)
    sweep(house)
    assert blobs(house) == []
