"""What is said while the tables lag behind the log: never that a thing is not there, never that nothing changed."""

from __future__ import annotations

import os

import pytest

from domain import file, session
from domain.file import DeleteFile, FailFile, FileCommand
from eventstore.record import Append
from service.house.facts import Sealing, to_records
from service.house.house import House
from service.machine.ids import new_id
from tests import builders
from tests.api.asking import Clock, ask, problem, project
from tests.builders import DAY_US, Person, started_chat, uploaded_file

SECOND_US = 1_000_000


def happened(house: House, owner: Person, file_id: str, command: FileCommand) -> None:
    events = file.decide(command, file.State(status="processing"))
    house.writer.append(Append(to_records(owner.user, f"file-{file_id}", 1, events)))


def signed_in_again(house: House, owner: Person) -> Person:
    """The same person with another session."""
    token = os.urandom(32)
    row = builders._session_row(house, owner.who.keys, token)
    account = house.keyring.account(owner.user)
    assert account is not None
    house.keyring.add_session(row, account.password_verifier)
    opened = session.decide(session.OpenSession(row.expires_at_us, "another"), session.State())
    sealing = Sealing("user", owner.who.keys.session_key())
    house.writer.append(Append(to_records(owner.user, f"session-{row.session_id}", 0, opened, sealing)))
    return Person(owner.who, token, owner.username, owner.email, owner.password)


def test_a_stale_answer_has_no_tag_and_never_says_that_nothing_changed(house: House, ada: Person) -> None:
    project(house)
    etag = ask(house, "/user/data", ada).headers["etag"]
    assert ask(house, "/user/data", ada, headers={"If-None-Match": f'"x", {etag}'}).status_code == 304
    started_chat(house, ada)
    for tag in (etag, "*"):
        stale = ask(house, "/user/data", ada, headers={"If-None-Match": tag})
        assert (stale.status_code, stale.headers["strongroom-stale"]) == (200, "true")
        assert "etag" not in stale.headers
    project(house)
    assert ask(house, "/user/data", ada).headers["etag"] != etag


def test_a_session_that_ends_by_the_clock_changes_the_tag(house: House, ada: Person, clock: Clock) -> None:
    clock.now_us += 10 * SECOND_US
    later = signed_in_again(house, ada)
    project(house)
    clock.now_us += DAY_US - 11 * SECOND_US
    first = ask(house, "/user/data", later)
    assert len(first.json["sessions"]) == 2
    same = {"If-None-Match": first.headers["etag"]}
    assert ask(house, "/user/data", later, headers=same).status_code == 304
    clock.now_us += 5 * SECOND_US
    ended = ask(house, "/user/data", later, headers=same)
    assert ended.status_code == 200
    assert len(ended.json["sessions"]) == 1


@pytest.mark.parametrize("path", ["/files/{}", "/files/{}/content"])
def test_a_file_that_was_acknowledged_is_never_told_to_be_missing(house: House, ada: Person, path: str) -> None:
    project(house)
    file_id = uploaded_file(house, ada, b"soon")
    busy = ask(house, path.format(file_id), ada)
    problem(busy, 503, "busy")
    assert busy.headers["retry-after"] == "1"
    project(house)
    assert ask(house, path.format(file_id), ada).status_code in (200, 409)


def test_what_is_not_there_is_missing_however_late_the_tables_are(house: House, ada: Person) -> None:
    bob = builders.person(house, "bob")
    his, deleted = uploaded_file(house, bob, b"his"), uploaded_file(house, ada, b"gone")
    happened(house, ada, deleted, DeleteFile())
    for file_id in (his, deleted, new_id()):
        problem(ask(house, f"/files/{file_id}", ada), 404, "not_found")


def test_an_old_row_says_that_it_is_old(house: House, ada: Person) -> None:
    file_id = uploaded_file(house, ada, b"soon")
    project(house)
    for path in (f"/files/{file_id}", "/auth/sessions"):
        assert "strongroom-stale" not in ask(house, path, ada).headers
    started_chat(house, ada)
    for path in (f"/files/{file_id}", "/auth/sessions"):
        old = ask(house, path, ada)
        assert (old.status_code, old.headers["strongroom-stale"]) == (200, "true")


def test_a_file_that_failed_is_not_waited_for(house: House, ada: Person) -> None:
    file_id = uploaded_file(house, ada, b"soon")
    project(house)
    early = ask(house, f"/files/{file_id}/content", ada)
    problem(early, 409, "not_ready")
    assert early.headers["retry-after"] == "1"
    happened(house, ada, file_id, FailFile("spool_broken"))
    project(house)
    failed = ask(house, f"/files/{file_id}/content", ada)
    problem(failed, 409, "processing_failed")
    assert "retry-after" not in failed.headers
    started_chat(house, ada)  # From now on the row is old, and the file may have been retried since.
    problem(ask(house, f"/files/{file_id}/content", ada), 409, "not_ready")


def test_a_method_that_is_not_there_names_those_that_are(house: House, ada: Person) -> None:
    refused = ask(house, "/user/data", ada, method="HEAD")
    assert refused.status_code == 405
    assert {name.strip() for name in refused.headers["allow"].split(",")} == {"GET", "OPTIONS"}
