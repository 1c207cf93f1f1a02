"""Somebody with a program: registers, signs in, sends, uploads and reads, over HTTP and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tests.e2e.stack import NO_TLS, Stack
from tests.waiting import wait_for

PASSWORD = "correct horse battery staple"
Json = dict[str, Any]
Part = tuple[str, bytes, str]
"""Name, bytes, declared type."""


@dataclass(slots=True)
class Person:
    """`http` speaks to /api/v1 and carries the token; its answers are not judged here."""

    stack: Stack
    http: httpx.Client
    username: str
    email: str
    password: str
    user_id: str
    token: str
    recovery_code: str

    # -- writing: each is refused loudly unless it is acknowledged

    def chat(self, title: str = "a chat") -> str:
        chat_id: str = done(self.http.post("/chats", json={"title": title}), 201)["chat_id"]
        return chat_id

    def send(self, content: str, **fields: object) -> Json:
        return done(self.http.post("/messages", json={"content": content, **fields}), 201)

    def upload(self, *parts: Part, to: str = "/upload/files", fields: Mapping[str, str] | None = None) -> list[Json]:
        """The accepted files, in order; none may be refused."""
        answer = done(self.post_files(parts, to=to, fields=fields), 202)
        assert answer["rejected"] == []
        files: list[Json] = answer["files"]
        return files

    def upload_one(self, data: bytes, name: str = "notes.txt", declared_type: str = "text/plain") -> str:
        (file,) = self.upload((name, data, declared_type))
        file_id: str = file["file_id"]
        return file_id

    def post_files(
        self,
        parts: Sequence[Part],
        *,
        to: str = "/upload/files",
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        files = [(f"file{at}", part) for at, part in enumerate(parts)]
        return self.http.post(to, data=fields, files=files, headers=headers)

    # -- reading

    def data(self, **query: object) -> Json:
        """GET /user/data."""
        return done(self.http.get("/user/data", params=_params(query)), 200)

    def pages(self, limit: int, **query: object) -> Iterator[Json]:
        """Page after page, by cursor, to the end."""
        cursor: str | None = None
        while True:
            page = self.data(limit=limit, **query, **({} if cursor is None else {"cursor": cursor}))
            yield page
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def file(self, file_id: str) -> Json:
        return done(self.http.get(f"/files/{file_id}"), 200)

    def wait_processed(self, file_id: str, timeout_s: float = 20.0) -> Json:
        """The file's row once it is ready or has failed."""
        wait_for(lambda: self.file(file_id)["status"] != "processing", f"file {file_id} to be processed", timeout_s)
        return self.file(file_id)

    def ready_file(self, data: bytes, name: str = "notes.txt", declared_type: str = "text/plain") -> str:
        file_id = self.upload_one(data, name, declared_type)
        assert self.wait_processed(file_id)["status"] == "ready"
        return file_id

    def download(self, file_id: str) -> bytes:
        response = self.http.get(f"/files/{file_id}/content")
        assert response.status_code == 200, response.text
        return response.content

    # -- signing in

    def login(self) -> str:
        """A token of a new session."""
        answer = once("POST", f"{self.stack.api}/auth/login", json=self.credentials)
        token: str = done(answer, 200)["token"]
        return token

    @property
    def credentials(self) -> Json:
        return {"username": self.username, "password": self.password}


def register(stack: Stack, username: str = "", password: str = PASSWORD, email: str = "") -> Person:
    username = username or f"person-{os.urandom(5).hex()}"
    email = email or f"{username}@example.org"
    http = client(stack)
    asked = {"username": username, "email": email, "password": password}
    answer = done(http.post("/auth/register", json=asked), 201)
    http.headers["Authorization"] = f"Bearer {answer['token']}"
    user_id = answer["user"]["id"]
    return Person(stack, http, username, email, password, user_id, answer["token"], answer["recovery_code"])


@contextmanager
def somebody(stack: Stack, username: str = "", **given: str) -> Iterator[Person]:
    """Registered, and gone with their connections at the end."""
    person = register(stack, username, **given)
    with closing(person.http):
        yield person


def client(stack: Stack, **headers: str) -> httpx.Client:
    """Nobody's, to /api/v1. Without retries: what a test sends goes out once."""
    return httpx.Client(base_url=stack.api, headers=headers, timeout=30.0, trust_env=False, verify=NO_TLS)


def once(
    method: str, url: str, *, token: str = "", json: object = None, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    """On a connection of its own, so that any process may answer."""
    sent = {"Authorization": f"Bearer {token}", **(headers or {})} if token else headers
    return httpx.request(method, url, json=json, headers=sent, timeout=30.0, trust_env=False, verify=NO_TLS)


def done(response: httpx.Response, status: int) -> Json:
    """The answer's JSON; AssertionError unless it has this status."""
    assert response.status_code == status, f"{response.status_code}: {response.text[:500]}"
    answer: Json = response.json()
    return answer


def problem(response: httpx.Response, status: int, code: str) -> Json:
    """A refusal as the contract wants it: RFC 9457, with this status and code."""
    assert response.headers.get("content-type") == "application/problem+json", response.text[:500]
    answer: Json = response.json()
    assert (response.status_code, answer["code"]) == (status, code), answer
    assert answer["status"] == status
    assert answer["type"].endswith(f":{code}")
    assert answer["title"]
    assert "x-request-id" in response.headers
    return answer


def _params(query: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in query.items()}
