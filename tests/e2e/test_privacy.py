"""Nothing readable at rest: after a rich session, and after everything went wrong, no word of it lies anywhere."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.canaries import contents, leaks, shapes
from tests.e2e.people import Person, client, done, problem, register
from tests.e2e.queue_inside import queue_memory
from tests.e2e.stack import Stack, running_stack
from tests.metrics.reading import scraped_text
from tests.waiting import wait_for

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "multipart/form-data; boundary=limit"}
FILE_MARK = b"canary-bytes-\xf0\x9f\x90\xa4-of-the-file"


@dataclass(slots=True)
class Watched:
    """A stack whose temporary files are watched too, and what must not be found."""

    stack: Stack
    temporary: Path
    canaries: list[str | bytes] = field(default_factory=list)

    def secret(self, what: str) -> str:
        """A text that nobody else would write."""
        text = f"Canary-{what}-{os.urandom(6).hex()}"
        self.canaries.append(text)
        return text

    def require_silence(self) -> None:
        """Every file of the data folder, temporary files, the queue's memory, all metrics and all logs."""
        places = contents(self.stack.data, self.temporary)
        assert any(name.endswith("events.db-wal") for name in places)
        places["the queue"] = queue_memory(self.stack)
        places["the metrics"] = scraped_text(self.stack).encode()
        places["the logs"] = self.stack.log.read_bytes()
        assert len(places["the logs"]) > 500
        assert leaks(self.canaries, places) == []


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("watched")
    temporary = folder / "tmp"
    temporary.mkdir()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TMPDIR", str(temporary))
        with running_stack(folder) as stack:
            yield Watched(stack, temporary)


@pytest.fixture
def grace(watched: Watched) -> Iterator[Person]:
    """Whose name, address, password, token and code must not be found either."""
    name = watched.secret("name")
    person = register(watched.stack, name, watched.secret("password"), f"{watched.secret('address')}@example.org")
    watched.canaries += [person.token, person.recovery_code, person.recovery_code.replace("-", "")]
    watched.canaries.append(base64.urlsafe_b64decode(person.token.removeprefix("sr_") + "="))
    (device,) = person.http.cookies.values()  # The cookie by which it is known: no credential, and nobody's to read.
    watched.canaries.append(device)
    person.http.headers["User-Agent"] = watched.secret("agent")
    with closing(person.http):
        yield person


def test_the_search_finds_a_canary_in_every_shape(tmp_path: Path) -> None:
    for number, shape in enumerate(sorted(shapes("Canary-Größe-1234"))):
        (tmp_path / "deep").mkdir(exist_ok=True)
        (tmp_path / "deep" / str(number)).write_bytes(b"before" + shape + b"after")
    found = leaks(["Canary-Größe-1234"], contents(tmp_path))
    assert {line.partition(":")[0] for line in found} == set(contents(tmp_path))
    for padding in range(3):
        longer = base64.b64encode(b"p" * padding + b"Canary-1234567" + b"tail")
        assert leaks(["Canary-1234567"], {"text": longer})


def test_of_a_rich_session_nothing_can_be_read_at_rest(watched: Watched, grace: Person) -> None:
    secret = watched.secret
    chat_id = grace.chat(secret("title"))
    sent = grace.send(secret("words"), chat_id=chat_id)
    grace.send(secret("first words of a new chat"))
    done(grace.http.patch(f"/chats/{chat_id}", json={"title": secret("new title")}), 200)
    done(grace.http.post(f"/messages/{sent['message_id']}/status", json={"status": "read"}), 200)
    watched.canaries.append(grace.login())
    watched.canaries.append(FILE_MARK)
    data = os.urandom(700_000) + FILE_MARK + os.urandom(700_000) + FILE_MARK
    digest = hashlib.sha256(data)
    watched.canaries += [digest.hexdigest(), digest.digest()]
    headers = {"Idempotency-Key": secret("idempotency-key")}
    parts = [
        (secret("file name"), data, "text/" + secret("declared-type").lower()),
        (secret("second name"), FILE_MARK, "text/plain"),
    ]
    with watched.stack.paused("worker:uploads"):  # The spool is full, and the queue.
        answer = done(grace.post_files(parts, headers=headers, fields={"chat_id": chat_id}), 202)
        wait_for(lambda: b"store_file" in queue_memory(watched.stack), "the upload to stand in the queue")
        watched.require_silence()
    for file in answer["files"]:
        assert grace.wait_processed(file["file_id"])["status"] == "ready"
    assert grace.download(answer["files"][0]["file_id"]) == data
    sound = grace.http.post(
        "/upload/audio", params={"name": secret("sound")}, content=FILE_MARK * 3, headers={"Content-Type": "audio/ogg"}
    )
    grace.wait_processed(done(sound, 202)["files"][0]["file_id"])
    words = secret("searched words")
    grace.send(words)
    assert [message["content"] for message in grace.data(q=words)["messages"]] == [words]
    grace.http.get("/user/data", headers={"Accept": "application/x-ndjson"})
    watched.require_silence()
    done(grace.http.delete(f"/files/{answer['files'][0]['file_id']}"), 202)
    done(grace.http.delete(f"/chats/{chat_id}"), 202)
    assert grace.http.post("/auth/logout").status_code == 204
    watched.require_silence()


def test_of_refused_requests_nothing_can_be_read_at_rest(watched: Watched, grace: Person) -> None:
    secret = watched.secret
    with client(watched.stack) as http:
        wrong = {"username": secret("wrong name"), "password": secret("wrong password")}
        problem(http.post("/auth/login", json=wrong), 401, "bad_credentials")
        http.post("/auth/register", json={"username": secret("weak name"), "email": "x@y.org", "password": "password"})
        http.get("/user/data", headers={"Authorization": f"Bearer {secret('no token')}"})
        http.get(f"/{secret('path')}?{secret('query')}={secret('value')}")
    http = grace.http
    for body in ({"content": secret("too much"), secret("field"): secret("value")}, {"content": [secret("list")]}):
        problem(http.post("/messages", json=body), 422, "validation_failed")
    problem(http.post("/messages", content=f'{{"content": "{secret("cut")}', headers=JSON), 400, "invalid_request")
    problem(http.get("/user/data", params={secret("parameter"): secret("value")}), 422, "validation_failed")
    problem(http.get("/user/data", params={"since": secret("time"), "q": secret("search")}), 422, "validation_failed")
    assert http.get(f"/files/{secret('id')}").status_code == 404
    assert http.post("/upload/files", content=secret("no form").encode(), headers=FORM).status_code == 400
    assert http.post(f"/upload/audio?name={secret('name')}", content=b"x", headers=JSON).status_code == 415
    cut = f'--limit\r\nContent-Disposition: form-data; name="f"; filename="{secret("cut name")}"\r\n\r\n{secret("cut")}'
    assert http.post("/upload/files", content=cut.encode(), headers=FORM).status_code == 400
    message_id = grace.send(secret("stands"))["message_id"]
    problem(
        http.post("/messages", json={"content": secret("other"), "message_id": message_id}), 409, "message_id_taken"
    )
    watched.require_silence()


def test_of_an_upload_that_fails_nothing_can_be_read_at_rest(watched: Watched, grace: Person) -> None:
    watched.canaries.append(FILE_MARK)
    with watched.stack.paused("worker:uploads"):
        file_id = grace.upload_one(FILE_MARK * 200, watched.secret("broken name"))
        spool = watched.stack.data / "spool" / f"{file_id}.spool"
        spool.write_bytes(flip(spool.read_bytes()))
    row = grace.wait_processed(file_id)
    assert (row["status"], row["error_code"]) == ("error", "spool_broken")
    problem(grace.http.get(f"/files/{file_id}/content"), 409, "processing_failed")
    first = grace.http.post(f"/files/{file_id}/retry", headers={"Idempotency-Key": "again"})
    answer = done(first, 202)
    wait_for(lambda: grace.file(file_id)["status"] == "error", "the retry to fail as well")
    again = grace.http.post(f"/files/{file_id}/retry", headers={"Idempotency-Key": "again"})
    assert done(again, 202) == answer
    assert again.headers["idempotency-replayed"] == "true"
    watched.require_silence()


def test_of_a_fault_of_ours_nothing_can_be_read_at_rest(watched: Watched, grace: Person) -> None:
    file_id = grace.ready_file(FILE_MARK * 200, watched.secret("blob name"))
    (blob,) = watched.stack.data.glob(f"blobs/*/{file_id}.blob")
    blob.write_bytes(flip(blob.read_bytes()))
    broken = grace.http.get(f"/files/{file_id}/content?disposition=inline")
    answer = problem(broken, 500, "internal_error")
    assert answer["request_id"] == broken.headers["x-request-id"]
    wait_for(lambda: b"request failed" in watched.stack.log.read_bytes(), "the fault to be logged")
    assert answer["request_id"] in watched.stack.log.read_text()
    assert "/" not in answer["detail"]
    watched.require_silence()


def flip(data: bytes) -> bytes:
    """One bit other, near the end."""
    return data[:-40] + bytes([data[-40] ^ 1]) + data[-39:]
