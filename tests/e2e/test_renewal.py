"""SIGHUP puts new processes in the place of the old ones: nobody who writes or reads is refused, and uploads go on."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
from collections.abc import Iterator

import httpx

from tests.e2e.people import Person, done, once
from tests.e2e.stack import Role, Stack
from tests.tus.sender import Sender
from tests.waiting import wait_for

RENEWED: tuple[Role, ...] = ("master", "api", "worker:projections", "worker:uploads")
PIECE = 64 * 1024
UPLOAD_BYTES = 200 * PIECE


class Writer(threading.Thread):
    """Sends one message after the other, each over a connection of its own; whatever does not work stops it."""

    def __init__(self, person: Person) -> None:
        super().__init__()
        self.sent: list[str] = []
        self.failed: BaseException | None = None
        self.enough = threading.Event()
        self._person = person

    def run(self) -> None:
        try:
            while not self.enough.is_set():
                content = f"word {len(self.sent)}"
                url = f"{self._person.stack.api}/messages"
                done(once("POST", url, token=self._person.token, json={"content": content}), 201)
                self.sent.append(content)
        except BaseException as error:  # noqa: BLE001  # A thread's failure is the test's.
            self.failed = error


def processes(stack: Stack) -> dict[Role, set[int]]:
    return {role: set(stack.pids(role)) for role in RENEWED}


def renewed(stack: Stack, before: dict[Role, set[int]]) -> bool:
    now = processes(stack)
    return all(now[role] and not now[role] & before[role] for role in RENEWED)


def hang_up(stack: Stack) -> None:
    for pid in stack.pids("up"):
        os.kill(pid, signal.SIGHUP)


def lines(stack: Stack, words: str) -> int:
    return stack.log.read_text().count(words)


def require_nothing_taken_away(stack: Stack, ada: Person) -> None:
    """What does not start replaces nobody, as with a faulty installation: here the new processes find no server key."""
    before = processes(stack)
    told = lines(stack, "not replaced")
    key = stack.data / "server.key"
    away = key.with_name("server.key.away")
    key.rename(away)
    try:
        hang_up(stack)
        wait_for(lambda: lines(stack, "not replaced") > told, "the supervisor to give up", 60)
        assert processes(stack) == before
        assert ada.send("still here")["position"] > 0
    finally:
        away.rename(key)


def test_who_cannot_begin_takes_nothing_away_and_nobody_is_refused_while_everything_is_replaced(
    stack: Stack, newcomer: Person
) -> None:
    """An upload goes on over it, too."""
    ada = newcomer
    require_nothing_taken_away(stack, ada)
    before, queue = processes(stack), stack.pids("valkey")
    data = os.urandom(UPLOAD_BYTES)
    sender = Sender(ada)
    upload_id = sender.new(len(data))
    flowing, replaced = threading.Event(), threading.Event()

    def trickling() -> Iterator[bytes]:
        """All but the last piece waits until everything was replaced: no connection outlives that."""
        for start in range(0, len(data), PIECE):
            if start == 20 * PIECE:
                flowing.set()
                replaced.wait(60)
            yield data[start : start + PIECE]

    writer = Writer(ada)
    writer.start()
    cut: list[object] = []

    def send() -> None:
        try:
            cut.append(sender.patch(upload_id, trickling()).status_code)
        except httpx.TransportError as error:
            cut.append(error)

    sending = threading.Thread(target=send)
    sending.start()
    assert flowing.wait(30)
    hang_up(stack)
    wait_for(lambda: renewed(stack, before), "everything to be replaced", 60)
    written = len(writer.sent)
    wait_for(lambda: len(writer.sent) > written + 5 or writer.failed, "words after it", 30)
    replaced.set()
    sending.join(60)
    writer.enough.set()
    writer.join(60)

    assert writer.failed is None
    assert cut != [204], "it was not under way"
    offset = sender.offset(upload_id)
    assert 0 < offset < len(data)
    answer = sender.patch(upload_id, data[offset:], offset)
    assert answer.status_code == 204
    file = ada.wait_processed(answer.headers["Strongroom-File-Id"])
    assert file["hash_sha256"] == hashlib.sha256(data).hexdigest()
    kept = [message["content"] for page in ada.pages(200, include="messages") for message in page["messages"]]
    assert sorted(kept) == sorted([*writer.sent, "still here"])
    assert stack.pids("valkey") == queue
    stack.require_sound()
