"""People who write all the time, whatever happens to the server, and who remember what it acknowledged."""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import httpx

from service.machine.ids import new_id
from tests.e2e.people import Json, Person, client, register
from tests.e2e.stack import Stack
from tests.waiting import wait_for

RETRY_S = 0.05
TIMEOUT_S = 10.0
LARGEST_BYTES = 3_000_000
RETRIED = frozenset({429, 503, 507})
"""Answers that say: nothing was confirmed, try again."""


@dataclass(slots=True)
class Ledger:
    """What one writer has asked for, and what was acknowledged: id → words, name → bytes, name → file id."""

    words: dict[str, str] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    bytes_of: dict[str, bytes] = field(default_factory=dict)
    file_ids: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.acknowledged) + len(self.file_ids)


class Writer(threading.Thread):
    """One person at work. What gets no answer is sent again under the same id or key, or given up, by chance."""

    def __init__(self, stack: Stack, person: Person, chat_id: str, seed: int, *, uploads: bool) -> None:
        super().__init__(name=f"writer-{seed}", daemon=True)
        self.ledger = Ledger()
        self.person = person
        self._stack = stack
        self._chat_id = chat_id
        self._random = random.Random(seed)
        self._uploads = uploads
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.is_set():
            with client(self._stack, Authorization=f"Bearer {self.person.token}") as http:
                http.timeout = httpx.Timeout(TIMEOUT_S)
                try:
                    self._write(http)
                except httpx.TransportError:
                    self._stopping.wait(RETRY_S)

    def stop(self) -> None:
        self._stopping.set()
        self.join(4 * TIMEOUT_S)
        assert not self.is_alive()

    def _write(self, http: httpx.Client) -> None:
        """Until it stops or the connection breaks."""
        while not self._stopping.is_set():
            if self._uploads:
                self._upload(http)
            else:
                self._send(http)

    def _send(self, http: httpx.Client) -> None:
        given_up = self._random.random() < 0.5
        open_ids = [id_ for id_ in self.ledger.words if id_ not in self.ledger.acknowledged]
        if open_ids and not given_up:
            message_id = open_ids[-1]
        else:
            message_id = new_id()
            self.ledger.words[message_id] = f"{message_id} says {self._random.random()}"
        body = {"content": self.ledger.words[message_id], "chat_id": self._chat_id, "message_id": message_id}
        if self._taken(http.post("/messages", json=body), 201) is not None:
            self.ledger.acknowledged.add(message_id)

    def _upload(self, http: httpx.Client) -> None:
        given_up = self._random.random() < 0.5
        open_names = [name for name in self.ledger.bytes_of if name not in self.ledger.file_ids]
        if open_names and not given_up:
            name = open_names[-1]
        else:
            name = new_id()
            size = int(LARGEST_BYTES ** self._random.random())
            self.ledger.bytes_of[name] = self._random.randbytes(size)
        parts = {"file": (name, self.ledger.bytes_of[name], "application/octet-stream")}
        answer = self._taken(http.post("/upload/files", files=parts, headers={"Idempotency-Key": name}), 202)
        if answer is not None:
            self.ledger.file_ids[name] = answer["files"][0]["file_id"]

    def _taken(self, response: httpx.Response, status: int) -> Json | None:
        """The acknowledgement; None for an answer that asks to come again. Any other is noted as wrong."""
        if response.status_code == status:
            answer: Json = response.json()
            return answer
        if response.status_code not in RETRIED:
            self.ledger.wrong.append(f"{response.status_code}: {response.text[:300]}")
        self._stopping.wait(RETRY_S)
        return None


@contextmanager
def under_load(stack: Stack, seed: int, *, writers: int = 3, uploaders: int = 1) -> Iterator[list[Writer]]:
    """Writers at work for the length of the block."""
    people = [register(stack) for _ in range(writers + uploaders)]
    crew = []
    for at, person in enumerate(people):
        with closing(person.http):
            crew.append(Writer(stack, person, person.chat(), seed + at, uploads=at >= writers))
    for writer in crew:
        writer.start()
    try:
        yield crew
    finally:
        for writer in crew:
            writer.stop()


def acknowledged(crew: list[Writer]) -> int:
    return sum(writer.ledger.count for writer in crew)


def require_kept(writer: Writer, stack: Stack) -> None:
    """What was acknowledged is there and whole; what was not is there and whole, or not at all."""
    ledger = writer.ledger
    assert ledger.wrong == []
    with client(stack, Authorization=f"Bearer {writer.person.token}") as http:
        reader = Person(stack, http, "", "", "", writer.person.user_id, writer.person.token, "")
        data = reader.data()
        sent = {message["message_id"]: message["content"] for message in data["messages"]}
        assert len(sent) == len(data["messages"])
        assert ledger.acknowledged - set(sent) == set(), "acknowledged messages are lost"
        assert {message_id: ledger.words.get(message_id) for message_id in sent} == sent
        files = {file["name"]: file for file in data["files"]}
        assert len(files) == len(data["files"]), "a file is there twice"
        assert {name: files[name]["file_id"] for name in ledger.file_ids} == ledger.file_ids
        for name, file in files.items():
            row = reader.wait_processed(file["file_id"], 60.0)
            assert row["status"] == "ready", row
            digest = hashlib.sha256(ledger.bytes_of[name]).hexdigest()
            assert (row["hash_sha256"], row["size_bytes"]) == (digest, len(ledger.bytes_of[name]))
            assert hashlib.sha256(reader.download(file["file_id"])).hexdigest() == digest


def require_swept(stack: Stack) -> None:
    """No spool is left once every file is stored."""
    wait_for(lambda: not any((stack.data / "spool").iterdir()), "the spool to be empty", 30.0)
