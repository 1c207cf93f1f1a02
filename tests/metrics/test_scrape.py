"""GET /metrics: for the operator, from whatever process is asked, without a word of anybody's."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import closing, nullcontext
from typing import Final, NoReturn

import pytest

from api.access import Access
from api.openapi import document
from api.routes import operating_routes
from eventstore.errors import LogUnreadable
from projections.errors import ProjectionCorrupt
from service.backup import last
from service.backup.last import LastBackup
from service.desk.desk import Desk
from service.house import queue_report
from service.house.house import House
from service.house.principal import encode_token
from service.house.queue_report import QueueReport, QueueState
from service.machine import locks
from service.machine import meter as meter_module
from service.machine.layout import Layout
from service.machine.meter import FileMeter
from service.machine.metrics import (
    ACTORS,
    METRICS,
    OUTCOMES,
    REQUEST_BYTES,
    REQUEST_SECONDS,
    REQUESTS,
    RESPONSE_BYTES,
)
from service.machine.tally import Tally, tally
from service.signing import signing_faults
from tests.api.asking import Clock, problem, project
from tests.builders import Person
from tests.docs.openapi import api_document, paper_desk
from tests.metrics.reading import Series
from tests.metrics.scraping import bearer, scrape, scraped, scraped_after, served
from tests.service.desks import at_desk
from vault.errors import GateFull, KeyringCorrupt


@pytest.mark.parametrize("headers", [{}, bearer("x" * 40), {"Authorization": "Basic b28="}, {"Cookie": "strongroom=x"}])
def test_nobody_but_the_operator_sees_metrics(house: House, headers: Mapping[str, str]) -> None:
    async def story(desk: Desk) -> None:
        async with served(desk) as conductor:
            problem(await conductor.simulate_get("/metrics", headers=headers), 401, "bad_credentials")

    at_desk(house, story)


def test_a_person_is_no_operator(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        async with served(desk) as conductor:
            result = await conductor.simulate_get("/metrics", headers=bearer(encode_token(ada.token)))
            problem(result, 401, "bad_credentials")

    at_desk(house, story)


def test_requests_are_counted_by_the_route_s_template_and_never_by_its_path(house: House, ada: Person) -> None:
    secret = os.urandom(12).hex()

    async def story(desk: Desk) -> Series:
        async with served(desk) as conductor:
            for _ in range(3):
                await conductor.simulate_get("/api/v1/user/data", headers=bearer(encode_token(ada.token)))
            await conductor.simulate_get(f"/api/files/{secret}", headers=bearer(encode_token(ada.token)))
            await conductor.simulate_get(f"/{secret}", params={secret: secret})
            body = b'{"content": "words"}'
            sent = await conductor.simulate_post(
                "/api/v1/messages",
                body=body,
                headers={**bearer(encode_token(ada.token)), "Content-Type": "application/json"},
            )
            assert sent.status_code == 201
            async with conductor.simulate_get_stream("/api/v1/stream", headers=bearer(encode_token(ada.token))):
                return await scraped_after(conductor, appends=2)
        raise AssertionError("the app's shutdown swallowed the answer")

    found = at_desk(house, story)
    assert found["strongroom_requests_total{method=GET,route=/api/v1/user/data,status=200}"] == 3
    assert found["strongroom_requests_total{method=POST,route=/api/v1/messages,status=201}"] == 1
    assert found["strongroom_requests_total{method=GET,route=-,status=404}"] == 1
    assert found["strongroom_request_seconds_count{method=GET,route=/api/v1/user/data}"] == 3
    assert found["strongroom_request_body_bytes_total{route=/api/v1/messages}"] == 20
    assert found["strongroom_requests_total{method=GET,route=/api/v1/files/{file_id},status=404}"] == 1
    assert found["strongroom_response_body_bytes_total{route=/api/v1/user/data}"] > 200
    assert found["strongroom_streams_open"] == 1
    assert found["strongroom_append_seconds_count"] == found["strongroom_append_batch_size_sum"] == 2
    assert found["strongroom_commit_seconds_count"] == found["strongroom_append_batch_size_count"] == 2
    held = b"".join(path.read_bytes() for path in house.layout.metrics.iterdir())
    for word in (secret, ada.user, ada.username, encode_token(ada.token)):
        assert word not in str(found)
        assert word.encode() not in held


def test_a_method_that_a_client_makes_up_is_counted_as_other(house: House) -> None:
    async def story() -> None:
        async def app(_scope: object, _receive: object, send: object) -> None:
            return None

        async def receive() -> dict[str, object]:
            return {"type": "http.request"}

        async def send(_message: object) -> None:
            return None

        await Access(app, meter=house.meter)({"type": "http", "method": "CANARY"}, receive, send)

    asyncio.run(story())
    assert scrape(house)["strongroom_requests_total{method=other,route=-,status=400}"] == 1


def test_what_the_folder_shows_is_told_as_it_is_now(house: House, ada: Person, clock: Clock) -> None:
    found = scrape(house)
    head = house.log.head()
    assert found["strongroom_log_position"] == found["strongroom_projection_lag_events"] == head
    assert found["strongroom_projection_position"] == found["strongroom_projection_lag_seconds"] == 0
    clock.now_us += 7_500_000
    assert scrape(house)["strongroom_projection_lag_seconds"] == 7.5
    project(house)
    found = scrape(house)
    assert found["strongroom_projection_position"] == head
    assert found["strongroom_projection_lag_events"] == found["strongroom_projection_lag_seconds"] == 0
    assert found["strongroom_disk_free_bytes"] > found["strongroom_disk_reserve_bytes"] == house.settings.reserve_bytes
    assert found["strongroom_processes"] == 1
    assert found["strongroom_ready"] == 0
    assert sum(value for name, value in found.items() if name.startswith("strongroom_scrape_failed{")) == 0
    assert found["strongroom_part_missing{part=worker:uploads}"] == 1
    assert found["strongroom_part_missing{part=keyring}"] == 0


def test_a_witness_that_contradicts_is_told(house: House) -> None:
    assert scrape(house)["strongroom_warning{part=log:witness}"] == 0
    signing_faults.tell(house.layout.log_contradicted, "a witness has seen another history")
    assert scrape(house)["strongroom_warning{part=log:witness}"] == 1


def test_what_nobody_has_told_is_absent(house: House) -> None:
    found = scrape(house)
    assert not [name for name in found if "queue_" in name or name.startswith("strongroom_checkpoint")]


def test_a_folder_that_was_never_backed_up_says_so(house: House) -> None:
    assert scrape(house)["strongroom_last_backup_timestamp_seconds"] == 0


def test_a_damaged_log_silences_nothing_but_itself(house: House, ada: Person) -> None:
    """Its bytes are spoilt, for every connection that there is."""
    house.layout.events.write_bytes(b"x" * house.layout.events.stat().st_size)
    house.layout.events.with_name("events.db-wal").write_bytes(b"x" * 65_536)
    found = scrape(house)
    assert "strongroom_log_position" not in found
    assert found["strongroom_scrape_failed{part=log}"] == 1
    assert found["strongroom_scrape_failed{part=disk}"] == 0
    assert found["strongroom_disk_free_bytes"] > 0
    assert found["strongroom_ready"] == 0


@pytest.mark.parametrize("living", [True, False])
def test_a_file_of_counters_that_was_spoilt_silences_nothing_but_itself(
    house: House, ada: Person, *, living: bool
) -> None:
    folder = house.layout.metrics
    folder.mkdir(exist_ok=True)
    spoilt = folder / "counter_00000000deadbeef.db"
    spoilt.write_bytes(b"\xff\xff\xff\x7f" * 1_024)
    held = locks.share(spoilt) if living else nullcontext()
    with held:
        assert scrape(house)["strongroom_disk_free_bytes"] > 0


def test_scrapes_take_no_more_than_one_thread(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are for people's requests, should the folder stay locked."""
    at_once, most = threading.Semaphore(1), list[bool]()

    def watched(layout: Layout) -> Tally:
        most.append(at_once.acquire(blocking=False))
        try:
            return tally(layout)
        finally:
            at_once.release()

    monkeypatch.setattr("api.metrics.tally", watched)

    async def story(desk: Desk) -> None:
        async with served(desk) as conductor:
            await asyncio.gather(*(scraped(conductor) for _ in range(6)))

    at_desk(house, story)
    assert most == [True] * 6


LAG: Final = {"projection_position", "projection_lag_events", "projection_lag_seconds"}


def refuse(error: Exception) -> Callable[..., NoReturn]:
    def refused(*_: object, **__: object) -> NoReturn:
        raise error

    return refused


@pytest.mark.parametrize(
    ("part", "where", "error", "silent"),
    [
        ("log", "eventstore.log.Log.head", LogUnreadable("locked"), {"log_position"}),
        ("projection", "projections.queries.Reader.position", ProjectionCorrupt("damaged"), LAG),
        ("readiness", "vault.keyring.Keyring.answers", KeyringCorrupt("damaged"), {"ready", "part_missing", "warning"}),
        ("disk", "api.metrics.free_bytes", OSError(5, "broken"), {"disk_free_bytes", "disk_reserve_bytes"}),
        ("queue", "service.house.queue_report.told", OSError(5, "broken"), {"queue_report_age_seconds"}),
        ("backup", "api.metrics.last_backup", PermissionError(13, "denied"), {"last_backup_timestamp_seconds"}),
    ],
)
def test_of_a_part_that_cannot_be_read_nothing_is_told_and_all_else_is(
    house: House, part: str, where: str, error: Exception, silent: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    queue_report.tell(house.layout, QueueReport(house.clock_us(), {}))
    whole = scrape(house)
    monkeypatch.setattr(where, refuse(error))
    found = scrape(house)
    failed = {name for name, value in found.items() if name.startswith("strongroom_scrape_failed") and value}
    parts = {part, "projection"} if part == "log" else {part}  # How far the tables lag is told by the log as well.
    assert failed == {f"strongroom_scrape_failed{{part={each}}}" for each in parts}
    missed = {name.partition("{")[0].removeprefix("strongroom_") for name in whole.keys() - found.keys()}
    assert missed == silent | (LAG if part == "log" else set())


def test_the_queue_is_told_as_the_worker_told_it(house: House, clock: Clock) -> None:
    states = {
        "uploads": QueueState(3, 2, 7, clock.now_us - 4_000_000, taken=4, lost=6),
        "media": QueueState(0, 0, 0),
        "x-canary": QueueState(1, 1, 1),
    }
    queue_report.tell(house.layout, QueueReport(clock.now_us - 1_000_000, states))
    found = scrape(house)
    uploads = [
        found[f"strongroom_queue_jobs{{queue=uploads,state={state}}}"]
        for state in ("waiting", "taken", "delayed", "dead", "lost")
    ]
    assert uploads == [3, 4, 2, 1, 6]
    assert found["strongroom_queue_oldest_job_seconds{queue=uploads}"] == 4
    assert found["strongroom_queue_oldest_job_seconds{queue=media}"] == 0
    assert found["strongroom_queue_report_age_seconds"] == 1
    assert not [name for name in found if "canary" in name]


def test_the_last_backup_is_told(house: House) -> None:
    last.tell(house.layout, LastBackup("name-canary", 1_700_000_000_500_000, 7, "/folder-canary", 0))
    found = scrape(house)
    assert found["strongroom_last_backup_timestamp_seconds"] == 1_700_000_000.5
    assert not [name for name in found if "canary" in name]


def test_the_password_gate_tells_who_runs_waits_and_was_refused(house: House) -> None:
    async def story(desk: Desk) -> tuple[Series, Series]:
        async with served(desk) as conductor:
            go, begun = asyncio.Event(), asyncio.Event()
            loop = asyncio.get_running_loop()

            def work() -> None:
                loop.call_soon_threadsafe(begun.set)
                asyncio.run_coroutine_threadsafe(go.wait(), loop).result(10)

            hashings = [asyncio.create_task(desk.gate.run(work)) for _ in range(17)]
            await asyncio.wait_for(begun.wait(), 10)
            with pytest.raises(GateFull):
                await desk.gate.run(work)
            full = await scraped(conductor)
            go.set()
            await asyncio.gather(*hashings)
            return full, await scraped(conductor)
        raise AssertionError("the app's shutdown swallowed the answer")

    full, after = at_desk(house, story)
    gate = "strongroom_password_gate"
    assert [full[f"{gate}_{what}"] for what in ("running", "waiting", "refused_total")] == [1, 16, 1]
    assert [after[f"{gate}_{what}"] for what in ("running", "waiting", "refused_total")] == [0, 0, 1]
    assert after["strongroom_password_hash_seconds_count"] == 17


def test_an_upload_is_in_flight_while_it_is_received(house: House) -> None:
    async def story(desk: Desk) -> tuple[float, float]:
        async with served(desk) as conductor:
            with desk.uploads.one("somebody"):
                during = await scraped(conductor)
            return during["strongroom_uploads_in_flight"], (await scraped(conductor))["strongroom_uploads_in_flight"]
        raise AssertionError("the app's shutdown swallowed the answer")

    assert at_desk(house, story) == (1, 0)


def test_many_may_scrape_at_once_and_counters_only_rise(house: House) -> None:
    async def story(desk: Desk) -> list[Series]:
        async with served(desk) as conductor:
            return [*await asyncio.gather(*(scraped(conductor) for _ in range(8))), await scraped(conductor)]
        raise AssertionError("the app's shutdown swallowed the answer")

    *found, final = at_desk(house, story)
    assert final["strongroom_requests_total{method=GET,route=/metrics,status=200}"] == 8
    assert all(final[name] >= each[name] for each in found for name in each if name.endswith("_total"))


def test_a_scrape_that_cannot_be_answered_is_told_to_come_back(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter_module, "PATIENCE_S", 0.0)

    async def story(desk: Desk) -> None:
        async with served(desk) as conductor:
            with meter_module.require_folder(house.layout.metrics):
                problem(await conductor.simulate_get("/metrics", headers=bearer("o" * 40)), 503, "busy")

    at_desk(house, story)


def test_a_fresh_process_tells_zeros_so_that_the_first_failure_is_an_increase(house: House) -> None:
    with closing(FileMeter(house.layout.metrics, "worker")):
        found = scrape(house)
    for metric in (each for each in METRICS if each.told != "folder" and not each.labels):
        name = metric.name + ("_count" if metric.kind == "histogram" else "")
        assert found[name] == 0, name
    for actor in ACTORS:
        for outcome in OUTCOMES:
            assert found[f"strongroom_jobs_total{{actor={actor},outcome={outcome}}}"] == 0


def test_there_is_room_for_every_operation(house: House) -> None:
    """By five statuses and more of each; else the last are counted as other."""
    described = [api_document(), document(operating_routes(paper_desk()))]
    operations = sum(len(methods) for each in described for methods in each["paths"].values())
    routes = sum(len(each["paths"]) for each in described)
    assert 1.5 * operations < REQUEST_SECONDS.most
    assert 5 * operations < REQUESTS.most
    assert 1.2 * routes < REQUEST_BYTES.most == RESPONSE_BYTES.most


def test_nothing_is_told_that_is_not_defined(house: House) -> None:
    endings = ("", "_sum", "_count", "_bucket")
    defined = {metric.name + ending for metric in METRICS for ending in endings}
    assert {name.partition("{")[0] for name in scrape(house)} - defined == set()
