"""For whoever runs the machine: how it stands, and jobs that were given up done again. Nothing here is a person's."""

from __future__ import annotations

from typing import Final

import msgspec

from api.errors import HttpProblem
from api.operation import Answer, Call, Operation, operation
from api.resource import Resource
from domain.errors import NotFound
from service.backup.last import LastBackup, last_backup
from service.house import queue_report, retry_requests
from service.house.house import House
from service.house.queue_report import FAILED_SHOWN
from service.house.room import storage_full
from service.reading.views import rfc3339
from service.upkeep.overview import overview
from service.upkeep.overview_views import BackupView, Overview

DAY_US: Final = 86_400_000_000


class RetryAccepted(msgspec.Struct, frozen=True):
    """`jobs`: how many are asked for that can be done again, as a worker last told. `others`: how many older ones were
    given up; of these, those are done that can be."""

    jobs: int
    others: int


class AdminOverview(Resource):
    @operation(
        Operation(
            summary="How everything stands",
            auth="operator",
            answers={200: Answer("Health, queues, read tables, storage, checkpoint, backup, settings", Overview)},
            problems=(401, 503),
            description="Numbers and names of Strongroom's own parts. No name, title or word of anybody's is in it.",
        )
    )
    async def on_get(self, call: Call) -> None:
        call.answer(200, await self.desk.aside(lambda: _overview(self.desk.house)))


class JobRetry(Resource):
    @operation(
        Operation(
            summary="Do a failed job again",
            auth="operator",
            answers={202: Answer("Asked for; a worker takes it within a second, if one lives", RetryAccepted)},
            problems=(401, 404, 409, 503, 507),
            description="`not_retryable`: what the job worked on is gone, or it was tried too often.",
        )
    )
    async def on_post(self, call: Call, job_id: str) -> None:
        await self.desk.aside(lambda: _again(self.desk.house, job_id))
        call.answer(202, RetryAccepted(1, 0))


class AllJobsRetry(Resource):
    @operation(
        Operation(
            summary="Do all failed jobs again",
            auth="operator",
            answers={202: Answer("Asked for; a worker takes them within a second, if one lives", RetryAccepted)},
            problems=(401, 503, 507),
            description="Those that can be done again. `others`: older ones, at which nobody has looked.",
        )
    )
    async def on_post(self, call: Call) -> None:
        call.answer(202, await self.desk.aside(lambda: _all_again(self.desk.house)))


def _overview(house: House) -> Overview:
    last = last_backup(house.layout)
    return overview(house, None if last is None else _backup(house, last))


def _backup(house: House, last: LastBackup) -> BackupView:
    age_us = house.clock_us() - last.finished_at_us
    return BackupView(
        name=last.name,
        finished_at=rfc3339(last.finished_at_us),
        log_size=last.log_size,
        folder=last.folder,
        keyrings=last.keyrings,
        faults=last.faults,
        within_horizon=age_us <= house.settings.backup_horizon_days * DAY_US,
    )


def _again(house: House, job_id: str) -> None:
    """NotFound, Busy; HttpProblem; StorageFull, OSError."""
    report = queue_report.told(house.layout)
    job = next((each for each in report.failed if each.job_id == job_id), None) if report is not None else None
    if job is None:
        raise NotFound("No such failed job.")
    if job.way != "retry":
        raise HttpProblem(409, "not_retryable", "What the job worked on is gone, or it was tried too often.")
    _ask(house, job_id)


def _all_again(house: House) -> RetryAccepted:
    """The same errors."""
    report = queue_report.told(house.layout)
    if report is None:
        return RetryAccepted(0, 0)
    states = report.queues.values()
    jobs = sum(max(0, min(each.failed, FAILED_SHOWN) - each.lost) for each in states)
    others = sum(max(0, each.failed - FAILED_SHOWN) for each in states)
    if jobs + others > 0:
        _ask(house, retry_requests.ALL)
    return RetryAccepted(jobs, others)


def _ask(house: House, job: str) -> None:
    try:
        retry_requests.ask(house.layout, job)
    except OSError as error:
        raise storage_full(error) from error
