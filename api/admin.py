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
from service.house.room import storage_full
from service.reading.views import rfc3339
from service.upkeep.overview import BackupView, Overview, overview

DAY_US: Final = 86_400_000_000


class RetryAccepted(msgspec.Struct, frozen=True):
    """`jobs`: how many were given up when a worker last told, of those that can be done again."""

    jobs: int


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
            answers={202: Answer("A worker takes it up", RetryAccepted)},
            problems=(401, 404, 409, 503, 507),
            description="`not_retryable`: what the job worked on is gone, or it was tried too often.",
        )
    )
    async def on_post(self, call: Call, job_id: str) -> None:
        await self.desk.aside(lambda: _again(self.desk.house, job_id))
        call.answer(202, RetryAccepted(1))


class AllJobsRetry(Resource):
    @operation(
        Operation(
            summary="Do all failed jobs again",
            auth="operator",
            answers={202: Answer("A worker takes them up", RetryAccepted)},
            problems=(401, 503, 507),
            description="Those that can be done again, also beyond the hundred that the overview names.",
        )
    )
    async def on_post(self, call: Call) -> None:
        call.answer(202, RetryAccepted(await self.desk.aside(lambda: _all_again(self.desk.house))))


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


def _all_again(house: House) -> int:
    """How many; the same errors."""
    report = queue_report.told(house.layout)
    if report is None:
        return 0
    lost = sum(job.way != "retry" for job in report.failed)
    jobs = sum(state.failed for state in report.queues.values()) - lost
    if jobs > 0:
        _ask(house, retry_requests.ALL)
    return max(0, jobs)


def _ask(house: House, job: str) -> None:
    try:
        retry_requests.ask(house.layout, job)
    except OSError as error:
        raise storage_full(error) from error
