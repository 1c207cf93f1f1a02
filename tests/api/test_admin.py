"""The operator's side of the API: nobody else's token opens it, and nothing of anybody's comes out of it."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import falcon.testing
import msgspec
import pytest

from api import admin
from domain import message
from eventstore.record import Append
from service.backup.last import LastBackup
from service.backup.last import tell as tell_backup
from service.house import queue_report, retry_requests
from service.house.facts import Sealing, to_records
from service.house.house import House
from service.house.keychain import Keychain
from service.house.operator import OperatorToken
from service.house.principal import encode_token
from service.house.queue_report import FailedJob, QueueReport, QueueState, Way
from service.machine.ids import new_id
from service.machine.process import SINCE
from service.reading.views import rfc3339
from service.signing.signer import Signer
from service.upkeep import storage_count
from service.upkeep.overview import REPORT_OLD_US
from tests import builders
from tests.api.asking import Clock, ask, problem, project
from tests.builders import Person
from tests.waiting import wait_for

OVERVIEW = "/admin/overview"
NO_JOB = "01a2086d-c8dc-7e43-abaf-ca8532dd20e7"  # Fixed: the names of tests are the same in every process.
PATHS = [("GET", OVERVIEW), ("POST", "/admin/jobs/retry"), ("POST", f"/admin/jobs/{NO_JOB}/retry")]


def operated(house: House, path: str, method: str = "GET", scheme: str = "Bearer") -> falcon.testing.Result:
    token = OperatorToken(house.layout, None).reveal()
    return ask(house, path, method=method, headers={"Authorization": f"{scheme} {token}"})


def seen(house: House) -> dict[str, Any]:
    answer = operated(house, OVERVIEW)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def failed_job(at_us: int, way: Way = "retry") -> FailedJob:
    return FailedJob(new_id(), "uploads", "store_file", new_id(), at_us, "SpoolBroken", 6, way)


def report(house: House, *jobs: FailedJob, beyond: int = 0) -> None:
    lost = sum(job.way == "lost" for job in jobs)
    oldest_at_us = house.clock_us() - 5_000_000
    states = {"uploads": QueueState(3, 1, len(jobs) + beyond, oldest_at_us, 2, lost), "media": QueueState(0, 0, 0)}
    queue_report.tell(house.layout, QueueReport(house.clock_us(), states, jobs))


def requested(house: House) -> list[str]:
    return [each.job for each in retry_requests.asked(house.layout)]


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_without_the_operators_token_nothing_is_told_or_done(house: House, ada: Person, method: str, path: str) -> None:
    report(house, failed_job(1))
    token = OperatorToken(house.layout, None).reveal()
    persons = encode_token(ada.token)
    refused = [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {token[:-1]}"},
        {"Authorization": f"Bearer {persons}"},
        {"Authorization": f"Basic {token}"},
        {"Authorization": token},
        {"Cookie": f"__Host-strongroom={token}", "Sec-Fetch-Site": "same-origin"},
        {"Cookie": f"__Host-strongroom={persons}", "Sec-Fetch-Site": "same-origin"},
    ]
    for headers in refused:
        answer = ask(house, path, method=method, headers=headers)
        problem(answer, 401, "bad_credentials")
        assert not answer.cookies
    assert requested(house) == []


def test_the_operators_token_opens_nothing_of_a_persons(house: House) -> None:
    problem(operated(house, "/user/data"), 401, "bad_credentials")


def test_a_new_house_is_told_as_it_is(house: House) -> None:
    found = seen(house)
    assert found["log"]["position"] == 0
    assert found["accounts"] == 0
    assert found["backup"] is None
    assert found["checkpoint"] is None
    assert found["jobs"]["reported_at"] is None
    assert found["jobs"]["old"]
    assert {queue["working"] for queue in found["jobs"]["queues"]} == {False}
    assert "queue" in found["health"]["missing"]
    assert found["storage"]["free_bytes"] > 0
    assert found["settings"]["registration"] == "open"
    assert found["running_since"] is None


def test_it_says_since_when_strongroom_runs(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SINCE, "1790000000")
    assert seen(house)["running_since"] == "2026-09-21T14:13:20.000000Z"


def test_no_answer_sets_a_cookie_or_may_be_kept(house: House) -> None:
    answer = operated(house, OVERVIEW)
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers


def test_the_numbers_are_those_of_the_house(house: House, ada: Person, clock: Clock) -> None:
    builders.person(house, "ben")
    project(house)
    builders.uploaded_file(house, ada, b"waits")
    signer = Signer(house.layout, house.server)
    signer.sign_news()
    signer.close()
    tell_backup(house.layout, LastBackup("2026-11-01", clock.now_us - 40 * 86_400_000_000, 2, "/backups", 1, "/keys"))
    report(house, failed_job(clock.now_us - 7))
    found = seen(house)
    head = house.log.head()
    assert (found["accounts"], found["log"]["position"]) == (2, head)
    assert found["log"]["size_bytes"] > 4_096
    assert found["projections"][0] | {"size_bytes": 0} == {
        "name": "user_data",
        "position": head - 1,
        "lag": 1,
        "behind_since": rfc3339(clock.now_us),
        "size_bytes": 0,
    }
    assert found["keyring_generation"] == house.keyring.generation()
    assert found["log"]["unsigned_since"] is None
    assert (found["checkpoint"]["size"], found["checkpoint"]["cosigners"]) == (head, [])
    assert (found["backup"]["folder"], found["backup"]["within_horizon"]) == ("/backups", False)
    uploads = next(queue for queue in found["jobs"]["queues"] if queue["name"] == "uploads")
    assert (uploads["waiting"], uploads["taken"], uploads["delayed"], uploads["failed"]) == (3, 2, 1, 1)
    assert uploads["oldest_at"] == "2027-01-15T07:59:55.000000Z"
    assert found["jobs"]["failed"][0]["error"] == "SpoolBroken"
    assert not found["jobs"]["old"]
    clock.now_us += REPORT_OLD_US + 1
    assert seen(house)["jobs"]["old"]


def test_what_the_last_checkpoint_does_not_cover_is_told_with_its_age(house: House, clock: Clock) -> None:
    signer = Signer(house.layout, house.server)
    signer.sign_news()
    signer.close()
    since = rfc3339(clock.now_us)
    builders.person(house, "ada")
    clock.now_us += 1_000_000
    builders.person(house, "ben")
    assert seen(house)["log"]["unsigned_since"] == since


@pytest.mark.parametrize("kept_bytes", [0, 100], ids=["no database at all", "every page spoiled"])
def test_what_cannot_be_read_is_told_as_that_and_the_rest_all_the_same(
    house: House, ada: Person, clock: Clock, kept_bytes: int
) -> None:
    project(house)
    report(house, failed_job(clock.now_us))
    head = house.log.head()
    for path in (house.layout.keyring, house.layout.events, house.layout.uploads):
        for beside in ("-wal", "-shm"):
            path.with_name(f"{path.name}{beside}").unlink(missing_ok=True)
        whole = path.read_bytes()
        path.write_bytes(whole[:kept_bytes] + b"\xfe" * (len(whole) - kept_bytes))
    found = seen(house)
    assert [found[part] for part in ("log", "accounts", "keyring_generation", "checkpoint")] == [None] * 4
    assert "keyring" in found["health"]["missing"]
    assert (found["storage"]["uploads"], found["storage"]["upload_bytes"]) == (None, None)
    assert found["storage"]["free_bytes"] > 0
    assert (found["projections"][0]["position"], found["projections"][0]["lag"]) == (head, None)
    assert len(found["jobs"]["failed"]) == 1


def test_what_lies_in_the_folders_is_counted_aside_and_once_a_minute(
    house: House, ada: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    builders.uploaded_file(house, ada, b"x" * 1000)
    answered, walk = threading.Event(), storage_count._walk

    def walk_then(folder: Path, until_s: float) -> tuple[int, int]:
        assert answered.wait(10.0)
        return walk(folder, until_s)

    monkeypatch.setattr(storage_count, "_walk", walk_then)
    assert seen(house)["storage"]["count"] is None
    answered.set()
    counted = wait_for(lambda: seen(house)["storage"]["count"], "the folders to be counted", 10.0)
    assert (counted["blobs"], counted["spools"]) == (0, 1)
    assert 1000 < counted["spool_bytes"] < 2000
    builders.uploaded_file(house, ada, b"x")
    assert storage_count.count_aside(house.layout, clock) is None
    clock.now_us += storage_count.FRESH_US
    thread = storage_count.count_aside(house.layout, clock)
    assert thread is not None
    thread.join(10.0)
    assert seen(house)["storage"]["count"]["spools"] == 2


def test_a_failed_job_is_asked_for_once_however_often_it_is_pressed(house: House, clock: Clock) -> None:
    job, lost = failed_job(clock.now_us), failed_job(clock.now_us, "lost")
    report(house, job, lost)
    for _ in range(2):
        answer = operated(house, f"/admin/jobs/{job.job_id}/retry", "POST")
        assert (answer.status_code, answer.json) == (202, {"jobs": 1, "others": 0})
    assert requested(house) == [job.job_id]
    problem(operated(house, f"/admin/jobs/{lost.job_id}/retry", "POST"), 409, "not_retryable")
    assert requested(house) == [job.job_id]


@pytest.mark.parametrize("name", [NO_JOB, "all", "..", "%2e%2e%2fx", "a" * 36, NO_JOB.upper(), "x\x00"])
def test_what_is_no_failed_job_is_not_asked_for(house: House, name: str) -> None:
    report(house, failed_job(1))
    assert operated(house, f"/admin/jobs/{name}/retry", "POST").status_code == 404
    assert not house.layout.retries.exists()


def test_all_of_them_are_one_request(house: House, clock: Clock) -> None:
    report(house)
    assert operated(house, "/admin/jobs/retry", "POST").json == {"jobs": 0, "others": 0}
    assert requested(house) == []
    report(house, failed_job(clock.now_us), failed_job(clock.now_us), failed_job(clock.now_us, "lost"))
    for _ in range(2):
        answer = operated(house, "/admin/jobs/retry", "POST")
        assert (answer.status_code, answer.json) == (202, {"jobs": 2, "others": 0})
    assert requested(house) == ["all"]


def test_of_those_that_no_worker_has_looked_at_nothing_is_promised(
    house: House, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin, "FAILED_SHOWN", 2)
    report(house, failed_job(clock.now_us), failed_job(clock.now_us, "lost"), beyond=7)
    jobs = seen(house)["jobs"]
    assert (jobs["failed_count"], jobs["lost_count"]) == (9, 1)
    assert operated(house, "/admin/jobs/retry", "POST").json == {"jobs": 1, "others": 7}
    report(house, failed_job(clock.now_us, "lost"), failed_job(clock.now_us, "lost"))
    assert operated(house, "/admin/jobs/retry", "POST").json == {"jobs": 0, "others": 0}


def test_requests_that_nobody_takes_are_bounded(house: House, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry_requests, "ASKED_MAX", 2)
    jobs = [failed_job(clock.now_us) for _ in range(3)]
    report(house, *jobs)
    codes = [operated(house, f"/admin/jobs/{job.job_id}/retry", "POST").status_code for job in jobs]
    assert codes == [202, 202, 503]


def test_a_report_that_is_no_report_is_none(house: House) -> None:
    house.layout.queue_report.write_bytes(b'{"at_us": "soon"')
    assert seen(house)["jobs"]["reported_at"] is None
    problem(operated(house, f"/admin/jobs/{new_id()}/retry", "POST"), 404, "not_found")


def test_nothing_of_a_persons_is_in_any_answer(house: House, clock: Clock) -> None:
    ada = builders.person(house, "canary-name", "canary-password")
    chat_id = builders.started_chat(house, ada, "canary-title")
    key = Keychain(house, ada.who).stream(f"chat-{chat_id}")
    assert key is not None
    message_id = new_id()
    sent = message.decide(message.SendMessage(chat_id, "user", "text/plain", "canary-words", ()), message.State())
    records = to_records(ada.user, f"message-{message_id}", 0, sent, Sealing(f"chat-{chat_id}", key))
    house.writer.append(Append(records))
    file_id = builders.uploaded_file(house, ada, b"canary-bytes", name="canary-file.txt", chat_id=chat_id)
    project(house)
    job = msgspec.structs.replace(failed_job(clock.now_us), subject=file_id)
    report(house, job)
    answers = [operated(house, OVERVIEW), operated(house, f"/admin/jobs/{job.job_id}/retry", "POST")]
    answers.append(operated(house, "/admin/jobs/retry", "POST"))
    told = " ".join(answer.text + repr(answer.headers) for answer in answers)
    assert file_id in told  # The one id that the operator gets.
    secrets = ["canary", ada.user, ada.who.session_id, chat_id, message_id, ada.email, encode_token(ada.token)]
    assert [each for each in secrets if each in told] == []
    assert os.fspath(house.layout.data) not in told
