"""What the queue looked like a moment ago: told by the worker that relays, read by whoever says how things are.

The queue itself is the workers' alone. So the report is a small file in `run/`, written anew about once a second.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from service.machine.layout import Layout, replace_file

FAILED_SHOWN: Final = 100
MAX_BYTES: Final = 1 << 20
Way = Literal["retry", "lost"]
"""`retry`: it can be done again, and nobody's key is needed for that. `lost`: not by anybody; what it worked on is
gone, or it was tried too often."""


class QueueState(msgspec.Struct, frozen=True):
    """`waiting`: jobs that no worker has taken; `taken`: those under way, and the next ones, which a worker holds
    already; `delayed`: jobs that wait for their next try; `failed`: jobs given up, kept for a look, and `lost` how many
    of the newest FAILED_SHOWN of them nobody can do again. `oldest_at_us`: when the oldest of those that wait or were
    taken was sent; None: there is none."""

    waiting: int
    delayed: int
    failed: int
    oldest_at_us: int | None = None
    taken: int = 0
    lost: int = 0


class FailedJob(msgspec.Struct, frozen=True):
    """A job that was given up. `subject`: the file's id, or "" for a job about none. `error`: the class of the error,
    without its text, which could hold a name; "" when nobody could note it."""

    job_id: str
    queue: str
    actor: str
    subject: str
    failed_at_us: int
    error: str
    tries: int
    way: Way = "retry"


class QueueReport(msgspec.Struct, frozen=True):
    """`failed`: the newest, at most FAILED_SHOWN."""

    at_us: int
    queues: dict[str, QueueState]
    failed: tuple[FailedJob, ...] = ()


def tell(layout: Layout, report: QueueReport) -> None:
    """Replaces what was told before, whole. OSError."""
    replace_file(layout.queue_report, msgspec.json.encode(report), durable=False)


def told(layout: Layout) -> QueueReport | None:
    """None when nothing was told, or nothing that can be read."""
    try:
        with layout.queue_report.open("rb") as file:
            return msgspec.json.decode(file.read(MAX_BYTES), type=QueueReport)
    except (OSError, msgspec.DecodeError):
        return None
