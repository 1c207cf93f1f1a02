"""The whole Strongroom, measured: right over several processes, also when one is killed; and its logs as a person reads
them, told in words instead of JSON, lead from a request to its jobs and tell nothing else."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from prometheus_client.mmap_dict import MmapedDict

from service.machine.metrics import REQUESTS, STREAMS_OPEN
from tests.e2e.canaries import contents, leaks
from tests.e2e.people import Person, done, problem, somebody
from tests.e2e.stack import Stack, running_stack
from tests.metrics.reading import scrape, scraped_text
from tests.waiting import wait_for

HEALTHZ = "strongroom_requests_total{method=GET,route=/healthz,status=200}"
JOBS = "strongroom_jobs_total{{actor=store_file,outcome={}}}"
DATA = b"canary-bytes-\xf0\x9f\x90\xa4-of-the-file" * 100


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("measured"), api_processes=2, log_format="console") as stack:
        yield stack
        assert stack.stop() == 0


@pytest.fixture
def grace(stack: Stack) -> Iterator[Person]:
    name = f"Canary-name-{os.urandom(6).hex()}"
    with somebody(stack, name, password=f"Canary-word-{os.urandom(6).hex()}", email=f"{name}@example.org") as person:
        yield person


def by_process(stack: Stack, prefix: str, *words: str) -> list[float]:
    """What each process has come to that has told it at all, of the one series whose key holds these words."""
    return [
        value
        for path in sorted((stack.data / "run" / "metrics").glob(f"{prefix}_*.db"))
        for key, value, _, _ in MmapedDict.read_all_values_from_file(str(path))
        if all(word in key for word in words)
    ]


def ask_health(stack: Stack, times: int) -> None:
    """Over a connection each, so that any process may be asked."""
    for _ in range(times):
        assert httpx.get(f"{stack.url}/healthz", trust_env=False).status_code == 200


def flip(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:-40] + bytes([data[-40] ^ 1]) + data[-39:])


def answered_by(stack: Stack) -> list[float]:
    """How often each process was asked for its health. It counts once it has answered."""
    return by_process(stack, "counter", REQUESTS.name, '"/healthz"')


def test_requests_to_several_processes_add_up_and_a_killed_one_takes_nothing_back(stack: Stack, grace: Person) -> None:
    asked = 0
    while len(answered_by(stack)) < 2:
        assert asked < 500, "one process answers everybody"
        asked += 10
        ask_health(stack, 10)
    wait_for(lambda: scrape(stack)[HEALTHZ] == sum(answered_by(stack)) == asked, "the last answers to be counted")
    with ExitStack() as listening:
        streams = 0
        while len(shares := by_process(stack, "gauge_livesum", STREAMS_OPEN.name)) < 2:
            assert streams < 40, "one process has all streams"
            streams += 1
            http = listening.enter_context(
                httpx.Client(base_url=stack.api, headers=grace.http.headers, trust_env=False)
            )
            listening.enter_context(http.stream("GET", "/stream"))
        before = scrape(stack)
        assert before["strongroom_streams_open"] == sum(shares) == streams
        os.kill(stack.pids("api")[0], signal.SIGKILL)
        wait_for(lambda: scrape(stack)["strongroom_streams_open"] in shares, "the dead one's streams to be left out")
    stack.wait_ready()
    after = scrape(stack)
    rising = {name for name in before if any(end in name for end in ("_total", "_bucket", "_count", "_sum"))}
    assert {name for name in rising if after.get(name, 0.0) < before[name]} == set()
    ask_health(stack, 5)
    wait_for(lambda: scrape(stack)[HEALTHZ] == asked + 5, "the new process to be counted with the others")
    wait_for(lambda: scrape(stack)["strongroom_processes"] == 4, "all processes to be measured again")


def test_a_job_s_lines_carry_the_id_of_the_request_that_caused_it(stack: Stack, grace: Person) -> None:
    answer = grace.post_files([("notes.txt", b"words", "text/plain")])
    file_id = done(answer, 202)["files"][0]["file_id"]
    assert grace.wait_processed(file_id)["status"] == "ready"
    request_id = answer.headers["x-request-id"]
    line = wait_for(lambda: lines(stack, "upload processed", file_id), "the job to be logged")[0]
    assert f"request_id={request_id}" in line
    assert "actor=store_file" in line
    assert "job_id=" in line
    deleted = grace.http.delete(f"/files/{file_id}")
    assert deleted.status_code == 202
    other = deleted.headers["x-request-id"]
    line = wait_for(lambda: lines(stack, "job ended", "actor=forget_file", other), "its deletion to be logged")[0]
    assert request_id not in line


def lines(stack: Stack, *words: str) -> list[str]:
    return [line for line in stack.log.read_text().splitlines() if all(word in line for word in words)]


def test_neither_metrics_nor_logs_in_words_tell_what_anybody_wrote(stack: Stack, grace: Person) -> None:
    before = scrape(stack)
    title, words, name = (f"Canary-{what}-{os.urandom(6).hex()}" for what in ("title", "words", "name"))
    chat_id = grace.chat(title)
    sent = grace.send(words, chat_id=chat_id)
    stored = grace.ready_file(DATA, name)
    with stack.paused("worker:uploads"):
        broken = grace.upload_one(DATA, name)
        flip(stack.data / "spool" / f"{broken}.spool")
    assert grace.wait_processed(broken)["status"] == "error"
    (blob,) = stack.data.glob(f"blobs/*/{stored}.blob")
    flip(blob)
    problem(grace.http.get(f"/files/{stored}/content"), 500, "internal_error")
    problem(grace.http.post("/messages", json={"content": [words]}), 422, "validation_failed")
    problem(
        httpx.get(f"{stack.url}/metrics", headers=dict(grace.http.headers), trust_env=False), 401, "bad_credentials"
    )
    wait_for(lambda: scrape(stack).get(JOBS.format("failed"), 0) > before.get(JOBS.format("failed"), 0), "the failure")
    after = scrape(stack)
    assert after[JOBS.format("retried")] - before.get(JOBS.format("retried"), 0) == 1
    assert after[JOBS.format("done")] - before.get(JOBS.format("done"), 0) == 1
    assert after["strongroom_stored_bytes_total"] - before.get("strongroom_stored_bytes_total", 0) == len(DATA)
    route = "strongroom_request_body_bytes_total{route=/api/v1/upload/files}"
    assert after[route] - before.get(route, 0) > 2 * len(DATA)
    secrets: list[str | bytes] = [title, words, name, DATA[:30]]
    secrets += [grace.username, grace.email, grace.password, grace.token, grace.recovery_code]
    ids: list[str | bytes] = [grace.user_id, chat_id, sent["message_id"], stored, broken]
    measured = {**contents(stack.data / "run"), "the metrics": scraped_text(stack).encode()}
    # The worker's reports of the queue, and whose turn an upload is, are named by files' ids and are not scraped.
    scraped = {path: data for path, data in measured.items() if "/metrics/" in path or path == "the metrics"}
    assert len(scraped) > 4 * 3
    assert leaks([*secrets, *ids], scraped) == []
    assert leaks(secrets, {**measured, "the logs": stack.log.read_bytes()}) == []
    assert stack.log.read_bytes().count(b"request failed") == 1
    assert b"[debug" in stack.log.read_bytes()
