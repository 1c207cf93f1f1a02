"""Read tables made anew under people who read and write, and tables that an event stopped."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path
from typing import Self

from eventstore.record import Append, NewRecord
from eventstore.writer import LogWriter
from service.machine.ids import now_us
from tests.e2e.people import Person, client, once, problem, somebody
from tests.e2e.stack import Stack, running_stack
from tests.waiting import wait_for

MESSAGES = 20
REBUILDS = 2
SENT_MOST = 100  # While one rebuild goes on, however long it takes: all that is read fits one page.


class Reading:
    """Reads without a pause; `seen` of (position, messages) never falls."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self.reads = 0
        self.failed: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(30)

    def _work(self) -> None:
        position, count = 0, MESSAGES
        try:
            with client(self._person.stack, Authorization=f"Bearer {self._person.token}") as http:
                while not self._ended.is_set():
                    answer = http.get("/user/data", params={"limit": 1000})
                    assert answer.status_code == 200, answer.text
                    data = answer.json()
                    assert data["user"]["id"] == self._person.user_id
                    assert data["sessions"]
                    assert len(data["messages"]) >= count
                    assert int(answer.headers["strongroom-position"]) >= position
                    position, count = int(answer.headers["strongroom-position"]), len(data["messages"])
                    self.reads += 1
        except BaseException as error:  # noqa: BLE001  (told by the test itself)
            self.failed = error


def test_nobody_who_reads_or_writes_notices_a_rebuild(stack: Stack) -> None:
    with somebody(stack) as grace:
        for number in range(MESSAGES):
            grace.send(f"before {number}")
        written = MESSAGES
        with Reading(grace) as reading:
            for number in range(REBUILDS):
                rebuilding = threading.Thread(target=rebuild, args=(stack,))
                rebuilding.start()
                for sent in range(SENT_MOST):
                    if not rebuilding.is_alive():
                        break
                    newest = grace.send(f"meanwhile {number}.{sent}")["message_id"]
                    written += 1
                    found = grace.data(limit=1, order="desc", include="messages")["messages"]
                    assert [message["message_id"] for message in found] == [newest]
                rebuilding.join()
        assert reading.failed is None
        assert reading.reads > REBUILDS
        assert written > MESSAGES + REBUILDS
        assert len(grace.data(limit=1000)["messages"]) == written
    stack.require_sound()
    assert stack.data.joinpath("projections-user_data.db").is_symlink()


def rebuild(stack: Stack) -> None:
    rebuilt = stack.command("projections", "rebuild")
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert rebuilt.stdout.startswith("rebuilt up to position ")


def test_a_projection_that_stopped_is_named_and_serves_what_it_had_over_a_restart(tmp_path: Path) -> None:
    with running_stack(tmp_path, read_wait_ms=100, api_processes=1) as stack, somebody(stack) as grace:
        kept = grace.send("kept")["message_id"]
        wait_for(lambda: "strongroom-stale" not in grace.http.get("/user/data").headers, "projected")
        position = append_from_the_future(stack.data, grace.user_id)
        require_stopped(stack, grace, position, kept)
        with stack.away():  # It comes up, though it is not ready.
            pass
        require_stopped(stack, grace, position, kept)
        doctor = stack.command("doctor")
        assert doctor.returncode == 1
        assert f"stopped at position {position}, MessagePinned: UnknownEvent" in doctor.stdout
        rebuilt = stack.command("projections", "rebuild")
        assert rebuilt.returncode == 1
        assert f"position {position}, MessagePinned" in rebuilt.stderr
        assert len(grace.data()["messages"]) == 1


def require_stopped(stack: Stack, person: Person, position: int, kept: str) -> None:
    """Told with its place, and everything before it is served."""
    wait_for(lambda: stack.missing() == ["projection"], "the projection to be named")
    answer = once("GET", f"{stack.url}/readyz")
    assert (answer.status_code, answer.json()) == (
        503,
        {
            "status": "not_ready",
            "missing": ["projection"],
            "projection": {"position": position, "type": "MessagePinned"},
        },
    )
    person.send("written all the same")
    now = person.http.get("/user/data")
    assert [message["message_id"] for message in now.json()["messages"]] == [kept]
    assert now.headers["strongroom-stale"] == "true"
    # Of the past, the same: up to there, and not beyond.
    assert len(person.data(as_of=position - 1)["messages"]) == 1
    beyond = problem(person.http.get("/user/data", params={"as_of": position}), 422, "validation_failed")
    assert [error["field"] for error in beyond["errors"]] == ["as_of"]


def append_from_the_future(data: Path, user: str) -> int:
    """An event that a newer Strongroom has written: this one does not know it. Its position."""
    record = NewRecord(
        stream="message-from-the-future", version=1, type="MessagePinned", schema=1, user=user, public={}, key_id="",
        sealed=b"", request=None,
    )  # fmt: skip
    with closing(LogWriter(data / "events.db", data / "run" / "log.lock", now_us)) as writer:
        return writer.append(Append((record,))).first
